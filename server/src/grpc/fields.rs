//! Checks of single fields. All that is wrong is noted under the field's path in
//! the .proto files, and told at once.

use std::borrow::Cow;

use backstock_engine::limits;
use backstock_engine::model::{RequestId, Rule, Violation};

use crate::status::Violations;

impl Violations {
    /// Notes what the model found, under the path of the request's field.
    pub(super) fn note(&mut self, path: impl Into<String>, violation: &Violation) {
        self.add(
            path,
            match violation.rule {
                Rule::SaysNothing(how) => how.into(),
                _ => format!("\"{}\" {}", violation.value, violation.rule),
            },
        );
    }

    /// Notes that `value` breaks `rule`.
    pub(super) fn breaks(&mut self, path: &str, value: impl std::fmt::Display, rule: Rule) {
        self.note(path, &Violation::new(path, value, rule));
    }

    /// What the model took, or none and a note.
    pub(super) fn taken<T>(
        &mut self,
        path: impl Into<String>,
        result: Result<T, Violation>,
    ) -> Option<T> {
        result.map_err(|violation| self.note(path, &violation)).ok()
    }

    /// An id that may be left out; the outer option is none when it is wrong.
    #[expect(clippy::option_option, reason = "none: a violation; some none: not given")]
    pub(super) fn optional<T>(
        &mut self,
        path: &str,
        text: &str,
        new: impl FnOnce(&str, String) -> Result<T, Violation>,
    ) -> Option<Option<T>> {
        if text.is_empty() {
            return Some(None);
        }
        self.taken(path, new(path, text.into())).map(Some)
    }

    /// The idempotency key, if there is one.
    #[expect(clippy::option_option, reason = "none: a violation; some none: not given")]
    pub(super) fn request_id(&mut self, text: &str) -> Option<Option<RequestId>> {
        self.optional("request_id", text, RequestId::new)
    }

    /// An id. Where the text is none, that is noted and something stands for it, so that
    /// the command's `validate` finds what else is wrong.
    pub(super) fn id<T>(
        &mut self,
        path: &str,
        text: &str,
        new: impl Fn(&str, String) -> Result<T, Violation>,
    ) -> T {
        let id = self.taken(path, new(path, text.into()));
        id.unwrap_or_else(|| new(path, STAND_IN.into()).expect("it is an id"))
    }

    /// A number of whole units, which the engine counts in fewer bits.
    pub(super) fn units(&mut self, path: &str, value: u64) -> u32 {
        self.fits(path, value, 0, limits::STOCK_UNITS_MAX)
    }

    /// The same, of what is 1 at least.
    pub(super) fn some_units(&mut self, path: &str, value: u64) -> u32 {
        self.fits(path, value, 1, limits::STOCK_UNITS_MAX)
    }

    /// A number as the engine's type holds it. Which of those that fit are valid is the
    /// command's to say; of one that does not fit, the engine's bound is told, and stands
    /// for it.
    pub(super) fn fits<T: TryFrom<u64> + TryFrom<u32>>(
        &mut self,
        path: &str,
        value: u64,
        min: i64,
        max: u32,
    ) -> T {
        T::try_from(value).unwrap_or_else(|_| {
            self.breaks(path, value, Rule::OutOfRange { min, max: max.into() });
            T::try_from(max).ok().expect("a bound fits what it bounds")
        })
    }

    /// Notes what a command's `validate` found. Where something stands for what could not
    /// be read, its field is told already, and is not judged.
    pub(super) fn rules(&mut self, checked: Result<(), Vec<Violation>>, names: &FieldNames) {
        let broken = checked.err().unwrap_or_default().into_iter();
        let broken = broken.map(|violation| (names.path(&violation.field), violation));
        let broken: Vec<_> = broken.filter(|(path, _)| !self.names(path)).collect();
        for (path, violation) in broken {
            self.note(path, &violation);
        }
    }

    /// A field that has to be there.
    pub(super) fn required<T>(&mut self, path: impl AsRef<str>, value: Option<T>) -> Option<T> {
        if value.is_none() {
            self.breaks(path.as_ref(), "", Rule::Required);
        }
        value
    }
}

/// What stands for a text that is no id.
pub(super) const STAND_IN: &str = "0";

/// How the engine's field names are called in one request.
pub(super) struct FieldNames {
    /// Before every path, as `node.`.
    prefix: &'static str,
    /// The engine's name and the interface's, for those that differ; an empty one is the
    /// message itself.
    names: &'static [(&'static str, &'static str)],
}

impl FieldNames {
    /// The same names.
    pub(super) const PLAIN: Self = Self::new("", &[]);

    pub(super) const fn new(
        prefix: &'static str,
        names: &'static [(&'static str, &'static str)],
    ) -> Self {
        Self { prefix, names }
    }

    /// The path in the request: `node.cut_off_minutes` for `cut_off_minute`.
    pub(super) fn path(&self, field: &str) -> String {
        let segments: Vec<Cow<'_, str>> = field.split('.').map(|s| self.segment(s)).collect();
        let path = format!("{}{}", self.prefix, segments.join("."));
        path.trim_end_matches('.').to_owned()
    }

    fn segment<'a>(&self, segment: &'a str) -> Cow<'a, str> {
        let (name, index) = segment.split_at(segment.find('[').unwrap_or(segment.len()));
        match self.names.iter().find(|(engine, _)| *engine == name) {
            Some((_, ours)) => format!("{ours}{index}").into(),
            None => segment.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_renamed_segment_by_segment() {
        let names = FieldNames::new("policy.", &[("shipment_cost", "shipment_cost_minor")]);
        assert_eq!(names.path("bands[2].shipment_cost"), "policy.bands[2].shipment_cost_minor");
        assert_eq!(names.path("services[0].name"), "policy.services[0].name");
        assert_eq!(FieldNames::PLAIN.path("lines[3].quantity"), "lines[3].quantity");
        let of_all = FieldNames::new("level.", &[("levels", "")]);
        assert_eq!((&*of_all.path("levels"), &*of_all.path("safety")), ("level", "level.safety"));
    }
}

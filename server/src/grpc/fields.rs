//! Checks of single fields. All that is wrong is noted under the field's path in
//! the .proto files, and told at once.

use std::borrow::Cow;

use backstock_engine::limits;
use backstock_engine::model::{RequestId, Rule, Violation};

use crate::status::Violations;

impl Violations {
    /// Notes what the model found, under the path of the request's field.
    pub(super) fn note(&mut self, path: impl Into<String>, violation: &Violation) {
        self.add(path, format!("\"{}\" {}", violation.value, violation.rule));
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

    /// A number of whole units from `min` to [`limits::STOCK_UNITS_MAX`].
    pub(super) fn units(&mut self, path: &str, value: u64, min: u32) -> Option<u32> {
        self.within(path, value, min, limits::STOCK_UNITS_MAX)
    }

    /// A number from `min` to `max`.
    pub(super) fn within(&mut self, path: &str, value: u64, min: u32, max: u32) -> Option<u32> {
        let number = u32::try_from(value).ok().filter(|number| (min..=max).contains(number));
        if number.is_none() {
            let rule = Rule::OutOfRange { min: min.into(), max: max.into() };
            self.breaks(path, value, rule);
        }
        number
    }

    /// A field that has to be there.
    pub(super) fn required<T>(&mut self, path: impl AsRef<str>, value: Option<T>) -> Option<T> {
        if value.is_none() {
            self.breaks(path.as_ref(), "", Rule::Required);
        }
        value
    }
}

/// How the engine's field names are called in one request.
pub(super) struct FieldNames {
    /// Before every path, as `node.`.
    prefix: &'static str,
    /// The engine's name and the interface's, for those that differ.
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
        format!("{}{}", self.prefix, segments.join("."))
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
    }
}

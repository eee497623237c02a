//! What every update of a resource has (AIP-134): a mask of the fields that it is about,
//! whether the resource has to be there, and an answer that shows it.

use backstock_engine::engine::EngineError;
use backstock_engine::model::Rule;
use prost_types::FieldMask;
use tonic::Status;

use crate::grpc::plain;
use crate::status::Violations;

/// The name that stands for every field.
const WHOLE: &str = "*";

/// Which fields of a resource an update is about.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mask<'a>(&'a [String]);

impl<'a> Mask<'a> {
    /// The mask of a request; one that is left out is about all of the resource.
    pub(super) fn of(mask: Option<&'a FieldMask>) -> Self {
        Self(mask.map_or(&[], |mask| &mask.paths))
    }

    /// Reads a mask. What it names is one of `fields`.
    pub(super) fn read(
        found: &mut Violations,
        mask: Option<&'a FieldMask>,
        fields: &[&str],
    ) -> Self {
        let mask = Self::of(mask);
        let is_field = |path: &&String| *path == WHOLE || fields.contains(&path.as_str());
        for path in mask.0.iter().filter(|path| !is_field(path)) {
            let allowed = format!("{}, {WHOLE}", fields.join(", "));
            found.breaks("update_mask", path, Rule::NotOneOf { allowed });
        }
        mask
    }

    /// Whether the update says all of the resource.
    pub(super) fn is_whole(self) -> bool {
        self.0.is_empty() || self.0.iter().any(|path| path == WHOLE)
    }

    /// Whether the update is about one field and no other.
    pub(super) fn is_only(self, field: &str) -> bool {
        !self.0.is_empty() && self.0.iter().all(|path| path == field)
    }

    /// Whether a field is written.
    pub(super) fn says(self, field: &str) -> bool {
        self.is_whole() || self.0.iter().any(|path| path == field)
    }

    /// What is named.
    pub(super) const fn paths(self) -> &'a [String] {
        self.0
    }
}

/// The resource that is to be updated; none of one that may be new.
///
/// # Errors
/// It is not there, and has to be.
pub(super) fn known<T>(
    found: Result<T, EngineError>,
    allow_missing: bool,
) -> Result<Option<T>, Status> {
    match found {
        Ok(known) => Ok(Some(known)),
        Err(_) if allow_missing => Ok(None),
        Err(error) => Err(plain(error)),
    }
}

/// What the answer shows: the resource as it was asked for, or, where the update may not
/// have made it so, as it is `now`. Checked only, one that is new is not there.
pub(super) fn shown<T>(asked: T, is_as_asked: bool, now: impl FnOnce() -> Option<T>) -> T {
    if is_as_asked { asked } else { now().unwrap_or(asked) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mask(paths: &[&str]) -> FieldMask {
        FieldMask { paths: paths.iter().map(|path| (*path).to_owned()).collect() }
    }

    #[test]
    fn a_mask_names_fields_or_all_of_them() {
        for (paths, whole, only) in [
            (&[][..], true, false),
            (&["*"], true, false),
            (&["sku"], false, true),
            (&["sku", "sku"], false, true),
            (&["sku", "title"], false, false),
            (&["sku", "*"], true, false),
        ] {
            let (mask, mut found) = (mask(paths), Violations::default());
            let mask = Mask::read(&mut found, Some(&mask), &["sku", "title"]);
            assert!(found.is_empty(), "{paths:?}");
            assert_eq!((mask.is_whole(), mask.is_only("sku")), (whole, only), "{paths:?}");
        }
        let (mask, mut found) = (mask(&["colour"]), Violations::default());
        let mask = Mask::read(&mut found, Some(&mask), &["sku", "title"]);
        assert!(!mask.is_whole());
        let told = "update_mask: \"colour\" is not one of: sku, title, *";
        assert_eq!(found.into_status().message(), told);
    }
}

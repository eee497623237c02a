//! Names in the lists of a pair's terms.

use crate::model::ids::Text;
use crate::model::violation::{Rule, Violation};

/// Notes a name that is empty, or that stands in a list before.
pub(super) fn named_once<'a>(
    found: &mut Vec<Violation>,
    field: String,
    name: &Text,
    mut before: impl Iterator<Item = &'a Text>,
) {
    if name.as_str().is_empty() {
        found.push(Violation::new(field, "", Rule::Required));
    } else if before.any(|known| known == name) {
        found.push(Violation::new(field, name.as_str(), Rule::Duplicate));
    }
}

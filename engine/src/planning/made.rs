//! What the lines of an order are made of that has bundles.

use crate::model::SkuNo;
use crate::state::catalogue::Entry;

/// What the lines of an order are made of that has bundles, by line.
#[derive(Clone)]
pub struct Bundled<'a>(pub Vec<MadeOf<'a>>);

/// What a line is made of.
#[derive(Clone)]
pub struct MadeOf<'a> {
    /// The bundle, if it is one.
    pub bundle: Option<SkuNo>,
    /// Its components; the item itself where it is none.
    pub parts: Vec<MadePart<'a>>,
}

/// A component of a line.
#[derive(Clone, Copy)]
pub struct MadePart<'a> {
    /// The item.
    pub sku: SkuNo,
    /// The item's row of pairs.
    pub entry: &'a Entry,
    /// Units for each unit of the line, from 1.
    pub each: u32,
}

impl Bundled<'_> {
    /// Whether what came free of its items was offered to older orders.
    pub(super) fn is_settled(&self) -> bool {
        let parts = self.0.iter().flat_map(|line| &line.parts);
        !parts.clone().any(|part| part.entry.is_unsettled())
    }
}

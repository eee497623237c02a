//! Images of how much of a supply on its way counts, where that is not all. Version 7 has them
//! beside what version 5 has of items.

use rkyv::{Archive, Serialize};

use super::error::ImageError;
use super::supply::ItemsV5;
use crate::model::{Confidence, Inbound};
use crate::snapshot::parts::ItemState;

/// A chunk of items with their pairs, and how much counts of what is on its way to them.
#[derive(Archive, Serialize)]
pub(in crate::snapshot) struct ItemsV7 {
    all_else: ItemsV5,
    /// Of the open supplies of which not all counts, in their order.
    confidences: Vec<ConfidenceImageV7>,
}

/// Of one supply, the part that counts.
#[derive(Archive, Serialize)]
struct ConfidenceImageV7 {
    /// The item, by its place in the chunk.
    item: u32,
    /// The pair, by its place at the item.
    pair: u32,
    /// The supply, by its place at the pair.
    open: u32,
    basis_points: u16,
}

/// Whether less than all counts of some supply of these items.
pub(in crate::snapshot) fn have_confidences(items: &[ItemState]) -> bool {
    let pairs = items.iter().flat_map(|item| &item.pairs);
    pairs.flat_map(|(_, stock)| stock.inbound()).any(counts_in_part)
}

fn counts_in_part(open: &Inbound) -> bool {
    open.confidence != Confidence::WHOLE
}

impl From<&[ItemState]> for ItemsV7 {
    fn from(items: &[ItemState]) -> Self {
        let mut confidences = Vec::new();
        for (item, state) in (0..).zip(items) {
            for (pair, (_, stock)) in (0..).zip(&state.pairs) {
                let open = (0..).zip(stock.inbound()).filter(|(_, open)| counts_in_part(open));
                confidences.extend(open.map(|(open, inbound)| {
                    let basis_points = inbound.confidence.basis_points();
                    ConfidenceImageV7 { item, pair, open, basis_points }
                }));
            }
        }
        Self { all_else: items.into(), confidences }
    }
}

impl ArchivedItemsV7 {
    /// The items, with how much counts of their supplies.
    pub(in crate::snapshot) fn states(&self) -> Result<Vec<ItemState>, ImageError> {
        let mut items = self.all_else.states()?;
        for image in self.confidences.iter() {
            let item = items.get_mut(image.item.to_native() as usize);
            let pair = item.and_then(|item| item.pairs.get_mut(image.pair.to_native() as usize));
            let extras = pair.and_then(|(_, stock)| stock.extras.as_mut());
            let open = extras.and_then(|e| e.inbound.get_mut(image.open.to_native() as usize));
            let open = open.ok_or(ImageError::inconsistent("confidences", "of no supply"))?;
            open.confidence = Confidence::new(image.basis_points.to_native())
                .ok_or(ImageError::inconsistent("confidences", "more than the whole"))?;
        }
        Ok(items)
    }
}

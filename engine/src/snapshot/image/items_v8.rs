//! Images of what items and their pairs have that came after version 7, beside what that version
//! has of them.

use rkyv::{Archive, Serialize};

use super::confidence::ItemsV7;
use super::error::ImageError;
use crate::snapshot::parts::ItemState;

/// A chunk of items with their pairs.
#[derive(Archive, Serialize)]
pub(in crate::snapshot) struct ItemsV8 {
    all_else: ItemsV7,
    /// Of the items for which not any number of units may wait, in their order.
    waiting: Vec<WaitingImageV8>,
}

/// How many units may wait for an item.
#[derive(Archive, Serialize)]
struct WaitingImageV8 {
    /// The item, by its place in the chunk.
    item: u32,
    most: u32,
}

/// Whether version 7 cannot say all of these items.
pub(in crate::snapshot) fn need_version_8(items: &[ItemState]) -> bool {
    items.iter().any(|item| item.definition.item.waiting_max.is_some())
}

impl From<&[ItemState]> for ItemsV8 {
    fn from(items: &[ItemState]) -> Self {
        let image = |(item, state): (u32, &ItemState)| {
            let most = state.definition.item.waiting_max?;
            Some(WaitingImageV8 { item, most })
        };
        Self { all_else: items.into(), waiting: (0..).zip(items).filter_map(image).collect() }
    }
}

impl ArchivedItemsV8 {
    /// The items, with all that is known of them.
    pub(in crate::snapshot) fn states(&self) -> Result<Vec<ItemState>, ImageError> {
        let mut items = self.all_else.states()?;
        for image in self.waiting.iter() {
            let item = items.get_mut(image.item.to_native() as usize);
            let item = item.ok_or(ImageError::inconsistent("waiting", "of no item"))?;
            let mut definition = (*item.definition.item).clone();
            definition.waiting_max = Some(image.most.to_native());
            item.definition.item = definition.into();
        }
        Ok(items)
    }
}

//! Images of when the sales of items open, and of the places in line that their openings drew,
//! beside what version 8 has of items.

use rkyv::{Archive, Serialize};

use super::error::ImageError;
use super::items_v8::ItemsV8;
use crate::model::{Draw, Item, OrderNo, Timestamp};
use crate::snapshot::parts::ItemState;
use crate::state::catalogue::Definition;

/// A chunk of items with their pairs.
#[derive(Archive, Serialize)]
pub(in crate::snapshot) struct ItemsV9 {
    all_else: ItemsV8,
    /// Of the items that have an opening, in their order.
    openings: Vec<OpeningImageV9>,
    /// Of the items whose sale opened, in their order.
    draws: Vec<DrawImageV9>,
}

/// When the sale of an item opens.
#[derive(Archive, Serialize)]
struct OpeningImageV9 {
    /// The item, by its place in the chunk.
    item: u32,
    opens_us: i64,
}

/// The last opening of an item's sale.
#[derive(Archive, Serialize)]
struct DrawImageV9 {
    /// The item, by its place in the chunk.
    item: u32,
    opens_us: i64,
    seed: u64,
    before: u64,
}

/// Whether version 8 cannot say all of these items.
pub(in crate::snapshot) fn have_openings(items: &[ItemState]) -> bool {
    let mut definitions = items.iter().map(|item| &item.definition);
    definitions.any(|definition| definition.item.opens.is_some() || definition.draw.is_some())
}

impl From<&[ItemState]> for ItemsV9 {
    fn from(items: &[ItemState]) -> Self {
        let numbered = || (0..).zip(items.iter().map(|item| &item.definition));
        let opening = |(item, definition): (u32, &Definition)| {
            let opens_us = definition.item.opens?.as_micros();
            Some(OpeningImageV9 { item, opens_us })
        };
        let draw = |(item, definition): (u32, &Definition)| {
            let Draw { opens, seed, before } = **definition.draw.as_ref()?;
            Some(DrawImageV9 { item, opens_us: opens.as_micros(), seed, before: before.0 })
        };
        Self {
            all_else: items.into(),
            openings: numbered().filter_map(opening).collect(),
            draws: numbered().filter_map(draw).collect(),
        }
    }
}

impl ArchivedItemsV9 {
    /// The items, with all that is known of them.
    pub(in crate::snapshot) fn states(&self) -> Result<Vec<ItemState>, ImageError> {
        let mut items = self.all_else.states()?;
        for image in self.openings.iter() {
            let item = items.get_mut(image.item.to_native() as usize);
            let item = item.ok_or(ImageError::inconsistent("openings", "of no item"))?;
            let opens = Some(Timestamp::from_micros(image.opens_us.to_native()));
            let known = &item.definition.item;
            if known.components.is_bundle() {
                return Err(ImageError::inconsistent("openings", "of a bundle"));
            }
            item.definition.item = Item { opens, ..Item::clone(known) }.into();
        }
        for image in self.draws.iter() {
            let item = items.get_mut(image.item.to_native() as usize);
            let item = item.ok_or(ImageError::inconsistent("draws", "of no item"))?;
            item.definition.draw = Some(Box::new(Draw {
                opens: Timestamp::from_micros(image.opens_us.to_native()),
                seed: image.seed.to_native(),
                before: OrderNo(image.before.to_native()),
            }));
        }
        Ok(items)
    }
}

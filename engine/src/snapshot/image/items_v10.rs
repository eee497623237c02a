//! Images of when suppliers stated what they have, beside what version 9 has of items.

use rkyv::{Archive, Serialize};

use super::error::ImageError;
use super::items_v9::ItemsV9;
use crate::model::{Stock, Timestamp};
use crate::snapshot::parts::ItemState;

/// A chunk of items with their pairs.
#[derive(Archive, Serialize)]
pub(in crate::snapshot) struct ItemsV10 {
    all_else: ItemsV9,
    /// Of the pairs whose feed said when, in their order.
    feeds: Vec<FeedImageV10>,
}

/// As of when the newest feed of a pair is that said so.
#[derive(Archive, Serialize)]
struct FeedImageV10 {
    /// The item, by its place in the chunk.
    item: u32,
    /// The pair, by its place at the item.
    pair: u32,
    as_of_us: i64,
}

/// Whether version 9 cannot say all of these items.
pub(in crate::snapshot) fn have_dated_feeds(items: &[ItemState]) -> bool {
    items.iter().flat_map(|item| &item.pairs).any(|(_, stock)| stock.feed_as_of().is_some())
}

fn feeds(items: &[ItemState]) -> Vec<FeedImageV10> {
    let mut feeds = Vec::new();
    for (item, state) in (0..).zip(items) {
        let image = |(pair, (_, stock)): (u32, &(_, Stock))| {
            let as_of_us = stock.feed_as_of()?.as_micros();
            Some(FeedImageV10 { item, pair, as_of_us })
        };
        feeds.extend((0..).zip(&state.pairs).filter_map(image));
    }
    feeds
}

impl From<&[ItemState]> for ItemsV10 {
    fn from(items: &[ItemState]) -> Self {
        Self { all_else: items.into(), feeds: feeds(items) }
    }
}

impl ArchivedItemsV10 {
    /// The items, with all that is known of them.
    pub(in crate::snapshot) fn states(&self) -> Result<Vec<ItemState>, ImageError> {
        let mut items = self.all_else.states()?;
        for image in self.feeds.iter() {
            let item = items.get_mut(image.item.to_native() as usize);
            let pair = item.and_then(|item| item.pairs.get_mut(image.pair.to_native() as usize));
            let (_, stock) = pair.ok_or(ImageError::inconsistent("feeds", "of no pair"))?;
            let as_of = Timestamp::from_micros(image.as_of_us.to_native());
            stock.extras.get_or_insert_default().feed_as_of = Some(as_of);
        }
        Ok(items)
    }
}

//! Images of what arrived of supplies, and of those that are closed. Version 5 has them beside
//! what version 1 has of items. Items of which nothing arrived are written as version 1 has them.

use rkyv::{Archive, Serialize};

use super::error::ImageError;
use super::stock::{ArchivedItemsV1, ItemsV1};
use crate::limits::CLOSED_INBOUND_PER_PAIR_MAX;
use crate::model::{ClosedInbound, InboundId, Stock};
use crate::snapshot::parts::ItemState;

/// A chunk of items with their pairs, and what is known of the pairs' supplies.
#[derive(Archive, Serialize)]
pub(in crate::snapshot) struct ItemsV5 {
    all_else: ItemsV1,
    /// Of the pairs that have such supplies, in their order.
    supplies: Vec<SuppliesImageV5>,
}

/// The supplies of one pair.
#[derive(Archive, Serialize)]
struct SuppliesImageV5 {
    /// The item, by its place in the chunk.
    item: u32,
    /// The pair, by its place at the item.
    pair: u32,
    /// Units that arrived, by open supply.
    received: Vec<u32>,
    /// Those that closed first before others.
    closed: Vec<ClosedImageV5>,
}

/// A supply of which nothing more is to come.
#[derive(Archive, Serialize)]
struct ClosedImageV5 {
    id: String,
    ordered: u32,
    received: u32,
}

/// Whether something arrived of a supply of these items: if not, version 1 says all of them.
pub(in crate::snapshot) fn have_received(items: &[ItemState]) -> bool {
    items.iter().flat_map(|item| &item.pairs).any(|(_, stock)| has_received(stock))
}

fn has_received(stock: &Stock) -> bool {
    !stock.closed_inbound().is_empty() || stock.inbound().iter().any(|open| open.received > 0)
}

impl From<&[ItemState]> for ItemsV5 {
    fn from(items: &[ItemState]) -> Self {
        let mut supplies = Vec::new();
        for (item, state) in (0..).zip(items) {
            let pairs = (0..).zip(&state.pairs).filter(|(_, (_, stock))| has_received(stock));
            supplies.extend(pairs.map(|(pair, (_, stock))| supplies_image(item, pair, stock)));
        }
        Self { all_else: ItemsV1 { items: items.iter().map(Into::into).collect() }, supplies }
    }
}

fn supplies_image(item: u32, pair: u32, stock: &Stock) -> SuppliesImageV5 {
    let image = |closed: &ClosedInbound| ClosedImageV5 {
        id: closed.id.as_str().to_owned(),
        ordered: closed.ordered,
        received: closed.received,
    };
    SuppliesImageV5 {
        item,
        pair,
        received: stock.inbound().iter().map(|open| open.received).collect(),
        closed: stock.closed_inbound().iter().map(image).collect(),
    }
}

impl ArchivedItemsV1 {
    /// The items.
    pub(in crate::snapshot) fn states(&self) -> Result<Vec<ItemState>, ImageError> {
        self.items.iter().map(TryInto::try_into).collect()
    }
}

impl ArchivedItemsV5 {
    /// The items, with all that is known of their supplies.
    pub(in crate::snapshot) fn states(&self) -> Result<Vec<ItemState>, ImageError> {
        let mut items = self.all_else.states()?;
        for image in self.supplies.iter() {
            let item = items.get_mut(image.item.to_native() as usize);
            let pair = item.and_then(|item| item.pairs.get_mut(image.pair.to_native() as usize));
            let (_, stock) =
                pair.ok_or(ImageError::inconsistent("supplies", "they are of no pair"))?;
            supplied(stock, image)?;
        }
        Ok(items)
    }
}

fn supplied(stock: &mut Stock, image: &ArchivedSuppliesImageV5) -> Result<(), ImageError> {
    let extras = stock.extras.get_or_insert_default();
    if extras.inbound.len() != image.received.len() {
        return Err(ImageError::inconsistent("supplies", "not one number for each that is open"));
    }
    for (open, received) in extras.inbound.iter_mut().zip(image.received.iter()) {
        open.received = received.to_native();
    }
    if image.closed.len() > CLOSED_INBOUND_PER_PAIR_MAX {
        return Err(ImageError::inconsistent("supplies", "too many are closed"));
    }
    let closed = image.closed.iter().map(closed).collect::<Result<Vec<_>, _>>()?;
    extras.closed = closed.into();
    Ok(())
}

fn closed(image: &ArchivedClosedImageV5) -> Result<ClosedInbound, ImageError> {
    Ok(ClosedInbound {
        id: InboundId::new("inbound", image.id.as_str())?,
        ordered: image.ordered.to_native(),
        received: image.received.to_native(),
    })
}

//! Images of what version 1 does not know of supplies: what arrived, which node a transfer left,
//! and which are closed. Version 5 has them beside what version 1 has of items. Items without
//! such supplies are written as version 1 has them.

use rkyv::option::ArchivedOption;
use rkyv::rend::u16_le;
use rkyv::{Archive, Serialize};

use super::error::ImageError;
use super::stock::{ArchivedItemsV1, ItemsV1};
use crate::limits::CLOSED_INBOUND_PER_PAIR_MAX;
use crate::model::{ClosedInbound, Inbound, InboundId, NodeNo, Stock};
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
    /// By open supply.
    open: Vec<OpenImageV5>,
    /// Those that closed first before others.
    closed: Vec<ClosedImageV5>,
    lost: u32,
}

/// What version 1 does not have of an open supply.
#[derive(Archive, Serialize)]
struct OpenImageV5 {
    received: u32,
    /// The node that a transfer left.
    from: Option<u16>,
    untold: bool,
}

/// A supply of which nothing more is to come.
#[derive(Archive, Serialize)]
struct ClosedImageV5 {
    id: String,
    ordered: u32,
    received: u32,
    /// The node that a transfer left.
    from: Option<u16>,
}

/// Whether something is known of supplies of these items that version 1 cannot say.
pub(in crate::snapshot) fn have_supplies(items: &[ItemState]) -> bool {
    items.iter().flat_map(|item| &item.pairs).any(|(_, stock)| has_supplies(stock))
}

fn has_supplies(stock: &Stock) -> bool {
    let says_more = |open: &Inbound| open.received > 0 || open.from.is_some();
    !stock.closed_inbound().is_empty()
        || !stock.untold().is_empty()
        || stock.inbound().iter().any(says_more)
}

impl From<&[ItemState]> for ItemsV5 {
    fn from(items: &[ItemState]) -> Self {
        let mut supplies = Vec::new();
        for (item, state) in (0..).zip(items) {
            let pairs = (0..).zip(&state.pairs).filter(|(_, (_, stock))| has_supplies(stock));
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
        from: closed.from.map(|node| node.0),
    };
    let open = |open: &Inbound| OpenImageV5 {
        received: open.received,
        from: open.from.map(|node| node.0),
        untold: open.untold,
    };
    SuppliesImageV5 {
        item,
        pair,
        open: stock.inbound().iter().map(open).collect(),
        closed: stock.closed_inbound().iter().map(image).collect(),
        lost: stock.untold().lost,
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
    if extras.inbound.len() != image.open.len() {
        return Err(ImageError::inconsistent("supplies", "not one image for each that is open"));
    }
    for (open, image) in extras.inbound.iter_mut().zip(image.open.iter()) {
        open.received = image.received.to_native();
        open.from = node(image.from);
        open.untold = image.untold;
    }
    if image.closed.len() > CLOSED_INBOUND_PER_PAIR_MAX {
        return Err(ImageError::inconsistent("supplies", "too many are closed"));
    }
    let closed = image.closed.iter().map(closed).collect::<Result<Vec<_>, _>>()?;
    extras.closed = closed.into();
    extras.lost = image.lost.to_native();
    Ok(())
}

fn closed(image: &ArchivedClosedImageV5) -> Result<ClosedInbound, ImageError> {
    Ok(ClosedInbound {
        id: InboundId::new("inbound", image.id.as_str())?,
        ordered: image.ordered.to_native(),
        received: image.received.to_native(),
        from: node(image.from),
    })
}

fn node(image: ArchivedOption<u16_le>) -> Option<NodeNo> {
    image.as_ref().map(|node| NodeNo(node.to_native()))
}

//! A record on its way to the disk, and what applying it needs to know.

use smallvec::SmallVec;

use super::claims::cell;
use super::core::Core;
use crate::actor::Slot;
use crate::actor::stock::StockActor;
use crate::model::{
    Event, Order, OrderId, OrderNo, PackedOrder, Pair, Parts, Record, Supply, Unpackable,
};

/// A record on its way to the disk.
pub struct Written {
    /// What happened.
    pub record: Record,
    /// What the order that it places takes, so that applying need not unpack it.
    pub placement: Option<Box<Placement>>,
}

/// What an order that is placed takes.
pub struct Placement {
    /// Its number.
    pub no: OrderNo,
    /// Its id.
    pub id: OrderId,
    /// What it reserves.
    pub reserves: Reserves,
}

/// What an order reserves, ascending by line and node.
pub type Reserves = SmallVec<[Reserve; 4]>;

/// Units of one line that are reserved on one supply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reserve {
    /// Where.
    pub pair: Pair,
    /// The actor's position in the row of its SKU, where it was looked up already.
    pub position: Option<u32>,
    /// The line, from 0.
    pub line: u16,
    /// What they are pegged to.
    pub supply: Supply,
    /// How many.
    pub units: u32,
}

impl Placement {
    /// What an order that was read takes.
    fn of(order: &Order) -> Self {
        let reserve = |a: &crate::model::Allocation| Reserve {
            pair: order.pair_of(a),
            position: None,
            line: a.line,
            supply: a.supply,
            units: a.units,
        };
        let reserves = order.allocations.iter().map(reserve).collect();
        Self { no: order.no, id: order.header.id.clone(), reserves }
    }
}

impl Reserve {
    /// The actor that they are reserved at.
    pub fn slot<'a>(&self, core: &'a Core) -> Slot<'a, StockActor> {
        let known = self
            .position
            .and_then(|position| core.catalogue.entry(self.pair.sku).row.slot(position as usize));
        known.unwrap_or_else(|| cell(core, self.pair))
    }
}

/// Reserves of one pair are neighbours, and of one line: one turn of its actor takes
/// them.
pub fn by_pair(reserves: &[Reserve]) -> impl Iterator<Item = &[Reserve]> {
    reserves.chunk_by(|a, b| (a.line, a.pair) == (b.line, b.pair))
}

/// What a turn is asked for.
pub fn parts(reserves: &[Reserve]) -> Parts {
    reserves.iter().map(|reserve| (reserve.supply, reserve.units)).collect()
}

impl Written {
    /// A record that was read from the journal. An order that an older version wrote
    /// is packed from here on.
    ///
    /// # Errors
    /// When the order in it does not unpack.
    pub fn read(record: Record) -> Result<Self, Unpackable> {
        let Record { at, request, origin, event } = record;
        let (event, order) = match event {
            Event::OrderPlacedV1(order) => {
                order.check().map_err(|_| Unpackable { at: "allocations" })?;
                (Event::OrderPlaced(PackedOrder::of(&order)), Some(*order))
            }
            Event::OrderPlaced(packed) => {
                let order = packed.unpack()?;
                (Event::OrderPlaced(packed), Some(order))
            }
            other => (other, None),
        };
        let placement = order.map(|order| Box::new(Placement::of(&order)));
        Ok(Self { record: Record { at, request, origin, event }, placement })
    }
}

//! A record on its way to the disk, and what applying it needs to know.

use smallvec::SmallVec;

use crate::actor::{Ask, Place, prefetch_all};
use crate::model::{
    Event, OrderId, OrderNo, PackedOrder, Pair, Parts, Record, Request, Supply, Unpackable,
};
use crate::state::stock::{StockActor, StockMessage};
use crate::transaction::kernel::Kernel;

/// A record on its way to the disk. A batch has thousands, so that it is a word or two.
pub enum Written {
    /// An order was placed.
    Placed(Box<Placement>),
    /// Anything else.
    Other(Box<Record>),
}

/// An order that is placed, and what it takes, so that applying need not unpack it.
pub struct Placement {
    /// The idempotency key, if there was one besides the order's id.
    pub request: Option<Request>,
    /// Its number.
    pub no: OrderNo,
    /// The order.
    pub packed: PackedOrder,
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
    /// Where the actor is, if it was looked up already.
    pub place: Option<Place>,
    /// The line, from 0.
    pub line: u16,
    /// What they are pegged to.
    pub supply: Supply,
    /// How many.
    pub units: u32,
}

impl Placement {
    /// Begins to bring here this itself.
    pub fn prefetch(&self) {
        prefetch_all(self);
    }

    /// Begins to bring here the rows of the pairs that the order takes from.
    pub fn prefetch_rows(&self, kernel: &Kernel) {
        for reserve in &self.reserves {
            kernel.state.catalogue.entry(reserve.pair.sku).row.prefetch();
        }
    }

    /// Begins to bring here their actors; their rows are here by now.
    pub fn prefetch_actors(&self, kernel: &Kernel) {
        for reserve in &self.reserves {
            if let Some(place) = reserve.place {
                kernel.state.catalogue.entry(reserve.pair.sku).row.prefetch_actor(place);
            }
        }
    }

    /// Begins to bring here what their actors keep elsewhere, and only they can tell where;
    /// the actors are here by now.
    pub fn prefetch_kept(&self, kernel: &Kernel) {
        for reserve in &self.reserves {
            if let Some(place) = reserve.place {
                // One that is busy is on another core, and so is what it keeps.
                let row = &kernel.state.catalogue.entry(reserve.pair.sku).row;
                row.peek_at(place, StockActor::prefetch_kept);
            }
        }
    }
}

impl Reserve {
    /// Asks the actor that they are reserved at.
    #[inline]
    pub fn ask(&self, kernel: &Kernel, message: StockMessage) -> Ask<StockActor> {
        match self.place {
            Some(place) => kernel.state.catalogue.entry(self.pair.sku).row.ask_at(place, message),
            None => kernel.state.cell(self.pair).ask(message),
        }
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
    /// A record whose actors are claimed; an order comes with what it reserves.
    pub fn new(record: Record, reserves: Reserves) -> Self {
        match record.event {
            Event::OrderPlaced(packed) => {
                let (request, no) = (record.request, packed.no());
                Self::Placed(Box::new(Placement { request, no, packed, reserves }))
            }
            _ => Self::Other(Box::new(record)),
        }
    }

    /// A record that was read from the journal, and the order that it places. One that
    /// an older version wrote is packed from here on.
    ///
    /// # Errors
    /// When the order in it does not unpack.
    pub fn read(record: Record) -> Result<(Self, Option<(OrderId, OrderNo)>), Unpackable> {
        let Record { at, request, origin, event } = record;
        let packed = match event {
            // Its texts were not looked at when it was decoded.
            Event::OrderPlacedV1(order) => PackedOrder::check(PackedOrder::of(&order).bytes())?,
            Event::OrderPlaced(packed) => packed,
            event => {
                let record = Record { at, request, origin, event };
                return Ok((Self::Other(Box::new(record)), None));
            }
        };
        let mut reserves = Reserves::new();
        let (no, id) = packed.read(|a, pair| {
            let (line, supply, units) = (a.line, a.supply, a.units);
            reserves.push(Reserve { pair, place: None, line, supply, units });
        })?;
        Ok((Self::Placed(Box::new(Placement { request, no, packed, reserves })), Some((id, no))))
    }
}

//! A record on its way to the disk, and what applying it needs to know.

use smallvec::SmallVec;

use crate::actor::{Ask, Seat, prefetch_all};
use crate::model::effect::{Effect, Effects};
use crate::model::stock::LinesReserved;
use crate::model::{
    Load, NodeDay, OrderId, OrderNo, PackedOrder, Pair, Parts, Priority, Request, Said,
    StockEffect, Supply, Unpackable, UsesTaken,
};
use crate::state::State;
use crate::state::stock::{StockActor, StockMessage};

/// A record on its way to the disk. A batch has thousands, so that it is a word or two.
pub enum Written {
    /// An order was placed.
    Placed(Box<Placement>),
    /// Anything else.
    Other(Box<Recorded>),
}

/// What an event does.
pub struct Recorded {
    /// The idempotency key of its command.
    pub request: Option<Request>,
    /// What its record says of it.
    pub said: Said,
    /// What it does to actors.
    pub effects: Effects,
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
    /// The room on days that its command claimed.
    pub room: Room,
    /// The uses of promotions that it takes.
    pub uses: UsesTaken,
}

/// Room on days that a command claimed; mostly none, of a network without capacities.
pub type Room = Option<Box<[(NodeDay, Load)]>>;

/// What an order reserves, that of each pair together: ascending by line and node, but where lines
/// share a pair.
pub type Reserves = SmallVec<[Reserve; 4]>;

/// Units of one line that are reserved on one supply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reserve {
    /// Where.
    pub pair: Pair,
    /// Where the actor is, if it was looked up already.
    pub seat: Option<Seat>,
    /// The line, from 0.
    pub line: u16,
    /// What they are pegged to.
    pub supply: Supply,
    /// How many.
    pub units: u32,
}

impl Written {
    /// The same, of a record that says this. An order that is placed says by itself what is kept
    /// of that.
    #[must_use]
    pub fn saying(mut self, said: Said) -> Self {
        if let Self::Other(recorded) = &mut self {
            recorded.said = said;
        }
        self
    }

    /// The same, of a command that claimed room on days: the claims end as it is applied, and
    /// are given back if it is rejected.
    #[must_use]
    pub fn claiming(mut self, room: Room) -> Self {
        match &mut self {
            Self::Placed(placed) => placed.room = room,
            Self::Other(recorded) => {
                let counted = room.into_iter().flatten();
                recorded.effects.extend(counted.map(|(at, load)| Effect::Counted(at, load)));
            }
        }
        self
    }
}

impl Placement {
    /// What the packed order reserves, its actors not looked up; beside it, its id.
    ///
    /// # Errors
    /// When the order does not unpack.
    pub fn read(
        request: Option<Request>,
        packed: PackedOrder,
    ) -> Result<(Self, OrderId), Unpackable> {
        let mut reserves = Reserves::new();
        let (no, id) = packed.read(|a, pair| {
            let (line, supply, units) = (a.line, a.supply, a.units);
            reserves.push(Reserve { pair, seat: None, line, supply, units });
        })?;
        if packed.is_featured() {
            bring_together(&mut reserves);
        }
        let uses = if packed.is_priced() { packed.unpack()?.uses_taken() } else { None };
        Ok((Self { request, no, packed, reserves, room: None, uses }, id))
    }

    /// Prefetches this placement itself.
    pub fn prefetch(&self) {
        prefetch_all(self);
    }

    /// Prefetches the rows of the pairs that the order takes from.
    pub fn prefetch_rows(&self, state: &State) {
        for reserve in &self.reserves {
            state.catalogue.entry(reserve.pair.sku).row.prefetch();
        }
    }

    /// Prefetches the actors of these pairs; their rows were prefetched before.
    pub fn prefetch_actors(&self, state: &State) {
        for reserve in &self.reserves {
            if let Some(seat) = reserve.seat {
                state.catalogue.entry(reserve.pair.sku).row.prefetch_actor(seat);
            }
        }
    }

    /// Prefetches the reservation lists of these pairs. Only the actors can tell where the
    /// lists are; the actors were prefetched before.
    pub fn prefetch_kept(&self, state: &State) {
        for reserve in &self.reserves {
            if let Some(seat) = reserve.seat {
                // A busy actor is on another core, and so is its list.
                let row = &state.catalogue.entry(reserve.pair.sku).row;
                row.peek_at(seat, StockActor::prefetch_kept);
            }
        }
    }
}

impl Reserve {
    /// Asks the actor that they are reserved at.
    #[inline]
    pub fn ask(&self, state: &State, message: StockMessage) -> Ask<StockActor> {
        match self.seat {
            Some(seat) => state.catalogue.entry(self.pair.sku).row.ask_at(seat, message),
            None => state.cell(self.pair).ask(message),
        }
    }
}

/// Reserves of one pair are neighbours: one turn of its actor takes them. They are of one line,
/// but for orders that have bundles.
pub fn by_pair(reserves: &[Reserve]) -> impl Iterator<Item = &[Reserve]> {
    reserves.chunk_by(|a, b| a.pair == b.pair)
}

/// Has reserves of one pair be neighbours, whose order may name an item in several lines, as one
/// with bundles does.
#[cold]
pub fn bring_together(reserves: &mut Reserves) {
    reserves.sort_by_key(|reserve| reserve.pair);
}

/// What it does to a pair that an order reserves there.
pub fn reserved(
    reserves: &[Reserve],
    (order, held, priority): (OrderNo, bool, Priority),
) -> StockEffect {
    let (line, parts) = (reserves[0].line, parts(reserves));
    if reserves.last().is_some_and(|last| last.line == line) {
        return StockEffect::Reserve { order, line, parts, held, priority };
    }
    lines_reserved(reserves, parts, (order, held, priority))
}

#[cold]
fn lines_reserved(
    reserves: &[Reserve],
    takes: Parts,
    (order, held, priority): (OrderNo, bool, Priority),
) -> StockEffect {
    let of_lines = reserves.chunk_by(|a, b| a.line == b.line);
    let lines = of_lines.map(|of_line| (of_line[0].line, parts(of_line))).collect();
    StockEffect::ReserveLines(Box::new(LinesReserved { order, lines, takes, held, priority }))
}

/// What a turn is asked for.
pub fn parts(reserves: &[Reserve]) -> Parts {
    let part = |reserve: &Reserve| (reserve.supply, reserve.units);
    match reserves {
        // As most are, and much cheaper than to collect.
        [reserve] => Parts::from_buf([part(reserve)]),
        // What leaves on several days rests on one supply all the same.
        _ => reserves.iter().map(part).fold(Parts::new(), |mut parts, (supply, units)| {
            match parts.iter_mut().find(|(of, _)| *of == supply) {
                Some((_, known)) => *known += units,
                None => parts.push((supply, units)),
            }
            parts
        }),
    }
}

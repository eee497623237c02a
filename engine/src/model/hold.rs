//! A hold: an order that nobody confirmed yet. It has its units as an order has them, and
//! lapses at an instant.
//!
//! ```text
//!   waiting --its turn--> live --+--> confirmed: an order like any other
//!                                +--> released, lapsed, taken over by the owner's next hold:
//!                                     its units are free, for the next in line
//! ```

use std::collections::BTreeMap;

use minicbor::{Decode, Encode};

use super::ids::{HoldId, OrderNo, OwnerId, Pair};
use super::lsn::Lsn;
use super::priority::Priority;
use super::reservations::{Reservation, Supply};
use super::stock::Repeg;
use super::time::Timestamp;
use crate::limits::HOLD_LIFE_SECONDS_MAX;

/// The hold that an order began as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    /// The caller's id.
    pub id: HoldId,
    /// Tells the same hold created again from another one under the same id.
    pub fingerprint: u64,
    /// Whose cart it is, if the caller said so.
    pub owner: Option<OwnerId>,
    /// When the first hold was created whose units this one has: a hold that takes over another
    /// one has no longer life than that.
    pub began: Timestamp,
    /// The event that created it; none while it is neither changed nor confirmed, and its order's
    /// is the same.
    pub created: Lsn,
    /// When it lapses, or would have.
    pub until: Timestamp,
    /// For how long it has its units, in seconds, from when it gets them.
    pub seconds: u32,
    /// How often it was extended.
    pub extended: u8,
    /// Whether it was given its grace for a payment.
    pub is_paying: bool,
    /// Whether it takes a part, where it waits in line: it has its time from the first unit on.
    pub accepts_part: bool,
    /// Where it stands.
    pub state: HoldState,
}

/// Where a hold stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HoldState {
    /// It has its units.
    Live,
    /// It became an order.
    Confirmed,
    /// It was given up.
    Released,
    /// Its time ran out.
    Lapsed,
    /// The next hold of the same owner has its units.
    TakenOver,
    /// It waits in line for units.
    Waiting,
}

impl Hold {
    /// Whether it has units, or waits for them.
    pub const fn is_open(&self) -> bool {
        matches!(self.state, HoldState::Live | HoldState::Waiting)
    }
}

/// Units of a line that rest on one supply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Pegged {
    /// Where.
    #[n(0)]
    pub pair: Pair,
    /// The line, from 0.
    #[n(1)]
    pub line: u16,
    /// On what.
    #[n(2)]
    pub supply: Supply,
    /// How many.
    #[n(3)]
    pub units: u32,
}

impl Pegged {
    /// The reservation of an order that nothing is said of.
    pub const fn of(&self, order: OrderNo, held: bool) -> Reservation {
        let Self { line, supply, units, .. } = *self;
        let priority = Priority::DEFAULT;
        Reservation { order, line, supply, units, held, priority }
    }
}

impl Hold {
    /// The last instant at which it may lapse.
    pub const fn until_max(&self) -> Timestamp {
        self.began.saturating_add_micros(HOLD_LIFE_SECONDS_MAX as i64 * 1_000_000)
    }
}

/// What comes off the supplies of each pair, and onto them. Of a supply, a pair is asked for the
/// units that come onto it beyond those that come off.
pub fn by_pair(
    off: impl Iterator<Item = (Pair, Reservation)>,
    on: impl Iterator<Item = (Pair, Reservation)>,
) -> BTreeMap<Pair, Repeg> {
    let mut pairs = BTreeMap::<Pair, Repeg>::new();
    for (pair, peg) in off {
        pairs.entry(pair).or_default().off.push(peg);
    }
    for (pair, peg) in on {
        pairs.entry(pair).or_default().put_on(peg);
    }
    for repeg in pairs.values_mut() {
        for (supply, units) in &mut repeg.takes {
            let had = repeg.off.iter().filter(|peg| peg.supply == *supply);
            *units = units.saturating_sub(had.map(|peg| peg.units).sum());
        }
        repeg.takes.retain(|(_, units)| *units > 0);
    }
    pairs
}

/// As a number in state and events, never reused.
impl HoldState {
    const ALL: [Self; 6] =
        [Self::Live, Self::Confirmed, Self::Released, Self::Lapsed, Self::TakenOver, Self::Waiting];

    /// The number that stands for this state.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The state that `code` stands for.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.get(usize::from(code)).copied()
    }

    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Confirmed => "confirmed",
            Self::Released => "released",
            Self::Lapsed => "lapsed",
            Self::TakenOver => "taken over",
            Self::Waiting => "waiting",
        }
    }
}

impl<C> Encode<C> for HoldState {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut minicbor::Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.u8(self.code())?;
        Ok(())
    }
}

impl<'b, C> Decode<'b, C> for HoldState {
    fn decode(d: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        let code = d.u8()?;
        Self::from_code(code)
            .ok_or_else(|| minicbor::decode::Error::message(format!("unknown hold state {code}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_has_a_code_of_its_own() {
        for (state, code) in HoldState::ALL.into_iter().zip(0..) {
            assert_eq!((state.code(), HoldState::from_code(code)), (code, Some(state)));
        }
        assert_eq!(HoldState::from_code(6), None);
    }
}

//! The reservations of one stock actor, in the order in which they were promised.

use super::ids::{InboundNo, OrderNo};

/// What a reservation is pegged to.
///
/// The order of the variants is the order of firmness, the firmest first;
/// releases take the least firm units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Supply {
    /// Units that are physically there.
    OnHand,
    /// Units that a drop-ship supplier has.
    Supplier,
    /// Units on their way.
    Inbound(InboundNo),
    /// No supply yet: the units wait here, first in line for what arrives.
    Backorder,
}

/// As a 16-bit number in state and events, never reused: 0 on hand, 1 supplier,
/// 2 backorder, 16 and up the inbound supply of that number less 16.
impl Supply {
    const INBOUND_BASE: u16 = 16;
    /// Greatest inbound number that has a code.
    pub const INBOUND_NO_MAX: u16 = u16::MAX - Self::INBOUND_BASE;

    /// The number that stands for this supply.
    pub const fn code(self) -> u16 {
        match self {
            Self::OnHand => 0,
            Self::Supplier => 1,
            Self::Backorder => 2,
            Self::Inbound(no) => Self::INBOUND_BASE + no.0,
        }
    }

    /// The supply that `code` stands for.
    pub const fn from_code(code: u16) -> Option<Self> {
        match code {
            0 => Some(Self::OnHand),
            1 => Some(Self::Supplier),
            2 => Some(Self::Backorder),
            3..Self::INBOUND_BASE => None,
            _ => Some(Self::Inbound(InboundNo(code - Self::INBOUND_BASE))),
        }
    }
}

impl<C> minicbor::Encode<C> for Supply {
    fn encode<W: minicbor::encode::Write>(
        &self,
        e: &mut minicbor::Encoder<W>,
        _: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        e.u16(self.code())?;
        Ok(())
    }
}

impl<'b, C> minicbor::Decode<'b, C> for Supply {
    fn decode(d: &mut minicbor::Decoder<'b>, _: &mut C) -> Result<Self, minicbor::decode::Error> {
        let code = d.u16()?;
        Self::from_code(code)
            .ok_or_else(|| minicbor::decode::Error::message(format!("unknown supply {code}")))
    }
}

/// One demand has one supply, that many units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reservation {
    /// The order that the units are promised to.
    pub order: OrderNo,
    /// The line of that order, from 0.
    pub line: u16,
    /// What the units are pegged to.
    pub supply: Supply,
    /// How many units; never 0 in what callers see.
    pub units: u32,
}

impl Reservation {
    fn key(&self) -> (OrderNo, u16, Supply) {
        (self.order, self.line, self.supply)
    }
}

/// All reservations of a pair, ascending by order, line and firmness.
///
/// New orders have the highest numbers, so that placing appends. A released
/// reservation stays behind with 0 units until half of the entries are such:
/// a hot pair then releases in logarithmic, not linear, time.
#[derive(Clone, Debug, Default)]
pub struct Reservations {
    entries: Vec<Reservation>,
    empty: u32,
}

impl Reservations {
    /// Below this many entries, empty ones are not worth keeping.
    const COMPACT_FROM: usize = 16;

    /// The live reservations, ascending by order, line and firmness.
    pub fn iter(&self) -> impl Iterator<Item = &Reservation> {
        self.entries.iter().filter(|r| r.units > 0)
    }

    /// The live reservations of one order line, the firmest first.
    pub fn of_line(
        &self,
        order: OrderNo,
        line: u16,
    ) -> impl DoubleEndedIterator<Item = Reservation> + '_ {
        let from = self.entries.partition_point(|r| (r.order, r.line) < (order, line));
        let same = move |r: &&Reservation| (r.order, r.line) == (order, line);
        let len = self.entries[from..].iter().take_while(same).count();
        self.entries[from..from + len].iter().filter(|r| r.units > 0).copied()
    }

    /// The live reservations pegged to `supply`, the oldest order first.
    pub fn on(&self, supply: Supply) -> impl Iterator<Item = Reservation> + '_ {
        self.iter().filter(move |r| r.supply == supply).copied()
    }

    /// How many live reservations there are.
    pub fn len(&self) -> usize {
        self.entries.len() - self.empty as usize
    }

    /// Whether nothing is reserved.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Units reserved for one order line on one supply.
    pub fn units(&self, order: OrderNo, line: u16, supply: Supply) -> u32 {
        match self.find(order, line, supply) {
            Ok(at) => self.entries[at].units,
            Err(_) => 0,
        }
    }

    /// Adds units to a reservation, which is made when it is not there, and
    /// returns what it held before and holds now.
    pub(super) fn put(
        &mut self,
        order: OrderNo,
        line: u16,
        supply: Supply,
        units: u32,
    ) -> (u32, u32) {
        let at = match self.find(order, line, supply) {
            Ok(at) => at,
            Err(at) => {
                self.entries.insert(at, Reservation { order, line, supply, units: 0 });
                self.empty += 1;
                at
            }
        };
        let entry = &mut self.entries[at];
        let before = entry.units;
        entry.units += units;
        if before == 0 && units > 0 {
            self.empty -= 1;
        }
        (before, before + units)
    }

    /// Takes units from a reservation and returns what it held before and
    /// holds now. More units than it has is a broken invariant.
    pub(super) fn take(
        &mut self,
        order: OrderNo,
        line: u16,
        supply: Supply,
        units: u32,
    ) -> (u32, u32) {
        let at = self.find(order, line, supply).expect("CONSERVATION: the reservation is there");
        let entry = &mut self.entries[at];
        let before = entry.units;
        entry.units = before.checked_sub(units).expect("CONSERVATION: it has the units");
        let after = entry.units;
        if before > 0 && after == 0 {
            self.empty += 1;
            self.compact();
        }
        (before, after)
    }

    fn find(&self, order: OrderNo, line: u16, supply: Supply) -> Result<usize, usize> {
        let key = (order, line, supply);
        // Orders are placed in ascending order: the end is the likely place.
        if self.entries.last().is_none_or(|last| last.key() < key) {
            return Err(self.entries.len());
        }
        self.entries.binary_search_by_key(&key, Reservation::key)
    }

    fn compact(&mut self) {
        let empty = self.empty as usize;
        if self.entries.len() < Self::COMPACT_FROM || empty * 2 > self.entries.len() {
            self.entries.retain(|r| r.units > 0);
            self.empty = 0;
            if self.entries.capacity() > 4 * self.entries.len().max(4) {
                self.entries.shrink_to(2 * self.entries.len());
            }
        }
    }
}

/// Two lists are equal when their live reservations are.
impl PartialEq for Reservations {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for Reservations {}

impl FromIterator<Reservation> for Reservations {
    /// Takes reservations in ascending order, as [`Reservations::iter`] gives them.
    fn from_iter<I: IntoIterator<Item = Reservation>>(iter: I) -> Self {
        let entries: Vec<Reservation> = iter.into_iter().filter(|r| r.units > 0).collect();
        debug_assert!(entries.is_sorted_by_key(Reservation::key));
        Self { entries, empty: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_supply_has_a_code_of_its_own() {
        for supply in [
            Supply::OnHand,
            Supply::Supplier,
            Supply::Backorder,
            Supply::Inbound(InboundNo(0)),
            Supply::Inbound(InboundNo(Supply::INBOUND_NO_MAX)),
        ] {
            assert_eq!(Supply::from_code(supply.code()), Some(supply));
        }
        assert_eq!(Supply::from_code(3), None);
    }

    #[test]
    fn released_reservations_are_invisible_and_their_room_comes_back() {
        let mut book = Reservations::default();
        for order in 1..=1_000 {
            book.put(OrderNo(order), 0, Supply::OnHand, 2);
        }
        for order in 1..=990 {
            assert_eq!(book.take(OrderNo(order), 0, Supply::OnHand, 2), (2, 0));
        }
        assert_eq!(book.len(), 10);
        assert_eq!(book.iter().count(), 10);
        assert!(book.entries.len() < 32, "{} entries kept", book.entries.len());
        assert_eq!(book.units(OrderNo(995), 0, Supply::OnHand), 2);
        assert_eq!(book.units(OrderNo(5), 0, Supply::OnHand), 0);
    }

    #[test]
    fn a_late_reservation_of_an_old_order_finds_its_place() {
        let mut book = Reservations::default();
        book.put(OrderNo(9), 0, Supply::OnHand, 1);
        book.put(OrderNo(3), 1, Supply::Backorder, 4);
        book.put(OrderNo(3), 1, Supply::OnHand, 2);
        let seen: Vec<_> = book.iter().map(|r| (r.order.0, r.supply, r.units)).collect();
        assert_eq!(
            seen,
            [(3, Supply::OnHand, 2), (3, Supply::Backorder, 4), (9, Supply::OnHand, 1)]
        );
        assert_eq!(book.of_line(OrderNo(3), 1).count(), 2);
    }
}

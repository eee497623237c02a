//! The reservations of one stock actor, in the order in which they were promised.

use thin_vec::ThinVec;

use super::ids::{InboundNo, OrderNo};
use super::priority::Priority;
use crate::limits::ORDER_LINES_MAX;

/// What a reservation is pegged to.
///
/// The order of the variants is the order of firmness, the firmest first;
/// releases take the least firm units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Supply {
    /// Units that are off the shelf for their order: picked, or packed.
    Picked,
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
/// 2 backorder, 3 picked, 16 and up the inbound supply of that number less 16.
impl Supply {
    const INBOUND_BASE: u16 = 16;
    /// Greatest inbound number that has a code.
    pub const INBOUND_NO_MAX: u16 = u16::MAX - Self::INBOUND_BASE;

    /// Whether its units are there: on hand, picked or not, or at a supplier.
    pub const fn is_there(self) -> bool {
        matches!(self, Self::OnHand | Self::Supplier | Self::Picked)
    }

    /// The number that stands for this supply.
    pub const fn code(self) -> u16 {
        match self {
            Self::OnHand => 0,
            Self::Supplier => 1,
            Self::Backorder => 2,
            Self::Picked => 3,
            Self::Inbound(no) => Self::INBOUND_BASE + no.0,
        }
    }

    /// The supply that `code` stands for.
    pub const fn from_code(code: u16) -> Option<Self> {
        match code {
            0 => Some(Self::OnHand),
            1 => Some(Self::Supplier),
            2 => Some(Self::Backorder),
            3 => Some(Self::Picked),
            4..Self::INBOUND_BASE => None,
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
    /// Whether the order is a hold that nobody confirmed yet.
    pub held: bool,
    /// Before whom the order is served. All reservations of an order say the same.
    pub priority: Priority,
}

/// A reservation as it is kept: 16 bytes, and numbers that compare as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Packed {
    order: u64,
    units: u32,
    /// From the lowest bit on: whether it is held, the line, and the code of the priority,
    /// which is no part of the key.
    line: u16,
    firmness: u16,
}

const _: () = assert!(size_of::<Packed>() == 16);

type Key = (u64, u16, u16);

impl Packed {
    /// The bits of the line that are part of the key.
    const KEY: u16 = (1 << Self::PRIORITY_AT) - 1;
    const PRIORITY_AT: u32 = 10;

    fn new(r: Reservation) -> Self {
        let (order, line, firmness) = key_of(&r);
        Self { order, units: r.units, line, firmness }.with(r.priority)
    }

    const fn with(self, priority: Priority) -> Self {
        let line = self.line & Self::KEY | (priority.code() as u16) << Self::PRIORITY_AT;
        Self { line, ..self }
    }

    fn priority(&self) -> Priority {
        let code = u8::try_from(self.line >> Self::PRIORITY_AT).expect("six bits");
        Priority::from_code(code).expect("the code of a priority")
    }

    const fn line(&self) -> u16 {
        (self.line & Self::KEY) >> 1
    }

    fn unpack(self) -> Reservation {
        let supply = of_firmness(self.firmness);
        let (order, line, held) = (OrderNo(self.order), self.line(), self.line & 1 != 0);
        let priority = self.priority();
        Reservation { order, line, supply, units: self.units, held, priority }
    }

    fn key(&self) -> Key {
        (self.order, self.line & Self::KEY, self.firmness)
    }

    /// What stands before the reservations when some of them are released: it counts
    /// these as its units.
    const HEAD: Self = Self { order: u64::MAX, units: 0, line: u16::MAX, firmness: u16::MAX };

    fn is_head(&self) -> bool {
        self.key() == Self::HEAD.key()
    }
}

const fn key_of(r: &Reservation) -> Key {
    (r.order.0, r.line << 1 | r.held as u16, firmness(r.supply))
}

// Beside a line's number are a bit, which says whether it is held, and the priority.
const _: () = assert!(ORDER_LINES_MAX <= (Packed::KEY >> 1) as usize);

/// The code of a supply; for backorders, which are the least firm, the greatest number.
const fn firmness(supply: Supply) -> u16 {
    match supply {
        Supply::Backorder => u16::MAX,
        // One less, so that the last of them is below backorders.
        Supply::Inbound(_) => supply.code() - 1,
        Supply::Picked => 0,
        Supply::OnHand | Supply::Supplier => supply.code() + 1,
    }
}

fn of_firmness(firmness: u16) -> Supply {
    match firmness {
        u16::MAX => Supply::Backorder,
        0 => Supply::Picked,
        1 => Supply::OnHand,
        2 => Supply::Supplier,
        _ => Supply::from_code(firmness + 1).expect("the code of an inbound supply, less one"),
    }
}

/// All reservations of a pair, ascending by order, line and firmness.
///
/// New orders have the highest numbers, so that placing appends. Among many, a
/// released reservation stays behind with 0 units until half of them are such: a hot
/// pair then releases in logarithmic, not linear, time.
///
/// One word, and 32 bytes more for a single reservation: most pairs have none or few.
#[derive(Clone, Debug, Default)]
pub struct Reservations {
    /// Behind a head if, and only if, some are empty.
    entries: ThinVec<Packed>,
}

impl Reservations {
    /// Below this many entries, empty ones are not worth keeping.
    const COMPACT_FROM: usize = 16;

    /// The live reservations, ascending by order, line and firmness.
    pub fn iter(&self) -> impl Iterator<Item = Reservation> + '_ {
        self.after_head().iter().filter(|r| r.units > 0).map(|r| r.unpack())
    }

    /// The live reservations of one order line, the firmest first.
    pub fn of_line(
        &self,
        order: OrderNo,
        line: u16,
    ) -> impl DoubleEndedIterator<Item = Reservation> + '_ {
        let entries = self.after_head();
        let from = entries.partition_point(|r| (r.order, r.line()) < (order.0, line));
        let same = move |r: &&Packed| (r.order, r.line()) == (order.0, line);
        let len = entries[from..].iter().take_while(same).count();
        entries[from..from + len].iter().filter(|r| r.units > 0).map(|r| r.unpack())
    }

    /// The live reservations of one order.
    pub fn of_order(&self, order: OrderNo) -> impl Iterator<Item = Reservation> + '_ {
        let entries = self.after_head();
        let from = entries.partition_point(|r| r.order < order.0);
        let of_it = entries[from..].iter().take_while(move |r| r.order == order.0);
        of_it.filter(|r| r.units > 0).map(|r| r.unpack())
    }

    /// The live reservations pegged to `supply`, the oldest order first.
    pub fn on(&self, supply: Supply) -> impl Iterator<Item = Reservation> + '_ {
        self.iter().filter(move |r| r.supply == supply)
    }

    /// How many live reservations there are.
    pub fn len(&self) -> usize {
        self.after_head().len() - self.empty()
    }

    /// Whether nothing is reserved.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Where the list begins in memory: for hints, not to be read.
    pub fn address(&self) -> *const u8 {
        self.entries.as_ptr().cast()
    }

    /// Units reserved for one order line on one supply; held ones do not count.
    pub fn units(&self, order: OrderNo, line: u16, supply: Supply) -> u32 {
        let priority = Priority::DEFAULT;
        self.units_like(&Reservation { order, line, supply, units: 0, held: false, priority })
    }

    /// Units reserved as these are, whatever the priority.
    pub fn units_like(&self, like: &Reservation) -> u32 {
        self.find(key_of(like)).map_or(0, |at| self.entries[at].units)
    }

    /// Adds units to a reservation, which is made when it is not there, and
    /// returns what it held before and holds now.
    pub(super) fn put(&mut self, more: &Reservation) -> (u32, u32) {
        let units = more.units;
        match self.find(key_of(more)) {
            Ok(at) => {
                let before = self.entries[at].units;
                self.entries[at].units += units;
                self.entries[at] = self.entries[at].with(more.priority);
                if before == 0 && units > 0 {
                    self.uncount_empty();
                }
                (before, before + units)
            }
            Err(at) => {
                if self.entries.get(at).is_some_and(|next| next.units == 0) && units > 0 {
                    // As of a hold that is confirmed: its order takes the place that it left.
                    self.entries[at] = Packed::new(*more);
                    self.uncount_empty();
                } else if units > 0 {
                    self.insert(at, Packed::new(*more));
                }
                (0, units)
            }
        }
    }

    /// Takes units from a reservation, whatever its priority, and returns what it was before
    /// and what it holds now. More units than it has is a broken invariant.
    pub(super) fn take(&mut self, of: &Reservation) -> (Reservation, u32) {
        let at = self.find(key_of(of)).expect("CONSERVATION: the reservation is there");
        let entry = &mut self.entries[at];
        let before = entry.unpack();
        entry.units = before.units.checked_sub(of.units).expect("CONSERVATION: it has the units");
        let after = entry.units;
        if before.units > 0 && after == 0 {
            self.count_empty();
            self.compact();
        }
        (before, after)
    }

    /// Gives all reservations of an order a priority; shows each one with units as it was and
    /// as it is.
    pub(super) fn prioritise(
        &mut self,
        order: OrderNo,
        priority: Priority,
        mut show: impl FnMut(Reservation, Reservation),
    ) {
        let from = self.after_head().partition_point(|r| r.order < order.0);
        let first = self.entries.len() - self.after_head().len() + from;
        for entry in self.entries[first..].iter_mut().take_while(|r| r.order == order.0) {
            let before = *entry;
            *entry = before.with(priority);
            if entry.units > 0 {
                show(before.unpack(), entry.unpack());
            }
        }
    }

    /// Where a reservation is among the entries, or belongs.
    fn find(&self, key: Key) -> Result<usize, usize> {
        let entries = self.after_head();
        let before = self.entries.len() - entries.len();
        // Orders are placed in ascending order: the end is the likely place.
        if entries.last().is_none_or(|last| last.key() < key) {
            return Err(self.entries.len());
        }
        let found = entries.binary_search_by_key(&key, Packed::key);
        found.map(|at| at + before).map_err(|at| at + before)
    }

    fn insert(&mut self, at: usize, entry: Packed) {
        if self.entries.len() == self.entries.capacity() {
            // Room for one at first, then for twice as many as there are.
            self.entries.reserve_exact(self.entries.len().max(1));
        }
        self.entries.insert(at, entry);
    }

    fn has_head(&self) -> bool {
        self.entries.first().is_some_and(Packed::is_head)
    }

    fn after_head(&self) -> &[Packed] {
        &self.entries[usize::from(self.has_head())..]
    }

    /// How many reservations have no units.
    fn empty(&self) -> usize {
        if self.has_head() { self.entries[0].units as usize } else { 0 }
    }

    fn count_empty(&mut self) {
        if !self.has_head() {
            self.insert(0, Packed::HEAD);
        }
        self.entries[0].units += 1;
    }

    fn uncount_empty(&mut self) {
        self.entries[0].units -= 1;
        if self.entries[0].units == 0 {
            self.entries.remove(0);
        }
    }

    fn compact(&mut self) {
        let (all, empty) = (self.after_head().len(), self.empty());
        if all < Self::COMPACT_FROM || empty * 2 > all {
            self.entries.retain(|r| r.units > 0 && !r.is_head());
            if self.entries.capacity() > 4 * self.entries.len().max(4) {
                self.entries.shrink_to_fit();
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
        let mut this = Self::default();
        for reservation in iter.into_iter().filter(|r| r.units > 0) {
            this.insert(this.entries.len(), Packed::new(reservation));
        }
        debug_assert!(this.entries.is_sorted_by_key(Packed::key));
        this
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::priority::PriorityClass;

    #[test]
    fn every_supply_has_a_code_of_its_own() {
        for supply in [
            Supply::Picked,
            Supply::OnHand,
            Supply::Supplier,
            Supply::Backorder,
            Supply::Inbound(InboundNo(0)),
            Supply::Inbound(InboundNo(Supply::INBOUND_NO_MAX)),
        ] {
            assert_eq!(Supply::from_code(supply.code()), Some(supply));
        }
        assert_eq!(Supply::from_code(4), None);
    }

    fn of(order: OrderNo, line: u16, supply: Supply, units: u32) -> Reservation {
        let priority = Priority::DEFAULT;
        Reservation { order, line, supply, units, held: false, priority }
    }

    #[test]
    fn a_priority_is_kept_beside_units_and_found_whatever_it_is() {
        let win = Priority::new(PriorityClass::Win, 0).unwrap();
        let lose = Priority::new(PriorityClass::Lose, 9).unwrap();
        let mut book = Reservations::default();
        let most = of(OrderNo(7), 499, Supply::Backorder, 3);
        book.put(&Reservation { priority: lose, held: true, ..most });
        book.put(&of(OrderNo(8), 0, Supply::OnHand, 1));
        assert_eq!(book.of_line(OrderNo(7), 499).map(|r| r.priority).collect::<Vec<_>>(), [lose]);
        let mut shown = Vec::new();
        book.prioritise(OrderNo(7), win, |was, is| shown.push((was.priority, is.priority)));
        assert_eq!(shown, [(lose, win)]);
        let all: Vec<_> = book.iter().map(|r| (r.order.0, r.line, r.held, r.priority)).collect();
        assert_eq!(all, [(7, 499, true, win), (8, 0, false, Priority::DEFAULT)]);
        let held = Reservation { held: true, ..most };
        assert_eq!(book.units_like(&held), 3);
        assert_eq!(book.take(&held), (Reservation { priority: win, ..held }, 0));
        book.put(&Reservation { priority: lose, ..held });
        assert_eq!(book.iter().next().map(|r| r.priority), Some(lose));
    }

    #[test]
    fn what_is_held_of_a_line_is_told_from_what_is_not() {
        let mut book = Reservations::default();
        let held = Reservation { held: true, ..of(OrderNo(7), 499, Supply::OnHand, 3) };
        book.put(&held);
        book.put(&of(OrderNo(7), 499, Supply::Backorder, 2));
        assert_eq!(book.units(OrderNo(7), 499, Supply::OnHand), 0);
        assert_eq!(book.units_like(&held), 3);
        let of_line: Vec<_> = book.of_line(OrderNo(7), 499).collect();
        assert_eq!(of_line, [of(OrderNo(7), 499, Supply::Backorder, 2), held]);
        assert_eq!(book.of_line(OrderNo(7), 498).count(), 0);
        assert_eq!(book.take(&held), (held, 0));
    }

    #[test]
    fn released_reservations_are_invisible_and_their_room_comes_back() {
        let mut book = Reservations::default();
        for order in 1..=1_000 {
            book.put(&of(OrderNo(order), 0, Supply::OnHand, 2));
        }
        for order in 1..=990 {
            let all = of(OrderNo(order), 0, Supply::OnHand, 2);
            assert_eq!(book.take(&all), (all, 0));
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
        book.put(&of(OrderNo(9), 0, Supply::OnHand, 1));
        book.put(&of(OrderNo(3), 1, Supply::Backorder, 4));
        book.put(&of(OrderNo(3), 1, Supply::OnHand, 2));
        let seen: Vec<_> = book.iter().map(|r| (r.order.0, r.supply, r.units)).collect();
        assert_eq!(
            seen,
            [(3, Supply::OnHand, 2), (3, Supply::Backorder, 4), (9, Supply::OnHand, 1)]
        );
        assert_eq!(book.of_line(OrderNo(3), 1).count(), 2);
    }

    #[test]
    fn every_supply_has_a_firmness_of_its_own_in_their_order() {
        let inbound =
            [0, 1, 9_999, Supply::INBOUND_NO_MAX].map(|no| Supply::Inbound(InboundNo(no)));
        let mut all = vec![Supply::OnHand, Supply::Supplier];
        all.extend(inbound);
        all.push(Supply::Backorder);
        assert!(all.is_sorted_by_key(|supply| firmness(*supply)));
        assert!(all.is_sorted_by(|a, b| a < b));
        for supply in all {
            assert_eq!(of_firmness(firmness(supply)), supply);
        }
    }

    #[test]
    fn the_first_reservation_takes_room_for_one() {
        let mut book = Reservations::default();
        assert_eq!((size_of::<Reservations>(), book.entries.capacity()), (8, 0));
        for (orders, room) in [(1, 1), (2, 2), (3, 4), (4, 4), (5, 8)] {
            book.put(&of(OrderNo(orders), 0, Supply::OnHand, 1));
            assert_eq!(book.entries.capacity(), room, "for {orders}");
        }
    }

    /// Against a map, through all that a hot pair sees: placing, releasing, taking a
    /// released reservation up again.
    #[test]
    fn a_book_of_many_is_what_a_map_would_be() {
        use std::collections::BTreeMap;
        let mut book = Reservations::default();
        let mut map = BTreeMap::<(OrderNo, u16, Supply), u32>::new();
        let supplies = [Supply::OnHand, Supply::Inbound(InboundNo(5)), Supply::Backorder];
        let mut state = 1_u64;
        let mut below = |bound: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 33) % bound
        };
        for step in 0..40_000_u64 {
            // It fills, empties, and fills again.
            let fills = (step / 4_000).is_multiple_of(2);
            let key = (OrderNo(below(200)), 0, supplies[usize::try_from(below(3)).expect("small")]);
            let held = map.get(&key).copied().unwrap_or(0);
            if below(10) < if fills { 7 } else { 3 } {
                assert_eq!(book.put(&of(key.0, key.1, key.2, 2)), (held, held + 2));
                map.insert(key, held + 2);
            } else if held > 0 {
                let was = of(key.0, key.1, key.2, held);
                assert_eq!(book.take(&of(key.0, key.1, key.2, 1)), (was, held - 1));
                map.insert(key, held - 1);
            }
            map.retain(|_, units| *units > 0);
            assert_eq!(book.units(key.0, key.1, key.2), map.get(&key).copied().unwrap_or(0));
            assert_eq!(book.len(), map.len());
            let empty = book.after_head().iter().filter(|r| r.units == 0).count();
            assert_eq!(book.empty(), empty, "counted in the head");
            if step % 64 == 0 {
                assert!(
                    book.iter().map(|r| ((r.order, r.line, r.supply), r.units)).eq(map.clone())
                );
                let of_line = map.range((key.0, 0, Supply::OnHand)..=(key.0, 0, Supply::Backorder));
                assert!(book.of_line(key.0, 0).map(|r| r.supply).eq(of_line.map(|(k, _)| k.2)));
            }
        }
    }
}

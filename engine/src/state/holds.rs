//! Live holds: when each lapses, and whose it is. Derived from the orders that began as holds:
//! kept by the applier, made anew at the start, and in no snapshot.
//!
//! ```text
//!   applier --placed, extended, ended--> by time --due--> who lets them lapse
//!                                        by owner ------> who takes one over
//! ```

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicI64, Ordering};

use dashmap::DashMap;
use parking_lot::Mutex;
use smallvec::SmallVec;
use tokio::sync::Notify;

use super::line::Line;
use crate::model::{
    Draw, Hold, HoldState, Order, OrderLine, OrderNo, OrderedBundle, OwnerId, Place, Priority,
    SkuNo, Timestamp,
};

/// All live holds.
pub struct Holds {
    live: Mutex<Live>,
    /// What live holds have of each SKU: no entry where they have nothing.
    by_sku: DashMap<SkuNo, OfSku, foldhash::fast::RandomState>,
    /// When the first of them lapses, in microseconds since the Unix epoch.
    first_us: AtomicI64,
    /// Rung when one may be due, and when the engine ends.
    due: Notify,
}

#[derive(Default)]
struct Live {
    /// By the instant at which it lapses, but for those that were left.
    by_time: BTreeSet<(Timestamp, OrderNo)>,
    /// Due, and in the way of which others are: none, or the turn in which it is asked for again.
    left: HashMap<OrderNo, Option<u64>>,
    /// Those that are asked for again, by turn.
    again: BTreeSet<(u64, OrderNo)>,
    /// The next turn.
    turn: u64,
    holds: HashMap<OrderNo, Known>,
    by_owner: HashMap<OwnerId, Owner>,
}

impl Live {
    /// A hold is not due any more.
    fn forget_time(&mut self, no: OrderNo, until: Timestamp) {
        match self.left.remove(&no) {
            None => {
                self.by_time.remove(&(until, no));
            }
            Some(again) => {
                again.map(|turn| self.again.remove(&(turn, no)));
            }
        }
    }
}

/// What is known of a live hold.
struct Known {
    until: Timestamp,
    owner: Option<OwnerId>,
    waits: bool,
    priority: Priority,
    lines: SmallVec<[(SkuNo, u32); 2]>,
}

impl Known {
    fn of(order: &Order, hold: &Hold) -> Self {
        Self {
            until: hold.until,
            owner: hold.owner.clone(),
            waits: hold.state == HoldState::Waiting,
            priority: order.header.priority,
            lines: units_of(order),
        }
    }
}

/// What live holds have of one SKU.
#[derive(Default)]
struct OfSku {
    units: u64,
    /// Those that wait, in the order in which they are served.
    line: Line,
    /// The same, by when they wait no longer.
    line_ends: BTreeSet<(Timestamp, OrderNo)>,
    /// The last draw, by which those that came before it are in line.
    draw: Option<Draw>,
    by_time: BTreeSet<(Timestamp, OrderNo)>,
}

/// What live holds have of one SKU, as a customer may be told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HeldOfSku {
    /// Units that holds have.
    pub units: u64,
    /// When the first of these holds lapses.
    pub first_lapse: Option<Timestamp>,
    /// Holds that wait in line.
    pub line: u64,
}

impl OfSku {
    fn count(&mut self, no: OrderNo, known: &Known, units: u32) {
        if known.waits {
            self.line.join((known.priority, self.place(no), no));
            self.line_ends.insert((known.until, no));
        } else {
            self.units += u64::from(units);
            self.by_time.insert((known.until, no));
        }
    }

    fn uncount(&mut self, no: OrderNo, known: &Known, units: u32) {
        if known.waits {
            self.line.leave(&(known.priority, self.place(no), no));
            self.line_ends.remove(&(known.until, no));
        } else {
            self.units -= u64::from(units);
            self.by_time.remove(&(known.until, no));
        }
    }

    fn is_empty(&self) -> bool {
        self.line.is_empty() && self.by_time.is_empty() && self.draw.is_none()
    }

    fn place(&self, no: OrderNo) -> Place {
        Place::of(self.draw.as_ref(), no, true)
    }

    /// Gives all in line their places by a draw, or by when they came.
    fn stand_by(&mut self, draw: Option<Draw>) {
        self.draw = draw;
        let standings = self.line.standings().into_iter();
        let standings = standings.map(|(priority, _, no)| (priority, self.place(no), no));
        self.line = Line::of(standings.collect());
    }
}

/// An owner, and the hold that he has.
#[derive(Default)]
struct Owner {
    live: Option<OrderNo>,
    /// Whether a command is about to give him another one.
    is_in_flight: bool,
}

/// What is known of an owner who is about to get a hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owned {
    /// He has this one, or none. No other command gives him one until this one ends.
    Has(Option<OrderNo>),
    /// Another command is about to give him one.
    InFlight,
}

impl Default for Holds {
    fn default() -> Self {
        Self {
            live: Mutex::default(),
            by_sku: DashMap::default(),
            first_us: AtomicI64::new(i64::MAX),
            due: Notify::new(),
        }
    }
}

/// Units of a hold by item, each item once; bundles beside their components.
fn units_of(order: &Order) -> SmallVec<[(SkuNo, u32); 2]> {
    let left = |line: &OrderLine| line.ordered - line.cancelled;
    let bundle = |of: &OrderedBundle| {
        (of.sku, left(&order.lines[usize::from(of.line)]) / order.each_of(of, of.line))
    };
    let lines = order.lines.iter().map(|line| (line.sku, left(line)));
    let mut units: Vec<(SkuNo, u32)> = lines.chain(order.bundles.iter().map(bundle)).collect();
    units.sort_unstable();
    units.dedup_by(|next, sum| {
        let is_same = next.0 == sum.0;
        sum.1 += if is_same { next.1 } else { 0 };
        is_same
    });
    units.into_iter().collect()
}

impl Holds {
    /// An order that is a hold is live from now on.
    pub fn placed(&self, order: &Order, hold: &Hold) {
        let mut live = self.live.lock();
        let no = order.no;
        // A replay meets holds that a snapshot had already.
        self.forget(&mut live, no);
        let known = Known::of(order, hold);
        if let Some(owner) = &hold.owner {
            let owner = live.by_owner.entry(owner.clone()).or_default();
            (owner.live, owner.is_in_flight) = (Some(no), false);
        }
        self.learn(&mut live, no, known);
    }

    /// A hold holds something else from now on. Whether its owner is about to get another one
    /// stays.
    pub fn changed(&self, order: &Order, hold: &Hold) {
        let mut live = self.live.lock();
        self.forget(&mut live, order.no);
        self.learn(&mut live, order.no, Known::of(order, hold));
    }

    /// A hold lapses at another instant. If it waited in line, it has its units from now on.
    pub fn extended(&self, no: OrderNo, until: Timestamp, is_offered: bool) {
        let mut live = self.live.lock();
        if let Some(known) = self.forget(&mut live, no) {
            let waits = known.waits && !is_offered;
            self.learn(&mut live, no, Known { until, waits, ..known });
        }
    }

    /// A hold is live no more.
    pub fn ended(&self, no: OrderNo) {
        let mut live = self.live.lock();
        let Some(Known { owner, .. }) = self.forget(&mut live, no) else { return };
        if let Some(owner) = owner
            && let Entry::Occupied(mut known) = live.by_owner.entry(owner)
            && known.get().live == Some(no)
        {
            known.get_mut().live = None;
            if !known.get().is_in_flight {
                known.remove();
            }
        }
        self.note_first(&live);
    }

    fn learn(&self, live: &mut Live, no: OrderNo, known: Known) {
        for (sku, units) in &known.lines {
            self.by_sku.entry(*sku).or_default().count(no, &known, *units);
        }
        live.by_time.insert((known.until, no));
        live.holds.insert(no, known);
        self.note_first(live);
    }

    fn forget(&self, live: &mut Live, no: OrderNo) -> Option<Known> {
        let known = live.holds.remove(&no)?;
        live.forget_time(no, known.until);
        for (sku, units) in &known.lines {
            if let Some(mut of_sku) = self.by_sku.get_mut(sku) {
                of_sku.uncount(no, &known, *units);
            }
            self.by_sku.remove_if(sku, |_, of_sku| of_sku.is_empty());
        }
        Some(known)
    }

    /// What live holds have of a SKU.
    pub fn of_sku(&self, sku: SkuNo) -> HeldOfSku {
        let of_sku = self.by_sku.get(&sku);
        of_sku.map_or_else(HeldOfSku::default, |of_sku| HeldOfSku {
            units: of_sku.units,
            first_lapse: of_sku.by_time.first().map(|(until, _)| *until),
            line: of_sku.line.len() as u64,
        })
    }

    /// When the first of the holds that wait in line for a SKU waits no longer.
    pub fn line_ends(&self, sku: SkuNo) -> Option<Timestamp> {
        let of_sku = self.by_sku.get(&sku)?;
        of_sku.line_ends.first().map(|(until, _)| *until)
    }

    /// How many holds wait in line for a SKU that are served before one of that priority and
    /// number.
    pub fn ahead(&self, sku: SkuNo, (priority, no): (Priority, OrderNo)) -> u64 {
        let of_sku = self.by_sku.get(&sku);
        let ahead = |of: &OfSku| of.line.before(&(priority, of.place(no), no));
        of_sku.map_or(0, |of_sku| ahead(&of_sku) as u64)
    }

    /// The sale of an item opened: who waits in line has the place that was drawn.
    pub fn drawn(&self, sku: SkuNo, draw: Draw) {
        self.by_sku.entry(sku).or_default().stand_by(Some(draw));
    }

    /// An item has no draw any more: who waits in line for it has the place by when he came.
    pub fn end_draw(&self, sku: SkuNo) {
        if let Some(mut of_sku) = self.by_sku.get_mut(&sku) {
            of_sku.stand_by(None);
        }
        self.by_sku.remove_if(&sku, |_, of_sku| of_sku.is_empty());
    }

    fn note_first(&self, live: &Live) {
        let first = live.by_time.first().map_or(i64::MAX, |(until, _)| until.as_micros());
        let before = self.first_us.swap(first, Ordering::SeqCst);
        // It may be due already.
        if first < before {
            self.ring();
        }
    }

    /// Whether the first of them lapses after that time and up to the other.
    #[inline]
    pub(super) fn is_first_within(&self, after_us: i64, to_us: i64) -> bool {
        let first = self.first_us.load(Ordering::Relaxed);
        after_us < first && first <= to_us
    }

    /// Keeps other commands from giving an owner a hold; tells which one he has.
    pub fn begin(&self, owner: &OwnerId) -> Owned {
        let mut live = self.live.lock();
        let known = live.by_owner.entry(owner.clone()).or_default();
        if std::mem::replace(&mut known.is_in_flight, true) {
            return Owned::InFlight;
        }
        Owned::Has(known.live)
    }

    /// The command that was about to give an owner a hold gave him none.
    pub fn abandon(&self, owner: &OwnerId) {
        let mut live = self.live.lock();
        if let Some(known) = live.by_owner.get_mut(owner) {
            known.is_in_flight = false;
            if known.live.is_none() {
                live.by_owner.remove(owner);
            }
        }
    }

    /// It is that time now.
    #[inline]
    pub(super) fn pass_to(&self, now_us: i64) {
        if now_us >= self.first_us.load(Ordering::SeqCst) {
            self.ring();
        }
    }

    /// Has due holds looked for.
    pub fn ring(&self) {
        self.due.notify_one();
    }

    /// Waits until a hold may be due. There is one who waits.
    pub async fn wait(&self) {
        self.due.notified().await;
    }

    /// Holds that have lapsed by then, but for those that were left, at most so many: one that was
    /// left and taken back, and one that was not, in turn, so that neither kind waits for the other.
    pub fn due(&self, now: Timestamp, most: usize) -> Vec<OrderNo> {
        let live = self.live.lock();
        let due = live.by_time.iter().take_while(|(until, _)| *until <= now);
        let (mut due, mut again) = (due.map(|(_, no)| *no), live.again.iter().map(|(_, no)| *no));
        let mut in_turn = Vec::new();
        while in_turn.len() < most {
            let before = in_turn.len();
            in_turn.extend(again.next());
            in_turn.extend(due.next());
            if in_turn.len() == before {
                break;
            }
        }
        in_turn.truncate(most);
        in_turn
    }

    /// How many have lapsed by then and were not ended yet.
    pub fn overdue(&self, now: Timestamp) -> usize {
        let live = self.live.lock();
        live.left.len() + live.by_time.iter().take_while(|(until, _)| *until <= now).count()
    }

    /// A hold is due and cannot end now: it is not due again before it is [taken
    /// back](Self::take_back), or gets another instant at which it lapses.
    pub fn leave(&self, no: OrderNo) {
        let mut live = self.live.lock();
        let Some(until) = live.holds.get(&no).map(|known| known.until) else { return };
        live.forget_time(no, until);
        live.left.insert(no, None);
        self.note_first(&live);
    }

    /// Those of these that were left, and did not end since, are due again: after all that were
    /// taken back before.
    pub fn take_back(&self, nos: &[OrderNo]) {
        let mut live = self.live.lock();
        let Live { left, again, turn, .. } = &mut *live;
        for no in nos {
            if let Some(of @ None) = left.get_mut(no) {
                *of = Some(*turn);
                again.insert((*turn, *no));
                *turn += 1;
            }
        }
    }

    /// How many there are.
    pub fn live(&self) -> usize {
        self.live.lock().holds.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::hold::tests::{held, hold_in};
    use crate::model::{DrawKey, PriorityClass};

    fn owner(name: &str) -> OwnerId {
        OwnerId::new("owner", name).expect("an owner")
    }

    /// A hold of 5 units of the SKU 10 and 3 of the SKU 11 is live.
    fn place(holds: &Holds, no: u64, until: i64, state: HoldState) {
        let order = Order { no: OrderNo(no), ..hold_in(state) };
        let (owner, until) = (Some(owner("X")), Timestamp::from_micros(until));
        holds.placed(&order, &Hold { owner, until, state, ..held() });
    }

    #[test]
    fn holds_are_due_by_the_instant_at_which_they_lapse_now() {
        let holds = Holds::default();
        for (no, until) in [(1, 30), (2, 10), (3, 20)] {
            place(&holds, no, until, HoldState::Live);
        }
        holds.extended(OrderNo(2), Timestamp::from_micros(40), false);
        let due = |now, most| holds.due(Timestamp::from_micros(now), most);
        assert_eq!(due(19, 9), []);
        assert_eq!(due(40, 9), [3, 1, 2].map(OrderNo));
        assert_eq!(due(40, 1), [OrderNo(3)]);
        for no in [3, 2] {
            holds.leave(OrderNo(no));
        }
        assert_eq!((due(40, 9), holds.overdue(Timestamp::from_micros(40))), (vec![OrderNo(1)], 3));
        holds.extended(OrderNo(2), Timestamp::from_micros(50), false);
        assert_eq!(due(50, 9), [1, 2].map(OrderNo), "it has more time, and is due again");
        holds.extended(OrderNo(2), Timestamp::from_micros(40), false);
        holds.take_back(&[OrderNo(3), OrderNo(9)]);
        assert_eq!(due(40, 9), [3, 1, 2].map(OrderNo));
        holds.leave(OrderNo(3));
        holds.ended(OrderNo(3));
        assert_eq!((due(40, 9), holds.live()), ([1, 2].map(OrderNo).to_vec(), 2));
        holds.ended(OrderNo(3));
        assert_eq!(holds.live(), 2, "an end is counted once");
    }

    #[test]
    fn holds_that_are_asked_for_in_vain_keep_no_others_waiting() {
        let (holds, now) = (Holds::default(), Timestamp::from_micros(50));
        (1..=9).for_each(|no| place(&holds, no, no.cast_signed(), HoldState::Live));
        let vain: Vec<OrderNo> = (1..=5).map(OrderNo).collect();
        let mut asked = Vec::new();
        // Each time, something may let the first five end, and none of them can.
        while holds.live() > vain.len() {
            let due = holds.due(now, 2);
            assert!(due.len() == 2 && asked.len() < 20, "{due:?} after {asked:?}");
            for no in due {
                asked.push(no.0);
                if vain.contains(&no) { holds.leave(no) } else { holds.ended(no) }
            }
            holds.take_back(&vain);
        }
        let times = |asked: &[u64], no| asked.iter().filter(|of| **of == no).count();
        assert!((6..=9).all(|no| times(&asked, no) == 1), "{asked:?}");
        asked.clear();
        for _ in 0..5 {
            let due = holds.due(now, 2);
            asked.extend(due.iter().map(|no| no.0));
            for no in due {
                holds.leave(no);
            }
            holds.take_back(&vain);
        }
        assert!((1..=5).all(|no| times(&asked, no) == 2), "they are asked for in turn: {asked:?}");
    }

    #[test]
    fn what_holds_have_of_a_sku_is_known_and_who_waits_in_line() {
        let holds = Holds::default();
        let of = |sku| {
            let HeldOfSku { units, first_lapse, line } = holds.of_sku(SkuNo(sku));
            (units, first_lapse.map(Timestamp::as_micros), line)
        };
        place(&holds, 1, 30, HoldState::Live);
        place(&holds, 2, 10, HoldState::Live);
        place(&holds, 3, 99, HoldState::Waiting);
        // A replay meets it again.
        place(&holds, 2, 20, HoldState::Live);
        assert_eq!([of(10), of(11), of(12)], [(10, Some(20), 1), (6, Some(20), 1), (0, None, 0)]);
        assert_eq!(holds.line_ends(SkuNo(10)).map(Timestamp::as_micros), Some(99));
        holds.extended(OrderNo(3), Timestamp::from_micros(15), true);
        assert_eq!(of(10), (15, Some(15), 0));
        assert_eq!(holds.line_ends(SkuNo(10)), None);
        (1..=3).for_each(|no| holds.ended(OrderNo(no)));
        assert!(of(10) == (0, None, 0) && holds.by_sku.is_empty(), "nothing is kept of nothing");
    }

    #[test]
    fn a_place_in_line_is_by_priority_and_then_by_number() {
        let holds = Holds::default();
        let of = |class, no| (Priority::new(class, 9).expect("a tier"), OrderNo(no));
        let all =
            [(4, PriorityClass::Lose), (7, PriorityClass::Redistribute), (5, PriorityClass::Win)];
        for (no, class) in all.into_iter().chain([(6, PriorityClass::Redistribute)]) {
            let mut order = Order { no: OrderNo(no), ..hold_in(HoldState::Waiting) };
            order.header.priority = of(class, no).0;
            holds.placed(&order, &Hold { state: HoldState::Waiting, ..held() });
        }
        let ahead = |class, no| holds.ahead(SkuNo(10), of(class, no));
        let places = || {
            let lines = [(PriorityClass::Win, 5), (PriorityClass::Redistribute, 6)];
            let last = [(PriorityClass::Redistribute, 7), (PriorityClass::Lose, 4)];
            lines.into_iter().chain(last).map(|(class, no)| ahead(class, no)).collect::<Vec<_>>()
        };
        assert_eq!(places(), [0, 1, 2, 3]);
        holds.extended(OrderNo(5), Timestamp::from_micros(1), true);
        holds.ended(OrderNo(7));
        assert_eq!(places(), [0, 0, 1, 1]);
        assert_eq!(holds.ahead(SkuNo(99), of(PriorityClass::Lose, 9)), 0, "nobody waits for it");
    }

    #[test]
    fn the_opening_of_a_sale_draws_the_places_of_those_in_line_and_of_no_later_ones() {
        let holds = Holds::default();
        (1..=40).for_each(|no| place(&holds, no, 99, HoldState::Waiting));
        let ahead = |no| holds.ahead(SkuNo(10), (Priority::DEFAULT, OrderNo(no)));
        assert_eq!((1..=40).map(ahead).collect::<Vec<_>>(), (0..40).collect::<Vec<_>>());
        let opens = Timestamp::from_micros(5);
        holds.drawn(SkuNo(10), Draw::new(SkuNo(10), opens, OrderNo(41), DrawKey::new([7, 0])));
        let drawn: Vec<u64> = (1..=40).map(ahead).collect();
        assert!(!drawn.is_sorted(), "{drawn:?}");
        (41..=42).for_each(|no| place(&holds, no, 99, HoldState::Waiting));
        assert_eq!((41..=43).map(ahead).collect::<Vec<_>>(), [40, 41, 42]);
        assert_eq!((1..=40).map(ahead).collect::<Vec<_>>(), drawn, "places stay");
        let first = (1..=40).find(|no| ahead(*no) == 0).expect("one is first");
        holds.ended(OrderNo(first));
        assert_eq!((1..=42).filter(|no| ahead(*no) == 0 && *no != first).count(), 1);
    }

    #[test]
    fn an_owner_is_given_one_hold_at_a_time() {
        let holds = Holds::default();
        assert_eq!(holds.begin(&owner("X")), Owned::Has(None));
        assert_eq!(holds.begin(&owner("X")), Owned::InFlight);
        holds.abandon(&owner("X"));
        assert_eq!(holds.begin(&owner("X")), Owned::Has(None));
        place(&holds, 1, 10, HoldState::Live);
        assert_eq!(holds.begin(&owner("X")), Owned::Has(Some(OrderNo(1))));
        // The one that he had ends by the event that gives him the next one.
        holds.ended(OrderNo(1));
        place(&holds, 2, 10, HoldState::Live);
        assert_eq!(holds.begin(&owner("X")), Owned::Has(Some(OrderNo(2))));
        holds.abandon(&owner("X"));
        holds.ended(OrderNo(2));
        assert!(holds.live.lock().by_owner.is_empty(), "nothing is kept of who has none");
    }
}

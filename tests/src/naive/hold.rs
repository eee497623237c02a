//! Holds, as naively as can be, and what is true of them after every version.

use std::collections::{BTreeMap, BTreeSet};

use backstock_engine::command::OrderRequest;
use backstock_engine::model::{self, HoldId, HoldState, OrderId, OwnerId, Supply, Timestamp};

use super::pair::same;
use super::{Naive, Order, day};
use crate::fixture::{DAY, order_id};

/// How often a hold is extended at most.
const EXTENSIONS_MAX: u8 = 3;

/// How long a hold lives at most.
const LIFE_MAX_US: i64 = 3 * 86_400 * 1_000_000;

/// For how long a hold waits at most.
pub const WAIT_SECONDS: u32 = 43_200;

/// Units of an order by line, item, node and supply.
pub type Units = BTreeMap<(u16, String, String, Supply), u32>;

/// The hold that an order began as.
#[derive(Clone, Debug)]
pub struct Hold {
    /// The caller's id.
    pub id: HoldId,
    /// Whose it is, if the caller said so.
    pub owner: Option<OwnerId>,
    /// When it was created, or the first of those whose units it has.
    pub began: Timestamp,
    /// When it lapses, or would have.
    pub until: Timestamp,
    /// For how long it has its units, from when it gets them.
    pub seconds: u32,
    /// Where it stands.
    pub state: HoldState,
    /// What it holds, where to, and how it is to be shipped.
    pub wanted: OrderRequest,
    /// Whether it takes a part of what it waits for.
    pub accepts_part: bool,
    extended: u8,
    is_paying: bool,
}

impl Hold {
    /// A hold as it is created.
    pub fn new(
        id: HoldId,
        owner: Option<OwnerId>,
        (began, seconds): (Timestamp, u32),
        (wanted, waits, accepts_part): (OrderRequest, bool, bool),
    ) -> Self {
        let state = if waits { HoldState::Waiting } else { HoldState::Live };
        let until = after(began, if waits { WAIT_SECONDS } else { seconds });
        let (extended, is_paying) = (0, false);
        Self { id, owner, began, until, seconds, state, wanted, accepts_part, extended, is_paying }
    }

    /// Whether it has its units, or waits for them.
    pub fn is_open(&self) -> bool {
        matches!(self.state, HoldState::Live | HoldState::Waiting)
    }

    /// It has the units of the owner's hold before it, whose life goes on.
    pub fn goes_on(&mut self, before: &Self) {
        (self.began, self.extended) = (before.began, before.extended);
        self.is_paying = before.is_paying;
        self.until = self.until.min(self.began.saturating_add_micros(LIFE_MAX_US));
    }

    /// It has waited, and has all its units from now on.
    pub fn offered(&mut self, until: Timestamp, now: Timestamp) -> Result<(), String> {
        if self.state != HoldState::Waiting || until > after(now, self.seconds) {
            return Err(format!("it is {now}, and it has its units until {until}: {self:?}"));
        }
        (self.state, self.until) = (HoldState::Live, until);
        Ok(())
    }

    /// Until when it waits for a sale that opens then, if that is later than it waits now.
    pub fn prolonged(&self, opens: Timestamp) -> Option<Timestamp> {
        let life = self.began.saturating_add_micros(LIFE_MAX_US);
        let until = after(opens, WAIT_SECONDS).min(life);
        (self.state == HoldState::Waiting && until > self.until).then_some(until)
    }

    /// It lapses later.
    pub fn extend(&mut self, until: Timestamp, for_payment: bool) -> Result<(), String> {
        if for_payment && self.is_paying {
            return Err("a second grace for a payment".into());
        }
        self.is_paying |= for_payment;
        self.extended += u8::from(!for_payment);
        let life = until.as_micros() - self.began.as_micros();
        if until < self.until || self.extended > EXTENSIONS_MAX || life > LIFE_MAX_US {
            return Err(format!("it cannot be extended to {until}: {self:?}"));
        }
        self.until = until;
        Ok(())
    }

    /// Compares every figure with the engine's.
    pub fn compare(&self, hold: &model::Hold) -> Result<(), String> {
        same("hold", &(&hold.id, &hold.owner), &(&self.id, &self.owner))?;
        let engine = (hold.began, hold.until, hold.seconds);
        same("when it holds", &engine, &(self.began, self.until, self.seconds))?;
        let engine = (hold.state, hold.extended, hold.is_paying, hold.accepts_part);
        let own = (self.state, self.extended, self.is_paying, self.accepts_part);
        same("state of the hold", &engine, &own)
    }
}

/// So many seconds after an instant.
pub fn after(instant: Timestamp, seconds: u32) -> Timestamp {
    instant.saturating_add_micros(i64::from(seconds) * 1_000_000)
}

/// The id under which the order of a hold is found while nobody confirmed it.
pub fn key(hold: &HoldId) -> String {
    OrderId::of_hold(hold).to_string()
}

/// All ids under which an order is found.
pub fn ids(id: &str, order: &Order) -> Vec<OrderId> {
    let of_hold = order.hold.as_ref().map(|hold| OrderId::of_hold(&hold.id));
    of_hold.into_iter().chain(order.is_order().then(|| order_id(id))).collect()
}

impl Naive {
    /// The engine was told the time. On another day, other supplies are overdue, and others are within
    /// the horizon.
    pub fn pass_to(&mut self, now: Timestamp) {
        let is_next_day = day(now) > day(self.now);
        self.now = self.now.max(now);
        if is_next_day {
            self.remember(self.version());
        }
    }

    /// The hold that an owner has.
    pub(super) fn hold_of(&self, owner: &OwnerId) -> Option<&Hold> {
        let mut open = self.orders.values().filter_map(Order::open_hold);
        open.find(|hold| hold.owner.as_ref() == Some(owner))
    }

    /// All units of an order, and whether they are held.
    pub(super) fn units_of(&self, no: u64) -> (Units, bool) {
        let (mut units, mut held) = (Units::new(), false);
        for ((sku, node), pair) in &self.pairs {
            for (line, is_held, supply) in pair.units_of_order(no) {
                *units.entry((line, sku.clone(), node.clone(), supply)).or_default() += 1;
                held |= is_held;
            }
        }
        (units, held)
    }

    /// Takes all units off a hold, if they are those that an event says.
    pub(super) fn take_off(&mut self, no: u64, off: &Units) -> Result<(), String> {
        same("what a hold has", off, &self.units_of(no).0)?;
        for ((line, sku, node, supply), units) in off {
            for _ in 0..*units {
                self.pair(sku, node).unpeg((no, true), *line, *supply)?;
            }
        }
        Ok(())
    }

    /// Gives an order of a channel, or a hold, units; `own` are those that it has by the same
    /// terms.
    pub(super) fn put_on(
        &mut self,
        of: (u64, bool),
        channel: Option<&str>,
        on: &Units,
        own: &Units,
    ) -> Result<(), String> {
        self.belongs(of.0, channel);
        let mut kept = BTreeMap::<_, u32>::new();
        for ((_, sku, node, supply), units) in own {
            *kept.entry((sku.clone(), node.clone(), *supply)).or_default() += units;
        }
        for is_more in [false, true] {
            for ((line, sku, node, supply), units) in on {
                let kept = kept.get(&(sku.clone(), node.clone(), *supply)).copied();
                let stays = kept.unwrap_or_default().min(*units);
                let pair = self.pair(sku, node);
                for _ in 0..if is_more { units - stays } else { stays } {
                    if is_more {
                        pair.check_may_have(channel, *supply)?;
                    }
                    // Less of what is on its way counts by now: its own units stay.
                    if !is_more && matches!(supply, Supply::Inbound(_)) {
                        pair.keep(of, *line, *supply);
                    } else {
                        pair.allot(of, *line, *supply)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// An order keeps units that its hold had a moment ago.
    pub(super) fn keep_on(&mut self, no: u64, on: &Units) {
        for ((line, sku, node, supply), units) in on {
            for _ in 0..*units {
                self.pair(sku, node).keep((no, false), *line, *supply);
            }
        }
    }

    /// What is true of holds after every version.
    pub(super) fn check_holds(&self) -> Result<(), String> {
        let mut units = BTreeMap::<(u64, bool), u32>::new();
        for of in self.pairs.values().flat_map(super::Pair::owners) {
            *units.entry(of).or_default() += 1;
        }
        let waiting = self.pairs.values().flat_map(super::Pair::waiting);
        // On what is overdue for too long, one waits as without supply. A policy may count on it again:
        // the hold is live once something else happens to it.
        let today = Timestamp::from_micros(day(self.now) * DAY);
        let overdue = self.pairs.values().flat_map(|pair| pair.rests_on_what_was_due(today));
        let waiting: BTreeSet<u64> = waiting.chain(overdue).collect();
        let supplied = self.pairs.values().flat_map(super::Pair::supplied);
        let supplied: BTreeSet<u64> = supplied.collect();
        let has = |no, held| units.get(&(no, held)).copied().unwrap_or_default();
        let mut owners = Vec::new();
        for (id, order) in &self.orders {
            let (open, held) = (order.open_in_all(), order.is_held());
            // HELD_AS_ITS_ORDER: units are held if, and only if, their order is an open hold.
            if has(order.no, !held) > 0 || has(order.no, held) != open {
                return Err(format!("{id} has other units than {open}, held {held}: {units:?}"));
            }
            let Some(hold) = &order.hold else { continue };
            let wanted: u32 = order.ordered.iter().sum();
            match hold.state {
                // OPEN_HOLD_IS_WHOLE: a live hold has all its units, and one that waits waits for
                // the others.
                HoldState::Live | HoldState::Waiting if open != wanted => {
                    return Err(format!("{id} is open and has {open} of {wanted} units"));
                }
                // WAITING_HOLD_WAITS: it is live from when the last unit has supply.
                HoldState::Waiting if !waiting.contains(&order.no) => {
                    return Err(format!("{id} waits, and nothing of it does"));
                }
                // OFFERED_IN_PART: one that takes a part is live from the first unit on.
                HoldState::Waiting if hold.accepts_part && supplied.contains(&order.no) => {
                    return Err(format!("{id} waits, takes a part, and has one"));
                }
                HoldState::Live | HoldState::Waiting | HoldState::Confirmed => {}
                // ENDED_HOLD_IS_EMPTY: a hold that ended has none.
                ended if open > 0 => return Err(format!("{id} is {ended:?} and has {open} units")),
                _ => {}
            }
            // ONE_HOLD_PER_OWNER: an owner has at most one open hold.
            if let Some(owner) = order.open_hold().and_then(|hold| hold.owner.as_ref()) {
                if owners.contains(&owner) {
                    return Err(format!("{owner} has two open holds, {id} one of them"));
                }
                owners.push(owner);
            }
        }
        Ok(())
    }

    /// `LAPSES_IN_TIME`: in an engine at rest, which was told the time, no hold is open whose
    /// time has run out.
    ///
    /// # Errors
    /// The first one that is.
    pub fn check_lapsed(&self, now: Timestamp) -> Result<(), String> {
        // Nor is a sale closed whose time has come.
        if let Some((sku, opens)) = self.closed().iter().find(|(_, opens)| **opens <= now) {
            return Err(format!("it is {now}, and the sale of {sku} did not open at {opens}"));
        }
        // Nor is a package kept that is over.
        if let Some(over) = self.orders.values().find_map(|order| order.overdue(now)) {
            return Err(format!("it is {now}, and a package is not collected: {over:?}"));
        }
        let mut open = self.orders.values().filter_map(Order::open_hold);
        match open.find(|hold| hold.until <= now) {
            Some(hold) => Err(format!("it is {now}, and a hold is open: {hold:?}")),
            None => Ok(()),
        }
    }
}

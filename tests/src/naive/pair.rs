//! One SKU at one node, as naively as can be: every unit that was promised is
//! an entry of a list, and every quantity is counted anew from lists of facts.

mod supply;
mod terms;

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use backstock_engine::command::StockOperation;
use backstock_engine::model::{
    DeclineReason, InboundNo, NodeNo, PairTerms, Priority, Stock, Supply, Timestamp,
};

use self::supply::{Closed, Expected};
pub use self::terms::Asking;
use super::days::Days;

/// What an unlimited supplier is taken to have.
const UNLIMITED: i64 = 1_000_000_000;

/// One unit that was promised: to which order, whether that is a hold, and the supply that the
/// unit rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Unit {
    order: u64,
    line: u16,
    held: bool,
    supply: Supply,
}

/// The pair.
#[derive(Clone, Debug, Default)]
pub struct Pair {
    /// What came and went, in units.
    movements: Vec<i64>,
    unavailable: i64,
    safety: i64,
    unlimited: bool,
    /// As of when the feeds are that said so, all that were taken.
    feeds: Vec<Timestamp>,
    /// By number: the order in which they were announced here.
    inbound: BTreeMap<u16, Expected>,
    announced: u16,
    /// Those that closed first before others.
    closed: Vec<Closed>,
    /// How often units lost their supply, and their orders are to be told.
    lost: u32,
    units: Vec<Unit>,
    /// Before whom orders are served that say so.
    priorities: BTreeMap<u64, Priority>,
    /// Who may have its units.
    terms: PairTerms,
    /// Of orders.
    channels: BTreeMap<u64, Option<String>>,
}

impl Pair {
    /// An order is served before others, or after them, from now on.
    pub fn prioritise(&mut self, order: u64, priority: Priority) {
        self.priorities.insert(order, priority);
    }

    fn priority(&self, order: u64) -> Priority {
        self.priorities.get(&order).copied().unwrap_or_default()
    }

    /// Units physically there.
    pub fn on_hand(&self) -> i64 {
        self.movements.iter().sum()
    }

    /// Units that can be promised now.
    pub fn free(&self) -> i64 {
        let there = if self.unlimited { UNLIMITED } else { self.on_hand() - self.unavailable };
        there - self.safety - self.firm()
    }

    /// What can be promised of what is there, to orders of a channel or to who may have most, and of
    /// what is expected within a span.
    pub fn offers(&self, whom: Asking<'_>, span: &RangeInclusive<Timestamp>) -> i64 {
        let inbound = self.inbound.iter().filter(|(_, expected)| span.contains(&expected.eta));
        let free = inbound.map(|(no, expected)| count(expected.free(self.pegged(*no))));
        let now = match whom {
            Asking::Anybody => self.free(),
            Asking::Channel(channel) => self.free_for(channel),
        };
        now.max(0) + free.sum::<i64>()
    }

    /// The same, day by day, each supply on the day on which it is counted on.
    pub fn days(
        &self,
        span: &RangeInclusive<Timestamp>,
        counted_on: impl Fn(Timestamp) -> i64,
    ) -> Days {
        let now = if self.unlimited { 0 } else { self.free().max(0) };
        let mut days = Days { now, unlimited: self.unlimited, ..Days::default() };
        let expected = self.inbound.iter().filter(|(_, expected)| span.contains(&expected.eta));
        for (no, expected) in expected {
            let units = count(expected.free(self.pegged(*no)));
            if units > 0 {
                days.expect(counted_on(expected.eta), units);
            }
        }
        days
    }

    fn firm(&self) -> i64 {
        let firm = |unit: &&Unit| unit.supply.is_there();
        count(self.units.iter().filter(firm).count())
    }

    fn on(&self, supply: Supply) -> usize {
        self.units.iter().filter(|unit| unit.supply == supply).count()
    }

    fn pegged(&self, no: u16) -> usize {
        self.on(Supply::Inbound(InboundNo(no)))
    }

    /// Changes the supply.
    pub fn change(&mut self, operation: &StockOperation) -> Result<(), String> {
        match operation {
            StockOperation::Set { on_hand, unavailable, safety } => {
                self.correct(on_hand.map_or(self.on_hand(), i64::from));
                self.unavailable = unavailable.map_or(self.unavailable, i64::from);
                self.safety = safety.map_or(self.safety, i64::from);
            }
            StockOperation::SupplierFeed { quantity, as_of } => {
                if as_of.is_some_and(|as_of| self.feeds.iter().any(|taken| as_of < *taken)) {
                    return Err(format!("a feed of {as_of:?} was taken after {:?}", self.feeds));
                }
                self.feeds.extend(as_of);
                self.correct(quantity.map_or(0, i64::from));
                self.unlimited = quantity.is_none();
            }
            StockOperation::Receive { quantity, unavailable } => {
                self.movements.push(i64::from(*quantity));
                self.unavailable += i64::from(*unavailable);
            }
            StockOperation::Adjust { on_hand_delta, unavailable_delta, .. } => {
                self.movements.push(i64::from(*on_hand_delta));
                self.unavailable += i64::from(*unavailable_delta);
            }
            StockOperation::Count { on_hand } => {
                self.correct(i64::from(*on_hand));
                self.unavailable = self.unavailable.min(i64::from(*on_hand));
            }
            StockOperation::AnnounceInbound { id, quantity, eta } => {
                if self.open(id.as_str()).is_ok() || self.is_closed(id.as_str()) {
                    return Err(format!("inbound {id} is known"));
                }
                self.announce(id.as_str(), *quantity as usize, *eta);
            }
            StockOperation::StateInbound { id, ordered, eta } => {
                self.state(id.as_str(), *ordered as usize, *eta)?;
            }
            StockOperation::ChangeInbound { id, quantity, eta } => {
                self.change_inbound(id.as_str(), quantity.map(|q| q as usize), *eta)?;
            }
            StockOperation::Weigh { operation, confidence_basis_points } => {
                self.change(operation)?;
                let id = operation.inbound().ok_or("about no supply")?.as_str();
                if let Ok(no) = self.open(id) {
                    let expected = self.inbound.get_mut(&no).ok_or("it is open")?;
                    expected.basis_points = usize::from(*confidence_basis_points);
                }
            }
            StockOperation::Source { operation, source } => {
                self.change(operation)?;
                let id = operation.inbound().ok_or("about no supply")?.as_str();
                if let Ok(no) = self.open(id) {
                    self.inbound.get_mut(&no).ok_or("it is open")?.source = *source;
                }
            }
            StockOperation::ReceiveInbound { id, quantity, closes } => {
                self.receive_inbound(id.as_str(), *quantity as usize, *closes)?;
            }
            StockOperation::SetTerms(terms) => self.terms = (**terms).clone(),
            StockOperation::CancelInbound { id } => {
                if !self.is_closed(id.as_str()) {
                    let no = self.open(id.as_str())?;
                    self.close(no, self.ordered(no));
                }
            }
        }
        self.check()
    }

    fn correct(&mut self, on_hand: i64) {
        self.movements.push(on_hand - self.on_hand());
    }

    /// When units on a supply are there: at once, at an instant, or nobody knows.
    pub fn ready(&self, supply: Supply) -> Option<Timestamp> {
        match supply {
            Supply::Picked | Supply::OnHand | Supply::Supplier => {
                Some(Timestamp::from_micros(i64::MIN))
            }
            Supply::Inbound(InboundNo(no)) => self.inbound.get(&no).map(|expected| expected.eta),
            Supply::Backorder => None,
        }
    }

    /// When what is on its way is expected.
    pub fn etas(&self) -> impl Iterator<Item = Timestamp> {
        self.inbound.values().map(|expected| expected.eta)
    }

    /// Units of a line that rest on a supply here.
    pub fn units_of(&self, order: u64, line: u16) -> Vec<Supply> {
        let of_line = self.units.iter().filter(|unit| (unit.order, unit.line) == (order, line));
        of_line.map(|unit| unit.supply).collect()
    }

    /// All units of an order here, by line, whether they are held, and supply.
    pub fn units_of_order(&self, order: u64) -> impl Iterator<Item = (u16, bool, Supply)> {
        let of_it = self.units.iter().filter(move |unit| unit.order == order);
        of_it.map(|unit| (unit.line, unit.held, unit.supply))
    }

    /// The orders that units are promised to, and whether they are held.
    pub fn owners(&self) -> impl Iterator<Item = (u64, bool)> {
        self.units.iter().map(|unit| (unit.order, unit.held))
    }

    /// The orders of which units wait here.
    pub fn waiting(&self) -> impl Iterator<Item = u64> {
        let waiting = self.units.iter().filter(|unit| unit.supply == Supply::Backorder);
        waiting.map(|unit| unit.order)
    }

    /// The orders of which units rest on what was to come here before an instant.
    pub fn rests_on_what_was_due(&self, before: Timestamp) -> impl Iterator<Item = u64> {
        let due = move |unit: &&Unit| match unit.supply {
            Supply::Inbound(InboundNo(no)) => self.inbound[&no].eta < before,
            _ => false,
        };
        self.units.iter().filter(due).map(|unit| unit.order)
    }

    /// The orders of which units have a supply here.
    pub fn supplied(&self) -> impl Iterator<Item = u64> {
        let supplied = self.units.iter().filter(|unit| unit.supply != Supply::Backorder);
        supplied.map(|unit| unit.order)
    }

    /// How many units wait here.
    pub fn waiting_units(&self) -> i64 {
        i64::try_from(self.waiting().count()).expect("few")
    }

    /// Takes one unit of a line off a supply.
    pub fn unpeg(
        &mut self,
        (order, held): (u64, bool),
        line: u16,
        supply: Supply,
    ) -> Result<(), String> {
        let unit = Unit { order, line, held, supply };
        if !self.units.contains(&unit) {
            return Err(format!("order {order} has no unit on {supply:?}, held {held}"));
        }
        self.forget(unit);
        Ok(())
    }

    /// Promises one unit to an order, or holds it, out of what can be promised and nothing else.
    pub fn allot(
        &mut self,
        (order, held): (u64, bool),
        line: u16,
        supply: Supply,
    ) -> Result<(), String> {
        let there = match supply {
            Supply::Picked | Supply::OnHand | Supply::Supplier => self.free() > 0,
            Supply::Inbound(InboundNo(no)) => {
                self.inbound.get(&no).is_some_and(|e| e.free(self.pegged(no)) > 0)
            }
            Supply::Backorder => true,
        };
        if !there {
            return Err(format!("oversold: {supply:?} has no unit for order {order}: {self:?}"));
        }
        self.units.push(Unit { order, line, held, supply });
        Ok(())
    }

    /// A unit of an order stays where it was a moment ago, whether it is there or not: after a
    /// short count, a pair has less than it promised.
    pub fn keep(&mut self, (order, held): (u64, bool), line: u16, supply: Supply) {
        self.units.push(Unit { order, line, held, supply });
    }

    /// When a unit can be counted on, in an order: those without supply come last.
    fn readiness(&self, supply: Supply) -> (bool, Option<Timestamp>) {
        (supply == Supply::Backorder, self.ready(supply))
    }

    /// When the last unit of a line here can be counted on.
    pub fn last_of(&self, order: u64, line: u16) -> Option<(bool, Option<Timestamp>)> {
        self.units_of(order, line).into_iter().map(|supply| self.readiness(supply)).max()
    }

    /// Takes units back from a line, those that can be counted on last. Answers when the first
    /// of them can.
    pub fn release(
        &mut self,
        order: u64,
        line: u16,
        units: u32,
    ) -> Result<(bool, Option<Timestamp>), String> {
        let mut first = None;
        for _ in 0..units {
            let of_line = |unit: &&Unit| (unit.order, unit.line) == (order, line);
            // What is picked goes last.
            let key = |unit: &&Unit| (self.readiness(unit.supply), unit.supply);
            let last = self.units.iter().filter(of_line).max_by_key(key);
            let unit = *last.ok_or_else(|| format!("order {order} has nothing left here"))?;
            if unit.held {
                return Err(format!("a unit is given back that is held: {unit:?}"));
            }
            first = Some(self.readiness(unit.supply));
            self.forget(unit);
        }
        self.check()?;
        first.ok_or_else(|| "nothing was given back".into())
    }

    /// A unit of a line is taken off the shelf, where it is, and not picked for somebody else.
    pub fn pick(&mut self, order: u64, line: u16) -> Result<(), String> {
        let of = |supply| Unit { order, line, held: false, supply };
        let supplied = self.units.contains(&of(Supply::Supplier));
        let shelf = of(if supplied { Supply::Supplier } else { Supply::OnHand });
        if !self.units.contains(&shelf) {
            return Err(format!("order {order} has no unit to pick here"));
        }
        if !supplied && count(self.on(Supply::Picked)) >= self.on_hand() - self.unavailable {
            return Err(format!("order {order} picks a unit that is not there: {self:?}"));
        }
        self.forget(shelf);
        self.units.push(of(Supply::Picked));
        Ok(())
    }

    /// A unit of a line goes back to the shelf.
    pub fn put_back(&mut self, order: u64, line: u16) -> Result<(), String> {
        self.unpeg((order, false), line, Supply::Picked)?;
        self.keep((order, false), line, Supply::OnHand);
        Ok(())
    }

    /// A unit of a line leaves that was picked. A supplier may send what its feed does not show.
    pub fn leave(&mut self, order: u64, line: u16, at_supplier: bool) -> Result<(), String> {
        self.unpeg((order, false), line, Supply::Picked)?;
        if !(at_supplier && self.on_hand() == 0) {
            self.movements.push(-1);
        }
        self.check()
    }

    /// The node does not ship these units of an order, by line: they wait. It tells what is there, and who rests on
    /// goods that are not waits as well, those who are served last first.
    ///
    /// What the node finds depends on what other orders have of him, or have picked: as of when it was
    /// decided, which may be some versions ago. Units that others put back or call off meanwhile were
    /// not on the shelf when the node looked, and are there. So `said` is what the node finds, and
    /// what others may have had.
    pub fn decline(
        &mut self,
        order: u64,
        off: &[(u16, Supply, u32)],
        (reason, at_supplier): (DeclineReason, bool),
        said: &(Option<u32>, Vec<i64>),
    ) -> Result<(), String> {
        let mut firm = 0;
        let known = (self.firm() - (self.on_hand() - self.unavailable)).max(0);
        for &(line, supply, units) in off {
            for _ in 0..units {
                self.unpeg((order, false), line, supply)?;
                self.keep((order, false), line, Supply::Backorder);
            }
            let is_firm = supply.is_there();
            firm += if is_firm { i64::from(units) } else { 0 };
        }
        self.lost += 1;
        let own = self.had().get(&order).copied().unwrap_or(0);
        match reason {
            DeclineReason::NotFound if at_supplier => {
                let most = if self.unlimited { UNLIMITED } else { self.on_hand() };
                self.find(said, |others| (others + own).min(most))?;
                self.unlimited = false;
            }
            DeclineReason::Damaged | DeclineReason::Short if at_supplier && !self.unlimited => {
                let on_hand = self.on_hand();
                self.find(said, |others| (on_hand - firm).max((others + own).min(on_hand)))?;
            }
            DeclineReason::NotFound => {
                let (unavailable, on_hand) = (self.unavailable, self.on_hand());
                self.find(said, |others| (unavailable + others + own).min(on_hand))?;
            }
            DeclineReason::Short if !at_supplier => {
                let (unavailable, on_hand) = (self.unavailable, self.on_hand());
                let elsewhere = |others: i64| (unavailable + others + own).min(on_hand);
                let missing = (firm - known).max(0);
                self.find(said, |others| (on_hand - missing).max(elsewhere(others)))?;
            }
            DeclineReason::Damaged if !at_supplier => {
                self.unavailable = (self.unavailable + firm).min(self.on_hand());
            }
            _ => return self.check(),
        }
        while !at_supplier && self.firm() > self.on_hand() - self.unavailable {
            let there = self.units.iter().filter(|unit| unit.supply == Supply::OnHand);
            let last = there.max_by_key(|unit| (self.priority(unit.order), **unit));
            // What others' orders were picked for is lost as well, and nobody knows it yet.
            let Some(last) = last.copied() else { break };
            self.forget(last);
            self.units.push(Unit { supply: Supply::Backorder, ..last });
        }
        self.check()
    }

    /// The node finds so many units, if that follows from what others had at one of the versions.
    fn find(
        &mut self,
        (found, others): &(Option<u32>, Vec<i64>),
        rule: impl Fn(i64) -> i64,
    ) -> Result<(), String> {
        let found = i64::from(found.ok_or("the node says nothing of what is there")?);
        if !others.iter().any(|others| rule(*others) == found) {
            return Err(format!("{found} are found, of {others:?} that others have: {self:?}"));
        }
        self.correct(found);
        Ok(())
    }

    /// What orders have that a node which finds nothing has all the same: what they picked, or what a
    /// supplier, who has no shelf, is to ship them.
    pub fn had(&self) -> BTreeMap<u64, i64> {
        let elsewhere = |unit: &&Unit| matches!(unit.supply, Supply::Picked | Supply::Supplier);
        let mut had = BTreeMap::new();
        for unit in self.units.iter().filter(elsewhere) {
            *had.entry(unit.order).or_default() += 1;
        }
        had
    }

    fn forget(&mut self, unit: Unit) {
        let at = self.units.iter().position(|known| *known == unit);
        self.units.swap_remove(at.expect("the unit is there"));
    }

    fn check(&self) -> Result<(), String> {
        let short = self.inbound.iter().find(|(no, e)| self.pegged(**no) > e.quantity);
        if self.on_hand() < 0 || short.is_some() {
            return Err(format!("less than nothing: {self:?}"));
        }
        if self.unavailable > self.on_hand() {
            return Err(format!("more unavailable than there are: {self:?}"));
        }
        Ok(())
    }

    /// Compares every figure and every reservation with the engine's. `id_of` is how callers
    /// call a node.
    pub fn compare(&self, stock: &Stock, id_of: impl Fn(NodeNo) -> String) -> Result<(), String> {
        let figures = [
            ("on hand", i64::from(stock.on_hand), self.on_hand()),
            ("unavailable", i64::from(stock.unavailable), self.unavailable),
            ("safety", i64::from(stock.safety), self.safety),
            ("allocated", i64::from(stock.allocated), self.firm()),
            ("waiting", i64::from(stock.waiting), count(self.on(Supply::Backorder))),
            ("free", stock.free(), self.free()),
        ];
        for (name, engine, naive) in figures {
            same(name, &engine, &naive)?;
        }
        self.compare_supplies(stock, id_of)?;
        let engine = stock.reservations.iter();
        let engine: Vec<_> =
            engine.map(|r| (r.order.0, r.line, r.held, r.supply, i64::from(r.units))).collect();
        for r in stock.reservations.iter() {
            same("priority of a reservation", &r.priority, &self.priority(r.order.0))?;
        }
        same("newest feed", &stock.feed_as_of(), &self.feeds.iter().max().copied())?;
        same("terms", stock.terms().unwrap_or(&PairTerms::default()), &self.terms)?;
        same("reservations", &engine, &self.reservations())
    }

    fn reservations(&self) -> Vec<(u64, u16, bool, Supply, i64)> {
        let mut sums = BTreeMap::<Unit, i64>::new();
        for unit in &self.units {
            *sums.entry(*unit).or_default() += 1;
        }
        let sum = |(unit, sum): (Unit, i64)| (unit.order, unit.line, unit.held, unit.supply, sum);
        sums.into_iter().map(sum).collect()
    }
}

pub fn count(n: usize) -> i64 {
    i64::try_from(n).expect("small quantities")
}

/// Refuses two values that differ.
pub fn same<T: PartialEq + std::fmt::Debug>(
    what: &str,
    engine: &T,
    naive: &T,
) -> Result<(), String> {
    if engine == naive {
        return Ok(());
    }
    Err(format!("{what}: the engine has {engine:?}, the naive model {naive:?}"))
}

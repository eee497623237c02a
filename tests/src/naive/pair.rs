//! One SKU at one node, as naively as can be: every unit that was promised is
//! an entry of a list, and every quantity is counted anew from lists of facts.

use std::collections::BTreeMap;

use backstock_engine::command::StockOperation;
use backstock_engine::model::{InboundNo, Stock, Supply, Timestamp, ToldAt};

/// What an unlimited supplier is taken to have.
const UNLIMITED: i64 = 1_000_000_000;

/// One unit that was promised: to which order, and the supply that it rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Unit {
    order: u64,
    line: u16,
    supply: Supply,
}

/// How many closed supplies are remembered.
const CLOSED: usize = 32;

/// A supply on its way.
#[derive(Clone, Debug)]
struct Expected {
    id: String,
    quantity: usize,
    arrived: usize,
    eta: Timestamp,
    /// The node that a transfer left.
    from: Option<String>,
    /// Whether orders that rest on it are to be told of another day.
    untold: bool,
}

/// A supply of which nothing more is to come.
#[derive(Clone, Debug)]
struct Closed {
    id: String,
    ordered: usize,
    arrived: usize,
    from: Option<String>,
}

/// The pair.
#[derive(Clone, Debug, Default)]
pub struct Pair {
    /// What came and went, in units.
    movements: Vec<i64>,
    unavailable: i64,
    safety: i64,
    unlimited: bool,
    /// By number: the order in which they were announced here.
    inbound: BTreeMap<u16, Expected>,
    announced: u16,
    /// Those that closed first before others.
    closed: Vec<Closed>,
    /// Whether units lost their supply, and their orders are to be told.
    lost: bool,
    units: Vec<Unit>,
}

impl Pair {
    /// Units physically there.
    pub fn on_hand(&self) -> i64 {
        self.movements.iter().sum()
    }

    /// Units that can be promised now.
    pub fn free(&self) -> i64 {
        let there = if self.unlimited { UNLIMITED } else { self.on_hand() - self.unavailable };
        there - self.safety - self.firm()
    }

    /// What can be promised by an instant.
    pub fn offers(&self, until: Timestamp) -> i64 {
        let inbound = self.inbound.iter().filter(|(_, expected)| expected.eta <= until);
        let free = |(no, expected): (&u16, &Expected)| count(expected.quantity - self.pegged(*no));
        self.free().max(0) + inbound.map(free).sum::<i64>()
    }

    fn firm(&self) -> i64 {
        let firm = |unit: &&Unit| matches!(unit.supply, Supply::OnHand | Supply::Supplier);
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
            StockOperation::SupplierFeed { quantity } => {
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
            StockOperation::ReceiveInbound { id, quantity, closes } => {
                self.receive_inbound(id.as_str(), *quantity as usize, *closes)?;
            }
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

    fn open(&self, id: &str) -> Result<u16, String> {
        let found = self.inbound.iter().find(|(_, expected)| expected.id == id);
        found.map(|(no, _)| *no).ok_or_else(|| format!("inbound {id} is not open"))
    }

    fn announce(&mut self, id: &str, quantity: usize, eta: Timestamp) {
        let no = self.announced;
        self.announced += 1;
        self.inbound.insert(
            no,
            Expected { id: id.into(), quantity, arrived: 0, eta, from: None, untold: false },
        );
    }

    fn is_closed(&self, id: &str) -> bool {
        self.closed.iter().any(|closed| closed.id == id)
    }

    fn ordered(&self, no: u16) -> usize {
        self.inbound[&no].quantity + self.inbound[&no].arrived
    }

    /// So many units were ordered in all, of a supply that is open, closed, or new.
    fn state(&mut self, id: &str, ordered: usize, eta: Timestamp) -> Result<(), String> {
        if let Ok(no) = self.open(id) {
            let arrived = self.inbound[&no].arrived;
            self.change_inbound(id, Some(ordered.saturating_sub(arrived)), Some(eta))?;
            if ordered <= arrived {
                self.close(no, arrived);
            }
            return Ok(());
        }
        let Some(at) = self.closed.iter().position(|closed| closed.id == id) else {
            self.announce(id, ordered, eta);
            return Ok(());
        };
        let Closed { ordered: before, arrived, .. } = self.closed[at];
        let is_transfer = self.closed[at].from.is_some();
        if ordered > before.max(arrived) && !is_transfer {
            self.closed.remove(at);
            self.announce(id, ordered - arrived, eta);
            self.inbound.get_mut(&(self.announced - 1)).expect("it was announced").arrived =
                arrived;
        }
        Ok(())
    }

    fn change_inbound(
        &mut self,
        id: &str,
        quantity: Option<usize>,
        eta: Option<Timestamp>,
    ) -> Result<(), String> {
        let no = self.open(id)?;
        let expected = self.inbound.get_mut(&no).expect("it is open");
        let before = expected.eta;
        expected.quantity = quantity.unwrap_or(expected.quantity);
        expected.eta = eta.unwrap_or(expected.eta);
        let is_moved = expected.eta != before;
        self.lost |= self.displace(no, false);
        if is_moved && self.pegged(no) > 0 {
            self.inbound.get_mut(&no).expect("it is open").untold = true;
        }
        Ok(())
    }

    fn receive_inbound(&mut self, id: &str, arrived: usize, closes: bool) -> Result<(), String> {
        if let Some(late) = self.closed.iter_mut().find(|closed| closed.id == id) {
            if late.from.is_some() && arrived > 0 {
                return Err(format!("nothing of transfer {id} is on its way"));
            }
            late.arrived += arrived;
            self.movements.push(count(arrived));
            return Ok(());
        }
        let no = self.open(id)?;
        if self.inbound[&no].from.is_some() && arrived > self.inbound[&no].quantity {
            return Err(format!("more came of transfer {id} than left"));
        }
        self.movements.push(count(arrived));
        let ordered = self.ordered(no);
        let expected = self.inbound.get_mut(&no).expect("it is open");
        expected.quantity = expected.quantity.saturating_sub(arrived);
        expected.arrived += arrived;
        let is_over = closes || expected.quantity == 0;
        self.displace(no, true);
        if is_over {
            self.close(no, ordered);
        }
        Ok(())
    }

    fn close(&mut self, no: u16, ordered: usize) {
        self.inbound.get_mut(&no).expect("it is open").quantity = 0;
        self.lost |= self.displace(no, false);
        let Expected { id, arrived, from, .. } = self.inbound.remove(&no).expect("it is open");
        self.closed.push(Closed { id, ordered, arrived, from });
        if self.closed.len() > CLOSED {
            let transfer = self.closed[..CLOSED].iter().position(|closed| closed.from.is_some());
            self.closed.remove(transfer.unwrap_or(0));
        }
    }

    /// Units leave for another node: no more than are free.
    pub fn transfer_leaves(&mut self, quantity: u32) -> Result<(), String> {
        if self.free() < i64::from(quantity) {
            return Err(format!("{quantity} units leave, {} are free", self.free()));
        }
        self.movements.push(-i64::from(quantity));
        self.check()
    }

    /// They are on their way here from a node.
    pub fn transfer_comes(
        &mut self,
        id: &str,
        quantity: u32,
        eta: Timestamp,
        from: &str,
    ) -> Result<(), String> {
        if self.open(id).is_ok() || self.is_closed(id) {
            return Err(format!("inbound {id} is known"));
        }
        self.announce(id, quantity as usize, eta);
        self.inbound.get_mut(&(self.announced - 1)).expect("it was announced").from =
            Some(from.into());
        self.check()
    }

    /// What is still on its way here from a node turns back; answers how many units that is.
    pub fn transfer_turns_back(&mut self, id: &str, from: &str) -> Result<i64, String> {
        let no = self.open(id)?;
        let Expected { quantity, arrived, from: left, .. } = self.inbound[&no].clone();
        if left.as_deref() != Some(from) {
            return Err(format!("inbound {id} did not leave {from}"));
        }
        self.close(no, arrived);
        self.check()?;
        Ok(count(quantity))
    }

    /// Units are back that had left for another node.
    pub fn transfer_returns(&mut self, quantity: i64) {
        self.movements.push(quantity);
    }

    /// Units on their way here from other nodes.
    pub fn in_transfer(&self) -> i64 {
        let transfers = self.inbound.values().filter(|expected| expected.from.is_some());
        transfers.map(|expected| count(expected.quantity)).sum()
    }

    /// Units beyond what is expected wait: the newest promises first, or those for which goods
    /// arrived, the oldest first. Answers whether there are any.
    fn displace(&mut self, no: u16, oldest_first: bool) -> bool {
        let is_more = self.pegged(no) > self.inbound[&no].quantity;
        while self.pegged(no) > self.inbound[&no].quantity {
            let supply = Supply::Inbound(InboundNo(no));
            let pegs = self.units.iter_mut().filter(|unit| unit.supply == supply);
            let key = |unit: &&mut Unit| (unit.order, unit.line);
            let next = if oldest_first { pegs.min_by_key(key) } else { pegs.max_by_key(key) };
            next.expect("more than none").supply = Supply::Backorder;
        }
        is_more
    }

    /// When units on a supply are there: at once, at an instant, or nobody knows.
    pub fn ready(&self, supply: Supply) -> Option<Timestamp> {
        match supply {
            Supply::OnHand | Supply::Supplier => Some(Timestamp::from_micros(i64::MIN)),
            Supply::Inbound(InboundNo(no)) => self.inbound.get(&no).map(|expected| expected.eta),
            Supply::Backorder => None,
        }
    }

    /// Units of a line that rest on a supply here.
    pub fn units_of(&self, order: u64, line: u16) -> Vec<Supply> {
        let of_line = self.units.iter().filter(|unit| (unit.order, unit.line) == (order, line));
        of_line.map(|unit| unit.supply).collect()
    }

    /// Takes one unit of a line off a supply.
    pub fn unpeg(&mut self, order: u64, line: u16, supply: Supply) -> Result<(), String> {
        let unit = Unit { order, line, supply };
        if !self.units.contains(&unit) {
            return Err(format!("order {order} has no unit on {supply:?}"));
        }
        self.forget(unit);
        Ok(())
    }

    /// Promises one unit, out of what can be promised and nothing else.
    pub fn allot(&mut self, order: u64, line: u16, supply: Supply) -> Result<(), String> {
        let there = match supply {
            Supply::OnHand | Supply::Supplier => self.free() > 0,
            Supply::Inbound(InboundNo(no)) => {
                self.inbound.get(&no).is_some_and(|e| e.quantity > self.pegged(no))
            }
            Supply::Backorder => true,
        };
        if !there {
            return Err(format!("oversold: {supply:?} has no unit for order {order}: {self:?}"));
        }
        self.units.push(Unit { order, line, supply });
        Ok(())
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
            let key = |unit: &&Unit| (self.readiness(unit.supply), unit.supply);
            let last = self.units.iter().filter(of_line).max_by_key(key);
            let unit = *last.ok_or_else(|| format!("order {order} has nothing left here"))?;
            first = Some(self.readiness(unit.supply));
            self.forget(unit);
        }
        self.check()?;
        first.ok_or_else(|| "nothing was given back".into())
    }

    /// Units of a line leave.
    pub fn ship(&mut self, order: u64, line: u16, units: u32) -> Result<(), String> {
        for _ in 0..units {
            let firm = |supply| Unit { order, line, supply };
            let supplied = self.units.contains(&firm(Supply::Supplier));
            let unit = firm(if supplied { Supply::Supplier } else { Supply::OnHand });
            if !self.units.contains(&unit) {
                return Err(format!("order {order} ships a unit that it does not have here"));
            }
            self.forget(unit);
            // A supplier may send what its feed does not show.
            if !(supplied && self.on_hand() == 0) {
                self.movements.push(-1);
            }
        }
        self.check()
    }

    fn forget(&mut self, unit: Unit) {
        let at = self.units.iter().position(|known| *known == unit);
        self.units.swap_remove(at.expect("the unit is there"));
    }

    /// All orders were told of days that follow from here, as an event says.
    pub fn all_told(&mut self, told: &ToldAt) -> Result<(), String> {
        for InboundNo(no) in &told.supplies {
            let expected = self.inbound.get_mut(no).ok_or("no such supply")?;
            if !expected.untold {
                return Err(format!("nobody was to be told of {expected:?}"));
            }
            expected.untold = false;
        }
        if told.lost && !self.lost {
            return Err("nobody lost a supply".into());
        }
        self.lost &= !told.lost;
        Ok(())
    }

    /// Whether an order is to be told of days that follow from here.
    pub fn is_untold(&self) -> bool {
        let (lost, untold) = self.untold();
        lost || !untold.is_empty()
    }

    /// Whether units lost their supply and their orders are to be told, and the supplies of
    /// which another day is to be told: only while some unit rests on it.
    fn untold(&self) -> (bool, Vec<u16>) {
        let untold = self.inbound.iter().filter(|(no, e)| e.untold && self.pegged(**no) > 0);
        (self.lost && self.on(Supply::Backorder) > 0, untold.map(|(no, _)| *no).collect())
    }

    /// Nobody is to be told of what no unit rests on any more.
    pub fn forget_untold(&mut self) {
        let (lost, untold) = self.untold();
        self.lost = lost;
        for (no, expected) in &mut self.inbound {
            expected.untold = untold.contains(no);
        }
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

    /// Compares every figure and every reservation with the engine's.
    pub fn compare(&self, stock: &Stock) -> Result<(), String> {
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
        let engine = stock.inbound().iter();
        let engine: Vec<_> = engine
            .map(|i| (i.no.0, i.id.to_string(), i.quantity, i.received, i.pegged, i.eta))
            .collect();
        same("inbound", &engine, &self.inbound_figures())?;
        let engine = stock.untold();
        let engine = (engine.lost, engine.supplies.iter().map(|no| no.0).collect());
        same("untold", &engine, &self.untold())?;
        let engine = stock.closed_inbound().iter();
        let engine: Vec<_> =
            engine.map(|c| (c.id.to_string(), c.ordered as usize, c.received as usize)).collect();
        let closed = self.closed.iter().map(|c| (c.id.clone(), c.ordered, c.arrived));
        same("closed inbound", &engine, &closed.collect())?;
        let engine = stock.reservations.iter();
        let engine: Vec<_> =
            engine.map(|r| (r.order.0, r.line, r.supply, i64::from(r.units))).collect();
        same("reservations", &engine, &self.reservations())
    }

    fn inbound_figures(&self) -> Vec<(u16, String, u32, u32, u32, Timestamp)> {
        let units = |n: usize| u32::try_from(n).expect("small quantities");
        let figures = |(no, e): (&u16, &Expected)| {
            let (quantity, arrived, pegged) = (e.quantity, e.arrived, self.pegged(*no));
            (*no, e.id.clone(), units(quantity), units(arrived), units(pegged), e.eta)
        };
        self.inbound.iter().map(figures).collect()
    }

    fn reservations(&self) -> Vec<(u64, u16, Supply, i64)> {
        let mut sums = BTreeMap::<Unit, i64>::new();
        for unit in &self.units {
            *sums.entry(*unit).or_default() += 1;
        }
        sums.into_iter().map(|(unit, sum)| (unit.order, unit.line, unit.supply, sum)).collect()
    }
}

fn count(n: usize) -> i64 {
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

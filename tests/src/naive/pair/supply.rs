//! What is on its way to a pair, what became of it, and who is to be told of it.

use backstock_engine::model::{InboundNo, NodeNo, Stock, Supply, SupplySource, Timestamp, ToldAt};

use super::{Pair, Unit, count, same};

/// How many closed supplies are remembered.
const CLOSED: usize = 32;

/// A supply on its way.
#[derive(Clone, Debug)]
pub(super) struct Expected {
    pub(super) id: String,
    pub(super) quantity: usize,
    pub(super) arrived: usize,
    pub(super) eta: Timestamp,
    /// The node that a transfer left.
    pub(super) from: Option<String>,
    /// Whether orders that rest on it are to be told of another day.
    pub(super) untold: bool,
    /// The part of it that may be promised.
    pub(super) basis_points: usize,
    /// Where it comes from.
    pub(super) source: SupplySource,
}

impl Expected {
    /// Units that may still be promised, of which so many are.
    pub(super) fn free(&self, pegged: usize) -> usize {
        (self.quantity * self.basis_points / 10_000).saturating_sub(pegged)
    }
}

/// A supply of which nothing more is to come.
#[derive(Clone, Debug)]
pub(super) struct Closed {
    pub(super) id: String,
    pub(super) ordered: usize,
    pub(super) arrived: usize,
    pub(super) from: Option<String>,
}

impl Pair {
    pub(super) fn open(&self, id: &str) -> Result<u16, String> {
        let found = self.inbound.iter().find(|(_, expected)| expected.id == id);
        found.map(|(no, _)| *no).ok_or_else(|| format!("inbound {id} is not open"))
    }

    pub(super) fn announce(&mut self, id: &str, quantity: usize, eta: Timestamp) {
        let no = self.announced;
        self.announced += 1;
        let (id, arrived, from, untold, basis_points) = (id.into(), 0, None, false, 10_000);
        let source = SupplySource::default();
        self.inbound.insert(
            no,
            Expected { id, quantity, arrived, eta, from, untold, basis_points, source },
        );
    }

    pub(super) fn is_closed(&self, id: &str) -> bool {
        self.closed.iter().any(|closed| closed.id == id)
    }

    pub(super) fn ordered(&self, no: u16) -> usize {
        self.inbound[&no].quantity + self.inbound[&no].arrived
    }

    /// So many units were ordered in all, of a supply that is open, closed, or new.
    pub(super) fn state(&mut self, id: &str, ordered: usize, eta: Timestamp) -> Result<(), String> {
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

    pub(super) fn change_inbound(
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
        self.lost += u32::from(self.displace(no, false));
        if is_moved && self.pegged(no) > 0 {
            self.inbound.get_mut(&no).expect("it is open").untold = true;
        }
        Ok(())
    }

    pub(super) fn receive_inbound(
        &mut self,
        id: &str,
        arrived: usize,
        closes: bool,
    ) -> Result<(), String> {
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
        let waiting = self.on(Supply::Backorder);
        self.displace(no, true);
        let displaced = count(self.on(Supply::Backorder) - waiting);
        self.lost += u32::from(displaced > self.free().max(0));
        if is_over {
            self.close(no, ordered);
        }
        Ok(())
    }

    pub(super) fn close(&mut self, no: u16, ordered: usize) {
        self.inbound.get_mut(&no).expect("it is open").quantity = 0;
        self.lost += u32::from(self.displace(no, false));
        let Expected { id, arrived, from, .. } = self.inbound.remove(&no).expect("it is open");
        self.closed.push(Closed { id, ordered, arrived, from });
        if self.closed.len() > CLOSED {
            let transfer = self.closed.iter().position(|closed| closed.from.is_some());
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

    /// Units beyond what is expected wait: those who are served last first, or those for which
    /// goods arrived, who are served first. Answers whether there are any.
    fn displace(&mut self, no: u16, first_served: bool) -> bool {
        let is_more = self.pegged(no) > self.inbound[&no].quantity;
        while self.pegged(no) > self.inbound[&no].quantity {
            let supply = Supply::Inbound(InboundNo(no));
            let pegs = (0..self.units.len()).filter(|at| self.units[*at].supply == supply);
            let key = |at: &usize| {
                let Unit { order, line, .. } = self.units[*at];
                (self.priority(order), order, line)
            };
            let next = if first_served { pegs.min_by_key(key) } else { pegs.max_by_key(key) };
            self.units[next.expect("more than none")].supply = Supply::Backorder;
        }
        is_more
    }

    /// Orders were told of days that followed from here, as an event says.
    pub fn told(&mut self, told: &ToldAt) {
        for (InboundNo(no), eta) in &told.supplies {
            if let Some(expected) = self.inbound.get_mut(no).filter(|e| e.eta == *eta) {
                expected.untold = false;
            }
        }
        self.lost = self.lost.saturating_sub(told.lost);
    }

    /// Whether an order is to be told of days that follow from here.
    pub fn is_untold(&self) -> bool {
        let (lost, untold) = self.untold();
        lost > 0 || !untold.is_empty()
    }

    /// How often units lost their supply and their orders are to be told, and the supplies of
    /// which another day is to be told: only while some unit rests on it.
    fn untold(&self) -> (u32, Vec<u16>) {
        let untold = self.inbound.iter().filter(|(no, e)| e.untold && self.pegged(**no) > 0);
        let lost = if self.on(Supply::Backorder) > 0 { self.lost } else { 0 };
        (lost, untold.map(|(no, _)| *no).collect())
    }

    /// Nobody is to be told of what no unit rests on any more.
    pub fn forget_untold(&mut self) {
        let (lost, untold) = self.untold();
        self.lost = lost;
        for (no, expected) in &mut self.inbound {
            expected.untold = untold.contains(no);
        }
    }

    /// Compares what is on its way, what is closed, and who is to be told, with the engine's.
    pub(super) fn compare_supplies(
        &self,
        stock: &Stock,
        id_of: impl Fn(NodeNo) -> String,
    ) -> Result<(), String> {
        let units = |n: usize| u32::try_from(n).expect("small quantities");
        let engine = stock.inbound().iter().map(|i| {
            let units = (i.quantity, i.received, i.pegged);
            (i.no.0, i.id.to_string(), units, i.eta, i.from.map(&id_of), i.source)
        });
        let naive = self.inbound.iter().map(|(no, e)| {
            let units = (units(e.quantity), units(e.arrived), units(self.pegged(*no)));
            (*no, e.id.clone(), units, e.eta, e.from.clone(), e.source)
        });
        same("inbound", &engine.collect::<Vec<_>>(), &naive.collect())?;
        let engine = stock.untold();
        let engine = (engine.lost, engine.supplies.iter().map(|(no, _)| no.0).collect());
        same("untold", &engine, &self.untold())?;
        let engine = stock.closed_inbound().iter();
        let engine = engine.map(|c| (c.id.to_string(), c.ordered, c.received, c.from.map(&id_of)));
        let naive = self.closed.iter();
        let naive =
            naive.map(|c| (c.id.clone(), units(c.ordered), units(c.arrived), c.from.clone()));
        same("closed inbound", &engine.collect::<Vec<_>>(), &naive.collect())
    }
}

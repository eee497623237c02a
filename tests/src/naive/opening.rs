//! Sales that open, and places in line, as naively as can be.

use std::collections::BTreeMap;

use backstock_engine::command::OrderRequest;
use backstock_engine::model::{Lsn, OrderNo, Place, Timestamp};

use super::{Allotted, Naive, Order};

impl Naive {
    /// When the sale of an item opens, if it did not yet.
    pub(super) fn opens(&self, sku: &str) -> Option<Timestamp> {
        let opens = self.items.get(sku)?.opens?;
        let drawn = self.draws.get(sku).map(|draw| draw.opens);
        (drawn != Some(opens)).then_some(opens)
    }

    /// The items whose sale is to open, with when it does.
    pub(super) fn closed(&self) -> BTreeMap<String, Timestamp> {
        let opens = |sku: &String| Some((sku.clone(), self.opens(sku)?));
        self.items.keys().filter_map(opens).collect()
    }

    /// Whether a hold is kept waiting until a sale opens.
    pub(super) fn is_kept(&self, order: &Order, sku: &str) -> bool {
        order.is_held() && self.opens(sku).is_some()
    }

    /// Where an order is in line for an item, within its priority.
    pub(super) fn place(&self, order: &Order, sku: &str) -> Place {
        let draw = self.draws.get(sku).filter(|_| !self.is_component(sku));
        Place::of(draw, OrderNo(order.no), order.is_held())
    }

    /// Whether a bundle is made of an item.
    fn is_component(&self, sku: &str) -> bool {
        let mut components = self.items.values().flat_map(|item| &item.components.0);
        components.any(|component| component.sku.as_str() == sku)
    }

    /// `ONE_OPENING`: a hold waits for a sale to open with items of that opening alone.
    /// `LATER_IS_BEHIND`: it takes part in no draw that was before it.
    pub(super) fn check_joins(
        &self,
        (wanted, no, waits): (&OrderRequest, u64, bool),
        asked: Lsn,
    ) -> Result<(), String> {
        let skus = || wanted.lines.0.iter().map(|line| line.sku.as_str());
        let moments = || self.moments(asked, self.version());
        // One whose time has come opens next: nobody waits for that any more.
        let is_ahead = |opens: &Timestamp| *opens > self.now;
        let is_closed =
            |sku: &&str| moments().all(|moment| moment.closed.get(*sku).is_some_and(is_ahead));
        let closed = skus().filter(is_closed).count();
        let is_open = |sku: &&str| moments().all(|moment| !moment.closed.contains_key(*sku));
        if waits && closed > 0 && skus().any(|sku| is_open(&sku)) {
            return Err(format!("it waits for an opening, and has another item: {wanted:?}"));
        }
        let draws = skus().filter_map(|sku| self.draws.get(sku));
        match draws.into_iter().find(|draw| no < draw.before.0) {
            Some(draw) => Err(format!("number {no} would be of {draw:?}, which was before it")),
            None => Ok(()),
        }
    }

    /// Whether the sale of an item was to open all the time from a version on.
    pub(super) fn was_closed(&self, sku: &str, since: Lsn) -> bool {
        self.moments(since, self.version()).all(|moment| moment.closed.contains_key(sku))
    }

    /// Whether it was to open at any time from a version on. What was decided meanwhile may have seen
    /// it so.
    pub(super) fn was_closed_once(&self, sku: &str, since: Lsn) -> bool {
        self.moments(since, self.version()).any(|moment| moment.closed.contains_key(sku))
    }

    /// `OPENS_IN_TIME`: nobody is given units of an item before its sale opens.
    pub(super) fn check_is_open(&self, more: &[Allotted], asked: Lsn) -> Result<(), String> {
        let mut more = more.iter().filter(|part| part.supply != super::Supply::Backorder);
        match more.find(|part| self.was_closed(&part.sku, asked)) {
            Some(part) => Err(format!("its sale is to open: {part:?}")),
            None => Ok(()),
        }
    }

    /// Refuses an order of what nobody may have before its sale opens: only holds wait for that.
    pub(super) fn check_orders_open(
        &self,
        wanted: &OrderRequest,
        asked: Lsn,
    ) -> Result<(), String> {
        match wanted.lines.0.iter().find(|line| self.was_closed(line.sku.as_str(), asked)) {
            Some(line) => Err(format!("the sale of {} is to open", line.sku)),
            None => Ok(()),
        }
    }

    /// The openings for which a hold may wait: those that were to come, at some version, of what it
    /// wants, and those in whose draw it took part.
    pub(super) fn may_be_prolonged(&self, order: &Order) -> Vec<Timestamp> {
        let skus = || order.allotted.iter().map(|part| &part.sku);
        let to_come = |sku: &String| {
            let opens = self.moments.values().filter_map(|moment| moment.closed.get(sku));
            opens.copied().collect::<Vec<_>>()
        };
        let took_part = |sku: &String| {
            self.draws.get(sku).filter(|draw| order.no < draw.before.0).map(|draw| draw.opens)
        };
        skus().flat_map(to_come).chain(skus().filter_map(took_part)).collect()
    }

    /// `PUT_OFF_IS_WAITED_FOR`: no hold lapses in line for a sale that is to open, and for which it
    /// may wait longer. What was defined a moment before may have been too late.
    pub(super) fn check_lapses(&self, order: &Order) -> Result<(), String> {
        const LATE: usize = 50;
        let hold = order.hold.as_ref().ok_or("it is no hold")?;
        let is_put_off = |sku: &String| {
            let opens = self.opens(sku)?;
            let mut last = self.moments.values().rev().take(LATE);
            let is_long_known = last.all(|moment| moment.closed.get(sku) == Some(&opens));
            hold.prolonged(opens).filter(|until| is_long_known && *until > self.now)
        };
        match order.allotted.iter().find_map(|part| is_put_off(&part.sku)) {
            Some(until) => Err(format!("it may wait until {until}: {order:?}")),
            None => Ok(()),
        }
    }

    /// The instants until which a hold may wait that began then and was asked for at a version.
    pub(super) fn may_wait_until(&self, asked: Lsn, own: Timestamp) -> Vec<Timestamp> {
        let moments = self.moments(asked, self.version());
        let opens = moments.flat_map(|moment| moment.closed.values().copied());
        let until = |opens: Timestamp| super::hold::after(opens, super::hold::WAIT_SECONDS);
        opens.map(until).chain([own]).collect()
    }
}

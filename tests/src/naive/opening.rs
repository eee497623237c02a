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
        Place::of(self.draws.get(sku), OrderNo(order.no), order.is_held())
    }

    /// Whether the sale of an item was to open all the time from a version on.
    pub(super) fn was_closed(&self, sku: &str, since: Lsn) -> bool {
        self.moments(since, self.version()).all(|moment| moment.closed.contains_key(sku))
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

    /// The instants until which a hold may wait that began then and was asked for at a version.
    pub(super) fn may_wait_until(&self, asked: Lsn, own: Timestamp) -> Vec<Timestamp> {
        let moments = self.moments(asked, self.version());
        let opens = moments.flat_map(|moment| moment.closed.values().copied());
        let until = |opens: Timestamp| super::hold::after(opens, super::hold::WAIT_SECONDS);
        opens.map(until).chain([own]).collect()
    }
}

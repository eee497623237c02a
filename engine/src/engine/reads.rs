//! Reads of the engine.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::{
    AuditReport, Availability, Curve, Engine, EngineError, IssueCounts, NodeAvailability, NodeLoad,
    NodeWork, OrderView, PartnerIssue, PartnerView, Stamp, StockView, Trace, Whom,
};
use crate::calendar::Calendar;
use crate::command::hold::as_hold;
use crate::command::{AnyEvent, Wave, WaveFound};
use crate::model::partner::Quarantined;
use crate::model::returns::ReturnStage;
use crate::model::{
    Day, HoldId, InboundId, Intent, Item, Lsn, MessageId, Node, NodeId, NodeNo, Order, OrderId,
    OrderNo, Pair, PartnerId, Policy, Priority, PromotionId, Record, RequestId, ServiceName,
    ServiceNo, Sku, SkuNo, StateHash, Supply, Timestamp, UsesOf, Violation,
};
use crate::placing::basket::{Basket, BasketPriced, price_basket};
use crate::read::node_load::node_load;
use crate::read::open_returns::{Listing, OpenRefund, OpenReturn, RefundPlace, ReturnsAgeing};
use crate::read::stamp::stamp;
use crate::read::suggest::{Suggest, Suggestions, suggest};
use crate::read::wave::find_wave;
use crate::read::work::node_work;
use crate::read::{self, audit};
use crate::snapshot::{SnapshotError, StoreError};
use crate::state::assortment::Assorted;
use crate::state::companions::LearntUpTo;
use crate::state::holds::HeldOfSku;
use crate::state::open_returns::ReturnPlace;
use crate::state::pricing::Pricing;
use crate::state::return_rules::ReturnRules;
use crate::transaction::find::{read_order, read_resident};

/// Where the engine stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status {
    /// The last event applied: the newest version.
    pub applied: Lsn,
    /// The hash of all durable state at that event.
    pub state_hash: StateHash,
    /// The last event on stable storage.
    pub durable: Lsn,
    /// The last event handed to the journal.
    pub tail: Lsn,
    /// Bytes that went to the journal since it was opened.
    pub journal_bytes_written: u64,
    /// Items defined.
    pub items: usize,
    /// Nodes defined.
    pub nodes: usize,
    /// SKU-location pairs.
    pub pairs: usize,
    /// Orders placed.
    pub orders: usize,
    /// Those of them that are closed and left memory.
    pub archived_orders: usize,
    /// Numbers given to orders, those of holds among them.
    pub numbered: u64,
    /// Holds that have units, or wait in line for them; each is an order as well.
    pub live_holds: usize,
    /// Idempotency keys remembered.
    pub requests: usize,
    /// Commands in flight.
    pub in_flight: usize,
    /// Whether the disk has no room for the journal, so that no command is taken.
    pub is_journal_full: bool,
}

/// Reads. They show durable state only; `min_version` is met before reading.
impl Engine {
    /// The event of a version; none when the journal does not have it, or does not have it
    /// any more.
    pub fn event(&self, version: Lsn) -> Option<AnyEvent> {
        let mut event = None;
        let read = self.history.cursor(version).read(&mut |lsn, payload| {
            let record: Result<Record<AnyEvent>, _> = minicbor::decode(payload);
            event = record.ok().filter(|_| lsn == version).map(|record| record.event);
            ControlFlow::Break(())
        });
        read.ok().and(event)
    }

    /// Orders behind that number of which payment providers have not answered something, at most so many,
    /// by number; the number behind which the next ones are, if there are more; and a version that shows
    /// them so.
    ///
    /// # Errors
    /// What stopped the engine.
    pub async fn orders_with_intents(
        &self,
        after: u64,
        most: usize,
    ) -> Result<(Vec<Order>, Option<u64>, Lsn), EngineError> {
        let intents = &self.kernel.state.intents;
        let (mut orders, mut last) = (Vec::new(), OrderNo(after));
        loop {
            let noted = intents.behind(last, most);
            if noted.is_empty() {
                return Ok((orders, None, self.kernel.shown()));
            }
            for (no, times) in noted {
                let order = read_resident(&self.kernel, no).await?;
                let is_open = |order: &Order| {
                    let money = order.money.as_deref();
                    money.is_some_and(|money| money.intents.iter().any(Intent::is_in_flight))
                };
                match order.filter(is_open) {
                    Some(order) => orders.push(order),
                    None => intents.forget(no, times),
                }
                last = no;
                if orders.len() == most {
                    return Ok((orders, Some(last.0), self.kernel.shown()));
                }
            }
        }
    }

    /// A partner, with what is missing of its messages, and those that are in quarantine.
    ///
    /// # Errors
    /// When there is none of that id.
    pub fn partner(&self, id: &PartnerId) -> Result<PartnerView, EngineError> {
        read::partner::partner(&self.kernel, id)
    }

    /// What somebody has to look at of what a partner said, or all of them, the oldest first.
    ///
    /// # Errors
    /// When there is no partner of that id.
    pub fn partner_issues(
        &self,
        partner: Option<&PartnerId>,
        now: Timestamp,
    ) -> Result<Vec<PartnerIssue>, EngineError> {
        read::partner_issues::issues(&self.kernel, partner, now)
    }

    /// How much of that there is, of all partners.
    pub fn partner_issue_counts(&self, now: Timestamp) -> IssueCounts {
        read::partner_issues::counts(&self.kernel, now)
    }

    /// A message of a partner that is in quarantine.
    ///
    /// # Errors
    /// When there is none of that id.
    pub fn quarantined(
        &self,
        partner: &PartnerId,
        message: &MessageId,
    ) -> Result<Quarantined, EngineError> {
        read::partner::quarantined(&self.kernel, partner, message)
    }

    /// Returns of which units are at a stage, or any open ones, of a node or of all, behind a place, at
    /// most so many; the oldest first.
    ///
    /// # Errors
    /// An unknown node, and what stopped the engine.
    pub async fn open_returns(
        &self,
        list: (Option<ReturnStage>, Option<&NodeId>),
        page: (Option<ReturnPlace>, usize),
    ) -> Result<Listing<OpenReturn, ReturnPlace>, EngineError> {
        read::open_returns::open_returns(&self.kernel, list, page).await
    }

    /// Orders with returns whose customers are to get something back, behind a place, at most so many; the
    /// oldest first.
    ///
    /// # Errors
    /// What stopped the engine.
    pub async fn refunds_due(
        &self,
        page: (Option<RefundPlace>, usize),
    ) -> Result<Listing<OpenRefund, RefundPlace>, EngineError> {
        read::open_returns::refunds_due(&self.kernel, page).await
    }

    /// How many returns are open and refunds due, and since when the oldest of them are.
    pub fn returns_ageing(&self) -> ReturnsAgeing {
        read::open_returns::ageing(&self.kernel)
    }

    /// SKUs of which something came free that was not yet offered to older orders.
    pub fn unsettled_skus(&self) -> usize {
        self.kernel.state.unsettled.all().len()
    }

    /// Holds whose time has run out, and which did not lapse yet.
    pub fn overdue_holds(&self) -> usize {
        let state = &self.kernel.state;
        state.holds.overdue(state.now())
    }

    /// Waits until the engine has applied `version`.
    pub async fn at_least(&self, version: Lsn) -> Result<(), EngineError> {
        loop {
            let next = self.kernel.next_step();
            let newest = self.kernel.watermark.applied();
            if newest >= version {
                return Ok(());
            }
            if self.kernel.journal.tail() < version {
                return Err(EngineError::VersionAhead { wanted: version, newest });
            }
            self.kernel.stepped(next).await?;
        }
    }

    /// Waits until the engine has applied an event after `version`.
    ///
    /// # Errors
    /// What stopped the engine.
    pub async fn newer_than(&self, version: Lsn) -> Result<(), EngineError> {
        loop {
            let next = self.kernel.next_step();
            if self.version() > version {
                return Ok(());
            }
            self.kernel.stepped(next).await?;
        }
    }

    /// The version that a request became, if one with that key was carried out.
    pub fn carried_out(&self, request: &RequestId) -> Option<Lsn> {
        self.kernel.state.requests.done(request).map(|done| done.lsn)
    }

    /// What can be promised of a SKU by an instant.
    pub async fn availability(
        &self,
        sku: &Sku,
        at: Timestamp,
    ) -> Result<Availability, EngineError> {
        self.availability_for(sku, at, Whom::default()).await
    }

    /// What can be promised of a SKU by an instant, to orders of a channel or by a service.
    pub async fn availability_for(
        &self,
        sku: &Sku,
        at: Timestamp,
        whom: Whom<'_>,
    ) -> Result<Availability, EngineError> {
        read::availability(&self.kernel, sku, at, whom).await
    }

    /// The number of the service of that name, if the policy has one.
    pub fn service_no(&self, name: &ServiceName) -> Option<ServiceNo> {
        self.kernel.state.network.load().service_no(Some(name))
    }

    /// Whether what can be promised of a SKU changed since: its stamp is another one then.
    pub fn stamp(&self, sku: &Sku) -> Result<Stamp, EngineError> {
        stamp(&self.kernel, sku)
    }

    /// What a node can promise day by day, asked at `now`: of what [`availability`] read of all
    /// that comes.
    ///
    /// [`availability`]: Self::availability
    pub fn curve(&self, seen: &NodeAvailability, now: Timestamp) -> Result<Curve, EngineError> {
        Curve::of(&self.kernel.state.network.load(), seen, now)
    }

    /// One pair, whole.
    pub async fn stock(&self, sku: &Sku, node: &NodeId) -> Result<StockView, EngineError> {
        read::stock(&self.kernel, sku, node).await
    }

    /// An order, and what its open units rest on.
    pub async fn order(&self, id: &OrderId) -> Result<OrderView, EngineError> {
        read::order(&self.kernel, id).await
    }

    /// What live holds have of an item.
    pub fn held_of(&self, sku: &Sku) -> Result<HeldOfSku, EngineError> {
        Ok(self.kernel.state.holds.of_sku(self.kernel.state.catalogue.named(sku)?))
    }

    /// When the sale of an item opens, if it has an opening and did not open yet.
    pub fn opening(&self, sku: &Sku) -> Option<Timestamp> {
        let no = self.kernel.state.catalogue.named(sku).ok()?;
        let entry = self.kernel.state.catalogue.entry(no);
        if entry.is_closed() { entry.definition().opens() } else { None }
    }

    /// How many holds wait in line for an item that are served before one of that priority: before
    /// the hold of that number as an order, or before a new one. None before its sale opens: the
    /// opening draws the places.
    ///
    /// # Errors
    /// The item is not defined.
    pub fn holds_ahead(
        &self,
        sku: &Sku,
        priority: Priority,
        no: Option<OrderNo>,
    ) -> Result<Option<u64>, EngineError> {
        let sku = self.kernel.state.catalogue.named(sku)?;
        let state = &self.kernel.state;
        let ahead = || state.holds.ahead(sku, (priority, no.unwrap_or(OrderNo(u64::MAX))));
        Ok((!state.catalogue.entry(sku).is_closed()).then(ahead))
    }

    /// A hold as the order that it is, whether or not anybody confirmed it.
    pub async fn hold(&self, id: &HoldId) -> Result<OrderView, EngineError> {
        let order = read::order(&self.kernel, &OrderId::of_hold(id)).await;
        order.map_err(|error| as_hold(error, id))
    }

    /// Why an order was sourced as it was.
    pub async fn explain(&self, id: &OrderId) -> Result<(Arc<Order>, Trace), EngineError> {
        read::explain(&self.kernel, id).await
    }

    /// One item.
    pub fn item(&self, sku: &Sku) -> Result<Arc<Item>, EngineError> {
        read::item(&self.kernel, sku)
    }

    /// The item of a number that an answer of the engine has.
    pub fn item_of(&self, no: SkuNo) -> Arc<Item> {
        self.kernel.state.catalogue.entry(no).definition().item
    }

    /// Items from a number on, at most `max`.
    pub fn items(&self, from: SkuNo, max: usize) -> Vec<(SkuNo, Arc<Item>)> {
        let items = self.kernel.state.catalogue.iter().skip(from.0 as usize).take(max);
        items.map(|(no, entry)| (no, entry.definition().item)).collect()
    }

    /// One node.
    pub fn node(&self, id: &NodeId) -> Result<Arc<Node>, EngineError> {
        read::node(&self.kernel, id)
    }

    /// What is planned to leave a node on so many of its days, from one on: today if none is
    /// named.
    pub fn node_load(
        &self,
        id: &NodeId,
        from: Option<Day>,
        days: u32,
    ) -> Result<NodeLoad, EngineError> {
        node_load(&self.kernel, id, (from, days))
    }

    /// What a node has to do: its shipments that have not left. Blocks its thread.
    ///
    /// # Errors
    /// An unknown node, and what stopped the engine.
    pub fn node_work(&self, id: &NodeId) -> Result<NodeWork, EngineError> {
        node_work(&self.kernel, &self.seen_work, id)
    }

    /// What is wrong with a wave.
    ///
    /// # Errors
    /// Every field that is wrong.
    pub fn check_wave(&self, wave: &Wave) -> Result<(), Vec<Violation>> {
        wave.validate(&self.kernel.state.network.load())
    }

    /// What a wave could release now. Blocks its thread.
    ///
    /// # Errors
    /// What is wrong with the wave, an unknown node, and what stopped the engine.
    pub fn find_wave(&self, wave: &Wave) -> Result<WaveFound, EngineError> {
        find_wave(&self.kernel, &self.seen_work, wave)
    }

    /// All nodes, by number.
    pub fn nodes(&self) -> Vec<Arc<Node>> {
        self.kernel.state.network.load().nodes.iter().map(|n| Arc::clone(&n.node)).collect()
    }

    /// The sourcing policy.
    pub fn policy(&self) -> Arc<Policy> {
        Arc::clone(&self.kernel.state.network.load().policy)
    }

    /// The number of an item.
    ///
    /// # Errors
    /// An unknown item.
    pub fn number_of(&self, sku: &Sku) -> Result<SkuNo, EngineError> {
        Ok(self.kernel.state.catalogue.named(sku)?)
    }

    /// The SKU of a number that the engine gave out.
    pub fn sku_no(&self, no: SkuNo) -> &Sku {
        self.kernel.state.catalogue.entry(no).sku()
    }

    /// The node of a number that the engine gave out.
    pub fn node_no(&self, no: NodeNo) -> Arc<Node> {
        Arc::clone(&self.kernel.state.network.load().node(no).node)
    }

    /// The first instant of a day at a node, in its zone: what a date without a
    /// time means there.
    pub fn start_of_day(&self, node: &NodeId, day: Day) -> Result<Timestamp, EngineError> {
        let network = self.kernel.state.network.load();
        Ok(network.node(network.named(node)?).calendar.zone().instant(day, 0))
    }

    /// The calendar of a node.
    pub fn calendar(&self, node: &NodeId) -> Result<Arc<Calendar>, EngineError> {
        let network = self.kernel.state.network.load();
        Ok(Arc::clone(&network.node(network.named(node)?).calendar))
    }

    /// The local day of an instant at a node.
    pub fn local_day(&self, node: NodeNo, at: Timestamp) -> Day {
        self.kernel.state.network.load().node(node).calendar.zone().local_day(at)
    }

    /// The id of an order by its number; none while it is being placed.
    pub async fn order_id(&self, no: OrderNo) -> Result<Option<OrderId>, EngineError> {
        Ok(read_order(&self.kernel, no).await?.map(|order| order.header.id.clone()))
    }

    /// The caller's id of an inbound supply, while it is open.
    pub async fn inbound_id(
        &self,
        pair: Pair,
        supply: Supply,
    ) -> Result<Option<InboundId>, EngineError> {
        read::inbound_id(&self.kernel, pair, supply).await
    }

    /// Checks every named invariant at one LSN, that of an event which was applied when
    /// it was asked for or later. Blocks its thread, and waits for an audit that runs; the
    /// engine goes on meanwhile. Orders that left memory are read as they are at the end.
    /// Of the snapshots it says what is known to be lost, or why that cannot be known.
    pub fn audit(&self) -> Result<AuditReport, EngineError> {
        let mut report = audit::audit(&self.kernel, &self.audits)?;
        report.work(self.seen_work.breaches(&self.kernel)?);
        report.snapshots(match self.snapshots.known_faults() {
            Err(SnapshotError::Store(StoreError::Closed { .. })) => {
                return Err(EngineError::Closing);
            }
            faults => faults.unwrap_or_else(|error| vec![error.to_string()]),
        });
        Ok(report)
    }

    /// What prices are made of, now.
    pub fn pricing(&self) -> Arc<Pricing> {
        self.kernel.state.pricing.load_full()
    }

    /// What may come back, now.
    pub fn return_rules(&self) -> Arc<ReturnRules> {
        self.kernel.state.return_rules.load_full()
    }

    /// What is said of items by those who choose what is sold, now.
    pub fn assortment(&self) -> Arc<Assorted> {
        self.kernel.state.assortment.load_full()
    }

    /// What goes with a basket, and what may take an item's place: each promised, dated and priced.
    ///
    /// # Errors
    /// What is wrong with the basket, an item that is not defined, and what stopped the engine.
    pub async fn suggest(&self, asked: &Suggest) -> Result<Suggestions, EngineError> {
        self.kernel.state.tell_time(asked.basket.meta.at);
        self.kernel.decides()?;
        if self.services.is_none() {
            self.learn();
        }
        suggest(&self.kernel, asked).await
    }

    /// Learns what goes with what from all that is applied, if this engine learns: one that one thread runs does not by
    /// itself. Blocks its thread.
    pub fn learn(&self) {
        self.kernel.state.companions.reach(self.version());
    }

    /// What was learnt, as it is now.
    pub fn learnt(&self) -> LearntUpTo {
        self.kernel.state.companions.read().clone()
    }

    /// How many orders have a promotion: counted of those that are limited, and none of others.
    pub fn promotion_uses(&self, id: &PromotionId) -> u32 {
        let state = &self.kernel.state;
        let no = state.pricing.load().promotion_no(id);
        no.map_or(0, |promotion| state.uses.counted(&UsesOf { promotion, customer: None }).times)
    }

    /// What a basket would cost. No coupon is used by it.
    ///
    /// # Errors
    /// What is wrong with its fields, and an item that is not defined.
    pub fn price_basket(&self, basket: &Basket) -> Result<BasketPriced, EngineError> {
        price_basket(&self.kernel, basket)
    }

    /// The newest version: all reads from now on include it.
    pub fn version(&self) -> Lsn {
        self.kernel.watermark.applied()
    }

    /// Where the engine stands.
    pub fn status(&self) -> Status {
        let applied = self.kernel.state.applied();
        Status {
            applied: applied.lsn,
            state_hash: applied.hash,
            durable: self.history.last(),
            tail: self.kernel.journal.tail(),
            journal_bytes_written: self.kernel.journal.bytes_written(),
            items: self.kernel.state.catalogue.len(),
            nodes: self.kernel.state.network.load().nodes.len(),
            pairs: self.kernel.state.catalogue.pairs(),
            orders: self.kernel.state.orders.len(),
            archived_orders: self.kernel.state.orders.archived(),
            numbered: self.kernel.state.order_last.load(Ordering::Relaxed),
            live_holds: self.kernel.state.holds.live(),
            requests: self.kernel.state.requests.len(),
            in_flight: self.kernel.in_flight(),
            is_journal_full: self.kernel.journal.is_full(),
        }
    }
}

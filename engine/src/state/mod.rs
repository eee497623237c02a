//! What is in memory, and how it is found: the actors, their registries, and what the
//! applier has done to them.
//!
//! ```text
//!   catalogue ---- SKU ----> row ----> stock actor of each node      (escrow)
//!   orders ------- id -----> number -> order actor                   (document)
//!   loads -------- node, day --------> counter                       (escrow)
//!   network -----> nodes and policy, one value, swapped whole        (configuration)
//!   pricing -----> price lists, promotions, rates: the same          (configuration)
//!   return_rules -> what may come back: the same                   (configuration)
//!   assortment --> styles, associations: the same                    (configuration)
//!   companions --> what was learnt from the journal, behind the rest
//!   requests ----> idempotency keys in flight and carried out
//! ```

pub mod assortment;
pub mod before;
pub mod catalogue;
pub mod coming;
pub mod companions;
pub mod counter;
pub mod documents;
pub mod holds;
pub mod intents;
mod line;
pub mod loads;
pub mod network;
pub mod open_returns;
pub mod order;
pub mod orders;
pub mod pricing;
pub mod references;
pub mod releases;
pub mod requests;
pub mod return_rules;
pub mod rmas;
pub mod served;
mod sku_index;
pub mod stock;
pub mod turns;
pub mod unsettled;
pub mod uses;
pub mod wakes;

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering, fence};

use arc_swap::{ArcSwap, ArcSwapOption};
use parking_lot::Mutex;

use crate::actor::Slot;
use crate::apart::Apart;
use crate::model::{
    Component, Components, Draw, Hold, Item, Lsn, Order, OrderId, OrderNo, Pair, Segments, Sku,
    SkuNo, StateHash, Timestamp,
};
use assortment::Assorted;
use before::BeforeImages;
use catalogue::Catalogue;
use companions::Companions;
use documents::Documents;
use holds::Holds;
use intents::OpenIntents;
use loads::NodeLoads;
use network::Network;
use open_returns::OpenReturns;
use orders::Orders;
use pricing::Pricing;
use references::References;
use releases::Releases;
use requests::Requests;
use return_rules::ReturnRules;
use rmas::Rmas;
use stock::StockActor;
use turns::Turns;
use unsettled::Unsettled;
use uses::PromotionUses;
use wakes::Wakes;

/// The durable state of an engine, in memory, and what is in flight on it.
pub struct State {
    /// Items and pairs.
    pub catalogue: Catalogue,
    /// Nodes and policy.
    pub network: ArcSwap<Network>,
    /// What prices are made of.
    pub pricing: ArcSwap<Pricing>,
    /// What may come back.
    pub return_rules: ArcSwap<ReturnRules>,
    /// Styles, and what goes with what by those who choose it.
    pub assortment: ArcSwap<Assorted>,
    /// What was learnt from orders.
    pub companions: Companions,
    /// How often limited promotions were used.
    pub uses: PromotionUses,
    /// Orders.
    pub orders: Orders,
    /// What is found by a key and is a fold over its events, other than orders.
    pub documents: Documents,
    /// Live holds, which are orders as well.
    pub holds: Holds,
    /// Orders of which payment providers have something to answer.
    pub intents: OpenIntents,
    /// Orders by what parcels that come back to them are known by.
    pub rmas: Rmas,
    /// Returns that somebody waits for, and refunds that are due.
    pub open_returns: OpenReturns,
    /// Orders by what payment providers call what they did for them.
    pub references: References,
    /// When time alone does something to orders.
    pub wakes: Wakes,
    /// Where shipments may be due for release by the rule of their node.
    pub releases: Releases,
    /// What is planned to leave nodes that have a capacity, by day.
    pub loads: NodeLoads,
    /// Whether a pair has segments, or had some since the start.
    has_segments: AtomicBool,
    /// When backlogs are to be looked at because time passes.
    pub turns: Turns,
    /// Idempotency keys.
    pub requests: Requests,
    /// The number of the last order that a transaction was given.
    pub order_last: Apart<AtomicU64>,
    /// Items whose definition is in flight.
    pub items_defined: Mutex<ItemsDefined>,
    /// Held by the applier for each step: a reader that takes it sees all actors at
    /// one LSN. It must let go of it soon.
    pub gate: Apart<Mutex<Applied>>,
    /// The last event of the step that is being applied: actors may show it
    /// before the watermark does.
    pub applying: Apart<AtomicU64>,
    /// SKUs whose backlog has to be looked at.
    pub unsettled: Unsettled,
    /// How often something came free. It counts from 1 in each process.
    moments: Apart<AtomicU64>,
    /// The last moment at which something may have come free of every SKU.
    freed_all: AtomicU64,
    /// The newest time that a command brought, in microseconds since the Unix epoch.
    newest_us: Apart<AtomicI64>,
    /// Whether this process was told the time.
    has_time: AtomicBool,
    /// Where the applier keeps parts before it changes them, while a reader reads
    /// the state as of one event.
    pub before: ArcSwapOption<BeforeImages>,
}

/// What the applier has done.
#[derive(Clone, Copy, Debug, Default)]
pub struct Applied {
    /// The last event applied.
    pub lsn: Lsn,
    /// The hash of all durable state at that event.
    pub hash: StateHash,
}

/// Items of which a definition is not applied yet: of each, one at a time.
#[derive(Debug, Default)]
pub struct ItemsDefined {
    /// The numbers of new ones, which follow those of the catalogue without a gap.
    pub numbers: HashMap<Sku, SkuNo>,
    /// Those that are there, and are defined anew.
    pub changes: HashSet<Sku>,
    /// What new bundles are made of. That is defined anew by nobody else meanwhile, because what a
    /// component may be is not what other items may be.
    components: HashMap<Sku, Components>,
}

impl ItemsDefined {
    /// Whether a definition of an item is in flight, or of a bundle that it is a component of.
    pub fn is_in_flight(&self, sku: &Sku) -> bool {
        let is_it = |component: &Component| component.sku == *sku;
        let mut bundles = self.components.values();
        self.numbers.contains_key(sku)
            || self.changes.contains(sku)
            || bundles.any(|of| of.0.iter().any(is_it))
    }

    /// A new item gets a number.
    pub fn begin(&mut self, item: &Item, no: SkuNo) {
        self.numbers.insert(item.sku.clone(), no);
        if item.components.is_bundle() {
            self.components.insert(item.sku.clone(), item.components.clone());
        }
    }

    /// The definition of an item is applied, or was given up.
    pub fn end(&mut self, sku: &Sku) {
        if self.numbers.remove(sku).is_none() {
            self.changes.remove(sku);
        }
        self.components.remove(sku);
    }
}

impl State {
    /// No state, for destinations of so many postal codes, that will remember so many
    /// requests.
    pub fn new(postal_codes: u32, requests_kept_max: usize) -> Self {
        Self {
            catalogue: Catalogue::default(),
            network: ArcSwap::from_pointee(Network::empty(postal_codes)),
            pricing: ArcSwap::default(),
            return_rules: ArcSwap::default(),
            assortment: ArcSwap::default(),
            companions: Companions::default(),
            uses: PromotionUses::default(),
            orders: Orders::default(),
            documents: Documents::default(),
            holds: Holds::default(),
            intents: OpenIntents::default(),
            references: References::default(),
            rmas: Rmas::default(),
            open_returns: OpenReturns::default(),
            wakes: Wakes::default(),
            releases: Releases::default(),
            loads: NodeLoads::default(),
            has_segments: AtomicBool::new(false),
            turns: Turns::default(),
            requests: Requests::new(requests_kept_max),
            order_last: Apart::default(),
            items_defined: Mutex::default(),
            gate: Apart::default(),
            applying: Apart::default(),
            unsettled: Unsettled::default(),
            moments: Apart::default(),
            freed_all: AtomicU64::new(0),
            newest_us: Apart::default(),
            has_time: AtomicBool::new(false),
            before: ArcSwapOption::empty(),
        }
    }

    /// The actor of a pair, made when there is none.
    #[inline]
    pub fn cell(&self, pair: Pair) -> Slot<'_, StockActor> {
        self.catalogue.cell(pair)
    }

    /// Something comes free of a SKU, by an event or from a claim that is given back: its
    /// backlog has to be looked at, if it has one. It is said before the units show, so that an
    /// order which claims them finds the mark, and again once they show: an order that was
    /// planned between the two did not see them.
    pub fn comes_free(&self, sku: SkuNo) {
        let entry = self.catalogue.entry(sku);
        entry.comes_free(self.next_moment());
        if entry.is_component() {
            return self.component_comes_free(sku);
        }
        if entry.row.has_backlog() {
            self.unsettle(sku);
        }
    }

    /// The same of a component of bundles: whoever waits for a bundle may be served now, though he
    /// waits for another component of it.
    #[cold]
    fn component_comes_free(&self, sku: SkuNo) {
        let (beside, moment) = (self.catalogue.beside(sku), self.next_moment());
        let mut waits = self.catalogue.entry(sku).row.has_backlog();
        for other in &*beside {
            let entry = self.catalogue.entry(*other);
            entry.comes_free(moment);
            waits |= entry.row.has_backlog();
        }
        if waits {
            self.unsettle(sku);
        }
    }

    /// Something may come free of every SKU.
    pub fn all_comes_free(&self) {
        self.freed_all.fetch_max(self.next_moment(), Ordering::SeqCst);
        fence(Ordering::SeqCst);
        self.unsettle_all();
    }

    /// Time alone gives who waits for a SKU something. A sale is opened before anybody new gets
    /// units, also where nobody waits.
    fn comes_due(&self, sku: SkuNo) {
        self.comes_free(sku);
        if self.catalogue.entry(sku).is_closed() {
            self.unsettle(sku);
        }
    }

    /// Notes when the sale of an item opens, if that is to come.
    pub fn note_opening(&self, sku: SkuNo) {
        let entry = self.catalogue.entry(sku);
        if entry.is_closed() {
            let opens = entry.definition().opens();
            self.turns.note(sku, opens);
            if opens.is_some_and(|opens| opens <= self.now()) {
                self.opens(sku);
            }
        }
    }

    /// The sale of an item opened: whoever waits may have units from now on.
    pub fn open_sale(&self, sku: SkuNo, draw: Draw, lsn: Lsn) -> StateHash {
        // Before it shows, and once it does: an order that was planned between the two did not
        // see it.
        self.opens(sku);
        self.note_draw(&draw);
        let moved = self.catalogue.open_sale(sku, draw, lsn);
        self.find_draw(sku);
        self.opens(sku);
        moved
    }

    /// A new item may be a bundle: who is in line for a component of it is by when he came.
    pub fn end_draws(&self, bundle: SkuNo) {
        for part in &*self.catalogue.parts(bundle) {
            self.holds.end_draw(part.sku);
        }
    }

    /// No number that takes part in a draw is given any more: whoever gets one comes later.
    fn note_draw(&self, draw: &Draw) {
        self.order_last.fetch_max(draw.before.0, Ordering::Relaxed);
    }

    /// Whoever waits for a SKU is to be looked at: its sale is about to open, or did.
    pub fn opens(&self, sku: SkuNo) {
        self.catalogue.entry(sku).comes_free(self.next_moment());
        self.unsettle(sku);
    }

    /// Finds anew what is derived of openings.
    pub fn find_openings(&self) {
        for (sku, entry) in self.catalogue.iter().filter(|(_, entry)| entry.had_openings()) {
            if let Some(draw) = entry.definition().draw {
                self.note_draw(&draw);
            }
            self.find_draw(sku);
            self.note_opening(sku);
        }
    }

    /// Has holds in line for an item have their places by its draw, or by when they came where it
    /// has none, or none any more.
    fn find_draw(&self, sku: SkuNo) {
        match self.catalogue.entry(sku).draw() {
            Some(draw) => self.holds.drawn(sku, *draw),
            None => self.holds.end_draw(sku),
        }
    }

    fn next_moment(&self) -> u64 {
        self.moments.fetch_add(1, Ordering::SeqCst) + 1
    }

    /// The last moment at which something came free, of any SKU.
    pub fn moment(&self) -> u64 {
        self.moments.load(Ordering::Acquire)
    }

    /// Whether something came free of a SKU after a moment. An order that was planned from
    /// that moment on may not have seen it.
    pub fn freed_after(&self, sku: SkuNo, moment: u64) -> bool {
        self.catalogue.entry(sku).freed_after(moment)
            || self.freed_all.load(Ordering::SeqCst) > moment
    }

    /// Notes that something came free of a SKU, or may have: its backlog has to be looked at. Of
    /// a component of bundles, so have those of their other components: what is free of them may be
    /// who waits for the bundle's.
    pub fn unsettle(&self, sku: SkuNo) {
        self.mark(sku);
        if self.catalogue.entry(sku).is_component() {
            self.catalogue.beside(sku).iter().for_each(|other| self.mark(*other));
        }
    }

    fn mark(&self, sku: SkuNo) {
        self.unsettled.mark(sku, || self.catalogue.entry(sku).set_unsettled(true));
    }

    /// A SKU's backlog was looked at, and nothing was to be done. It is settled, if it was not
    /// marked more often than so; whether it is.
    pub fn settle(&self, sku: SkuNo, marks: u64) -> bool {
        self.unsettled.settle(sku, marks, || self.catalogue.entry(sku).set_unsettled(false))
    }

    /// Every backlog may have something to gain.
    pub fn unsettle_all(&self) {
        let waiting = self.catalogue.iter().filter(|(_, entry)| entry.row.has_backlog());
        waiting.for_each(|(sku, _)| self.unsettle(sku));
    }

    /// The newest time that a command brought: the engine has no other clock.
    pub fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.newest_us.load(Ordering::Relaxed))
    }

    /// A command, or an event, is of that time. It is noted to the millisecond, because every
    /// command brings one, and all threads read it; but no hold lapses later for that.
    pub fn pass_to(&self, time: Timestamp) {
        const STEP_US: i64 = 1_000;
        let (newest, time) = (self.newest_us.load(Ordering::Relaxed), time.as_micros());
        let is_due = self.turns.is_due(time);
        let is_due_of_order =
            self.holds.is_first_within(newest, time) || self.wakes.is_first_within(newest, time);
        if newest + STEP_US <= time || is_due_of_order || is_due {
            self.newest_us.fetch_max(time, Ordering::SeqCst);
            self.holds.pass_to(time);
            self.wakes.pass_to(time);
            if is_due {
                let time = Timestamp::from_micros(time);
                self.turns.pass_to(time, |sku| self.comes_due(sku));
            }
        }
    }

    /// A pair of a SKU has segments from now on.
    pub fn note_segments(&self, sku: SkuNo, Segments(segments): &Segments) {
        self.turns.note(sku, segments.iter().filter_map(|segment| segment.until));
        self.has_segments.store(true, Ordering::Release);
    }

    /// Whether a pair has segments, or had some since the start.
    pub fn has_segments(&self) -> bool {
        self.has_segments.load(Ordering::Relaxed)
    }

    /// A supply is expected at a pair then: who rests on it waits from when on it counts no more.
    pub fn note_expected(&self, pair: Pair, eta: Timestamp) {
        if let Some(until) = self.network.load().counts_until(pair.node, eta) {
            self.turns.note(pair.sku, [until]);
        }
    }

    /// It is that time now. Backlogs that a start found unsettled are not looked at before
    /// this is told: days that are told to customers count from it.
    pub fn tell_time(&self, now: Timestamp) {
        self.pass_to(now);
        if !self.has_time.load(Ordering::Relaxed) && !self.has_time.swap(true, Ordering::Relaxed) {
            self.unsettled.begin();
            self.holds.ring();
            self.wakes.ring();
        }
    }

    /// Whether this process was told the time: what it knows of it is older before.
    pub fn has_time(&self) -> bool {
        self.has_time.load(Ordering::Relaxed)
    }

    /// An order that began as a hold is found in a snapshot; false when its id has a number
    /// already. Where two orders began as the same hold, because it was confirmed after it
    /// lapsed, the later one is found as that hold.
    pub fn recover_hold(&self, order: &Order, hold: &Hold) -> bool {
        if hold.is_open() {
            self.holds.placed(order, hold);
        }
        let (id, of_hold) = (&order.header.id, OrderId::of_hold(&hold.id));
        let is_new = of_hold == *id || self.orders.recover(id.clone(), order.no);
        self.orders.renumber(of_hold, order.no);
        is_new
    }

    /// What is applied. Waits for a step of the applier at most: reads and metrics ask
    /// this on threads that must not block.
    pub fn applied(&self) -> Applied {
        *self.gate.lock()
    }

    /// A number for an order that is about to be written.
    pub fn next_order(&self) -> OrderNo {
        OrderNo(self.order_last.fetch_add(1, Ordering::Relaxed) + 1)
    }

    /// Takes back the number of an order that was not appended, so that the next
    /// order gets it. If a later number was given out since, it stays unused.
    pub fn unnumber(&self, no: OrderNo) {
        let (relaxed, last) = (Ordering::Relaxed, &self.order_last);
        let _ = last.compare_exchange(no.0, no.0 - 1, relaxed, relaxed);
    }
}

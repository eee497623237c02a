//! A state without a journal, and a generator of events that it can take.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use parking_lot::Mutex;

use crate::companions::AssortmentChange;
use crate::model::{
    Added, Allocation, AllocationUnits, Components, Day, Decisions, Dispatch, Draw, Eligibility,
    InboundId, InboundNo, Item, KeptOrder, LineUnits, Location, Lsn, Node, NodeId, NodeKind,
    NodeNo, Order, OrderEffect, OrderHeader, OrderId, OrderLine, OrderNo, Pair, Parts, Policy,
    PostalCode, Priority, ReleaseRule, RequestId, Said, Sale, Serves, ServiceNo, Shipment,
    Shortage, Sku, SkuNo, Split, StateHash, Stock, StockChange, StockEffect, Supply, Text,
    Timeline, Timestamp, WeekdayCutOffs, Weekdays,
};
use crate::pricing::PricingChange;
use crate::snapshot::content::Content;
use crate::snapshot::limits::ORDERS_PER_CHUNK;
use crate::snapshot::{ArchivedIn, MemoryStore, SnapshotStore, Source, StoreError};
use crate::state::network::Network;
use crate::state::order::{OrderMessage, OrderReply};
use crate::state::orders::Found;
use crate::state::requests::Remembered;
use crate::state::stock::{StockMessage, StockReply};
use crate::state::{Applied, State};

/// An engine's state alone.
pub(super) struct World {
    pub(super) state: State,
    archive: WorldArchive,
}

/// Where a world's closed orders are; in memory when there is no store.
#[derive(Default)]
struct WorldArchive(Option<Arc<MemoryStore>>);

impl ArchivedIn for WorldArchive {
    fn store(&self) -> Result<Arc<dyn SnapshotStore>, StoreError> {
        Ok(Arc::clone(self.0.as_ref().expect("only worlds with a store archive orders")) as _)
    }

    fn leaves_out_closed(&self) -> bool {
        self.0.is_some()
    }
}

impl<'a> From<&'a World> for Source<'a> {
    fn from(world: &'a World) -> Self {
        Self::new(&world.state, 3, &world.archive)
    }
}

/// What a record does, in the terms of those that it is done to.
#[derive(Clone)]
pub(super) enum Happening {
    Item(SkuNo, Item),
    Opened(SkuNo, Draw),
    Node(NodeNo, Box<Node>),
    Policy(Box<Policy>),
    Stock(Pair, StockChange),
    Place(Box<Order>),
    Pricing(Box<PricingChange>),
    Assortment(Box<AssortmentChange>),
    Cancel(OrderId, OrderNo, Vec<AllocationUnits>),
    Ship(OrderId, OrderNo, Vec<AllocationUnits>),
}

impl World {
    pub(super) fn new(requests_kept_max: usize) -> Self {
        Self { state: State::new(3, requests_kept_max), archive: WorldArchive::default() }
    }

    /// A world whose closed orders leave memory for that store.
    pub(super) fn archiving(requests_kept_max: usize, store: &Arc<MemoryStore>) -> Self {
        let archive = WorldArchive(Some(Arc::clone(store)));
        Self { archive, ..Self::new(requests_kept_max) }
    }

    /// Lets closed orders leave memory that a generation from `start` on has; answers
    /// with how many did.
    pub(super) fn archive(&self, start: Lsn) -> usize {
        let numbers = (1..=self.state.order_last.load(Ordering::Relaxed)).map(OrderNo);
        numbers.filter(|no| self.state.orders.archive(*no, start).unwrap()).count()
    }

    /// All orders, whether they are in memory or not.
    pub(super) fn all_orders(&self) -> Vec<(OrderNo, KeptOrder)> {
        let source = Source::from(self);
        let last = source.begin().order_last;
        let chunks = (0..=last).step_by(usize::try_from(ORDERS_PER_CHUNK).unwrap());
        let chunk = |from| {
            let copy = source.copy_orders(from, from + ORDERS_PER_CHUNK - 1).unwrap();
            match source.complete(copy).unwrap() {
                Content::Orders(orders) => orders,
                _ => unreachable!("orders were copied"),
            }
        };
        chunks.flat_map(chunk).collect()
    }

    pub(super) fn applied(&self) -> Applied {
        *self.state.gate.lock()
    }

    /// The hash from scratch, over what is really there.
    pub(super) fn hash(&self) -> StateHash {
        let source = Source::from(self);
        let mut hash = source.copy_network().hash();
        let begin = source.begin();
        hash.merge(source.copy_items(0, begin.items).unwrap().hash());
        hash.merge(self.state.pricing.load().hash_anew());
        hash.merge(self.state.return_rules.load().hash());
        hash.merge(self.state.assortment.load().hash_anew());
        self.all_orders().iter().for_each(|(_, kept)| hash.add(kept.hash()));
        self.state.requests.begin_hash();
        hash.merge(
            std::iter::repeat_with(|| self.state.requests.hash_some()).flatten().next().unwrap(),
        );
        hash
    }

    pub(super) fn remember(&self, lsn: Lsn, id: RequestId) {
        let done = Remembered { fingerprint: lsn.get() * 7, lsn, order: None };
        let moved = self.state.requests.remember(id, done);
        let mut applied = self.state.gate.lock();
        applied.hash.merge(moved);
        applied.lsn = lsn;
    }

    pub(super) fn apply(&self, lsn: Lsn, happening: &Happening) {
        let mut hash = self.applied().hash;
        match happening.clone() {
            Happening::Item(no, item) => hash.merge(self.state.catalogue.define(no, item, lsn)),
            Happening::Opened(no, draw) => {
                hash.merge(self.state.catalogue.open_sale(no, draw, lsn));
            }
            Happening::Node(no, node) => {
                let network = self.state.network.load();
                let known = network.nodes.get(usize::from(no.0));
                if known.is_none_or(|known| known.last_lsn < lsn) {
                    self.swap(network.with_node(no, *node, lsn), &mut hash);
                }
            }
            Happening::Policy(policy) => {
                let network = self.state.network.load();
                if network.policy_lsn < lsn {
                    self.swap(network.with_policy(*policy, lsn), &mut hash);
                }
            }
            Happening::Stock(pair, change) => {
                self.stock(
                    pair,
                    lsn,
                    StockEffect::Change { change, serves: Serves::Pair },
                    &mut hash,
                );
            }
            Happening::Place(order) => self.place(lsn, *order, &mut hash),
            Happening::Pricing(change) => {
                let pricing = self.state.pricing.load();
                if let Some(changed) = pricing.with(*change, lsn) {
                    let moved = changed.hash().value().wrapping_sub(pricing.hash().value());
                    hash.merge(StateHash::from_value(moved));
                    self.state.pricing.store(Arc::new(changed));
                }
            }
            Happening::Assortment(change) => {
                let assorted = self.state.assortment.load();
                if let Some(changed) = assorted.with(*change, lsn) {
                    let moved = changed.hash().value().wrapping_sub(assorted.hash().value());
                    hash.merge(StateHash::from_value(moved));
                    self.state.assortment.store(Arc::new(changed));
                }
            }
            Happening::Cancel(id, order, parts) => {
                for AllocationUnits { pair, line, units, .. } in parts.clone() {
                    let serves = Serves::Pair;
                    let effect = StockEffect::Release {
                        order,
                        lines: LineUnits::from_iter([(line, units)]),
                        serves,
                    };
                    self.stock(pair, lsn, effect, &mut hash);
                }
                self.order(&id, lsn, OrderEffect::Cancel(parts), &mut hash);
            }
            Happening::Ship(id, order, parts) => {
                for AllocationUnits { pair, line, units, .. } in parts {
                    self.stock(
                        pair,
                        lsn,
                        StockEffect::Ship { order, lines: LineUnits::from_iter([(line, units)]) },
                        &mut hash,
                    );
                }
                let text = |text: &str| Text::new("text", text).unwrap();
                let at = Timestamp::from_micros(i64::try_from(lsn.get()).unwrap());
                let dispatch = Dispatch { at, carrier: text("Pony"), tracking: text("1Z\u{e9}") };
                self.order(&id, lsn, OrderEffect::Ship { shipment: 0, dispatch }, &mut hash);
            }
        }
        *self.state.gate.lock() = Applied { lsn, hash };
        self.remember(lsn, request_id(lsn));
    }

    fn swap(&self, network: Network, hash: &mut StateHash) {
        let before = self.state.network.load().hash().value();
        let after = network.hash().value();
        *hash = StateHash::from_value(hash.value().wrapping_sub(before).wrapping_add(after));
        self.state.network.store(Arc::new(network));
    }

    fn place(&self, lsn: Lsn, order: Order, hash: &mut StateHash) {
        let order = Order { placed_lsn: lsn, last_lsn: lsn, ..order };
        for a in &order.allocations {
            let parts = Parts::from_iter([(a.supply, a.units)]);
            let held = order.open_hold().is_some();
            let (no, priority) = (order.no, order.header.priority);
            let effect = StockEffect::Reserve { order: no, line: a.line, parts, held, priority };
            self.stock(order.pair_of(a), lsn, effect, hash);
        }
        self.state.order_last.fetch_max(order.no.0, Ordering::Relaxed);
        self.state.orders.begin(&order.header.id);
        self.state.orders.number(&order.header.id, order.no);
        let cell = self.state.orders.cell(order.no);
        if let OrderReply::Applied(moved) =
            cell.ask(OrderMessage::Place(KeptOrder::of(&order))).wait().unwrap()
        {
            hash.merge(moved);
        }
    }

    fn stock(&self, pair: Pair, lsn: Lsn, effect: StockEffect, hash: &mut StateHash) {
        let message = StockMessage::Apply { pair, lsn, effect, settles: false };
        let cell = self.state.catalogue.entry(pair.sku).pair(pair.node);
        if let StockReply::Applied(moved) | StockReply::AppliedUnseen(moved) =
            cell.ask(message).wait().unwrap()
        {
            hash.merge(moved);
        }
    }

    fn order(&self, id: &OrderId, lsn: Lsn, effect: OrderEffect, hash: &mut StateHash) {
        let Found::There(_, cell) = self.state.orders.by_id(id) else { panic!("placed before") };
        let message = OrderMessage::Apply {
            lsn,
            effect,
            said: Said::default(),
            settles: false,
            counts: false,
        };
        if let OrderReply::Applied(moved) = cell.ask(message).wait().unwrap() {
            hash.merge(moved);
        }
    }

    /// Makes an actor without an event, as a claim does.
    pub(super) fn touch(&self, pair: Pair) {
        self.state.catalogue.entry(pair.sku).pair(pair.node);
    }

    fn read_stock(&self, pair: Pair) -> Stock {
        let cell = self.state.catalogue.entry(pair.sku).pair(pair.node);
        match cell.ask(StockMessage::Read).wait().unwrap() {
            StockReply::State(stock) => *stock,
            other => unreachable!("{other:?}"),
        }
    }

    fn read_order(&self, no: u64) -> Option<Arc<Order>> {
        match self.state.orders.by_no(OrderNo(no))?.ask(OrderMessage::Read).wait().unwrap() {
            OrderReply::Resident(kept) => Some(Arc::new(kept.order())),
            OrderReply::Vacant | OrderReply::Archived(_) => None,
            other => unreachable!("{other:?}"),
        }
    }
}

/// Ids come round, so that keys are used again once they are forgotten.
fn request_id(lsn: Lsn) -> RequestId {
    RequestId::new("request", format!("r{}", lsn.get() % 97)).unwrap()
}

/// A world with its journal: makes events and applies them.
pub(super) struct Run {
    pub(super) world: World,
    journal: Mutex<Vec<Happening>>,
    seed: Mutex<u64>,
    order_next: Mutex<u64>,
}

impl Run {
    pub(super) fn new(seed: u64) -> Self {
        Self::over(World::new(50), seed)
    }

    pub(super) fn over(world: World, seed: u64) -> Self {
        let run = Self {
            world,
            journal: Mutex::default(),
            seed: Mutex::new(seed | 1),
            order_next: Mutex::new(1),
        };
        for no in 0..3 {
            run.push(Happening::Node(NodeNo(no), Box::new(node(no, 0))));
        }
        for no in 0..300 {
            run.push(Happening::Item(SkuNo(no), item(no, 0)));
        }
        run
    }

    /// Makes and applies so many events.
    pub(super) fn go_on(&self, events: usize) {
        for _ in 0..events {
            let happening = self.next();
            self.push(happening);
        }
    }

    pub(super) fn push(&self, happening: Happening) {
        self.world.apply(self.world.applied().lsn.next(), &happening);
        self.journal.lock().push(happening);
    }

    /// Applies the journal to another world, up to `to`, from where that one is.
    pub(super) fn replay(&self, world: &World, to: Lsn) {
        while world.applied().lsn < to {
            let lsn = world.applied().lsn.next();
            let at = usize::try_from(lsn.get() - 1).unwrap();
            world.apply(lsn, &self.journal.lock()[at]);
        }
    }

    fn random(&self, below: u64) -> u64 {
        let mut seed = self.seed.lock();
        *seed ^= *seed << 13;
        *seed ^= *seed >> 7;
        *seed ^= *seed << 17;
        (*seed >> 11) % below
    }

    fn random_u32(&self, below: u32) -> u32 {
        u32::try_from(self.random(below.into())).unwrap()
    }

    fn pair(&self) -> Pair {
        let node = u16::try_from(self.random(3)).unwrap();
        Pair { sku: SkuNo(self.random_u32(300)), node: NodeNo(node) }
    }

    fn next(&self) -> Happening {
        let version = self.random_u32(1_000);
        match self.random(20) {
            0 => {
                let no = self.random_u32(self.world.state.catalogue.next().0 + 1);
                Happening::Item(SkuNo(no), item(no, version))
            }
            1 => {
                let nodes = self.world.state.network.load().nodes.len() as u64;
                let no = u16::try_from(self.random(nodes + 1)).unwrap();
                Happening::Node(NodeNo(no), Box::new(node(no, version)))
            }
            2 => {
                let horizon_days = u16::try_from(version).unwrap();
                let mut policy = Policy { horizon_days, ..Policy::default() };
                if version % 4 == 3 {
                    policy.services[2].pickup_weekdays = Weekdays::MONDAY_TO_FRIDAY;
                }
                Happening::Policy(Box::new(policy))
            }
            3..10 => Happening::Stock(self.pair(), self.change()),
            10..15 => self.placing(),
            choice => self.ending(choice % 2 == 0),
        }
    }

    fn change(&self) -> StockChange {
        let quantity = 1 + self.random_u32(9);
        match self.random(4) {
            0 => StockChange::Counted { on_hand: quantity, unavailable: None },
            1 => StockChange::Adjusted {
                on_hand_delta: 5,
                unavailable_delta: 1,
                reason: Text::default(),
            },
            _ => StockChange::Received { quantity, unavailable: 0 },
        }
    }

    fn placing(&self) -> Happening {
        let pair = self.pair();
        let stock = self.world.read_stock(pair);
        let units = 1 + self.random_u32(3);
        let supply = if stock.free() >= units.into() { Supply::OnHand } else { Supply::Backorder };
        // Numbers are taken before the journal, and some come to nothing.
        let no = *self.order_next.lock();
        *self.order_next.lock() += 1 + self.random(3);
        Happening::Place(Box::new(order(no, pair, supply, units)))
    }

    /// Cancels or ships an open order; receives goods when there is none.
    fn ending(&self, ships: bool) -> Happening {
        let tries = (0..20).filter_map(|_| {
            let order = self.world.read_order(self.random(*self.order_next.lock()))?;
            let a = order.allocations[0];
            let pair = order.pair_of(&a);
            let stock = self.world.read_stock(pair);
            let firm = stock.reservations.units(order.no, 0, Supply::OnHand);
            let fits = a.open() > 0 && (!ships || (firm == a.open() && stock.on_hand >= firm));
            let part = AllocationUnits { allocation: 0, pair, line: 0, units: a.open() };
            fits.then(|| (order.header.id.clone(), order.no, vec![part]))
        });
        match { tries }.next() {
            Some((id, no, parts)) if ships => Happening::Ship(id, no, parts),
            Some((id, no, parts)) => Happening::Cancel(id, no, parts),
            None => {
                Happening::Stock(self.pair(), StockChange::Received { quantity: 3, unavailable: 0 })
            }
        }
    }

    /// An inbound supply for a pair, numbered as the pair has it.
    pub(super) fn announce(&self, pair: Pair) {
        let no: InboundNo = self.world.read_stock(pair).inbound_next();
        let id = InboundId::new("inbound", format!("PO-{no}")).unwrap();
        let eta = Timestamp::from_micros(1_764_000_000_000_000);
        self.push(Happening::Stock(
            pair,
            StockChange::InboundAnnounced { no, id, quantity: 40, eta },
        ));
    }
}

pub(super) fn item(no: u32, version: u32) -> Item {
    Item {
        sku: Sku::new("sku", format!("SKU-{no}")).unwrap(),
        title: Text::new("title", format!("Bl\u{fc}se {version}")).unwrap(),
        // Of some versions, it is off sale.
        sale: if version % 8 == 5 { Sale::Off } else { Sale::On },
        // Of some, not any number of units may wait for it.
        waiting_max: (version % 8 == 6).then_some(version),
        components: Components::default(),
        // Of some, the sale opens.
        opens: (version % 8 == 7).then_some(Timestamp::from_micros(1_764_000_000_000_000)),
    }
}

pub(super) fn node(no: u16, version: u32) -> Node {
    Node {
        id: NodeId::new("node", format!("N{no}")).unwrap(),
        kind: NodeKind::Warehouse,
        title: Text::new("title", "Depot").unwrap(),
        postal_code: PostalCode::new("postal_code", "10001").unwrap(),
        location: Location::new(40_750_000, -73_990_000).unwrap(),
        time_zone: "America/New_York".into(),
        working_days: 0b001_1111,
        cut_off_minute: 15 * 60,
        holidays: vec![Day::from_epoch_days(20_812)],
        capacity_units_per_day: version,
        shipment_cost: 250,
        unit_cost: 15,
        lead_time_days: 0,
        enabled: true,
        // Of some versions, Friday has a cut-off of its own.
        weekday_cut_offs: WeekdayCutOffs(std::array::from_fn(|at| {
            (at == 4 && version % 4 == 3).then_some(600)
        })),
        // Of some, it serves one channel.
        capacity_shipments_per_day: (version % 16 == 9).then_some(version),
        min_order_quantity: (version % 16 == 11).then_some(version),
        eligibility: if version % 8 == 5 { web_alone() } else { Eligibility::default() },
        // Of some, customers collect there.
        pickup: (version % 16 == 6).into(),
        reliability: (version % 16 == 13).then_some(9_000),
        pickup_days: (version % 32 == 14).then_some(7),
        release: match version % 32 {
            14 => Some(ReleaseRule::AtOnce),
            30 => Some(ReleaseRule::BeforeCutOff(90)),
            _ => None,
        },
        paused_until: (version % 32 == 22).then(|| Timestamp::from_micros(version.into())),
    }
}

pub(super) fn web_alone() -> Eligibility {
    let channels = vec![Text::new("channel", "web").unwrap()];
    Eligibility { channels, services: Vec::new() }
}

pub(super) fn order(no: u64, pair: Pair, supply: Supply, units: u32) -> Order {
    let day = Day::from_epoch_days(20_800);
    Order {
        no: OrderNo(no),
        header: OrderHeader {
            id: OrderId::new("order", format!("O-{no}")).unwrap(),
            fingerprint: no.wrapping_mul(0x9e37_79b9_7f4a_7c15),
            ordered_at: Timestamp::from_micros(1_763_000_000_000_000),
            customer: None,
            channel: Some(Text::new("channel", "web").unwrap()),
            destination: PostalCode::new("postal_code", "60601").unwrap().into(),
            service: ServiceNo(1),
            promise_by: day,
            shortage: Shortage::Backorder,
            split: Split::Units,
            decided_at: None,
            hold: None,
            priority: Priority::DEFAULT,
        },
        added: Added::default(),
        declined: Box::default(),
        bundles: Box::default(),
        decisions: Decisions::default(),
        timeline: Timeline::default(),
        order_holds: Box::default(),
        amended: None,
        money: None,
        returns: Box::default(),
        placed_lsn: Lsn::NONE,
        last_lsn: Lsn::NONE,
        lines: [OrderLine { sku: pair.sku, ordered: units, cancelled: 0 }].into(),
        shipments: [Shipment { ship_by: Some(day), ..Shipment::waiting(pair.node) }].into(),
        allocations: [Allocation::new((0, 0), supply, units)].into(),
        trace: [1, 0, 3].into(),
    }
}

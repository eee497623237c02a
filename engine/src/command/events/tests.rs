//! Golden bytes: a journal that was written is read for ever.

use std::collections::BTreeSet;

use super::*;
use crate::command::backlog::repeg::event::BundleMoved;
use crate::command::backlog::repeg::opening::SaleOpened;
use crate::command::order::cancelled::Picked;
use crate::command::order::change::HoldTaken;
use crate::command::order::decline::Apart;
use crate::command::order::due::expire::ShipmentExpired;
use crate::command::order::due::let_go::OrderStockLetGo;
use crate::command::order::hold::OrderHeld;
use crate::command::order::release_hold::OrderHoldReleased;
use crate::command::order::released::{Released, ShipmentsReleased};
use crate::command::order::resolve_decline::DeclineResolved;
use crate::command::{
    BacklogRepegged, EndedHold, HoldsProlonged, ProlongedHold, Repegged, StockOperation,
};
use crate::model::Location;
use crate::model::bundle::{Component, Components, OrderedBundle};
use crate::model::catalog::{Item, Sale};
use crate::model::fulfilment::{Ended, Ending};
use crate::model::ids::{
    CustomerId, HoldId, InboundId, InboundNo, NodeId, OwnerId, PostalCode, ServiceName, ServiceNo,
    Sku,
};
use crate::model::stock::LineDeclined;
use crate::model::{
    Act, Added, Allocated, Allocation, AllocationUnits, Amounts, Answer, AnswerKind, Band, Cause,
    ChannelSafety, Confidence, Currency, Day, Decisions, DeclineReason, Declined, Destination,
    Dispatch, Draw, Eligibility, Found, Hold, HoldState, InboundSourced, InboundWeighed, Kept,
    LineAdded, LineAmount, LineRepegged, LineUnits, LinesPlanned, Lsn, Move, Node, NodeKind,
    NodeNo, Objective, Order, OrderChange, OrderEffect, OrderHeader, OrderHold, OrderHoldId,
    OrderHoldKind, OrderId, OrderLine, OrderNo, Origin, OwnStock, Package, PackageId, PackedOrder,
    Pair, PairTerms, Pegged, Pickup, PickupOffer, Policy, Priority, PriorityClass, Proposal,
    Record, Redirect, ReleaseRule, RequestId, Retold, Segment, Segments, Serves, Service, Shipment,
    ShipmentAdded, Shortage, SkuNo, Split, StateHash, Stock, StockChange, StockEffect, Supply,
    SupplySource, Text, Timeline, Timestamp, Told, ToldAt, WeekdayCutOffs, Weekdays, Why,
};

/// Format version 1: a name and a record in hexadecimal digits a line.
const VERSION_1: &str = include_str!("../../../tests-data/events-v1.txt");
/// Format version 2: orders are packed. All else is as in version 1.
const VERSION_2: &str = include_str!("../../../tests-data/events-v2.txt");

const PAIR: Pair = Pair { sku: SkuNo(70_000), node: NodeNo(300) };
const NO: InboundNo = InboundNo(2);
const ETA: Timestamp = Timestamp::from_micros(1_764_500_000_000_000);

fn text(text: &str) -> Text {
    Text::new("text", text).unwrap()
}

fn day(days: i32) -> Day {
    Day::from_epoch_days(days)
}

fn order_id() -> OrderId {
    OrderId::new("id", "WEB-1").unwrap()
}

fn parts() -> Vec<AllocationUnits> {
    vec![AllocationUnits { allocation: 1, pair: PAIR, line: 1, units: 3 }]
}

fn node() -> Node {
    Node {
        id: NodeId::new("id", "DC-EAST").unwrap(),
        kind: NodeKind::ThirdParty,
        title: text("East"),
        postal_code: PostalCode::new("code", "10001").unwrap(),
        location: Location::new(40_750_000, -73_990_000).unwrap(),
        time_zone: "America/New_York".into(),
        working_days: 0b001_1111,
        cut_off_minute: 840,
        holidays: vec![day(20_000)],
        capacity_units_per_day: 5_000,
        shipment_cost: 450,
        unit_cost: -1,
        lead_time_days: 2,
        enabled: true,
        weekday_cut_offs: WeekdayCutOffs::default(),
        eligibility: Eligibility::default(),
        capacity_shipments_per_day: None,
        min_order_quantity: None,
        reliability: None,
        pickup_days: None,
        release: None,
        pickup: PickupOffer::default(),
    }
}

/// The same, with cut-offs of their own on Friday and Saturday.
fn weekday_node() -> Node {
    let own = [None, None, None, None, Some(720), Some(600), None];
    Node { weekday_cut_offs: WeekdayCutOffs(own), ..node() }
}

/// The same, for two channels and one service.
fn restricted_node() -> Node {
    let services = vec![ServiceName::new("name", "standard").unwrap()];
    let eligibility = Eligibility { channels: vec![text("web"), text("app")], services };
    Node { eligibility, ..weekday_node() }
}

fn policy() -> Policy {
    Policy {
        objectives: [Objective::Shipments, Objective::Promise, Objective::Cost, Objective::Balance],
        currency: "EUR".into(),
        bands: vec![Band { distance_m_max: 500_000, shipment_cost: 300, unit_cost: 5 }],
        services: vec![Service {
            name: ServiceName::new("name", "standard").unwrap(),
            promise_days: 5,
            transit_days: vec![2],
            pickup_weekdays: Weekdays::EVERY_DAY,
            transit_weekdays: Weekdays::EVERY_DAY,
            delivery_weekdays: Weekdays::EVERY_DAY,
        }],
        shortage: Shortage::Partial,
        split: Split::WholeLine,
        horizon_days: 60,
        own_stock: OwnStock::Alike,
        overdue_days: None,
    }
}

/// The same, by a carrier that rests on Sundays and counts no day of the weekend.
fn weekday_policy() -> Policy {
    let mut policy = policy();
    policy.services[0].pickup_weekdays = Weekdays::MONDAY_TO_SATURDAY;
    policy.services[0].transit_weekdays = Weekdays::MONDAY_TO_FRIDAY;
    policy.services[0].delivery_weekdays = Weekdays::MONDAY_TO_SATURDAY;
    policy
}

fn placed() -> Order {
    let header = OrderHeader {
        id: order_id(),
        fingerprint: u64::MAX,
        ordered_at: ETA,
        customer: Some(CustomerId::new("id", "C-1").unwrap()),
        channel: Some(text("web")),
        destination: PostalCode::new("code", "90001").unwrap().into(),
        service: ServiceNo(1),
        promise_by: day(20_500),
        shortage: Shortage::Backorder,
        split: Split::Units,
        decided_at: None,
        hold: None,
        priority: Priority::DEFAULT,
    };
    let shipment =
        |ship_by, deliver_by| Shipment { ship_by, deliver_by, ..Shipment::waiting(PAIR.node) };
    let allocation = |shipment, supply| Allocation::new((0, shipment), supply, 3);
    Order {
        no: OrderNo(1 << 33),
        header,
        lines: Box::new([OrderLine { sku: PAIR.sku, ordered: 13, cancelled: 1 }]),
        shipments: Box::new([shipment(Some(day(20_499)), Some(day(20_500))), shipment(None, None)]),
        allocations: Box::new([
            allocation(0, Supply::OnHand),
            allocation(0, Supply::Supplier),
            allocation(0, Supply::Inbound(NO)),
            allocation(1, Supply::Backorder),
        ]),
        trace: Box::new([1, 2, 3]),
        added: Added::default(),
        declined: Box::default(),
        bundles: Box::default(),
        decisions: Decisions::default(),
        timeline: Timeline::default(),
        order_holds: Box::default(),
        amended: None,
        placed_lsn: Lsn::NONE,
        last_lsn: Lsn::NONE,
    }
}

fn order_placed_v1() -> AnyEvent {
    OrderPlacedV1 { order: Box::new(placed()) }.into()
}

fn order_placed() -> AnyEvent {
    OrderPlaced { order: PackedOrder::of(&placed()) }.into()
}

fn node_defined(node: Node) -> AnyEvent {
    NodeDefined { no: PAIR.node, node: Box::new(node) }.into()
}

/// An event with the name of its line.
type Named = (&'static str, AnyEvent);

/// Every event, and every change of a pair, with the name of its line.
fn events(order_placed: AnyEvent) -> Vec<Named> {
    let orders = of_orders(order_placed);
    let others =
        [of_supplies(), of_the_backlog(), of_holds(), of_answers(), of_fulfilment()].concat();
    let later = [of_priorities(), of_whom_nodes_serve(), of_explanations(), of_items_off_sale()];
    let newest = [of_who_waits(), of_changed_holds(), of_bounds(), of_sources(), of_terms()];
    let newest = [newest.concat(), of_pickups(), of_bundles(), of_openings()];
    let newest = [
        newest.concat(),
        of_dated_feeds(),
        of_orders_on_hold(),
        of_asked_customers(),
        of_changes(),
    ];
    [first(), orders, others, later.concat(), newest.concat()].concat()
}

fn of_sources() -> Vec<Named> {
    let change = StockChange::InboundSourced(Box::new(InboundSourced {
        no: NO,
        change: StockChange::InboundAnnounced { no: NO, id: inbound_id(), quantity: 4, eta: ETA },
        source: SupplySource::Return,
    }));
    let serves = Some(Serves::Backlog);
    vec![("inbound_sourced", StockChanged { pair: PAIR, change, serves }.into())]
}

fn of_bounds() -> Vec<Named> {
    let bounded = Node { capacity_shipments_per_day: Some(70), ..node() };
    let kind = NodeKind::Supplier;
    let minimum = Node { min_order_quantity: Some(12), kind, ..node() };
    let overdue = Box::new(Policy { overdue_days: Some(14), ..policy() });
    let policy = Box::new(Policy { own_stock: OwnStock::First, ..policy() });
    vec![
        ("node_defined_with_shipments", node_defined(bounded)),
        ("policy_set_own_stock", PolicySet { policy }.into()),
        ("node_defined_with_minimum", node_defined(minimum)),
        ("policy_set_overdue", PolicySet { policy: overdue }.into()),
    ]
}

/// The same node, where customers collect.
fn pickup_node() -> Node {
    Node { pickup: PickupOffer::Offered, ..restricted_node() }
}

/// The order, collected at a node that may be brought nothing for it.
fn collected() -> Order {
    let mut order = placed();
    let pickup = Pickup { node: NodeNo(700), only_there: true };
    order.header.destination = Destination::Pickup(pickup);
    order
}

fn of_pickups() -> Vec<Named> {
    vec![
        ("node_defined_with_pickup", node_defined(pickup_node())),
        ("collected_placed", OrderPlaced { order: PackedOrder::of(&collected()) }.into()),
    ]
}

fn of_whom_nodes_serve() -> Vec<Named> {
    vec![("node_defined_for_some", node_defined(restricted_node()))]
}

fn of_items_off_sale() -> Vec<Named> {
    let item = plain_item(Sku::new("sku", "SKU-1").unwrap(), "", Sale::Off);
    vec![("item_off_sale", ItemDefined { no: PAIR.sku, item }.into())]
}

fn plain_item(sku: Sku, title: &str, sale: Sale) -> Item {
    let components = Components::default();
    Item { sku, title: text(title), sale, waiting_max: None, components, opens: None }
}

fn of_changed_holds() -> Vec<Named> {
    let peg = |supply| Pegged { pair: PAIR, line: 1, supply, units: 3 };
    let (off, on) = (vec![peg(Supply::OnHand)], vec![peg(Supply::Inbound(NO))]);
    vec![("hold_changed", HoldChanged { order: held(HoldState::Live), off, on }.into())]
}

fn of_who_waits() -> Vec<Named> {
    let item = plain_item(Sku::new("sku", "SKU-1").unwrap(), "Café", Sale::On);
    let item = Item { waiting_max: Some(500), ..item };
    vec![("item_for_which_some_wait", ItemDefined { no: PAIR.sku, item }.into())]
}

fn of_terms() -> Vec<Named> {
    let channel_safety = vec![ChannelSafety { channel: text("web"), units: 7 }];
    let terms = Box::new(PairTerms { off_sourcing: true, channel_safety, ..PairTerms::default() });
    let (change, serves) = (StockChange::Termed(terms), Some(Serves::Backlog));
    let segment = |name: &str, kept, until: Option<Timestamp>| Segment {
        name: text(name),
        channels: vec![text(name), text("app")],
        kept,
        borrows: until.is_some(),
        until,
    };
    let segments = Segments(vec![
        segment("web", Kept::Units(9), None),
        segment("shop", Kept::BasisPoints(2_500), Some(ETA)),
    ]);
    let shared = StockChange::Termed(Box::new(PairTerms { segments, ..PairTerms::default() }));
    vec![
        ("terms_set", StockChanged { pair: PAIR, change, serves }.into()),
        ("segments_set", StockChanged { pair: PAIR, change: shared, serves }.into()),
    ]
}

fn of_openings() -> Vec<Named> {
    let item = plain_item(Sku::new("sku", "SKU-1").unwrap(), "Café", Sale::On);
    let item = Item { opens: Some(ETA), ..item };
    let draw = Draw { opens: ETA, seed: u64::MAX - 1, before: OrderNo(1 << 33) };
    let id = HoldId::new("id", "CART-1").unwrap();
    let prolonged = ProlongedHold { no: OrderNo(1 << 33), id, until: ETA };
    let kind = NodeKind::Supplier;
    let vendor = Node { reliability: Some(9_750), kind, ..node() };
    let keeps =
        Node { pickup_days: Some(14), release: Some(ReleaseRule::BeforeCutOff(120)), ..node() };
    let releases = Node { release: Some(ReleaseRule::AtOnce), ..node() };
    vec![
        ("node_defined_with_reliability", node_defined(vendor)),
        ("node_defined_with_pickup_days", node_defined(keeps)),
        ("node_defined_with_release", node_defined(releases)),
        ("item_whose_sale_opens", ItemDefined { no: PAIR.sku, item }.into()),
        ("sale_opened", SaleOpened { sku: PAIR.sku, draw }.into()),
        ("holds_prolonged", HoldsProlonged { holds: vec![prolonged] }.into()),
    ]
}

fn of_dated_feeds() -> Vec<Named> {
    let stated = |quantity| {
        let (change, serves) =
            (StockChange::SupplierStated { quantity, as_of: ETA }, Some(Serves::Backlog));
        StockChanged { pair: PAIR, change, serves }.into()
    };
    vec![("supplier_stated", stated(Some(400))), ("supplier_stated_unlimited", stated(None))]
}

fn of_changes() -> Vec<Named> {
    let (no, id, day) = (OrderNo(1 << 33), order_id(), Day::from_epoch_days(20_000));
    let days = Some((day, Day::from_epoch_days(20_003)));
    let peg = |line, supply| Pegged { pair: PAIR, line, supply, units: 3 };
    let change = OrderChange {
        put_back: parts(),
        packages: vec![(3, packages().remove(0))],
        cancelled: parts(),
        lines: vec![LineAdded { sku: PAIR.sku, units: 3 }],
        bundles: vec![OrderedBundle { sku: SkuNo(9), units: 3, line: 2, components: 1 }],
        shipments: vec![ShipmentAdded { node: PAIR.node, days, units_there: true }],
        placed: vec![Allocated { line: 2, shipment: 4, supply: Supply::OnHand, units: 3 }],
        note: Some(text("Ring twice")),
        amounts: Some(Amounts {
            currency: Currency::new("currency", "EUR").unwrap(),
            lines: vec![
                LineAmount { line: 0, amount: 4_999, units: None },
                LineAmount { line: 2, amount: -250, units: Some(3) },
            ],
        }),
        quote: HoldId::new("quote", "Q-7").ok(),
        plan: Some(LinesPlanned { at: ETA, trace: [2, 0, 0].into() }),
        redirect: Some(Box::new(Redirect {
            destination: Destination::Address(PostalCode::new("code", "94105").unwrap()),
            service: ServiceNo(1),
            promise_by: day,
        })),
        moved: parts(),
        told: vec![Retold { shipment: 1, days, units_there: true }],
    };
    let taken = HoldTaken { no: OrderNo(1 << 34), units: vec![peg(0, Supply::OnHand)] };
    let changed = OrderChanged {
        no,
        id,
        priority: Priority::new(PriorityClass::Win, 3).unwrap(),
        off: vec![peg(1, Supply::Picked)],
        taken: Some(taken),
        change: change.into(),
        on: vec![peg(2, Supply::OnHand)],
        waits: vec![PAIR],
    };
    vec![("order_changed", changed.into())]
}

fn of_orders_on_hold() -> Vec<Named> {
    let hold = order_hold();
    let (no, id) = (OrderNo(1 << 33), order_id());
    let priority = Priority::new(PriorityClass::Win, 3).unwrap();
    let released = OrderHoldReleased {
        no,
        id: id.clone(),
        hold: hold.id.clone(),
        pairs: vec![PAIR],
        priority,
    };
    let at = |supply| (PAIR.node, supply);
    let moved = Move {
        units: 300,
        shipment: 1,
        from: at(Supply::OnHand),
        to_shipment: 1,
        to: at(Supply::Backorder),
    };
    let deliver_by_before = Some(Day::from_epoch_days(20_000));
    let told = Told { shipment: 1, deliver_by_before, days: None, units_there: false };
    let line =
        LineRepegged { line: 2, moves: vec![moved], told: vec![told], ..LineRepegged::default() };
    let lines = vec![(PAIR.sku, line)];
    let let_go = OrderStockLetGo { no, id: id.clone(), at: ETA, lines, priority };
    vec![
        ("order_held", OrderHeld { no, id, hold }.into()),
        ("order_hold_released", released.into()),
        ("order_stock_let_go", let_go.into()),
    ]
}

fn of_asked_customers() -> Vec<Named> {
    let declined = Declined {
        order: OrderNo(1 << 33),
        line: 1,
        off: vec![(Supply::OnHand, 2)],
        found: None,
        beside: None,
    };
    let declined = ShipmentDeclined {
        no: OrderNo(1 << 33),
        id: order_id(),
        shipment: 1,
        at: ETA,
        reason: DeclineReason::NotFound,
        pairs: vec![(PAIR, declined)],
        apart: None,
        asks: Some(true),
    };
    let (no, id, priority) = (OrderNo(1 << 33), order_id(), Priority::DEFAULT);
    let resolved = DeclineResolved { no, id, shipment: 1, pairs: vec![PAIR], priority };
    vec![("pickup_declined", declined.into()), ("decline_resolved", resolved.into())]
}

fn order_hold() -> OrderHold {
    OrderHold {
        id: OrderHoldId::new("id", "REVIEW-1").unwrap(),
        kind: OrderHoldKind::Fraud,
        reason: text("new address"),
        owner: text("Ann"),
        since: ETA,
        stock_until: Some(ETA),
        let_go: false,
    }
}

/// Only where an order is on hold, and only if it is.
#[test]
fn an_order_on_hold_is_packed_in_the_version_that_has_it() {
    let let_go = OrderHold { let_go: true, ..order_hold() };
    let order = Order { order_holds: Box::new([order_hold(), let_go]), ..placed() };
    let packed = PackedOrder::of(&order);
    assert!(packed.needs_version_11() && packed.is_on_hold());
    assert_eq!(packed.unpack().unwrap(), order);
    assert!(!PackedOrder::of(&placed()).needs_version_11());
}

fn of_bundles() -> Vec<Named> {
    let of = |name: &str, units| Component { sku: Sku::new("sku", name).unwrap(), units };
    let components = Components(Box::new([of("SKU-2", 1), of("SKU-3", 1_000)]));
    let item = |sale| Item {
        sku: Sku::new("sku", "SKU-1").unwrap(),
        title: text(""),
        sale,
        waiting_max: None,
        components: components.clone(),
        opens: None,
    };
    let defined = |sale| ItemDefined { no: PAIR.sku, item: item(sale) }.into();
    let line = |at: u16| {
        let line = LineRepegged { line: at, ..line_explained() };
        (SkuNo(PAIR.sku.0 + u32::from(at)), line)
    };
    let moved = BundleMoved {
        no: OrderNo(1 << 33),
        id: order_id(),
        looked_at: Lsn::new(82),
        lines: vec![line(0), line(1)],
        held: true,
        priority: None,
    };
    vec![
        ("bundle_defined", defined(Sale::On)),
        ("bundle_off_sale", defined(Sale::Off)),
        ("bundle_moved", moved.into()),
        ("bundle_ordered", OrderPlaced { order: PackedOrder::of(&bundled()) }.into()),
    ]
}

/// An order of four bundles of three components, one unit of each and two of the last.
fn bundled() -> Order {
    let line = |sku, ordered| OrderLine { sku: SkuNo(sku), ordered, cancelled: 0 };
    let bundle = OrderedBundle { sku: SkuNo(1 << 20), units: 4, line: 1, components: 2 };
    let lines = Box::new([line(1, 12), line(2, 4), line(3, 8)]);
    Order { lines, bundles: Box::new([bundle]), ..placed() }
}

/// Only where there are bundles, and only if they can be so.
#[test]
fn an_order_with_bundles_is_packed_in_the_version_that_has_them() {
    let order = bundled();
    let packed = PackedOrder::of(&order);
    assert!(packed.is_featured() && packed.needs_version_8());
    assert_eq!(packed.unpack().unwrap(), order);
    assert!(!PackedOrder::of(&placed()).needs_version_8());
    let bundle = order.bundles[0];
    for other in [
        OrderedBundle { units: 3, ..bundle },
        OrderedBundle { units: 0, ..bundle },
        OrderedBundle { components: 3, ..bundle },
        OrderedBundle { components: 0, ..bundle },
    ] {
        let unsound = Order { bundles: Box::new([other]), ..bundled() };
        assert!(PackedOrder::of(&unsound).unpack().is_err(), "{other:?}");
    }
    let twice = Order { bundles: Box::new([bundle, bundle]), ..bundled() };
    assert!(PackedOrder::of(&twice).unpack().is_err());
}

fn inbound_id() -> InboundId {
    InboundId::new("id", "PO-9").unwrap()
}

fn first() -> Vec<Named> {
    let change = |change| StockChanged { pair: PAIR, change, serves: None }.into();
    let id = inbound_id();
    let sku = Sku::new("sku", "SKU-1").unwrap();
    let item = plain_item(sku, "Café", Sale::On);
    vec![
        ("item_defined", ItemDefined { no: PAIR.sku, item }.into()),
        ("node_defined", node_defined(node())),
        ("policy_set", PolicySet { policy: Box::new(policy()) }.into()),
        ("set", change(StockChange::Set { on_hand: 9, unavailable: 2, safety: 1 })),
        ("supplier_feed", change(StockChange::SupplierFeed { quantity: Some(400) })),
        ("supplier_feed_unlimited", change(StockChange::SupplierFeed { quantity: None })),
        ("received", change(StockChange::Received { quantity: 12, unavailable: 1 })),
        (
            "adjusted",
            change(StockChange::Adjusted {
                on_hand_delta: -4,
                unavailable_delta: 4,
                reason: text("damaged"),
            }),
        ),
        ("counted", change(StockChange::Counted { on_hand: 7, unavailable: None })),
        (
            "inbound_announced",
            change(StockChange::InboundAnnounced {
                no: NO,
                id: id.clone(),
                quantity: 40,
                eta: ETA,
            }),
        ),
        ("inbound_changed", change(StockChange::InboundChanged { no: NO, quantity: 39, eta: ETA })),
        (
            "inbound_received",
            change(StockChange::InboundReceived { no: NO, quantity: 20, closes: true }),
        ),
        ("inbound_cancelled", change(StockChange::InboundCancelled { no: NO })),
    ]
}

fn of_orders(order_placed: AnyEvent) -> Vec<Named> {
    let dispatch = Dispatch { at: ETA, carrier: text("Owl Post"), tracking: text("1Z") };
    vec![
        ("order_placed", order_placed),
        (
            "order_cancelled",
            OrderCancelled {
                no: OrderNo(5),
                id: order_id(),
                releases: parts(),
                serves: None,
                picked: None,
            }
            .into(),
        ),
        (
            "shipment_shipped",
            ShipmentShipped {
                no: OrderNo(5),
                id: order_id(),
                shipment: 1,
                dispatch,
                units: parts(),
            }
            .into(),
        ),
        ("node_defined_weekdays", node_defined(weekday_node())),
        ("policy_set_weekdays", PolicySet { policy: Box::new(weekday_policy()) }.into()),
    ]
}

fn of_supplies() -> Vec<Named> {
    let supply = |change| StockChanged { pair: PAIR, change, serves: Some(Serves::Backlog) }.into();
    let id = inbound_id();
    vec![
        (
            "inbound_received_for_the_backlog",
            StockChanged {
                pair: PAIR,
                change: StockChange::InboundReceived { no: NO, quantity: 20, closes: false },
                serves: Some(Serves::Backlog),
            }
            .into(),
        ),
        (
            "inbound_arrived",
            supply(StockChange::InboundArrived { no: NO, quantity: 20, closes: true }),
        ),
        ("inbound_closed", supply(StockChange::InboundClosed { no: NO })),
        (
            "inbound_reopened",
            supply(StockChange::InboundReopened { no: NO, id: id.clone(), quantity: 8, eta: ETA }),
        ),
        ("inbound_moved", supply(StockChange::InboundMoved { no: NO, quantity: 39, eta: ETA })),
        (
            "inbound_weighed",
            supply(StockChange::InboundWeighed(Box::new(InboundWeighed {
                no: NO,
                change: StockChange::InboundMoved { no: NO, quantity: 39, eta: ETA },
                confidence: Confidence::new(7_500).unwrap(),
            }))),
        ),
        ("inbound_late", supply(StockChange::InboundLate { id: id.clone(), quantity: 2 })),
        ("unchanged", supply(StockChange::Unchanged)),
        (
            "transfer_dispatched",
            TransferDispatched {
                sku: PAIR.sku,
                from: PAIR.node,
                to: NodeNo(9),
                no: NO,
                id: id.clone(),
                quantity: 6,
                eta: ETA,
            }
            .into(),
        ),
        (
            "transfer_recalled",
            TransferRecalled { sku: PAIR.sku, from: PAIR.node, to: NodeNo(9), no: NO, quantity: 2 }
                .into(),
        ),
    ]
}

fn of_the_backlog() -> Vec<Named> {
    vec![
        (
            "order_cancelled_for_the_backlog",
            OrderCancelled {
                no: OrderNo(5),
                id: order_id(),
                releases: parts(),
                serves: Some(Serves::Backlog),
                picked: None,
            }
            .into(),
        ),
        (
            "backlog_repegged",
            BacklogRepegged {
                sku: PAIR.sku,
                looked_at: Lsn::new(77),
                lines: vec![Repegged {
                    no: OrderNo(5),
                    id: order_id(),
                    line: line_repegged(),
                    held: None,
                    priority: None,
                }],
                told: None,
            }
            .into(),
        ),
        (
            "backlog_told",
            BacklogRepegged {
                sku: PAIR.sku,
                looked_at: Lsn::new(78),
                lines: vec![],
                told: Some(vec![(PAIR.node, ToldAt { supplies: vec![(NO, ETA)], lost: 2 })]),
            }
            .into(),
        ),
    ]
}

/// The order that is held, or was.
fn held(state: HoldState) -> PackedOrder {
    let mut order = placed();
    let id = HoldId::new("id", "cart-1").unwrap();
    let owner = Some(OwnerId::new("id", "session-1").unwrap());
    if state == HoldState::Live {
        order.header.id = OrderId::of_hold(&id);
    }
    let hold = Hold {
        id,
        fingerprint: 7,
        owner,
        began: ETA,
        created: Lsn::new(3),
        until: ETA,
        seconds: 60,
        extended: 2,
        is_paying: true,
        accepts_part: false,
        state,
    };
    order.header.hold = Some(Box::new(hold));
    PackedOrder::of(&order)
}

fn of_holds() -> Vec<Named> {
    let peg = |supply| Pegged { pair: PAIR, line: 1, supply, units: 3 };
    let (off, on) =
        (vec![peg(Supply::OnHand), peg(Supply::Inbound(NO))], vec![peg(Supply::OnHand)]);
    let hold_id = HoldId::new("id", "cart-1").unwrap();
    let replaced =
        |state, ends| HoldReplaced { order: held(state), off: off.clone(), on: on.clone(), ends };
    let ended = EndedHold { no: OrderNo(5), id: hold_id.clone(), units: off.clone() };
    let lines = vec![Repegged {
        no: OrderNo(5),
        id: OrderId::of_hold(&hold_id),
        line: LineRepegged { offered_until: Some(ETA), ..line_repegged() },
        held: Some(true),
        priority: None,
    }];
    vec![
        ("hold_created", HoldCreated { order: held(HoldState::Live) }.into()),
        (
            "hold_extended",
            HoldExtended { no: OrderNo(5), id: hold_id, until: ETA, for_payment: true }.into(),
        ),
        ("hold_confirmed", replaced(HoldState::Confirmed, None).into()),
        (
            "hold_taken_over",
            replaced(HoldState::Live, Some((OrderNo(5), HoldState::TakenOver))).into(),
        ),
        ("holds_ended", HoldsEnded { state: HoldState::Lapsed, holds: vec![ended] }.into()),
        (
            "hold_repegged",
            BacklogRepegged { sku: PAIR.sku, looked_at: Lsn::new(79), lines, told: None }.into(),
        ),
    ]
}

fn of_answers() -> Vec<Named> {
    let off = vec![(Supply::OnHand, 2), (Supply::Inbound(NO), 1)];
    let found = Some(Found { on_hand: 4, unavailable: 1 });
    let declined = Declined { order: OrderNo(5), line: 1, off, found, beside: None };
    let off = vec![(Supply::Supplier, 3)];
    let other = Declined { line: 0, off, found: None, ..declined.clone() };
    let pairs = vec![(PAIR, declined.clone()), (Pair { node: NodeNo(9), ..PAIR }, other)];
    let of_other = LineDeclined { line: 3, off: vec![(Supply::OnHand, 1)] };
    let of_lines = Declined { beside: Some(vec![of_other]), ..declined };
    let (no, id, shipment, at) = (OrderNo(5), order_id(), 1, ETA);
    let reason = DeclineReason::NotFound;
    let claimed = |until| {
        let (id, owner) = (order_id(), OwnerId::new("owner", "anna").expect("an id"));
        ShipmentClaimed { no, id, shipment, at, owner, until }
    };
    vec![
        ("shipment_claimed", claimed(Some(ETA)).into()),
        ("shipment_given_up", claimed(None).into()),
        ("shipment_accepted", ShipmentAccepted { no, id: id.clone(), shipment, at }.into()),
        (
            "shipment_declined",
            ShipmentDeclined {
                no,
                id: id.clone(),
                shipment,
                at,
                reason,
                pairs,
                apart: None,
                asks: None,
            }
            .into(),
        ),
        (
            "lines_declined",
            ShipmentDeclined {
                no,
                id,
                shipment,
                at,
                reason,
                pairs: vec![(PAIR, of_lines)],
                apart: None,
                asks: None,
            }
            .into(),
        ),
    ]
}

/// A package in each state that one can be in.
fn packages() -> Vec<Package> {
    let lines = LineUnits::from_slice(&[(0, 2), (499, 500_000)]);
    let id = |name: &str| PackageId::new("package", name).unwrap();
    let packed =
        Package { id: id("P"), lines, ready: None, dispatch: None, ended: None, until: None };
    let dispatch = Dispatch { at: ETA, carrier: text("Owl Post"), tracking: text("1Z") };
    let shipped = Package { id: id("S"), dispatch: Some(dispatch.into()), ..packed.clone() };
    let ended = |how| Some(Ended { how, at: ETA });
    vec![
        Package { id: id("R"), ready: Some(ETA), ..packed.clone() },
        Package { id: id("D"), ended: ended(Ending::Delivered), ..shipped.clone() },
        Package { id: id("C"), ended: ended(Ending::Collected), ..packed.clone() },
        Package { id: id("L"), ended: ended(Ending::Lost), ..shipped.clone() },
        Package { id: id("E"), lines: LineUnits::new(), ..packed.clone() },
        packed,
        shipped,
    ]
}

fn of_fulfilment() -> Vec<Named> {
    let (no, id, shipment, at) = (OrderNo(5), order_id(), 1, ETA);
    let progressed = |act, recall| ShipmentProgressed {
        no,
        id: order_id(),
        shipment,
        at,
        act,
        put_back: parts(),
        picked: parts(),
        left: parts(),
        all_left: true,
        packages: packages(),
        recall,
    };
    let kept = {
        let ready = progressed(Act::MakeReady, None);
        let packages = ready.packages.iter().cloned();
        let packages = packages.map(|package| Package { until: Some(ETA), ..package }).collect();
        ShipmentProgressed { packages, ..ready }
    };
    let released = |shipments: u16, left| ShipmentsReleased {
        at,
        shipments: (0..shipments)
            .map(|shipment| Released { no, id: order_id(), shipment })
            .collect(),
        left,
    };
    let expired = ShipmentExpired {
        no,
        id: order_id(),
        shipment,
        at,
        units: parts(),
        packages: packages().into_iter().map(|package| package.id).collect(),
    };
    let picked = Some(Picked { put_back: parts(), packages: vec![(3, packages().remove(0))] });
    let serves = Some(Serves::Backlog);
    let declined =
        Declined { order: no, line: 1, off: vec![(Supply::Picked, 2)], found: None, beside: None };
    let (reason, pairs) = (DeclineReason::Damaged, vec![(PAIR, declined)]);
    let apart = |units| Some(Apart { put_back: parts(), units });
    let declined = |apart| ShipmentDeclined {
        no,
        id: order_id(),
        shipment,
        at,
        reason,
        pairs: pairs.clone(),
        apart,
        asks: None,
    };
    vec![
        ("shipment_progressed", progressed(Act::Ship, None).into()),
        ("shipment_asked_back", progressed(Act::Recall, Some(ETA)).into()),
        ("shipment_kept_until", kept.into()),
        ("shipment_expired", expired.into()),
        ("shipment_released", released(1, None).into()),
        ("wave_released", released(2, Some(70_000)).into()),
        ("picked_cancelled", OrderCancelled { no, id, releases: parts(), serves, picked }.into()),
        ("picked_declined", declined(apart(None)).into()),
        ("part_declined", declined(apart(Some(parts()))).into()),
    ]
}

/// The order that is served after most others.
fn prioritised() -> Order {
    let mut order = placed();
    order.header.priority = Priority::new(PriorityClass::Fill, 3).unwrap();
    order
}

fn of_priorities() -> Vec<Named> {
    let (no, priority) = (OrderNo(1 << 33), prioritised().header.priority);
    let repegged = Repegged {
        no,
        id: order_id(),
        line: line_repegged(),
        held: None,
        priority: Some(priority),
    };
    let (looked_at, lines) = (Lsn::new(80), vec![repegged]);
    let pairs = vec![PAIR];
    vec![
        ("prioritised_placed", OrderPlaced { order: PackedOrder::of(&prioritised()) }.into()),
        (
            "prioritised_repegged",
            BacklogRepegged { sku: PAIR.sku, looked_at, lines, told: None }.into(),
        ),
        ("order_prioritised", OrderPrioritised { no, id: order_id(), priority, pairs }.into()),
    ]
}

fn of_explanations() -> Vec<Named> {
    let (no, line) = (OrderNo(1 << 33), line_explained());
    let line = Repegged { no, id: order_id(), line, held: None, priority: None };
    let (sku, looked_at, lines) = (PAIR.sku, Lsn::new(81), vec![line]);
    vec![("backlog_explained", BacklogRepegged { sku, looked_at, lines, told: None }.into())]
}

fn record(event: AnyEvent) -> Record<AnyEvent> {
    let id = RequestId::new("id", "key-1").unwrap();
    let origin = Origin { actor: text("ann"), channel: text("desk"), reason: text("call") };
    Record {
        at: Timestamp::from_micros(1_764_000_000_000_000),
        request: Some(Request { id, fingerprint: 7 }),
        origin: Some(Box::new(origin)),
        event,
    }
}

fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(nibble.into(), 16).unwrap();
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

fn bytes(hex: &str) -> Vec<u8> {
    let digits = |at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
    (0..hex.len()).step_by(2).map(digits).collect()
}

/// Reads each line back as the event of its name. A later event has no line in an older
/// version; [`every_event_has_a_golden_line`] wants one of it in the newest.
fn read_back(golden: &str, events: &[Named]) {
    let lines: Vec<_> = golden.lines().filter_map(|line| line.split_once(' ')).collect();
    assert!(lines.len() >= 16, "a golden line is lost");
    for (name, golden) in lines {
        let read: Record<AnyEvent> = minicbor::decode(&bytes(golden)).unwrap();
        let (_, event) = events.iter().find(|(of, _)| *of == name).expect("a line's event");
        assert_eq!(read, record(event.clone()), "{name}");
    }
}

/// Reads version 1 whatever is written today: this test stays as it is.
#[test]
fn version_1_is_still_read() {
    read_back(VERSION_1, &events(order_placed_v1()));
}

/// Reads version 2 whatever is written today: this test stays as it is.
#[test]
fn version_2_is_still_read() {
    read_back(VERSION_2, &events(order_placed()));
}

/// Goes when version 3 is written.
#[test]
fn version_2_is_what_is_written() {
    let line =
        |(name, event)| format!("{name} {}\n", hex(&minicbor::to_vec(record(event)).unwrap()));
    let written: String = events(order_placed()).into_iter().map(line).collect();
    assert_eq!(written, VERSION_2, "\n{written}");
}

/// What is in the list of golden events is in a file: the tests before compare all of it.
#[test]
fn every_event_has_a_golden_line() {
    let golden = [events(order_placed_v1()), events(order_placed())].concat();
    let golden: BTreeSet<_> = golden.iter().map(|(_, event)| event.number()).collect();
    let all: BTreeSet<_> = AnyEvent::LIST.iter().map(|(number, _)| *number).collect();
    assert_eq!(golden, all);
}

/// Both versions of an order's event place the same order.
#[test]
fn an_order_of_version_1_is_the_one_that_is_packed_today() {
    let AnyEvent::OrderPlaced(OrderPlaced { order: packed }) = order_placed() else {
        unreachable!()
    };
    assert_eq!(packed.unpack(), Ok(placed()));
}

/// A number that this version does not know is an error, never skipped.
#[test]
fn an_unknown_event_is_an_error() {
    let known = minicbor::to_vec(AnyEvent::from(StockChanged {
        pair: PAIR,
        change: StockChange::Counted { on_hand: 7, unavailable: None },
        serves: None,
    }))
    .unwrap();
    assert_eq!(known[..2], [0x82, 10], "an array of the event's number and its fields");
    let unknown = [&[0x82, 19], &known[2..]].concat();
    assert!(minicbor::decode::<AnyEvent>(&known).is_ok());
    assert!(minicbor::decode::<AnyEvent>(&unknown).is_err());
}

/// A program that knows no count which brings down what is unavailable would pass over
/// that, and come to another state.
#[test]
fn a_count_that_brings_down_what_is_unavailable_has_a_number_of_its_own() {
    let mut stock = Stock::default();
    let set = StockChange::Set { on_hand: 9, unavailable: 5, safety: 0 };
    let set = StockEffect::Change { change: set, serves: Serves::Pair };
    stock.apply(PAIR, Lsn::new(1), &set, &mut StateHash::default());
    let encoded = |on_hand| {
        let change = stock.decide(&Proposal::Operation(StockOperation::Count { on_hand })).unwrap();
        minicbor::to_vec(change).unwrap()
    };
    assert_eq!(encoded(5)[..2], [0x82, 5]);
    assert_eq!(encoded(4), [0x82, 10, 0x82, 4, 4], "golden bytes");
    let written_before = StockChange::Counted { on_hand: 4, unavailable: Some(4) };
    let today = stock.decide(&Proposal::Operation(StockOperation::Count { on_hand: 4 })).unwrap();
    let after = |change: StockChange| {
        let (mut stock, mut hash) = (stock.clone(), StateHash::default());
        let effect = StockEffect::Change { change, serves: Serves::Pair };
        stock.apply(PAIR, Lsn::new(2), &effect, &mut hash);
        (stock, hash)
    };
    assert_eq!(after(written_before), after(today));
}

/// A shipment of it has left, so that every part of a packed order is there.
fn shipped() -> Order {
    let mut order = placed();
    let (carrier, tracking) = (text("UPS"), text("1Z"));
    order.shipments[0].shipped = Some(Box::new(Dispatch { at: ETA, carrier, tracking }));
    order.allocations[0].shipped = 3;
    order
}

/// What an order reserves, under its number and id.
type Seen = (OrderNo, OrderId, Vec<(Allocation, Pair)>);

/// What is seen of an order without unpacking it.
fn seen(packed: &PackedOrder) -> Option<Seen> {
    let mut allocations = Vec::new();
    let read = packed.read(|a, pair| allocations.push((*a, pair))).ok();
    read.map(|(no, id)| (no, id, allocations))
}

/// The same, of which units rest on other supply since, in a shipment of another node.
fn repegged() -> Order {
    shipped().repegged(&line_repegged())
}

fn line_repegged() -> LineRepegged {
    let (from, to) = ((PAIR.node, Supply::Backorder), (NodeNo(9), Supply::OnHand));
    let moved = Move { units: 2, shipment: 1, from, to_shipment: 2, to };
    let days = Some((day(20_498), day(20_499)));
    let told = Told { shipment: 2, deliver_by_before: None, days, units_there: true };
    let waits = Told { shipment: 1, deliver_by_before: None, days: None, units_there: false };
    LineRepegged {
        line: 0,
        opened: vec![NodeNo(9)],
        moves: vec![moved],
        told: vec![waits, told],
        offered_until: None,
        why: None,
    }
}

/// The same, with the reason.
fn line_explained() -> LineRepegged {
    let (cause, candidates) = (Cause::SupplyCame, [2, 0, 1, 18, 0x02].into());
    let why = Why { at: ETA, cause, looked_at: Lsn::new(81), candidates };
    LineRepegged { why: Some(Box::new(why)), ..line_repegged() }
}

/// An order that was never re-pegged is packed as it always was: an older build reads it.
#[test]
fn only_a_repegged_order_is_packed_in_the_version_that_has_it() {
    let version = |order: &Order| PackedOrder::of(order).bytes()[0];
    assert_eq!([version(&placed()), version(&shipped()), version(&repegged())], [1, 1, 2]);
    assert!(PackedOrder::of(&repegged()).is_repegged());
}

/// An order that nodes answered.
fn answered() -> Order {
    let at = Timestamp::from_micros(1_700_000_000_000_000);
    let mut order = repegged();
    let kinds = [AnswerKind::Accepted, AnswerKind::Declined(DeclineReason::Closed)];
    for (shipment, kind) in order.shipments.iter_mut().zip(kinds) {
        shipment.answer = Some(Answer { kind, at });
    }
    Order { declined: [NodeNo(3), NodeNo(700)].into(), ..order }
}

#[test]
fn an_order_that_nodes_answered_is_packed_in_the_version_that_has_it() {
    let packed = PackedOrder::of(&answered());
    assert!(packed.is_featured() && !packed.is_held());
    assert_eq!((packed.bytes()[0], packed.no()), (4, answered().no));
    assert_eq!(packed.unpack(), Ok(answered()));
}

#[test]
fn an_order_with_a_priority_is_packed_in_the_version_that_has_it() {
    let packed = PackedOrder::of(&prioritised());
    assert!(packed.is_featured() && !packed.is_held());
    let priority = prioritised().header.priority;
    assert_eq!((packed.bytes()[0], packed.priority()), (4, priority));
    assert_eq!((packed.no(), packed.id()), (prioritised().no, order_id()));
    assert_eq!(packed.unpack(), Ok(prioritised()));
    assert_eq!(PackedOrder::of(&placed()).priority(), Priority::DEFAULT);
}

#[test]
fn an_order_that_is_collected_is_packed_in_the_version_that_has_it() {
    let packed = PackedOrder::of(&collected());
    assert!(packed.is_featured() && packed.needs_version_8());
    assert!(!PackedOrder::of(&answered()).needs_version_8());
    assert_eq!((packed.bytes()[0], packed.id()), (4, order_id()));
    assert_eq!(packed.unpack(), Ok(collected()));
}

/// An order after more decisions than are kept.
fn explained() -> Order {
    let mut order = placed();
    for lsn in 10..30 {
        let line = LineRepegged {
            opened: Vec::new(),
            moves: Vec::new(),
            told: Vec::new(),
            ..line_explained()
        };
        order.apply(Lsn::new(lsn), &OrderEffect::Repeg(Box::new(line)));
    }
    Order { last_lsn: Lsn::NONE, ..order }
}

#[test]
fn the_newest_decisions_are_kept_with_an_order() {
    let (order, packed) = (explained(), PackedOrder::of(&explained()));
    assert!(packed.is_featured());
    let kept: Vec<_> = order.decisions.iter().map(|decision| decision.lsn.get()).collect();
    assert_eq!(kept, (14..30).collect::<Vec<_>>());
    assert_eq!(packed.unpack(), Ok(order));
}

#[test]
fn each_answer_has_a_number_of_its_own() {
    let kinds = DeclineReason::ALL.map(AnswerKind::Declined);
    for kind in [AnswerKind::Accepted].into_iter().chain(kinds) {
        assert_eq!(AnswerKind::from_code(kind.code()), Some(kind));
    }
    assert_eq!([0, 7, 255].map(AnswerKind::from_code), [None; 3]);
}

/// Whatever the bytes are, both ways to read them say the same.
#[test]
fn an_order_that_is_read_is_the_one_that_is_unpacked() {
    let explained = explained();
    let answered_first = Order { header: prioritised().header, ..answered() };
    let collected_first = Order { header: collected().header, ..answered() };
    let answered = [answered(), answered_first, collected_first];
    [shipped(), repegged(), prioritised(), explained, collected()]
        .iter()
        .chain(&answered)
        .for_each(read_and_unpacked_are_one);
}

fn read_and_unpacked_are_one(order: &Order) {
    let bytes = PackedOrder::of(order).bytes().to_vec();
    assert_eq!(PackedOrder::check(&bytes).unwrap().unpack().as_ref(), Ok(order));
    let changed = |at: usize, byte: u8| {
        let mut changed = bytes.clone();
        changed[at] = byte;
        changed
    };
    let flipped = (0..bytes.len()).flat_map(|at| (0..=u8::MAX).map(move |byte| (at, byte)));
    let flipped = flipped.map(|(at, byte)| changed(at, byte));
    let cut = (0..bytes.len()).map(|len| bytes[..len].to_vec());
    let mut refused = 0;
    for bytes in flipped.chain(cut) {
        let encoded = minicbor::to_vec(minicbor::bytes::ByteVec::from(bytes.clone())).unwrap();
        let packed: PackedOrder = minicbor::decode(&encoded).unwrap();
        let unpacked = packed.unpack().ok().map(|order| {
            let allocations = order.allocations.iter().map(|a| (*a, order.pair_of(a))).collect();
            (order.no, order.header.id.clone(), allocations)
        });
        // Decisions are checked when they come in, and unpacked when they are asked for.
        let unpacked = match PackedOrder::check(&bytes) {
            Err(error) if error.at == "decisions" => None,
            checked => {
                assert_eq!(checked.is_ok(), unpacked.is_some(), "{bytes:?}");
                unpacked
            }
        };
        refused += usize::from(unpacked.is_none());
        assert_eq!(seen(&packed), unpacked, "{bytes:?}");
    }
    assert!(refused > bytes.len(), "{refused} refused");
}

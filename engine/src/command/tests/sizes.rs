//! How large an event can be, and the future of placing.

mod money;
mod returns;

use crate::command::AnyEvent;
use crate::command::assortment::define_styles::StylesDefined;
use crate::command::assortment::set_associations::AssociationsSet;
use crate::command::backlog::repeg::event::{BacklogRepegged, BundleMoved, Repegged};
use crate::command::backlog::repeg::opening::SaleOpened;
use crate::command::catalogue::define_item::ItemDefined;
use crate::command::catalogue::define_node::NodeDefined;
use crate::command::catalogue::set_policy::PolicySet;
use crate::command::fixture::{
    AT, hold_id, item, located, order, price_list, price_row, promotion,
};
use crate::command::hold::ended::{EndedHold, HoldsEnded};
use crate::command::hold::extend::HoldExtended;
use crate::command::hold::prolonged::{HoldsProlonged, ProlongedHold};
use crate::command::order::accept::ShipmentAccepted;
use crate::command::order::cancel::OrderCancelled;
use crate::command::order::cancelled::Picked;
use crate::command::order::change::{HoldTaken, OrderChanged};
use crate::command::order::claim::ShipmentClaimed;
use crate::command::order::decline::{Apart, ShipmentDeclined};
use crate::command::order::due::expire::ShipmentExpired;
use crate::command::order::due::let_go::OrderStockLetGo;
use crate::command::order::hold::OrderHeld;
use crate::command::order::prioritise::OrderPrioritised;
use crate::command::order::progress::ShipmentProgressed;
use crate::command::order::release_hold::OrderHoldReleased;
use crate::command::order::released::{Released, ShipmentsReleased};
use crate::command::order::resolve_decline::DeclineResolved;
use crate::command::order::returned::Shelf;
use crate::command::order::shipped::ShipmentShipped;
use crate::command::partner::define::PartnerDefined;
use crate::command::partner::discard::PartnerMessageDiscarded;
use crate::command::partner::dispose::GoodsDisposed;
use crate::command::partner::match_arrival::ArrivalMatched;
use crate::command::partner::report::{Became, PairReported, PartnerTold};
use crate::command::pricing::define_price_list::PriceListDefined;
use crate::command::pricing::define_promotion::PromotionDefined;
use crate::command::pricing::rates::{Rates, RatesSet};
use crate::command::pricing::set_prices::PricesSet;
use crate::command::supply::change_stock::StockChanged;
use crate::command::supply::transfer::dispatch::TransferDispatched;
use crate::command::supply::transfer::recall::TransferRecalled;
use crate::companions::{
    Associated, Association, Attribute, NumberedStyle, SkuAssociations, Style, StyleValue, Variant,
};
use crate::engine::tests::one_unit;
use crate::journal::Payload;
use crate::limits::{
    ASSOCIATIONS_MAX, ASSORTED_AT_ONCE_MAX, STYLE_ATTRIBUTES_MAX, STYLES_AT_ONCE_MAX,
    VARIANTS_AT_ONCE_MAX,
};
use crate::limits::{
    BANDS_MAX, BUNDLE_COMPONENTS_MAX, CHANGE_TRACE_BYTES_MAX, COMPONENT_UNITS_MAX,
    CONDITION_BYTES_MAX, DECISION_CANDIDATES_MAX, HOLIDAYS_MAX, ID_BYTES_MAX, INBOUND_PER_PAIR_MAX,
    LAPSED_HOLDS_MAX, LAPSED_PARTS_MAX, ORDER_ALLOCATIONS_MAX, ORDER_LINES_MAX, PACKAGES_MAX,
    PARTED_SHIPMENTS_MAX, PARTNER_LINES_MAX, PARTNER_NODES_MAX, POSTAL_CODE_BYTES_MAX,
    PRICE_ROWS_AT_ONCE_MAX, PROMOTION_AUDIENCE_MAX, PROMOTION_SKUS_MAX, REPEGGED_LINES_MAX,
    RETURN_STRAYS_MAX, SERVICES_MAX, SHIPPING_RATES_MAX, TAX_RATES_MAX, TEXT_BYTES_MAX,
    TOLD_PAIRS_MAX, WAVE_SHIPMENTS_MAX,
};
use crate::model::fulfilment::{Ended, Ending};
use crate::model::partner::{
    ArrivalOf, Detail, FactLine, Measure, PartnerMessage, ReturnNames, Subject,
};
use crate::model::returns::{Disposition, Grade};
use crate::model::{
    Act, Allocated, AllocationUnits, Amounts, Band, Cause, Component, Components, Country,
    Currency, Day, DeclineReason, Declined, Destination, Dispatch, Draw, Found, HoldId, HoldState,
    InboundId, InboundNo, Item, LineAdded, LineAmount, LineRepegged, LinesPlanned, Lsn, MessageId,
    Minor, Move, Node, NodeId, NodeKind, NodeNo, OrderChange, OrderHold, OrderHoldId,
    OrderHoldKind, OrderId, OrderNo, OrderedBundle, Origin, OwnerId, Package, PackageId, Pair,
    PartnerId, Pegged, Pickup, Policy, PostalCode, PriceListNo, Priority, PriorityClass,
    PromotionNo, Record, Redirect, Reference, Request, RequestId, Retold, ReturnId, Serves,
    ServiceName, ServiceNo, ShipmentAdded, Sku, SkuNo, StockChange, Supply, Text, Timestamp, Told,
    ToldAt, Why,
};
use crate::model::{StyleId, StyleNo};
use crate::pricing::{
    BuyGet, Condition, Discount, PriceRow, Promotion, Scope, ShippingRate, SkuCategory, SkuPrices,
    TaxRate, TaxRates, Validity, Zone as PricingZone,
};

const PAIR: Pair = Pair { sku: SkuNo(u32::MAX), node: NodeNo(u16::MAX) };

fn text() -> Text {
    Text::new("text", "x".repeat(TEXT_BYTES_MAX)).expect("a text")
}

fn node() -> Node {
    let holidays = vec![Day::from_epoch_days(i32::MIN); HOLIDAYS_MAX];
    Node { title: text(), holidays, ..located("N", NodeKind::ThirdParty) }
}

fn policy() -> Policy {
    let mut policy = Policy::default();
    let cost = i64::MIN;
    let band = Band { distance_m_max: u32::MAX, shipment_cost: cost, unit_cost: cost };
    policy.bands = vec![band; BANDS_MAX];
    policy.services[0].transit_days = vec![u16::MAX; BANDS_MAX];
    policy.services = vec![policy.services[0].clone(); SERVICES_MAX];
    policy
}

/// As many pairs as an order has allocations, each with units on all supplies of a pair.
fn declined(id: &OrderId) -> ShipmentDeclined {
    let found = Some(Found { on_hand: u32::MAX, unavailable: u32::MAX });
    let off = vec![(Supply::Inbound(InboundNo(u16::MAX - 16)), u32::MAX)];
    let declined = Declined { order: OrderNo(u64::MAX), line: u16::MAX, off, found, beside: None };
    let pairs = vec![(PAIR, declined); ORDER_ALLOCATIONS_MAX];
    let (no, id, reason) = (OrderNo(u64::MAX), id.clone(), DeclineReason::Closed);
    let units = vec![unit(); ORDER_ALLOCATIONS_MAX];
    let apart = Some(Apart { put_back: units.clone(), units: Some(units) });
    let asks = Some(true);
    ShipmentDeclined {
        no,
        id,
        shipment: u16::MAX,
        at: AT,
        reason,
        pairs,
        apart,
        asks,
        paused: Some((NodeNo(u16::MAX), AT)),
    }
}

fn last_served() -> Priority {
    Priority::new(PriorityClass::Lose, 9).expect("a tier")
}

fn told() -> Told {
    let day = Day::from_epoch_days(i32::MIN);
    let (before, days) = (Some(day), Some((day, day)));
    Told { shipment: u16::MAX, deliver_by_before: before, days, units_there: true }
}

/// As many lines as one event has, each with units at more nodes than orders mostly have.
fn repegged(id: &OrderId) -> BacklogRepegged {
    let (no, at) = (OrderNo(u64::MAX), (PAIR.node, Supply::Inbound(InboundNo(u16::MAX - 16))));
    let moved =
        Move { units: u32::MAX, shipment: u16::MAX, from: at, to_shipment: u16::MAX, to: at };
    let told = told();
    let line = LineRepegged {
        line: u16::MAX,
        opened: vec![PAIR.node; 8],
        moves: vec![moved; 8],
        told: vec![told; 8],
        offered_until: Some(Timestamp::from_micros(i64::MIN)),
        why: Some(Box::new(Why {
            at: AT,
            cause: Cause::NodeDeclined,
            looked_at: Lsn::new(u64::MAX),
            // Each a node and a supply of large numbers, and a verdict.
            candidates: [7; 2 + 1 + 7 * DECISION_CANDIDATES_MAX].into(),
        })),
    };
    let line =
        Repegged { no, id: id.clone(), line, held: Some(true), priority: Some(last_served()) };
    let (sku, looked_at) = (PAIR.sku, Lsn::new(u64::MAX));
    let supply = (InboundNo(u16::MAX), Timestamp::from_micros(i64::MIN));
    let told = ToldAt { supplies: vec![supply; INBOUND_PER_PAIR_MAX], lost: u32::MAX };
    let told = Some(vec![(PAIR.node, told); TOLD_PAIRS_MAX]);
    BacklogRepegged { sku, looked_at, lines: vec![line; REPEGGED_LINES_MAX], told }
}

fn unit() -> AllocationUnits {
    AllocationUnits { allocation: u16::MAX, pair: PAIR, line: u16::MAX, units: u32::MAX }
}

/// A package that has units of each line of an order.
fn package() -> Package {
    let id = PackageId::new("package", "x".repeat(ID_BYTES_MAX)).expect("an id");
    let dispatch = Dispatch { at: AT, carrier: text(), tracking: text() };
    Package {
        id,
        lines: vec![(u16::MAX, u32::MAX); ORDER_LINES_MAX].into(),
        ready: Some(AT),
        dispatch: Some(dispatch.into()),
        ended: Some(Ended { how: Ending::Delivered, at: AT }),
        until: None,
    }
}

fn order_hold() -> OrderHold {
    OrderHold {
        id: OrderHoldId::new("id", "x".repeat(ID_BYTES_MAX)).expect("an id"),
        kind: OrderHoldKind::Manual,
        reason: text(),
        owner: text(),
        since: AT,
        stock_until: Some(AT),
        let_go: true,
    }
}

/// A wave of orders with the longest ids.
fn released(id: &OrderId) -> ShipmentsReleased {
    let one = Released { no: OrderNo(u64::MAX), id: id.clone(), shipment: u16::MAX };
    let shipments = (0..WAVE_SHIPMENTS_MAX).map(|_| one.clone()).collect();
    ShipmentsReleased { at: AT, shipments, left: Some(u32::MAX) }
}

/// All of an order was in packages of one shipment.
fn expired(id: &OrderId, units: Vec<AllocationUnits>) -> ShipmentExpired {
    let (no, id, shipment) = (OrderNo(u64::MAX), id.clone(), u16::MAX);
    let packages = vec![package().id; PACKAGES_MAX];
    ShipmentExpired { no, id, shipment, at: AT, units, packages }
}

/// Each allocation rests on a supply of its own, and each is a shipment.
fn let_go(id: &OrderId) -> OrderStockLetGo {
    let at = |supply| (PAIR.node, supply);
    let (from, to) = (at(Supply::Inbound(InboundNo(u16::MAX - 16))), at(Supply::Backorder));
    let (shipment, to_shipment) = (u16::MAX, u16::MAX);
    let moved = Move { units: u32::MAX, shipment, from, to_shipment, to };
    let deliver_by_before = Some(Day::from_epoch_days(i32::MIN));
    let told = Told { shipment, deliver_by_before, days: None, units_there: false };
    let of = |told| LineRepegged { line: u16::MAX, moves: vec![moved], told, ..Default::default() };
    let mut lines = vec![(PAIR.sku, of(Vec::new())); ORDER_ALLOCATIONS_MAX];
    lines[0].1 = of(vec![told; ORDER_ALLOCATIONS_MAX]);
    let priority = last_served();
    OrderStockLetGo { no: OrderNo(u64::MAX), id: id.clone(), at: AT, lines, priority }
}

fn progressed(id: &OrderId) -> AnyEvent {
    let all = vec![unit(); ORDER_ALLOCATIONS_MAX];
    ShipmentProgressed {
        no: OrderNo(u64::MAX),
        id: id.clone(),
        shipment: u16::MAX,
        at: AT,
        act: Act::Ship,
        put_back: all.clone(),
        picked: all.clone(),
        left: all,
        all_left: true,
        packages: vec![package(); PACKAGES_MAX],
        recall: Some(AT),
        parts: None,
    }
    .into()
}

/// The largest of each event but a placed order.
fn largest() -> Vec<AnyEvent> {
    let all = vec![unit(); ORDER_ALLOCATIONS_MAX];
    let (no, id, serves) = (OrderNo(u64::MAX), order().order.id, Some(Serves::Backlog));
    let dispatch = Dispatch { at: AT, carrier: text(), tracking: text() };
    let picked =
        Some(Picked { put_back: all.clone(), packages: vec![(u16::MAX, package()); PACKAGES_MAX] });
    let progressed = progressed(&id);
    let last = InboundNo(u16::MAX);
    let peg = Pegged {
        pair: PAIR,
        line: u16::MAX,
        supply: Supply::Inbound(InboundNo(u16::MAX - 16)),
        units: u32::MAX,
    };
    let id_max = HoldId::new("id", "x".repeat(ID_BYTES_MAX)).expect("an id");
    let ended = EndedHold { no, id: id_max.clone(), units: vec![peg; ORDER_ALLOCATIONS_MAX] };
    let small =
        EndedHold { units: vec![peg; LAPSED_PARTS_MAX / LAPSED_HOLDS_MAX], ..ended.clone() };
    let mut holds = vec![small; LAPSED_HOLDS_MAX - 1];
    holds.push(ended);
    let prolonged = ProlongedHold { no, id: id_max.clone(), until: AT };
    let inbound = InboundId::new("id", "x".repeat(ID_BYTES_MAX)).expect("an id");
    let announced = StockChange::InboundAnnounced {
        no: last,
        id: inbound.clone(),
        quantity: u32::MAX,
        eta: Timestamp::from_micros(i64::MIN),
    };
    let dispatched = TransferDispatched {
        sku: PAIR.sku,
        from: PAIR.node,
        to: PAIR.node,
        no: last,
        id: inbound,
        quantity: u32::MAX,
        eta: Timestamp::from_micros(i64::MIN),
    };
    let pairs = vec![PAIR; ORDER_ALLOCATIONS_MAX];
    vec![
        ItemDefined { no: PAIR.sku, item: largest_bundle() }.into(),
        bundle_moved(&id).into(),
        NodeDefined { no: PAIR.node, node: Box::new(node()) }.into(),
        PolicySet { policy: Box::new(policy()) }.into(),
        StockChanged { pair: PAIR, change: announced, serves }.into(),
        dispatched.into(),
        TransferRecalled {
            sku: PAIR.sku,
            from: PAIR.node,
            to: PAIR.node,
            no: last,
            quantity: u32::MAX,
        }
        .into(),
        OrderCancelled { no, id: id.clone(), releases: all.clone(), serves, picked }.into(),
        progressed,
        OrderHeld { no, id: id.clone(), hold: order_hold() }.into(),
        OrderHoldReleased {
            no,
            id: id.clone(),
            hold: order_hold().id,
            pairs: pairs.clone(),
            priority: last_served(),
            told: Some(vec![told(); PARTED_SHIPMENTS_MAX]),
        }
        .into(),
        let_go(&id).into(),
        released(&id).into(),
        expired(&id, all.clone()).into(),
        DeclineResolved {
            no,
            id: id.clone(),
            shipment: u16::MAX,
            pairs: pairs.clone(),
            priority: last_served(),
        }
        .into(),
        OrderPrioritised { no, id: id.clone(), priority: last_served(), pairs }.into(),
        repegged(&id).into(),
        HoldExtended { no, id: hold_id("H"), until: AT, for_payment: true }.into(),
        HoldsEnded { state: HoldState::Lapsed, holds }.into(),
        HoldsProlonged { holds: vec![prolonged; LAPSED_HOLDS_MAX] }.into(),
        SaleOpened {
            sku: PAIR.sku,
            draw: Draw { opens: AT, seed: u64::MAX, before: OrderNo(u64::MAX) },
        }
        .into(),
        changed(&id).into(),
        ShipmentAccepted { no, id: id.clone(), shipment: u16::MAX, at: AT }.into(),
        ShipmentClaimed {
            no,
            id: id.clone(),
            shipment: u16::MAX,
            at: AT,
            owner: OwnerId::new("owner", "x".repeat(ID_BYTES_MAX)).expect("an id"),
            until: Some(AT),
        }
        .into(),
        declined(&id).into(),
        ShipmentShipped { no, id, shipment: u16::MAX, dispatch, units: all }.into(),
    ]
}

/// The largest of what partners say.
fn of_partners() -> Vec<AnyEvent> {
    vec![
        partner_told().into(),
        PartnerDefined {
            partner: PartnerId::new("partner", "x".repeat(ID_BYTES_MAX)).expect("an id"),
            nodes: vec![
                NodeId::new("node", "x".repeat(ID_BYTES_MAX)).expect("an id");
                PARTNER_NODES_MAX
            ],
        }
        .into(),
        arrival_matched().into(),
        goods_disposed().into(),
        PartnerMessageDiscarded {
            partner: PartnerId::new("partner", "x".repeat(ID_BYTES_MAX)).expect("an id"),
            message: MessageId::new("message", "x".repeat(ID_BYTES_MAX)).expect("an id"),
        }
        .into(),
    ]
}

/// Goods of a return whose step is as large as that of any return.
fn arrival_matched() -> ArrivalMatched {
    let long = "x".repeat(ID_BYTES_MAX);
    let name = || Reference::new("name", long.as_str()).ok();
    let order = OrderId::new("id", long.as_str()).expect("an id");
    let id = ReturnId::new("id", long.as_str()).expect("an id");
    let names = ReturnNames { rma: name(), tracking: name(), order: Some(order.clone()) };
    let returned = Some(returns::progressed(&order).into());
    let twice = Shelf { pair: PAIR, on_hand: i32::MIN, unavailable: i32::MIN };
    ArrivalMatched {
        partner: PartnerId::new("partner", long.as_str()).expect("an id"),
        names,
        of: ArrivalOf { order, id },
        returned,
        twice: Some(vec![twice; ORDER_LINES_MAX + RETURN_STRAYS_MAX].into()),
    }
}

/// As many lines as there may be, each of an item at a pair of its own.
fn goods_disposed() -> GoodsDisposed {
    let ArrivalMatched { partner, names, .. } = arrival_matched();
    let sku = Sku::new("sku", "x".repeat(ID_BYTES_MAX)).expect("a sku");
    let shelf = Shelf { pair: PAIR, on_hand: i32::MIN, unavailable: i32::MIN };
    GoodsDisposed {
        partner,
        names,
        at: AT,
        how: Disposition::ReturnToVendor,
        grade: Some(Grade::Damaged),
        reason: Text::new("reason", "x".repeat(TEXT_BYTES_MAX)).expect("a text"),
        lines: vec![(sku, u32::MAX); PARTNER_LINES_MAX],
        shelves: vec![shelf; PARTNER_LINES_MAX],
        ends: true,
    }
}

/// As many lines as there may be, each of which takes goods back, some of them damaged, and closes.
fn partner_told() -> PartnerTold {
    let long = "x".repeat(ID_BYTES_MAX);
    let inbound = InboundId::new("id", long.as_str()).expect("an id");
    let line = FactLine {
        sku: Sku::new("sku", long.as_str()).expect("a sku"),
        counts: vec![(Measure::Received, i64::MAX), (Measure::Damaged, i64::MAX)],
    };
    let reason = Text::new("reason", format!("receipt of {inbound}")).expect("a text");
    let steps = vec![
        StockChange::Adjusted { on_hand_delta: 0, unavailable_delta: i32::MIN, reason },
        StockChange::ReceiptTakenBack { id: inbound.clone(), quantity: u32::MAX },
        StockChange::InboundArrived { no: InboundNo(u16::MAX), quantity: 0, closes: true },
    ];
    let message = PartnerMessage {
        sender: PartnerId::new("partner", long.as_str()).expect("an id"),
        seq: u64::MAX,
        id: MessageId::new("id", long.as_str()).expect("an id"),
        subject: Subject::Receipt { inbound, part: Reference::new("part", long.as_str()).ok() },
        node: NodeId::new("node", long.as_str()).ok(),
        occurred_at: AT,
        revision: u32::MAX,
        lines: vec![line; PARTNER_LINES_MAX],
        detail: Detail::Closes(true),
    };
    let change = PairReported { pair: PAIR, change: StockChange::Reported(steps) };
    let told = Became::Counts;
    PartnerTold {
        message,
        at: AT,
        told,
        changes: vec![change; PARTNER_LINES_MAX],
        releases: true,
        returned: None,
        arrival: None,
        shipped: None,
        overtakes: None,
    }
}

/// Each part of a full order is given up, put back, and placed anew.
fn changed(id: &OrderId) -> OrderChanged {
    let all = vec![unit(); ORDER_ALLOCATIONS_MAX];
    let supply = Supply::Inbound(InboundNo(u16::MAX - 16));
    let peg = Pegged { pair: PAIR, line: u16::MAX, supply, units: u32::MAX };
    let pegs = vec![peg; ORDER_ALLOCATIONS_MAX];
    let day = Day::from_epoch_days(i32::MIN);
    let days = Some((day, day));
    let bundle =
        OrderedBundle { sku: PAIR.sku, units: u32::MAX, line: u16::MAX, components: u16::MAX };
    let change = OrderChange {
        put_back: all.clone(),
        packages: vec![(u16::MAX, package()); PACKAGES_MAX],
        cancelled: all,
        lines: vec![LineAdded { sku: PAIR.sku, units: u32::MAX }; ORDER_LINES_MAX],
        bundles: vec![bundle; ORDER_LINES_MAX],
        shipments: vec![
            ShipmentAdded { node: PAIR.node, days, units_there: true };
            ORDER_ALLOCATIONS_MAX
        ],
        placed: vec![
            Allocated { line: u16::MAX, shipment: u16::MAX, supply, units: u32::MAX };
            ORDER_ALLOCATIONS_MAX
        ],
        note: Some(text()),
        amounts: Some(Amounts {
            currency: Currency::new("currency", "EUR").expect("a currency"),
            lines: vec![
                LineAmount { line: u16::MAX, amount: i64::MIN, units: Some(u32::MAX) };
                ORDER_LINES_MAX
            ],
        }),
        quote: HoldId::new("quote", "x".repeat(ID_BYTES_MAX)).ok(),
        plan: Some(LinesPlanned { at: AT, trace: vec![0; CHANGE_TRACE_BYTES_MAX].into() }),
        redirect: Some(Box::new(Redirect {
            destination: Destination::Pickup(Pickup { node: PAIR.node, only_there: true }),
            service: ServiceNo(u8::MAX),
            promise_by: day,
        })),
        // A unit that moves is not cancelled.
        moved: Vec::new(),
        told: vec![Retold { shipment: u16::MAX, days, units_there: true }; PARTED_SHIPMENTS_MAX],
        prices: Some(money::prices()),
        repriced: Some(money::repriced()),
    };
    let no = OrderNo(u64::MAX);
    let taken = Some(HoldTaken { no, units: pegs.clone() });
    let (off, priority) = (pegs.clone(), last_served());
    let (on, waits) = (pegs, vec![PAIR; ORDER_ALLOCATIONS_MAX]);
    OrderChanged { no, id: id.clone(), priority, off, taken, change: change.into(), on, waits }
}

fn of_assortments() -> Vec<AnyEvent> {
    let value = || StyleValue { value: text(), family: Some(text()) };
    let variant = Variant { sku: PAIR.sku, values: vec![value(); STYLE_ATTRIBUTES_MAX] };
    let attribute = Attribute { name: text(), weight: u16::MAX };
    let id = StyleId::new("style_id", "x".repeat(ID_BYTES_MAX)).expect("an id");
    let attributes = vec![attribute; STYLE_ATTRIBUTES_MAX];
    let variants = vec![variant; VARIANTS_AT_ONCE_MAX / STYLES_AT_ONCE_MAX];
    let style = NumberedStyle { no: StyleNo(u32::MAX), style: Style { id, attributes, variants } };
    let associated = Associated { association: Association::Successor, sku: PAIR.sku };
    let item = SkuAssociations { sku: PAIR.sku, associated: vec![associated; ASSOCIATIONS_MAX] };
    vec![
        StylesDefined { styles: vec![style; STYLES_AT_ONCE_MAX] }.into(),
        AssociationsSet { items: vec![item; ASSORTED_AT_ONCE_MAX] }.into(),
    ]
}

fn of_prices() -> Vec<AnyEvent> {
    vec![
        price_list_defined().into(),
        prices_set().into(),
        promotion_defined().into(),
        RatesSet { rates: Rates::Taxes(tax_rates()) }.into(),
        RatesSet { rates: Rates::Shipping(vec![shipping_rate(); SHIPPING_RATES_MAX]) }.into(),
        RatesSet { rates: Rates::Categories(vec![tax_category(); PRICE_ROWS_AT_ONCE_MAX]) }.into(),
    ]
}

fn price_list_defined() -> PriceListDefined {
    let mut definition = price_list(&"x".repeat(ID_BYTES_MAX)).definition;
    definition.scope = Scope::Contract(text());
    PriceListDefined { no: PriceListNo(u32::MAX), definition }
}

fn prices_set() -> PricesSet {
    let valid = Validity {
        from: Day::from_epoch_days(i32::MIN),
        until: Some(Day::from_epoch_days(i32::MIN)),
    };
    let rows = vec![PriceRow { valid, ..price_row(u32::MAX, i64::MIN) }];
    let items = vec![SkuPrices { sku: PAIR.sku, rows }; PRICE_ROWS_AT_ONCE_MAX];
    let PriceListDefined { no, definition } = price_list_defined();
    PricesSet { no, id: definition.id, items }
}

fn promotion_defined() -> PromotionDefined {
    let skus = vec![SkuNo(u32::MAX); PROMOTION_SKUS_MAX];
    let (units, basis_points, audience) =
        (u32::MAX, u32::MAX, vec![text(); PROMOTION_AUDIENCE_MAX]);
    let get_skus = skus.clone();
    let discount = BuyGet { buy: units, get: units, get_skus, basis_points, sets_max: u32::MAX };
    let condition = format!("channel == '{}'", "x".repeat(CONDITION_BYTES_MAX - 13));
    let promotion = promotion(&"x".repeat(ID_BYTES_MAX)).promotion.named(|_| Ok::<_, ()>(PAIR.sku));
    let promotion = Promotion {
        title: text(),
        discount: Discount::BuyGet(discount),
        skus,
        channels: audience.clone(),
        groups: audience,
        condition: Condition::new("condition", &condition).ok(),
        ..promotion.expect("items have numbers")
    };
    PromotionDefined { no: PromotionNo(u32::MAX), promotion: Box::new(promotion) }
}

fn zone() -> PricingZone {
    let prefix = PostalCode::new("prefix", "x".repeat(POSTAL_CODE_BYTES_MAX)).ok();
    PricingZone { country: Country::new("country", "DE").ok(), prefix }
}

fn tax_rates() -> TaxRates {
    let rate = TaxRate { category: Some(text()), zone: zone(), basis_points: u32::MAX };
    let rates = vec![rate; TAX_RATES_MAX];
    TaxRates { inclusive: true, shipping_category: Some(text()), rates }
}

fn shipping_rate() -> ShippingRate {
    let service = ServiceName::new("service", "x".repeat(ID_BYTES_MAX)).ok();
    let (from, charge) = (Minor(i64::MIN), Minor(i64::MIN));
    let currency = price_list_defined().definition.currency;
    ShippingRate { currency, service, zone: zone(), from, charge }
}

fn tax_category() -> SkuCategory {
    SkuCategory { sku: PAIR.sku, category: Some(text()) }
}

fn largest_bundle() -> Item {
    let sku = Sku::new("sku", "x".repeat(ID_BYTES_MAX)).expect("a sku");
    let component = Component { sku, units: COMPONENT_UNITS_MAX };
    let components = Components(vec![component; BUNDLE_COMPONENTS_MAX].into());
    Item { title: text(), components, ..item("A").item }
}

/// An order has so many parts, and each moves.
fn bundle_moved(id: &OrderId) -> BundleMoved {
    let BacklogRepegged { lines, .. } = repegged(id);
    let LineRepegged { moves, opened, told, .. } = lines[0].line.clone();
    let (moved, all) = (moves[0], ORDER_ALLOCATIONS_MAX);
    let first = LineRepegged { moves: vec![moved; all], opened, told, ..LineRepegged::default() };
    BundleMoved {
        no: OrderNo(u64::MAX),
        id: id.clone(),
        looked_at: Lsn::new(u64::MAX),
        lines: vec![(PAIR.sku, first)],
        held: true,
        priority: Some(last_served()),
    }
}

/// The events that place an order, or a hold, or plan it anew.
fn places(name: &str) -> bool {
    ["order_placed", "hold_created", "hold_replaced", "hold_changed"].contains(&name)
}

/// `COMMAND_TOO_LARGE` is a refusal of placing alone. The trace of an order grows with the
/// nodes that have its items; all other events are far below what the journal takes, whose
/// bound is 16 MiB.
#[test]
fn no_event_but_a_placed_order_can_be_too_large_for_the_journal() {
    let id = order().order.id;
    let of_money = money::largest(changed(&id)).into();
    let of_returns = returns::largest(&id).into();
    let largest =
        [largest(), of_money, of_returns, of_prices(), of_partners(), of_assortments()].concat();
    for (number, name) in AnyEvent::LIST.iter().filter(|(_, name)| !places(name)) {
        assert!(largest.iter().any(|event| event.number() == *number), "{number} {name}");
    }
    let id = RequestId::new("request_id", "x".repeat(ID_BYTES_MAX)).expect("a key");
    let request = Some(Request { id, fingerprint: u64::MAX });
    let origin = Some(Box::new(Origin { actor: text(), channel: text(), reason: text() }));
    for event in largest {
        let name = event.name();
        let record = Record { at: AT, request: request.clone(), origin: origin.clone(), event };
        let bytes = minicbor::to_vec(record).expect("it encodes");
        assert!(bytes.len() < 4 << 20, "{name}: {} bytes", bytes.len());
        assert!(Payload::new(&bytes).is_ok(), "{name}");
    }
}

/// A stream keeps one for each order that it submits, and moves it.
#[test]
fn the_future_of_placing_an_order_fits_53_cache_lines() {
    let (engine, _pump) = one_unit();
    let bytes = size_of_val(&engine.submit_order(order()));
    assert!(bytes <= 53 * 64, "{bytes} bytes");
}

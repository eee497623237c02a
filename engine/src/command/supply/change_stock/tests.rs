//! Tables: this operation at this node, exactly these violations, this pair or this refusal.
//! What only the pair can refuse is in the table of `model/stock/tests.rs`.

use std::sync::Arc;

use super::*;
use crate::command::DefineNode;
use crate::command::fixture::{
    AT, bundle, change, check, definition, first, item, located, node, node_id, said, sku, told,
};
use crate::engine::tests::{NODE, OnePlace, one_unit, run};
use crate::engine::{Engine, Pump};
use crate::model::{InboundId, Lsn, Node, NodeKind, NodeNo, RefusalKind, SkuNo, Text, Timestamp};
use crate::state::network::Network;

const DAY_MICROS: i64 = 86_400_000_000;

/// The item `A`, a warehouse `W` and a supplier `S`.
fn state() -> State {
    let state = State::new(1, 1);
    state.catalogue.define(SkuNo(0), item("A").item, Lsn::FIRST);
    state.catalogue.define(SkuNo(1), bundle("SET", &[("A", 2)]).item, Lsn::FIRST);
    let network = Network::empty(1)
        .with_node(NodeNo(0), located("W", NodeKind::Warehouse), Lsn::FIRST)
        .with_node(NodeNo(1), located("S", NodeKind::Supplier), Lsn::FIRST);
    state.network.store(Arc::new(network));
    state
}

fn cancel_inbound() -> StockOperation {
    StockOperation::CancelInbound { id: po() }
}

fn po() -> InboundId {
    InboundId::new("id", "PO").expect("an id")
}

/// The refusals of the table, whose rows are checked.
pub(crate) fn table() -> Vec<RefusalKind> {
    let state = state();
    let feed = StockOperation::SupplierFeed { quantity: None, as_of: None };
    let count = StockOperation::Count { on_hand: 1 };
    let safety = StockOperation::Set { on_hand: None, unavailable: None, safety: Some(1) };
    let cancel = cancel_inbound();
    let pair = |node| Ok(Pair { sku: SkuNo(0), node: NodeNo(node) });
    let is_supplier = || Err(Refusal::NodeIsSupplier { node_id: node_id("S") });
    let rows = [
        ("A", "W", &count, pair(0)),
        ("A", "S", &feed, pair(1)),
        ("A", "W", &safety, pair(0)),
        ("A", "S", &safety, pair(1)),
        ("B", "X", &count, Err(Refusal::ItemNotFound { sku: sku("B") })),
        ("SET", "X", &count, Err(Refusal::ItemIsBundle { sku: sku("SET") })),
        ("A", "X", &count, Err(Refusal::NodeNotFound { node_id: node_id("X") })),
        ("A", "S", &count, is_supplier()),
        ("A", "S", &cancel, is_supplier()),
        ("A", "W", &feed, Err(Refusal::NodeNotSupplier { node_id: node_id("W") })),
    ];
    let found = rows.map(|(name, node, operation, expected)| {
        let found = find_pair(&state, &sku(name), &node_id(node), operation);
        ((name, node, operation), found, expected)
    });
    [check(found), vec![unknown_inbound(), outdated_feed()]].concat()
}

/// The refusal of a change of an inbound supply that nobody announced.
fn unknown_inbound() -> RefusalKind {
    let (engine, _pump) = one_unit();
    let refusal = told(engine.change_stock(change("A", NODE, cancel_inbound())));
    let (sku, node_id) = (sku("A"), node_id(NODE));
    assert_eq!(refusal, Refusal::InboundNotFound { sku, node_id, inbound_id: "PO".into() });
    refusal.kind()
}

/// The item and the supplier `S`, whose newest feed is as of `AT`.
fn supplied() -> (Engine, Pump) {
    let (engine, mut pump) = one_unit();
    let supplier = DefineNode { node: definition("S", NodeKind::Supplier), ..node("S") };
    run(&mut pump, engine.define_node(supplier));
    run(&mut pump, engine.change_stock(change("A", "S", feed(9, Some(AT)))));
    (engine, pump)
}

fn feed(units: u32, as_of: Option<Timestamp>) -> StockOperation {
    StockOperation::SupplierFeed { quantity: Some(units), as_of }
}

/// The refusal of a feed that is a microsecond older than one that was taken.
fn outdated_feed() -> RefusalKind {
    let (engine, _pump) = supplied();
    let (before, as_of) = (engine.status().state_hash, AT.saturating_add_micros(-1));
    let refusal = told(engine.change_stock(change("A", "S", feed(7, Some(as_of)))));
    let (sku, node_id) = (sku("A"), node_id("S"));
    assert_eq!(refusal, Refusal::VendorFeedOutdated { sku, node_id, as_of, newest: AT });
    assert_eq!(
        refusal.to_string(),
        "the feed of sku A from node S is as of 2026-11-23T11:59:59.999999Z, and a newer one, \
         as of 2026-11-23T12:00:00Z, was taken already"
    );
    assert_eq!(engine.status().state_hash, before, "nothing changed");
    refusal.kind()
}

/// A feed of next year would keep out all that come after it.
#[test]
fn a_feed_is_ahead_of_now_by_a_day_at_most() {
    let network = Network::empty(1);
    let told = |micros| {
        let as_of = AT.saturating_add_micros(micros);
        let facts = Facts { now: AT, network: &network, postal: &OnePlace };
        said(Command::validate(&change("A", "S", feed(1, Some(as_of))), &facts))
    };
    assert_eq!(told(-400 * DAY_MICROS), [""; 0], "what is old is for the pair to judge");
    assert_eq!(told(DAY_MICROS), [""; 0]);
    let latest = AT.saturating_add_micros(DAY_MICROS);
    let ahead = latest.saturating_add_micros(1);
    let why = "lies too far ahead; the latest allowed is";
    assert_eq!(told(DAY_MICROS + 1), [format!("as_of: \"{ahead}\" {why} {latest}")]);
    assert_eq!(told(i64::MAX).len(), 1);
}

#[test]
fn an_operation_is_for_a_pair_of_known_names_at_a_node_of_its_kind() {
    table();
}

/// Nothing is on its way to a supplier: both apply.
#[test]
fn at_a_supplier_an_inbound_supply_is_refused_for_the_node() {
    let (engine, mut pump) = one_unit();
    let supplier = DefineNode { node: definition("S", NodeKind::Supplier), ..node("S") };
    run(&mut pump, engine.define_node(supplier));
    let refusal = told(engine.change_stock(change("A", "S", cancel_inbound())));
    let both = [RefusalKind::InboundNotFound, RefusalKind::NodeIsSupplier];
    assert_eq!(refusal.kind(), first(&both));
}

#[test]
fn an_operation_says_something_and_within_bounds() {
    let set = |on_hand| StockOperation::Set { on_hand, unavailable: None, safety: None };
    let receive = |quantity, unavailable| StockOperation::Receive { quantity, unavailable };
    let adjust = |on_hand_delta, unavailable_delta| {
        let reason = Text::default();
        StockOperation::Adjust { on_hand_delta, unavailable_delta, reason }
    };
    let move_to = |quantity| StockOperation::ChangeInbound { id: po(), quantity, eta: None };
    let arrive = |quantity, closes| StockOperation::ReceiveInbound { id: po(), quantity, closes };
    let announce = |quantity| StockOperation::AnnounceInbound { id: po(), quantity, eta: AT };
    let state = |ordered| StockOperation::StateInbound { id: po(), ordered, eta: AT };
    let feed = |quantity| StockOperation::SupplierFeed { quantity, as_of: Some(AT) };
    let too_many = |field: &str| format!("{field}: \"1000000001\" is not within 0 to 1000000000");
    let none = |field: &str| vec![format!("{field}: \"0\" is not within 1 to 1000000000")];
    let all = StockOperation::Set {
        on_hand: Some(1_000_000_001),
        unavailable: Some(1_000_000_001),
        safety: Some(1_000_000_001),
    };
    for (operation, expected) in [
        (set(Some(0)), vec![]),
        (set(None), vec!["levels: sets no level".into()]),
        (all, ["on_hand", "unavailable", "safety"].map(too_many).to_vec()),
        (feed(None), vec![]),
        (feed(Some(0)), vec![]),
        (feed(Some(1_000_000_001)), vec![too_many("quantity")]),
        (StockOperation::Count { on_hand: 0 }, vec![]),
        (StockOperation::Count { on_hand: 1_000_000_001 }, vec![too_many("on_hand")]),
        (adjust(-1_000_000_000, 1_000_000_000), vec![]),
        (adjust(0, 0), vec!["deltas: changes nothing: both deltas are 0".into()]),
        (
            adjust(1_000_000_001, -1_000_000_001),
            vec![
                "on_hand_delta: \"1000000001\" is not within -1000000000 to 1000000000".into(),
                "unavailable_delta: \"-1000000001\" is not within -1000000000 to 1000000000".into(),
            ],
        ),
        (announce(1), vec![]),
        (announce(0), none("quantity")),
        (move_to(Some(1)), vec![]),
        (move_to(Some(0)), none("quantity")),
        (move_to(None), vec!["quantity: sets neither quantity, eta nor confidence".into()]),
        (arrive(1, false), vec![]),
        (arrive(0, true), vec![]),
        (arrive(0, false), none("quantity")),
        (state(1), vec![]),
        (state(0), none("quantity")),
        (StockOperation::CancelInbound { id: po() }, vec![]),
        (receive(3, 3), vec![]),
        (receive(3, 4), vec!["unavailable: \"4\" is not within 0 to 3".into()]),
        (receive(0, 4), none("quantity")),
    ] {
        assert_eq!(said(operation.validate()), expected, "{operation:?}");
    }
}

/// Days are the node's own: `AT` is noon in UTC, and two in the morning of the next day on
/// Kiritimati.
#[test]
fn a_supply_is_overdue_by_a_year_of_its_nodes_days_at_most() {
    let island =
        Node { time_zone: "Pacific/Kiritimati".into(), ..located("K", NodeKind::Warehouse) };
    let network = Network::empty(1)
        .with_node(NodeNo(0), located("W", NodeKind::Warehouse), Lsn::FIRST)
        .with_node(NodeNo(1), island, Lsn::FIRST);
    let midnight = AT.as_micros() - AT.as_micros().rem_euclid(DAY_MICROS);
    let told = |node: &str, operation| {
        let facts = Facts { now: AT, network: &network, postal: &OnePlace };
        said(Command::validate(&change("A", node, operation), &facts))
    };
    let starts = |days: i64, hours: i64| {
        Timestamp::from_micros(midnight + days * DAY_MICROS + hours * DAY_MICROS / 24)
    };
    let announced = |eta| StockOperation::AnnounceInbound { id: po(), quantity: 1, eta };
    let moved = |eta| StockOperation::ChangeInbound { id: po(), quantity: None, eta: Some(eta) };
    let past = |day: &str, earliest: &str| {
        vec![format!("eta: \"{day}\" lies in the past; the earliest allowed is {earliest}")]
    };
    for make in [&announced as &dyn Fn(Timestamp) -> StockOperation, &moved] {
        assert_eq!(told("W", make(starts(-366, 0))), [""; 0]);
        assert_eq!(told("W", make(starts(-367, 0))), past("2025-11-21", "2025-11-22"));
        // Its days begin 14 hours before those of UTC.
        assert_eq!(told("K", make(starts(-365, -14))), [""; 0]);
        assert_eq!(told("K", make(starts(-366, -14))), past("2025-11-22", "2025-11-23"));
        // Of a node that is not defined, `decide` says so.
        assert_eq!(told("X", make(starts(-999, 0))), [""; 0]);
    }
    let both = StockOperation::AnnounceInbound { id: po(), quantity: 0, eta: starts(-367, 0) };
    assert_eq!(told("W", both).len(), 2, "all that is wrong is told at once");
}

//! Tables: these pairs and this transfer, exactly these changes or this refusal.

use super::dispatch::DispatchTransfer;
use super::recall::RecallTransfer;
use super::*;
use crate::command::fixture::{
    AT, bundle, check, first as first_of, item, located, meta, node_id, said, sku,
};
use crate::engine::tests::OnePlace;
use crate::limits::{INBOUND_PER_PAIR_MAX, STOCK_UNITS_MAX};
use crate::model::ids::{InboundNo, NodeNo, SkuNo};
use crate::model::stock::tests::{full_list, shelf};
use crate::model::{InboundId, Lsn, NodeKind, Refused, StateHash, Stock, StockEffect, Timestamp};
use crate::model::{RefusalKind, Serves, StockOperation, TransferAnnounced};
use crate::state::network::Network;
use crate::transaction::command::{Command, Facts};

const FROM: NodeNo = NodeNo(4);
const ETA: Timestamp = Timestamp::from_micros(1);

/// The item `A`, warehouses `W` and `X`, and a supplier `S`.
fn state() -> State {
    let state = State::new(1, 1);
    state.catalogue.define(SkuNo(0), item("A").item, Lsn::FIRST);
    state.catalogue.define(SkuNo(1), bundle("SET", &[("A", 2)]).item, Lsn::FIRST);
    let kinds = [("W", NodeKind::Warehouse), ("X", NodeKind::Store), ("S", NodeKind::Supplier)];
    let nodes = (0..).map(NodeNo).zip(kinds);
    let network = nodes.fold(Network::empty(1), |network, (no, (name, kind))| {
        network.with_node(no, located(name, kind), Lsn::FIRST)
    });
    state.network.store(network.into());
    state
}

fn id(id: &str) -> InboundId {
    InboundId::new("id", id).unwrap()
}

/// A pair that a transfer of nine is on its way to, of which four arrived.
fn on_its_way() -> Stock {
    let mut stock = Stock::default();
    then(&mut stock, &comes("TR", 9));
    let arrived = StockOperation::ReceiveInbound { id: id("TR"), quantity: 4, closes: false };
    then(&mut stock, &Proposal::Operation(arrived));
    stock
}

fn comes(name: &str, quantity: u32) -> Proposal {
    Proposal::TransferComes { id: id(name), quantity, eta: ETA, from: FROM }
}

fn then(stock: &mut Stock, proposal: &Proposal) {
    let change = stock.decide(proposal).unwrap();
    let effect = StockEffect::Change { change, serves: Serves::Backlog };
    let (pair, lsn) = (Pair { sku: SkuNo(0), node: NodeNo(1) }, stock.last_lsn.next());
    stock.apply(pair, lsn, &effect, &mut StateHash::default());
}

/// What a pair decides, of a supply that it knows.
fn decided(stock: &Stock, proposal: &Proposal) -> Result<StockChange, Refusal> {
    stock.decide(proposal).map_err(|refused| match refused {
        Refused::Refused(refusal) => refusal,
        other => panic!("{proposal:?} names a supply that is known: {other:?}"),
    })
}

/// The refusals of the nodes that both commands name.
fn nodes() -> Vec<RefusalKind> {
    let state = state();
    let is_at =
        |from: u16, to: u16| Ok([from, to].map(|no| Pair { sku: SkuNo(0), node: NodeNo(no) }));
    let unknown = |name: &str| Err(Refusal::NodeNotFound { node_id: node_id(name) });
    let supplier = || Err(Refusal::NodeIsSupplier { node_id: node_id("S") });
    let rows = [
        ("A", "W", "X", is_at(0, 1)),
        ("A", "X", "W", is_at(1, 0)),
        ("B", "N", "S", Err(Refusal::ItemNotFound { sku: sku("B") })),
        ("SET", "W", "X", Err(Refusal::ItemIsBundle { sku: sku("SET") })),
        ("A", "N", "S", unknown("N")),
        ("A", "S", "N", unknown("N")),
        ("A", "S", "W", supplier()),
        ("A", "W", "S", supplier()),
    ];
    check(rows.map(|(name, from, to, expected)| {
        let found = pairs(&state, &sku(name), [&node_id(from), &node_id(to)]);
        ((name, from, to), found, expected)
    }))
}

/// The refusals of a dispatch, whose rows are checked.
pub(crate) fn dispatch() -> Vec<RefusalKind> {
    const MAX: u32 = STOCK_UNITS_MAX;
    let leaves = |quantity| Proposal::TransferLeaves { quantity };
    let few = Err(Refusal::StockBelowZero { what: "free", wanted: 7, available: 6 });
    let exists = || Err(Refusal::InboundExists { inbound_id: "TR".into() });
    let mut closed = on_its_way();
    then(&mut closed, &Proposal::TransferTurnsBack { id: id("TR"), from: FROM });
    let announced = |no| {
        let (no, id) = (InboundNo(no), id("new"));
        let announced = TransferAnnounced { no, id, quantity: 3, eta: ETA, from: FROM };
        StockChange::TransferAnnounced(Box::new(announced))
    };
    let rows = [
        (shelf(10, 4).stock, leaves(6), Ok(StockChange::TransferLeft { quantity: 6 })),
        (shelf(10, 4).stock, leaves(7), few),
        (Stock::default(), comes("new", 3), Ok(announced(0))),
        (on_its_way(), comes("new", 3), Ok(announced(1))),
        (on_its_way(), comes("TR", 3), exists()),
        (closed, comes("TR", 3), exists()),
        (
            full_list().stock,
            comes("new", 1),
            Err(Refusal::ListFull { what: "inbound supplies", max: INBOUND_PER_PAIR_MAX }),
        ),
        (
            shelf(0, 0).stock,
            comes("new", MAX),
            Err(Refusal::QuantityTooLarge { what: "inbound", max: MAX.into() }),
        ),
    ];
    let of_pairs = check(rows.map(|(stock, proposal, expected)| {
        let decided = decided(&stock, &proposal);
        (proposal, decided, expected)
    }));
    [nodes(), of_pairs].concat()
}

/// What both pairs decided, and what comes of it.
fn of_both() -> Vec<RefusalKind> {
    let returns = |quantity| Some(StockChange::TransferReturned { quantity });
    let no = InboundNo(3);
    let turned = |quantity| Some(StockChange::TransferTurnedBack { no, quantity });
    let command = recall_of("W", "X");
    let unknown = || {
        let (sku, node_id) = (sku("A"), node_id("X"));
        Err(Refusal::InboundNotFound { sku, node_id, inbound_id: "TR".into() })
    };
    let too_large = Err(Refusal::QuantityTooLarge { what: "on_hand", max: STOCK_UNITS_MAX.into() });
    let rows = [
        ([returns(5), turned(5)], Ok((no, 5))),
        ([returns(4), turned(5)], too_large),
        ([returns(5), None], unknown()),
    ];
    check(rows.map(|(changes, expected)| {
        let came_to = command.turned_back(&changes);
        (changes, came_to, expected)
    }))
}

fn recall_of(from: &str, to: &str) -> RecallTransfer {
    let (from, to) = (node_id(from), node_id(to));
    RecallTransfer { meta: meta(), id: id("TR"), sku: sku("A"), from, to }
}

/// The refusals of a recall, whose rows are checked.
pub(crate) fn recall() -> Vec<RefusalKind> {
    let turns = |name: &str, from| Proposal::TransferTurnsBack { id: id(name), from: NodeNo(from) };
    let other = |name: &str| Err(Refusal::InboundNoTransfer { inbound_id: name.into() });
    let mut closed = on_its_way();
    then(&mut closed, &turns("TR", FROM.0));
    let no = InboundNo(0);
    let full = shelf(STOCK_UNITS_MAX - 3, 0).stock.decide(&Proposal::TransferReturns);
    assert_eq!(full, Ok(StockChange::TransferReturned { quantity: 3 }), "room for three");
    let rows = [
        (
            on_its_way(),
            turns("TR", FROM.0),
            Ok(StockChange::TransferTurnedBack { no, quantity: 5 }),
        ),
        (on_its_way(), turns("TR", 3), other("TR")),
        (shelf(0, 0).stock, turns("PO-0", FROM.0), other("PO-0")),
        (
            closed.clone(),
            turns("TR", FROM.0),
            Err(Refusal::InboundClosed { inbound_id: "TR".into() }),
        ),
        // Both apply.
        (closed, turns("TR", 3), other("TR")),
    ];
    let both = [RefusalKind::InboundClosed, RefusalKind::InboundNoTransfer];
    assert_eq!(first_of(&both), RefusalKind::InboundNoTransfer, "it is told first");
    let of_pairs = check(rows.map(|(stock, proposal, expected)| {
        let decided = decided(&stock, &proposal);
        (proposal, decided, expected)
    }));
    let unknown = on_its_way().decide(&turns("none", FROM.0));
    assert_eq!(unknown, Err(Refused::UnknownInbound), "the command answers INBOUND_NOT_FOUND");
    [nodes(), of_pairs, of_both()].concat()
}

#[test]
fn a_transfer_is_between_two_nodes_that_hold_stock_and_of_free_units() {
    dispatch();
    recall();
}

/// What came of it stays, and the rest counts as never sent.
#[test]
fn a_transfer_that_turns_back_is_closed_with_what_arrived() {
    let mut stock = on_its_way();
    then(&mut stock, &Proposal::TransferTurnsBack { id: id("TR"), from: FROM });
    let [closed] = stock.closed_inbound() else { panic!("one is closed: {stock:?}") };
    assert_eq!((closed.ordered, closed.received, closed.from), (4, 4, Some(FROM)));
    assert_eq!((stock.on_hand, stock.inbound().len()), (4, 0));
}

#[test]
fn a_transfer_goes_somewhere_else_and_has_units() {
    let network = state().network.load_full();
    let facts = Facts { now: AT, network: &network, postal: &OnePlace };
    let dispatch = |to: &str, quantity, eta| DispatchTransfer {
        meta: meta(),
        id: id("TR"),
        sku: sku("A"),
        from: node_id("W"),
        to: node_id(to),
        quantity,
        eta,
    };
    let told =
        |to: &str, quantity, eta| said(Command::validate(&dispatch(to, quantity, eta), &facts));
    assert_eq!(told("X", 1, AT), [""; 0]);
    let nowhere = "to: \"W\" is the node that the units leave";
    let quantity = "quantity: \"0\" is not within 1 to 1000000000";
    let eta = "eta: \"1970-01-01\" lies in the past; the earliest allowed is 2025-11-22";
    assert_eq!(told("W", 0, ETA), [nowhere, quantity, eta]);
    assert_eq!(said(Command::validate(&recall_of("W", "W"), &facts)), [nowhere]);
}

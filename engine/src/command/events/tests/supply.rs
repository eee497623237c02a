//! Changes of a pair, and transfers between two.

use super::*;
use crate::command::StockOperation;
use crate::model::ids::InboundId;
use crate::model::{
    ChannelSafety, Confidence, InboundSourced, InboundWeighed, Kept, Lsn, PairTerms, Proposal,
    Segment, Segments, Serves, StateHash, Stock, StockEffect, SupplySource,
};

pub(super) fn events() -> Vec<Named> {
    [of_levels(), of_supplies(), of_transfers(), of_terms()].concat()
}

/// Of an older version, whose changes did not say whom they serve.
fn changed(change: StockChange) -> AnyEvent {
    StockChanged { pair: PAIR, change, serves: None }.into()
}

fn changed_for_the_backlog(change: StockChange) -> AnyEvent {
    StockChanged { pair: PAIR, change, serves: Some(Serves::Backlog) }.into()
}

fn of_levels() -> Vec<Named> {
    let stated = |quantity| StockChange::SupplierStated { quantity, as_of: ETA };
    let adjusted =
        StockChange::Adjusted { on_hand_delta: -4, unavailable_delta: 4, reason: text("damaged") };
    vec![
        ("set", changed(StockChange::Set { on_hand: 9, unavailable: 2, safety: 1 })),
        ("supplier_feed", changed(StockChange::SupplierFeed { quantity: Some(400) })),
        ("supplier_feed_unlimited", changed(StockChange::SupplierFeed { quantity: None })),
        ("supplier_stated", changed_for_the_backlog(stated(Some(400)))),
        ("supplier_stated_unlimited", changed_for_the_backlog(stated(None))),
        ("received", changed(StockChange::Received { quantity: 12, unavailable: 1 })),
        ("adjusted", changed(adjusted)),
        ("counted", changed(StockChange::Counted { on_hand: 7, unavailable: None })),
        ("unchanged", changed_for_the_backlog(StockChange::Unchanged)),
    ]
}

fn inbound_id() -> InboundId {
    InboundId::new("id", "PO-9").unwrap()
}

fn of_supplies() -> Vec<Named> {
    let id = inbound_id();
    let announced =
        |quantity| StockChange::InboundAnnounced { no: NO, id: inbound_id(), quantity, eta: ETA };
    let received = |closes| StockChange::InboundReceived { no: NO, quantity: 20, closes };
    let arrived = StockChange::InboundArrived { no: NO, quantity: 20, closes: true };
    let reopened = StockChange::InboundReopened { no: NO, id: id.clone(), quantity: 8, eta: ETA };
    let moved = || StockChange::InboundMoved { no: NO, quantity: 39, eta: ETA };
    let weighed = StockChange::InboundWeighed(Box::new(InboundWeighed {
        no: NO,
        change: moved(),
        confidence: Confidence::new(7_500).unwrap(),
    }));
    let sourced = StockChange::InboundSourced(Box::new(InboundSourced {
        no: NO,
        change: announced(4),
        source: SupplySource::Return,
    }));
    let late = StockChange::InboundLate { id, quantity: 2 };
    vec![
        ("inbound_announced", changed(announced(40))),
        (
            "inbound_changed",
            changed(StockChange::InboundChanged { no: NO, quantity: 39, eta: ETA }),
        ),
        ("inbound_received", changed(received(true))),
        ("inbound_cancelled", changed(StockChange::InboundCancelled { no: NO })),
        ("inbound_received_for_the_backlog", changed_for_the_backlog(received(false))),
        ("inbound_arrived", changed_for_the_backlog(arrived)),
        ("inbound_closed", changed_for_the_backlog(StockChange::InboundClosed { no: NO })),
        ("inbound_reopened", changed_for_the_backlog(reopened)),
        ("inbound_moved", changed_for_the_backlog(moved())),
        ("inbound_weighed", changed_for_the_backlog(weighed)),
        ("inbound_sourced", changed_for_the_backlog(sourced)),
        ("inbound_late", changed_for_the_backlog(late)),
    ]
}

fn of_transfers() -> Vec<Named> {
    let (sku, from, to) = (PAIR.sku, PAIR.node, NodeNo(9));
    let dispatched =
        TransferDispatched { sku, from, to, no: NO, id: inbound_id(), quantity: 6, eta: ETA };
    let recalled = TransferRecalled { sku, from, to, no: NO, quantity: 2 };
    vec![("transfer_dispatched", dispatched.into()), ("transfer_recalled", recalled.into())]
}

fn of_terms() -> Vec<Named> {
    let channel_safety = vec![ChannelSafety { channel: text("web"), units: 7 }];
    let terms = PairTerms { off_sourcing: true, channel_safety, ..PairTerms::default() };
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
    let shared = PairTerms { segments, ..PairTerms::default() };
    let set = |terms| changed_for_the_backlog(StockChange::Termed(Box::new(terms)));
    vec![("terms_set", set(terms)), ("segments_set", set(shared))]
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

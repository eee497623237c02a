//! Orders as they are packed, and the version that each is packed in.

use super::backlog::{line_explained, line_repegged};
use super::order::{bundled, collected, order_hold, order_placed, placed, prioritised};
use super::*;
use crate::model::bundle::OrderedBundle;
use crate::model::ids::OrderNo;
use crate::model::{
    Allocation, Answer, AnswerKind, DeclineReason, Dispatch, LineRepegged, Lsn, Order, OrderEffect,
    OrderHold, PackedOrder, Priority,
};

/// Both versions of an order's event place the same order.
#[test]
fn an_order_of_version_1_is_the_one_that_is_packed_today() {
    let AnyEvent::OrderPlaced(OrderPlaced { order: packed }) = order_placed() else {
        unreachable!()
    };
    assert_eq!(packed.unpack(), Ok(placed()));
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
    assert_eq!([0, 8, 255].map(AnswerKind::from_code), [None; 3]);
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

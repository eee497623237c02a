use backstock_engine::model::{
    InboundId, MessageId, NodeId, OrderId, PartnerId, Reference, Sku, Text, Timestamp,
};
use jiff::civil::Date;
use proptest::prelude::*;

use super::super::{Party, write};
use super::messages;
use crate::partner::contract::tests::NOW;
use crate::partner::contract::{
    self, Ack, Address, Adjusted, Adjustment, Body, Cancel, Count, Counted, Expected, Inbound,
    Kind, Message, Ordered, Receipt, Received, Return, ReturnDocument, ReturnReceipt, Returned,
    ShipOrder, Shipment, ShipmentDocument, Shipped, Tracking, TrackingStatus, Verdict,
};

/// A name that X12 takes as it is, of at most so many characters.
fn name(max: usize) -> impl Strategy<Value = String> {
    proptest::string::string_regex(&format!("[!-)+-=?-}}]{{1,{max}}}")).unwrap()
}

fn reference(max: usize) -> impl Strategy<Value = Reference> {
    name(max).prop_map(|text| Reference::new("", text).unwrap())
}

/// Words of any alphabet.
fn words() -> impl Strategy<Value = Text> {
    "[A-Za-zäöüß€]{1,10}( [A-Za-z0-9é]{1,9}){0,1}".prop_map(|text| Text::new("", text).unwrap())
}

/// Lines by SKU, each once.
fn lines<T: std::fmt::Debug>(of: impl Strategy<Value = T>) -> impl Strategy<Value = Vec<(Sku, T)>> {
    proptest::collection::btree_map(name(48), of, 1..6).prop_map(|lines| {
        lines.into_iter().map(|(sku, line)| (Sku::new("", sku).unwrap(), line)).collect()
    })
}

fn units() -> impl Strategy<Value = u32> {
    prop_oneof![Just(0), 1..20_u32, Just(1_000_000_000)]
}

fn date() -> impl Strategy<Value = Date> {
    (2000..2100_i16, 1..13_i8, 1..29_i8).prop_map(|(y, m, d)| Date::new(y, m, d).unwrap())
}

fn shipment_document(has_part: bool) -> impl Strategy<Value = ShipmentDocument> {
    let part = proptest::option::of(reference(12)).prop_map(move |part| part.filter(|_| has_part));
    (name(22), reference(30), part).prop_map(|(order, shipment, part)| ShipmentDocument {
        order: OrderId::new("", order).unwrap(),
        shipment,
        part,
    })
}

fn return_document() -> impl Strategy<Value = ReturnDocument> {
    let some = proptest::option::of(reference(30));
    (reference(30), some, proptest::option::of(name(30))).prop_map(|(rma, tracking, order)| {
        let order = order.map(|order| OrderId::new("", order).unwrap());
        ReturnDocument { rma: Some(rma), tracking, order }
    })
}

fn address() -> impl Strategy<Value = Address> {
    let code =
        proptest::option::of(words().prop_filter("15", |text| text.as_str().chars().count() <= 15));
    (words(), proptest::collection::vec(words(), 0..3), words(), code).prop_map(
        |(name, street, city, postal_code)| {
            let country = Text::new("", "US").unwrap();
            Address { name, street, city, region: None, postal_code, country }
        },
    )
}

fn ordered() -> impl Strategy<Value = Vec<Ordered>> {
    let line = |(sku, quantity)| Ordered { sku, quantity };
    lines(units()).prop_map(move |lines| lines.into_iter().map(line).collect())
}

fn expected() -> impl Strategy<Value = Vec<Expected>> {
    let line = |(sku, expected)| Expected { sku, expected };
    lines(units()).prop_map(move |lines| lines.into_iter().map(line).collect())
}

fn body() -> impl Strategy<Value = Body> {
    let inbound = name(22).prop_map(|id| InboundId::new("", id).unwrap()).boxed();
    prop_oneof![
        (inbound.clone(), date(), expected()).prop_map(|(inbound, expected_on, lines)| {
            Body::Inbound(Inbound { inbound, expected_on, lines })
        }),
        (inbound, proptest::option::of(reference(12)), any::<bool>(), lines((units(), units())))
            .prop_map(|(inbound, part, closed, lines)| {
                let line = |(sku, (received, damaged))| Received {
                    sku,
                    received,
                    damaged: std::cmp::min(received, damaged),
                };
                let lines = lines.into_iter().map(line).collect();
                Body::Receipt(Receipt { inbound, part, closed, lines })
            }),
        order(),
        (shipment_document(false), ordered())
            .prop_map(|(of, lines)| Body::Cancel(Cancel { of, lines })),
        shipment(),
        (reference(22), lines((-9..9_i32, -9..9_i32, words()))).prop_map(|(adjustment, lines)| {
            let line = |(sku, (on_hand, unavailable, reason))| Adjusted {
                sku,
                on_hand,
                unavailable,
                reason,
            };
            let lines = lines.into_iter().map(line).collect();
            Body::Adjustment(Adjustment { adjustment, lines })
        }),
        (reference(30), 0..9_u64, lines((units(), units()))).prop_map(
            |(count, seq_seen, lines)| {
                let line = |(sku, (on_hand, unavailable))| Counted {
                    sku,
                    on_hand,
                    unavailable: std::cmp::min(on_hand, unavailable),
                };
                Body::Count(Count { count, seq_seen, lines: lines.into_iter().map(line).collect() })
            }
        ),
        (return_document(), expected()).prop_map(|(of, lines)| Body::Return(Return { of, lines })),
        return_receipt(),
        (reference(30), 0..4_usize).prop_map(|(tracking, status)| {
            Body::Tracking(Tracking { tracking, status: TrackingStatus::ALL[status].0 })
        }),
        (1..999_999_999_u64, 1..20_000_u32, 0..3_usize).prop_map(|(seq, part, verdict)| {
            let (of, faults) = (Kind::Order, Vec::new());
            Body::Ack(Ack { of, seq, part, verdict: Verdict::ALL[verdict].0, faults })
        }),
    ]
}

fn order() -> impl Strategy<Value = Body> {
    let (service, to) = (proptest::option::of(words()), proptest::option::of(address()));
    (shipment_document(false), proptest::option::of(date()), service, to, ordered()).prop_map(
        |(of, ship_by, service, ship_to, lines)| {
            Body::Order(ShipOrder { of, ship_by, service, ship_to, lines })
        },
    )
}

fn shipment() -> impl Strategy<Value = Body> {
    let line = lines((units(), 0..5_u32, proptest::option::of(name(45))));
    let tracking = proptest::collection::vec(reference(30), 0..3);
    (shipment_document(true), proptest::option::of(words()), tracking, line).prop_map(
        |(of, carrier, tracking, lines)| {
            let line = |(sku, (shipped, short, instead_of)): (Sku, (u32, u32, Option<String>))| {
                let shipped = shipped.min(999_999_990);
                let instead_of = instead_of.map(|sku| Sku::new("", sku).unwrap());
                Shipped { sku, shipped, short, instead_of }
            };
            let lines = lines.into_iter().map(line).collect();
            Body::Shipment(Shipment { of, carrier, tracking, lines })
        },
    )
}

fn return_receipt() -> impl Strategy<Value = Body> {
    let grades = proptest::collection::btree_map(name(30), 0..4_u32, 0..4);
    (return_document(), lines((12..40_u32, grades))).prop_map(|(of, lines)| {
        let line = |(sku, (received, grade)): (_, (_, std::collections::BTreeMap<String, u32>))| {
            let grade = grade.into_iter().map(|(name, of)| (Reference::new("", name).unwrap(), of));
            Returned { sku, received, grade: grade.collect() }
        };
        let lines = lines.into_iter().map(line).collect();
        Body::ReturnReceipt(ReturnReceipt { of, lines })
    })
}

/// Messages that X12 can say: instants to a hundredth of a second; a 997 has no id and no revision of
/// its own.
fn message() -> impl Strategy<Value = Message> {
    let head = (name(15), 1..999_999_999_u64, name(30), 1..9_u32, 0..9_000_000_i64);
    (head, name(60), body()).prop_map(|((sender, seq, id, revision, ago), node, body)| {
        let is_ack = matches!(body, Body::Ack(_));
        let id = if is_ack { format!("{seq}-{seq}-1") } else { id };
        let ago = -ago * 10_000;
        Message {
            sender: PartnerId::new("", sender).unwrap(),
            seq,
            id: MessageId::new("", id).unwrap(),
            occurred_at: Timestamp::from_micros(NOW.as_micros() + ago),
            node: Some(NodeId::new("", node).unwrap()).filter(|_| !is_ack),
            revision: if is_ack { u32::try_from(seq).unwrap() } else { revision },
            body,
        }
    })
}

proptest! {
    #[test]
    fn what_is_written_is_what_is_read(message in message()) {
        let to = Party { receiver: "SHOP", is_test: true };
        let file = write(&message, &to).unwrap_or_else(|faults| panic!("{faults:?}"));
        prop_assert_eq!(messages(&file), vec![message.clone()]);
        let json = contract::write(&message).to_string();
        prop_assert_eq!(contract::read(json.as_bytes(), NOW), Ok(message));
    }
}

#[test]
fn what_x12_cannot_say_is_told_and_not_shortened() {
    let json = include_str!("../../testdata/940.json");
    let message = contract::read(json.as_bytes(), NOW).unwrap();
    let to = Party { receiver: "3PL7", is_test: false };
    let fields = |change: fn(&mut Message)| {
        let mut message = message.clone();
        change(&mut message);
        let list = write(&message, &to).unwrap_err();
        list.into_iter().map(|violation| violation.field).collect::<Vec<_>>()
    };
    let Body::Order(_) = &message.body else { panic!("no order") };
    let order = |id: &str| OrderId::new("", id.to_owned()).unwrap();
    assert_eq!(fields(|it| it.seq = 1_000_000_000), ["seq"]);
    assert_eq!(fields(|it| it.id = MessageId::new("", "a*b").unwrap()), ["N902"]);
    let with_order = |id: &str| {
        let Body::Order(mut it) = message.body.clone() else { panic!("no order") };
        it.of.order = order(id);
        let message = Message { body: Body::Order(it), ..message.clone() };
        write(&message, &to).map_err(|list| list.len()).map(|_| ())
    };
    assert_eq!(with_order(&"7".repeat(22)), Ok(()));
    assert_eq!(with_order(&"7".repeat(23)), Err(1));
    assert_eq!(with_order("W~1"), Err(1));
}

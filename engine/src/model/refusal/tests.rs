use std::collections::HashSet;

use super::*;

fn upper_snake(name: &str) -> String {
    let mut upper = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !upper.is_empty() {
            upper.push('_');
        }
        upper.push(letter.to_ascii_uppercase());
    }
    upper
}

#[test]
fn a_refusal_has_one_name_inside_and_outside() {
    for kind in RefusalKind::ALL {
        assert_eq!(kind.name(), upper_snake(&format!("{kind:?}")));
    }
}

#[test]
fn names_and_numbers_are_given_once() {
    let names: HashSet<_> = RefusalKind::ALL.iter().map(|kind| kind.name()).collect();
    let numbers: HashSet<_> = RefusalKind::ALL.iter().map(|kind| kind.number()).collect();
    assert_eq!((names.len(), numbers.len()), (RefusalKind::ALL.len(), RefusalKind::ALL.len()));
    assert!(!numbers.contains(&0), "0 is no refusal");
}

#[test]
fn documentation_is_whole_sentences_on_one_line() {
    for kind in RefusalKind::ALL {
        let text = kind.documentation();
        assert!(text.starts_with(char::is_uppercase) && text.ends_with('.'), "{text}");
        assert!(!text.contains("  ") && !text.contains('\n'), "{text}");
    }
}

#[test]
fn a_refusal_says_what_it_is_about() {
    let order_id = OrderId::new("order_id", "WEB-1").unwrap();
    let node_id = NodeId::new("node_id", "NYC").unwrap();
    let sku = Sku::new("sku", "A").unwrap();
    let left = UnitsLeft { line_index: None, open: 0, wanted: 3 };
    let cases = [
        (
            Refusal::InboundNotFound { sku, node_id, inbound_id: "PO-1".into() },
            vec![("sku", "A"), ("node_id", "NYC"), ("inbound_id", "PO-1")],
            "inbound/PO-1",
        ),
        (Refusal::UnitsShipped { order_id, left }, vec![("order_id", "WEB-1")], "order/WEB-1"),
        (
            Refusal::QuantityTooLarge { what: "on hand", max: 9 },
            vec![("what", "on hand")],
            "stock/on hand",
        ),
        (Refusal::ListFull { what: "nodes", max: 9 }, vec![("what", "nodes")], "nodes"),
        (
            Refusal::ShipmentNotPlanned { shipment_number: 2 },
            vec![("shipment_number", "2")],
            "shipment/2",
        ),
        (
            Refusal::VendorFeedOutdated {
                sku: Sku::new("sku", "A").unwrap(),
                node_id: NodeId::new("node_id", "V").unwrap(),
                as_of: Timestamp::from_micros(1),
                newest: Timestamp::from_micros(2),
            },
            vec![("sku", "A"), ("node_id", "V")],
            "vendor_feed/V",
        ),
        (Refusal::NoNode, vec![], "network"),
    ];
    for (refusal, fields, path) in cases {
        let subject = refusal.subject();
        let told: Vec<_> = subject.fields.iter().map(|(name, it)| (*name, it.as_str())).collect();
        assert_eq!((told, &*subject.path()), (fields, path), "{refusal}");
    }
}

#[test]
fn what_is_left_of_a_line_names_the_line() {
    let order_id = OrderId::new("order_id", "A").unwrap();
    let of = |line_index| UnitsLeft { line_index, open: 2, wanted: 3 };
    let all = Refusal::UnitsCancelled { order_id: order_id.clone(), left: of(None) };
    let line = Refusal::UnitsNotOrdered { order_id, left: of(Some(0)) };
    let why = "has 2 of 3 units to cancel: others are cancelled already";
    assert_eq!(all.to_string(), format!("order A {why}"));
    let why = "has 2 of 3 units to cancel: fewer were ordered";
    assert_eq!(line.to_string(), format!("the line of index 0 of order A {why}"));
}

//! What JSON is taken, and what is told of the rest.

use backstock_engine::limits::PARTNER_LINES_MAX;
use backstock_engine::model::Timestamp;
use serde_json::{Value, json};

use super::message::{Body, Kind};
use super::{read, write};
use crate::partner::limits::MESSAGE_BYTES_MAX;

/// 2026-12-01T12:00:00Z.
pub(crate) const NOW: Timestamp = Timestamp::from_micros(1_796_126_400_000_000);

/// The contract that partners read.
const CONTRACT: &str = include_str!("../CONTRACT.md");

/// The messages in the contract: all blocks of JSON that have a sender.
pub(crate) fn examples() -> Vec<&'static str> {
    let blocks = CONTRACT.split("```json\n").skip(1).filter_map(|rest| rest.split("```").next());
    blocks.filter(|block| block.contains("\"sender\"")).collect()
}

fn example(kind: Kind) -> Value {
    let of = |text: &&str| {
        let value: Value = serde_json::from_str(text).unwrap();
        (value["type"] == kind.name()).then_some(value)
    };
    examples().iter().find_map(of).unwrap_or_else(|| panic!("no example of {kind:?}"))
}

fn faults(value: &Value) -> Vec<String> {
    let read = read(value.to_string().as_bytes(), NOW);
    let list = read.err().unwrap_or_default();
    list.iter().map(|violation| violation.field.clone()).collect()
}

#[test]
fn every_type_has_an_example_in_the_contract_that_is_read_and_written_as_it_stands() {
    for (kind, name) in Kind::ALL {
        let value = example(kind);
        let message = read(value.to_string().as_bytes(), NOW);
        let message = message.unwrap_or_else(|faults| panic!("{name}: {faults:?}"));
        assert_eq!(message.body.kind(), kind);
        let again = read(write(&message).to_string().as_bytes(), NOW).unwrap();
        assert_eq!(again, message, "{name}");
    }
}

#[test]
fn all_that_is_wrong_is_told_at_once_with_its_path() {
    let mut bad = example(Kind::Receipt);
    bad["seq"] = json!(0);
    bad["revision"] = json!("1");
    bad["occurred_at"] = json!("yesterday");
    bad["subject"]["inbound"] = json!("x".repeat(65));
    bad["lines"] = json!([
        { "sku": "A", "received": -1 },
        { "sku": "", "received": 1.5 },
        { "sku": "C", "recieved": 4 },
    ]);
    let told = faults(&bad);
    for path in [
        "seq",
        "revision",
        "occurred_at",
        "subject.inbound",
        "lines[0].received",
        "lines[1].sku",
        "lines[1].received",
        "lines[2].received",
        "lines[2].recieved",
    ] {
        assert!(told.iter().any(|field| field == path), "{path} of {told:?}");
    }
}

/// What is changed in an example of a type, and where that is told.
type Bad = (Kind, fn(&mut Value), &'static str);

const BAD: &[Bad] = &[
    (Kind::Receipt, |it| it["occurred_at"] = json!("2026-12-01T12:05:01Z"), "occurred_at"),
    (Kind::Receipt, |it| it["occurred_at"] = json!("1970-01-01T00:00:00Z"), "occurred_at"),
    (Kind::Receipt, |it| it["occurred_at"] = json!("2026-12-01T12:00:00"), "occurred_at"),
    (Kind::Receipt, |it| it["node"] = Value::Null, "node"),
    (Kind::Receipt, |it| it["type"] = json!("reciept"), "type"),
    (Kind::Receipt, |it| it["lines"] = json!([]), "lines"),
    (Kind::Receipt, |it| it["lines"] = json!("A"), "lines"),
    (Kind::Receipt, |it| it["closed"] = json!("yes"), "closed"),
    (Kind::Receipt, |it| it["seq"] = json!(9_007_199_254_740_992_u64), "seq"),
    (Kind::Receipt, |it| it["lines"][0]["damaged"] = json!(1_000_000), "lines[0].damaged"),
    (Kind::Receipt, |it| it["lines"][0]["received"] = json!(1_000_000_001), "lines[0].received"),
    (Kind::Count, |it| it["lines"][0]["unavailable"] = json!(1_000_000), "lines[0].unavailable"),
    (Kind::Count, |it| it["seq_seen"] = json!(-1), "seq_seen"),
    (Kind::ReturnReceipt, |it| it["lines"][0]["grade"]["A"] = json!(50), "lines[0].grade"),
    (Kind::ReturnReceipt, |it| it["subject"] = json!({}), "subject.rma"),
    (Kind::Inbound, |it| it["expected_on"] = json!("2026-02-30"), "expected_on"),
    (Kind::Order, |it| it["ship_to"]["street"] = json!(["1", "2", "3"]), "ship_to.street"),
    (Kind::Tracking, |it| it["status"] = json!("thrown away"), "status"),
];

#[test]
fn a_wrong_value_is_told_by_the_path_of_its_field() {
    for (kind, change, path) in BAD {
        let mut value = example(*kind);
        assert_eq!(faults(&value), Vec::<String>::new());
        change(&mut value);
        let told = faults(&value);
        assert_eq!(told, [*path], "{kind:?}: {value}");
    }
}

#[test]
fn each_sku_stands_once_and_lines_are_bounded() {
    let mut value = example(Kind::Count);
    let line = |no: usize| json!({ "sku": format!("S{no}"), "on_hand": 1 });
    value["lines"] = json!([line(1), line(2), line(1)]);
    assert_eq!(faults(&value), ["lines[2].sku"]);
    value["lines"] = (0..PARTNER_LINES_MAX).map(line).collect();
    assert_eq!(faults(&value), Vec::<String>::new());
    value["lines"] = (0..=PARTNER_LINES_MAX).map(line).collect();
    assert_eq!(faults(&value)[0], "lines");
}

#[test]
fn a_million_lines_are_refused_by_their_bytes() {
    let line = r#"{"sku":"A","on_hand":1},"#;
    let text = format!("{{\"lines\":[{}{{}}]}}", line.repeat(1_000_000));
    assert!(text.len() > MESSAGE_BYTES_MAX);
    assert_eq!(read(text.as_bytes(), NOW).unwrap_err().len(), 1);
}

#[test]
fn unknown_fields_are_refused_and_a_partners_own_are_passed_over() {
    let mut value = example(Kind::Receipt);
    value["x_dock"] = json!({ "door": 7 });
    value["lines"][0]["x_lot"] = json!("L1");
    assert_eq!(faults(&value), Vec::<String>::new());
    value["dock"] = json!(7);
    assert_eq!(faults(&value), ["dock"]);
    let twice = value.to_string().replacen('{', "{\"seq\":5,", 1);
    assert!(read(twice.as_bytes(), NOW).unwrap_err().iter().any(|bad| bad.field == "seq"));
}

#[test]
fn a_missing_number_that_may_be_missing_is_zero() {
    let mut value = example(Kind::Receipt);
    value["lines"] = json!([{ "sku": "A", "received": 3 }]);
    let message = read(value.to_string().as_bytes(), NOW).unwrap();
    let Body::Receipt(receipt) = message.body else { panic!("no receipt") };
    assert_eq!(receipt.lines[0].damaged, 0);
}

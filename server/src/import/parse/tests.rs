//! What rows are taken for, and what is said of bad ones.

use super::*;
use crate::import::record::Field;

fn record(line: u64, columns: &[(&str, &str)]) -> Record {
    let field = |(name, value): &(&str, &str)| Field {
        name: (*name).to_owned(),
        label: (*name).to_owned(),
        value: (*value).to_owned(),
    };
    Record { line, fields: columns.iter().map(field).collect(), continues: false }
}

fn bad(kind: Kind, columns: &[(&str, &str)]) -> Vec<String> {
    let mut rows = Rows::new(kind);
    let parsed = match rows.push(record(7, columns)) {
        Parsed::Wait => rows.finish(),
        parsed => parsed,
    };
    match parsed {
        Parsed::Bad(bad) => {
            bad.iter().map(|b| format!("{}:{}: {}", b.line, b.column, b.reason)).collect()
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_bad_column_of_a_row_is_told_at_once() {
    let found = bad(Kind::Stock, &[("node_id", "N"), ("on_hand", "many"), ("safety", "-1")]);
    assert_eq!(
        found,
        [
            "7:on_hand: \"many\" is not a whole number",
            "7:safety: \"-1\" is not a whole number",
            "7:sku: is empty",
        ]
    );
}

#[test]
fn a_stock_row_without_a_level_says_nothing_and_is_bad() {
    let found = bad(Kind::Stock, &[("sku", "A"), ("node_id", "N")]);
    assert_eq!(found, ["7:on_hand: is empty, and so are all other levels"]);
}

#[test]
fn dates_words_and_times_are_checked() {
    let inbound = [("sku", "A"), ("node_id", "N"), ("inbound_id", "P"), ("quantity", "1")];
    let late = [&inbound[..], &[("eta", "2026-02-30")]].concat();
    assert_eq!(bad(Kind::Inbound, &late), ["7:eta: \"2026-02-30\" is not a day, as 2026-12-24"]);
    let node = [
        ("node_id", "N"),
        ("kind", "shed"),
        ("postal_code", "10001"),
        ("time_zone", "UTC"),
        ("working_days", "mon funday"),
        ("cut_off", "25:00"),
    ];
    let found = bad(Kind::Nodes, &node);
    let columns: Vec<_> = found.iter().map(|text| text.split(':').nth(1).unwrap()).collect();
    assert_eq!(columns, ["kind", "working_days", "cut_off"]);
}

#[test]
fn a_node_is_read_whole() {
    let columns = [
        ("node_id", "N"),
        ("kind", "third_party"),
        ("postal_code", "10001"),
        ("time_zone", "America/New_York"),
        ("working_days", "Monday tue"),
        ("cut_off", "15:30"),
        ("holidays", "2026-12-25 2027-01-01"),
        ("unit_cost_minor", "35"),
    ];
    let node = node(&record(1, &columns)).unwrap();
    assert_eq!(node.kind(), v1::NodeKind::ThirdParty);
    assert_eq!(node.working_days, [1, 2]);
    assert_eq!((node.cut_off_minutes, node.unit_cost_minor), (Some(15 * 60 + 30), 35));
    assert_eq!(node.holidays[1], v1::Date { year: 2027, month: 1, day: 1 });
    // The server knows what a node is that does not say.
    assert_eq!(node.enabled, None);
    assert_eq!(node.capacity_units_per_day, None);
}

#[test]
fn a_vendor_may_have_any_quantity() {
    let columns = [("sku", "A"), ("node_id", "N"), ("vendor_feed", "unlimited")];
    let row = stock(&record(1, &columns)).unwrap();
    let Some(v1::stock_row::Change::Level(level)) = row.change else { panic!("{row:?}") };
    let amount = level.vendor_feed.unwrap().amount;
    assert_eq!(amount, Some(v1::vendor_feed::Amount::Unlimited(true)));
}

fn order_rows(second: &[(&str, &str)]) -> Parsed {
    let header = [("order_id", "W1"), ("destination_postal_code", "10001")];
    let first = [&header[..], &[("sku", "A"), ("quantity", "1")]].concat();
    let mut rows = Rows::new(Kind::Orders);
    assert_eq!(rows.push(record(2, &first)), Parsed::Wait);
    let second = Record { continues: true, ..record(3, &[&header[..1], second].concat()) };
    assert_eq!(rows.push(second), Parsed::Wait);
    rows.finish()
}

#[test]
fn the_rows_of_an_order_make_one_order() {
    let parsed = order_rows(&[("sku", "B"), ("quantity", "2")]);
    let Parsed::Row(Row { line: 2, content: Content::Order(order) }) = parsed else {
        panic!("{parsed:?}")
    };
    let lines: Vec<_> = order.lines.iter().map(|l| (l.sku.as_str(), l.quantity)).collect();
    assert_eq!(lines, [("A", 1), ("B", 2)]);
}

#[test]
fn an_order_with_one_bad_row_is_left_out_whole() {
    let Parsed::Bad(bad) = order_rows(&[("sku", "B"), ("quantity", "two")]) else { panic!() };
    assert_eq!((bad[0].line, bad[0].column.as_str()), (3, "quantity"));
}

#[test]
fn rows_of_one_order_may_not_contradict_each_other() {
    let other = [("destination_postal_code", "94103"), ("sku", "B"), ("quantity", "2")];
    let Parsed::Bad(bad) = order_rows(&other) else { panic!() };
    assert_eq!(bad[0].reason, "\"94103\" is not the \"10001\" of line 2");
}

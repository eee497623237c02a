//! What rows are taken for, and what is said of bad ones.

use super::*;
use crate::import::record::{Field, Part};
use crate::import::scattered::{Runs, Search};

fn record(line: u64, columns: &[(&str, &str)]) -> Record {
    let field = |(name, value): &(&str, &str)| Field {
        name: (*name).to_owned(),
        label: (*name).to_owned(),
        value: (*value).to_owned(),
    };
    Record { line, fields: columns.iter().map(field).collect(), part: Part::Row }
}

fn bad(kind: Kind, columns: &[(&str, &str)]) -> Vec<String> {
    let mut rows = Rows::new(kind, 0, Scattered::default());
    let parsed = match rows.push(Ok(record(7, columns))) {
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
        ("offers_pickup", "TRUE"),
    ];
    let update = node(&record(1, &columns)).unwrap();
    let node = update.node.unwrap();
    assert_eq!(node.kind(), v1::NodeKind::ThirdParty);
    assert_eq!(node.working_days, [1, 2]);
    assert_eq!((node.cut_off_minutes, node.unit_cost_minor), (Some(15 * 60 + 30), 35));
    assert_eq!(node.holidays[1], v1::Date { year: 2027, month: 1, day: 1 });
    assert!(node.offers_pickup);
    // The server knows what a node is that does not say.
    assert_eq!(node.enabled, None);
    assert_eq!(node.capacity_units_per_day, None);
}

#[test]
fn a_vendor_may_have_any_quantity() {
    let columns = [("sku", "A"), ("node_id", "N"), ("vendor_feed", "unlimited")];
    let row = stock(&record(1, &columns)).unwrap();
    let Some(v1::stock_row::Change::Level(level)) = row.change else { panic!("{row:?}") };
    let feed = level.vendor_feed.unwrap();
    assert_eq!(feed.amount, Some(v1::vendor_feed::Amount::Unlimited(true)));
    assert_eq!(feed.as_of, None);
}

#[test]
fn a_feed_may_say_when_the_vendor_stated_it() {
    let columns = |feed: &'static str, as_of: &'static str| {
        let columns =
            [("sku", "A"), ("node_id", "N"), ("vendor_feed", feed), ("vendor_feed_as_of", as_of)];
        columns.into_iter().filter(|(_, value)| !value.is_empty()).collect::<Vec<_>>()
    };
    let row = stock(&record(1, &columns("7", "2026-11-27T10:00:00.5+01:00"))).unwrap();
    let Some(v1::stock_row::Change::Level(level)) = row.change else { panic!("{row:?}") };
    let feed = level.vendor_feed.unwrap();
    let as_of = prost_types::Timestamp { seconds: 1_795_770_000, nanos: 500_000_000 };
    assert_eq!(feed.as_of, Some(as_of));
    let bad = |feed, as_of| bad(Kind::Stock, &columns(feed, as_of));
    assert!(bad("7", "yesterday")[0].contains("\"yesterday\" is not an instant"));
    assert!(bad("", "2026-11-27T09:00:00Z")[0].contains("vendor_feed"));
}

#[test]
fn what_a_row_does_not_say_is_not_among_what_changes() {
    let mut columns = vec![
        ("node_id", "N"),
        ("kind", "store"),
        ("postal_code", "10001"),
        ("time_zone", "UTC"),
        ("working_days", "mon-fri"),
    ];
    let said = |columns: &[(&str, &str)]| node(&record(1, columns)).unwrap().update_mask.unwrap();
    let required = ["kind", "postal_code", "time_zone", "working_days"];
    assert_eq!(said(&columns).paths, required);
    columns.extend([("cut_off", "13:00"), ("holidays", "none"), ("unit_cost_minor", "0")]);
    let more = ["cut_off_minutes", "holidays", "unit_cost_minor"];
    assert_eq!(said(&columns).paths, [&required[..], &more].concat());

    let said = |columns: &[(&str, &str)]| item(&record(1, columns)).unwrap().update_mask.unwrap();
    assert_eq!(said(&[("sku", "A")]).paths, ["sku"]);
    assert_eq!(said(&[("sku", "A"), ("title", "Scarf")]).paths, ["title"]);
}

#[test]
fn cut_offs_of_single_weekdays_are_days_and_times_in_turn() {
    let columns = [
        ("node_id", "N"),
        ("kind", "store"),
        ("postal_code", "10001"),
        ("time_zone", "UTC"),
        ("working_days", "mon-sat"),
        ("weekday_cut_offs", "mon-wed 16:00, fri 14:00; sat 9:30"),
    ];
    let read = node(&record(1, &columns)).unwrap();
    let expected = v1::WeekdayCutOffs {
        monday_minutes: Some(960),
        tuesday_minutes: Some(960),
        wednesday_minutes: Some(960),
        friday_minutes: Some(840),
        saturday_minutes: Some(570),
        ..v1::WeekdayCutOffs::default()
    };
    assert_eq!(read.node.unwrap().weekday_cut_offs, Some(expected));
    assert!(read.update_mask.unwrap().paths.contains(&"weekday_cut_offs".to_owned()));
}

/// Whether a node is taken whose column has this text.
fn takes(column: &str, text: &str) -> bool {
    let mut columns = vec![
        ("node_id", "N"),
        ("kind", "store"),
        ("postal_code", "10001"),
        ("time_zone", "UTC"),
        ("working_days", "mon"),
    ];
    columns.retain(|(name, _)| *name != column);
    columns.push((column, text));
    node(&record(1, &columns)).is_ok()
}

#[test]
fn what_would_be_cut_to_a_value_is_refused() {
    for (column, good, bad) in [
        ("kind", &["store", "THIRD_PARTY"][..], &["stores", "third party", "unspecified"][..]),
        ("working_days", &["Mon,Tue", "mon-fri"], &["monkey sunshine", "mon fun"]),
        (
            "cut_off",
            &["9:30", "15:00", "15:00:00", "24:00"],
            &["15:00:59", "15", "1500", "15:60", "24:01", "2026-01-01T15:00", "3pm", "+1:00"],
        ),
        (
            "weekday_cut_offs",
            &["fri 14:00", "Fri 14:00, sat 9:30", "mon-thu 16:00 fri 12:00", "none"],
            &["fri", "14:00", "fri 14:00 sat", "fri 25:00", "mon-fri 16:00 fri 12:00", "fri=14:00"],
        ),
        (
            "holidays",
            &["2026-12-25", "2026-12-25,2027-01-01", "None"],
            &["2026-12-25T09:00", "2026-12-24..26", "25.12.2026", "2026-12-25 none", ","],
        ),
        ("channels", &["web", "web; in store", "web,app", "None"], &[",", " ; "]),
        ("enabled", &["true", "FALSE"], &["yes", "1", "truee"]),
        ("capacity_units_per_day", &["5", "none"], &["5.5", "1,000", "-1"]),
        ("capacity_shipments_per_day", &["5", "none"], &["5.5", "1,000", "-1"]),
        ("min_order_quantity", &["12", "none"], &["12.0", "1,000", "-1"]),
        ("reliability_basis_points", &["9750", "none"], &["97.5%", "-1"]),
        ("paused_until", &["2026-12-01T08:00:00Z", "none"], &["tomorrow", "08:00"]),
        ("pickup_days", &["7", "none"], &["7 days", "-1"]),
        ("release_minutes_before_cut_off", &["0", "90", "none"], &["01:30", "-1"]),
        ("releases_at_once", &["true", "FALSE"], &["yes", "1"]),
        ("lead_time_days", &["3"], &["3 days", "3.0"]),
    ] {
        let taken = good.iter().chain(bad).filter(|text| takes(column, text)).copied();
        assert_eq!(taken.collect::<Vec<_>>(), good, "{column}");
    }
    let order =
        [("order_id", "W"), ("destination_postal_code", "1"), ("sku", "A"), ("quantity", "1")];
    let late =
        [&order[..], &[("wanted_by", "2026-12-24T18:00"), ("split_policy", "line")]].concat();
    let found = bad(Kind::Orders, &late);
    assert_eq!(found.len(), 2, "{found:?}");
}

/// A row of a file of orders: its line, order and SKU. Without a SKU it cannot be
/// read, and without an order id its order is not known.
type OrderRow<'a> = (u64, &'a str, &'a str);

fn record_of(&(line, order, sku): &OrderRow<'_>) -> Result<Record, Unread> {
    if sku.is_empty() {
        let order = Some((order.to_owned(), Part::Row)).filter(|_| !order.is_empty());
        return Err(Unread { bad: Bad::line(line, "has 3 columns"), order });
    }
    let destination = ("destination_postal_code", "10001");
    Ok(record(line, &[("order_id", order), destination, ("sku", sku), ("quantity", "1")]))
}

/// What rows come to: the lines of an order by their SKUs, or the places that are bad.
type Came = Result<String, Vec<(u64, String)>>;

fn orders(file: &[OrderRow<'_>]) -> Vec<Came> {
    orders_from(0, file)
}

/// What the rows come to when those before a line are passed over.
fn orders_from(from: u64, file: &[OrderRow<'_>]) -> Vec<Came> {
    let mut search = Search::new(100);
    let mut runs = Runs::default();
    for (_, order, _) in file.iter().filter(|(_, order, _)| !order.is_empty()) {
        if runs.begins(Some(order), Part::Row) {
            assert_eq!(search.begins(order), Ok(true));
        }
    }
    let mut rows = Rows::new(Kind::Orders, from, search.finish());
    let mut came: Vec<Parsed> = file.iter().map(|row| rows.push(record_of(row))).collect();
    came.push(rows.finish());
    let said = |parsed| match parsed {
        Parsed::Wait => None,
        Parsed::Row(Row { content: Content::Order(order), .. }) => {
            let skus: Vec<_> = order.lines.iter().map(|line| line.sku.as_str()).collect();
            Some(Ok(format!("{} {}", order.order_id, skus.join("+"))))
        }
        Parsed::Row(row) => panic!("{row:?}"),
        Parsed::Bad(bad) => Some(Err(bad.into_iter().map(|bad| (bad.line, bad.column)).collect())),
    };
    came.into_iter().filter_map(said).collect()
}

#[test]
fn an_order_whose_rows_do_not_stand_together_is_left_out_at_each_place() {
    let came = orders(&[
        (2, "W1", "A"),
        (3, "W2", "A"),
        (4, "W1", "B"),
        (5, "W1", "C"),
        (6, "W3", "A"),
        (7, "W3", "B"),
    ]);
    let scattered = |line| Err(vec![(line, "order_id".to_owned())]);
    let expected = [scattered(2), Ok("W2 A".to_owned()), scattered(4), Ok("W3 A+B".to_owned())];
    assert_eq!(came, expected);
}

#[test]
fn an_order_is_left_out_with_a_row_of_it_that_cannot_be_read() {
    let came = orders(&[
        (2, "W1", "A"),
        (3, "W1", ""),
        (4, "W1", "C"),
        (5, "W2", ""),
        (6, "W2", "B"),
        (7, "W3", "A"),
    ]);
    let bad = |line| Err(vec![(line, String::new())]);
    assert_eq!(came, [bad(3), bad(5), Ok("W3 A".to_owned())]);
}

#[test]
fn a_row_that_may_be_of_either_neighbour_leaves_both_out() {
    let came = orders(&[
        (2, "W1", "A"),
        (3, "W2", "A"),
        (4, "", ""),
        (5, "", ""),
        (6, "W3", "A"),
        (7, "W4", "A"),
    ]);
    let bad = |line| Err(vec![(line, String::new())]);
    let left_out = |line| Err(vec![(line, "order_id".to_owned())]);
    let w1 = Ok("W1 A".to_owned());
    let w4 = Ok("W4 A".to_owned());
    assert_eq!(came, [w1, bad(4), bad(5), left_out(3), left_out(6), w4]);
}

#[test]
fn rows_before_the_first_line_that_counts_are_passed_over_with_what_is_wrong_with_them() {
    let file = [
        (2, "W1", "A"),
        (3, "W1", "B"),
        (4, "", ""),
        (5, "W2", "A"),
        (6, "W2", "B"),
        (7, "W3", "A"),
        (8, "W1", "C"),
    ];
    let left_out = |line| Err(vec![(line, "order_id".to_owned())]);
    let (w2, w3) = (Ok("W2 A+B".to_owned()), Ok("W3 A".to_owned()));
    let w1 = left_out(8);
    assert_eq!(orders_from(7, &file), [w3.clone(), w1.clone()]);
    assert_eq!(orders_from(6, &file), [left_out(5), w3.clone(), w1.clone()], "it would be cut");
    assert_eq!(orders_from(5, &file), [left_out(5), w3.clone(), w1.clone()], "line 4 may be of it");
    let file = [&file[..2], &file[3..6]].concat();
    assert_eq!(orders_from(5, &file), [w2.clone(), w3.clone()]);
    assert_eq!(orders_from(3, &file), [left_out(2), w2, w3]);

    let mut rows = Rows::new(Kind::Stock, 8, Scattered::default());
    assert_eq!(rows.push(Ok(record(7, &[("sku", "A")]))), Parsed::Wait);
    assert!(matches!(rows.push(Ok(record(8, &[("sku", "A")]))), Parsed::Bad(_)));
}

#[test]
fn an_order_of_more_rows_than_an_order_has_is_left_out_and_not_kept() {
    let lines = u64::try_from(backstock_engine::limits::ORDER_LINES_MAX).unwrap();
    let rows: Vec<OrderRow<'_>> = (0..3 * lines).map(|line| (line, "W1", "A")).collect();
    assert_eq!(orders(&rows), [Err(vec![(lines, "order_id".to_owned())])]);
}

fn order_rows(second: &[(&str, &str)]) -> Parsed {
    let header = [("order_id", "W1"), ("destination_postal_code", "10001")];
    let first = [&header[..], &[("sku", "A"), ("quantity", "1")]].concat();
    let mut rows = Rows::new(Kind::Orders, 0, Scattered::default());
    assert_eq!(rows.push(Ok(record(2, &first))), Parsed::Wait);
    let second = record(3, &[&header[..1], second].concat());
    assert_eq!(rows.push(Ok(second)), Parsed::Wait);
    rows.finish()
}

#[test]
fn the_rows_of_an_order_make_one_order() {
    let parsed = order_rows(&[("sku", "B"), ("quantity", "2")]);
    let Parsed::Row(Row { line: 2, last: 3, content: Content::Order(order) }) = parsed else {
        panic!("{parsed:?}")
    };
    let lines: Vec<_> = order.lines.iter().map(|l| (l.sku.as_str(), l.quantity)).collect();
    assert_eq!(lines, [("A", 1), ("B", 2)]);
}

#[test]
fn an_order_is_collected_at_a_node_or_goes_to_an_address() {
    let read = |columns: &[(&str, &str)]| {
        let row = [&[("order_id", "W"), ("sku", "A"), ("quantity", "1")], columns].concat();
        let mut rows = Rows::new(Kind::Orders, 0, Scattered::default());
        assert_eq!(rows.push(Ok(record(2, &row))), Parsed::Wait);
        match rows.finish() {
            Parsed::Row(Row { content: Content::Order(order), .. }) => Ok(order.pickup),
            Parsed::Bad(bad) => Err(bad[0].column.clone()),
            other => panic!("{other:?}"),
        }
    };
    let pickup = |only_stock_there| Some(v1::Pickup { node_id: "S".into(), only_stock_there });
    let (at, only) = (("pickup_node_id", "S"), ("pickup_only_stock_there", "true"));
    assert_eq!(read(&[at]), Ok(pickup(false)));
    assert_eq!(read(&[at, only]), Ok(pickup(true)));
    assert_eq!(read(&[("destination_postal_code", "10001")]), Ok(None));
    assert_eq!(read(&[]), Err("destination_postal_code".into()));
    assert_eq!(read(&[only, ("destination_postal_code", "10001")]), Err(only.0.into()));
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

#[test]
fn a_supply_is_ordered_or_sent_back() {
    let (ordered, sent_back) = (v1::SupplySource::PurchaseOrder, v1::SupplySource::Return);
    assert_eq!(source("purchase_order"), Some(ordered.into()));
    assert_eq!(source("Return"), Some(sent_back.into()));
    for text in ["transfer", "unspecified", "returns", "1"] {
        assert_eq!(source(text), None, "{text}");
    }
}

#[test]
fn what_a_bundle_is_made_of_is_units_of_items() {
    let row = |components| [("sku", "SET"), ("components", components)];
    let mut rows = Rows::new(Kind::Items, 0, Scattered::default());
    let Parsed::Row(Row { content: Content::Item(request), .. }) =
        rows.push(Ok(record(7, &row("SCARF:1 A:B:20"))))
    else {
        panic!("it is a row")
    };
    let item = request.item.expect("an item");
    let components = item.components.iter().map(|of| (of.sku.as_str(), of.quantity));
    assert_eq!(components.collect::<Vec<_>>(), [("SCARF", 1), ("A:B", 20)]);
    assert_eq!(request.update_mask.expect("a mask").paths, ["components"]);
    assert_eq!(
        bad(Kind::Items, &row("SCARF")),
        ["7:components: \"SCARF\" is not components, as SCARF:1 GLOVE:2"]
    );
}

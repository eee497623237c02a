//! Golden bytes: a journal that was written is read for ever.
//!
//! The events are listed by their rooms, and compared in the order of their lines.

mod assortment;
mod backlog;
mod catalogue;
mod hold;
mod money;
mod order;
mod packed;
mod partner;
mod pricing;
mod returns;
mod shipment;
mod supply;

use std::collections::BTreeSet;

use super::*;
use crate::model::ids::{InboundNo, NodeNo, SkuNo};
use crate::model::{
    AllocationUnits, Day, OrderId, Origin, Pair, Record, RequestId, StockChange, Text, Timestamp,
};

/// Format version 1: a name and a record in hexadecimal digits a line.
const VERSION_1: &str = include_str!("../../../tests-data/events-v1.txt");
/// Format version 2: orders are packed. All else is as in version 1.
const VERSION_2: &str = include_str!("../../../tests-data/events-v2.txt");

const PAIR: Pair = Pair { sku: SkuNo(70_000), node: NodeNo(300) };
const NO: InboundNo = InboundNo(2);
const ETA: Timestamp = Timestamp::from_micros(1_764_500_000_000_000);

fn text(text: &str) -> Text {
    Text::new("text", text).unwrap()
}

fn day(days: i32) -> Day {
    Day::from_epoch_days(days)
}

fn order_id() -> OrderId {
    OrderId::new("id", "WEB-1").unwrap()
}

fn parts() -> Vec<AllocationUnits> {
    vec![AllocationUnits { allocation: 1, pair: PAIR, line: 1, units: 3 }]
}

/// An event with the name of its line.
type Named = (&'static str, AnyEvent);

/// Every event, and every change of a pair, with the name of its line: in the order of the
/// lines, and those without one behind them.
fn events(order_placed: AnyEvent) -> Vec<Named> {
    let rooms = [
        catalogue::events(),
        supply::events(),
        order::events(),
        shipment::events(),
        hold::events(),
        backlog::events(),
        money::events(),
        pricing::events(),
        assortment::events(),
        returns::events(),
        partner::events(),
    ];
    let mut events = [vec![("order_placed", order_placed)], rooms.concat()].concat();
    let lines: Vec<_> = VERSION_2.lines().filter_map(|line| line.split(' ').next()).collect();
    let place = |name| lines.iter().position(|line| *line == name).unwrap_or(lines.len());
    events.sort_by_key(|(name, _)| place(*name));
    events
}

fn record(event: AnyEvent) -> Record<AnyEvent> {
    let id = RequestId::new("id", "key-1").unwrap();
    let origin = Origin { actor: text("ann"), channel: text("desk"), reason: text("call") };
    Record {
        at: Timestamp::from_micros(1_764_000_000_000_000),
        request: Some(Request { id, fingerprint: 7 }),
        origin: Some(Box::new(origin)),
        event,
    }
}

fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(nibble.into(), 16).unwrap();
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

fn bytes(hex: &str) -> Vec<u8> {
    let digits = |at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
    (0..hex.len()).step_by(2).map(digits).collect()
}

/// Reads each line back as the event of its name. A later event has no line in an older
/// version; [`every_event_has_a_golden_line`] wants one of it in the newest.
fn read_back(golden: &str, events: &[Named]) {
    let lines: Vec<_> = golden.lines().filter_map(|line| line.split_once(' ')).collect();
    assert!(lines.len() >= 16, "a golden line is lost");
    for (name, golden) in lines {
        let read: Record<AnyEvent> = minicbor::decode(&bytes(golden)).unwrap();
        let (_, event) = events.iter().find(|(of, _)| *of == name).expect("a line's event");
        assert_eq!(read, record(event.clone()), "{name}");
    }
}

/// Reads version 1 whatever is written today: this test stays as it is.
#[test]
fn version_1_is_still_read() {
    read_back(VERSION_1, &events(order::order_placed_v1()));
}

/// Reads version 2 whatever is written today: this test stays as it is.
#[test]
fn version_2_is_still_read() {
    read_back(VERSION_2, &events(order::order_placed()));
}

/// Goes when version 3 is written.
#[test]
fn version_2_is_what_is_written() {
    let line =
        |(name, event)| format!("{name} {}\n", hex(&minicbor::to_vec(record(event)).unwrap()));
    let written: String = events(order::order_placed()).into_iter().map(line).collect();
    assert_eq!(written, VERSION_2, "\n{written}");
}

/// What is in the list of golden events is in a file: the tests before compare all of it.
#[test]
fn every_event_has_a_golden_line() {
    let golden = [events(order::order_placed_v1()), events(order::order_placed())].concat();
    let golden: BTreeSet<_> = golden.iter().map(|(_, event)| event.number()).collect();
    let all: BTreeSet<_> = AnyEvent::LIST.iter().map(|(number, _)| *number).collect();
    assert_eq!(golden, all);
}

/// A number that this version does not know is an error, never skipped.
#[test]
fn an_unknown_event_is_an_error() {
    let known = minicbor::to_vec(AnyEvent::from(StockChanged {
        pair: PAIR,
        change: StockChange::Counted { on_hand: 7, unavailable: None },
        serves: None,
    }))
    .unwrap();
    assert_eq!(known[..2], [0x82, 10], "an array of the event's number and its fields");
    let unknown = [&[0x82, 19], &known[2..]].concat();
    assert!(minicbor::decode::<AnyEvent>(&known).is_ok());
    assert!(minicbor::decode::<AnyEvent>(&unknown).is_err());
}

//! Says what happened, for people.

use std::time::Duration;

use backstock_proto::v1;

use super::data::ShipMode;
use super::orders::Latency;
use super::policy::{SHIP_MODES, promise_days};
use super::recovery::Recovery;
use super::store::StoreSize;
use super::summary::{Count, ModeSummary, Summary, percent, ratio};
use crate::cli::table;

/// What happened to the orders.
pub(super) fn orders(summary: &Summary) -> String {
    let all = summary.orders;
    let header = ["what was told when it was placed", "orders", "of all", "units"];
    let mut counts = table(&header, &[1, 2, 3]);
    counts.add_row([
        "placed".to_owned(),
        all.to_string(),
        String::new(),
        summary.units.to_string(),
    ]);
    for (outcome, orders) in &summary.outcomes {
        let share = percent(*orders, all);
        counts.add_row([format!("  {outcome}"), orders.to_string(), share, String::new()]);
    }
    for (shipments, orders) in &summary.by_shipments {
        let name = if *shipments == 1 { "shipment" } else { "shipments" };
        let share = percent(*orders, all);
        counts.add_row([format!("{shipments} {name}"), orders.to_string(), share, String::new()]);
    }
    let split = summary.split();
    counts.add_row(["split".to_owned(), split.to_string(), percent(split, all), String::new()]);
    counts.add_row(count("drop-shipped, some of it", summary.drop_shipped, all));
    counts.add_row(count("promised from a shipment on its way", summary.preordered, all));
    counts.add_row(count("waiting for supply", summary.backordered, all));
    format!(
        "{counts}\n{} shipments an order, those that wait for supply included; the lines of one \
         product were summed in {} orders",
        ratio(summary.shipments(), all),
        summary.summed
    )
}

fn count(name: &str, count: Count, all: u64) -> [String; 4] {
    let Count { orders, units } = count;
    [name.to_owned(), orders.to_string(), percent(orders, all), units.to_string()]
}

/// How the promises of each ship mode were kept.
pub(super) fn promises(summary: &Summary) -> String {
    let header = ["ship mode", "promises", "orders", "in time", "", "later", "no date yet"];
    let mut modes = table(&header, &[2, 3, 4, 5, 6]);
    for (mode, counted) in SHIP_MODES.iter().zip(&summary.modes) {
        modes.add_row(mode_row(*mode, counted));
    }
    format!(
        "{modes}\nin time: the day told to the customer for the last shipment is in the promise"
    )
}

fn mode_row(mode: ShipMode, counted: &ModeSummary) -> [String; 7] {
    let name = match mode {
        ShipMode::StandardClass => "Standard Class",
        ShipMode::SecondClass => "Second Class",
        ShipMode::FirstClass => "First Class",
        ShipMode::SameDay => "Same Day",
    };
    [
        name.to_owned(),
        format!("{} days", promise_days(mode)),
        counted.orders.to_string(),
        counted.kept.to_string(),
        percent(counted.kept, counted.orders),
        counted.late.to_string(),
        counted.undated.to_string(),
    ]
}

/// How fast it went and how much it keeps.
pub(super) fn speed(latency: &Latency, store: &StoreSize, took: Duration) -> String {
    let mut speed = table(&["measured", ""], &[1]);
    let rate = latency.orders_per_second();
    speed.add_rows([
        ["durable orders over gRPC, one stream".to_owned(), format!("{rate} a second")],
        ["half of the orders answered within".to_owned(), millis(latency.quantile_micros(0.5))],
        ["99 of 100 answered within".to_owned(), millis(latency.quantile_micros(0.99))],
        ["journal".to_owned(), kib(store.journal_bytes)],
        ["snapshot store".to_owned(), kib(store.snapshot_bytes)],
        ["the whole demo so far".to_owned(), format!("{} s", took.as_secs())],
    ]);
    format!(
        "{speed}\nthe shop's days come one after the other, each with at most 19 orders on their way;\n\
         client and server share this machine"
    )
}

fn millis(micros: u64) -> String {
    format!("{}.{:02} ms", micros / 1_000, micros % 1_000 / 10)
}

fn kib(bytes: u64) -> String {
    format!("{} KiB", bytes.div_ceil(1_024))
}

/// What was found after the kill.
pub(super) fn recovery(recovery: &Recovery) -> String {
    let mut lines = vec![format!(
        "the server answered again {} ms after its restart, at version {}",
        recovery.took.as_millis(),
        recovery.versions.1
    )];
    lines.push(if recovery.is_complete() {
        format!(
            "all {} acknowledged orders and all {} acknowledged shipments are there, with the nodes and units told",
            recovery.orders, recovery.shipments
        )
    } else {
        format!(
            "RECOVERY FAILED: {} differences in {} acknowledged orders; version {} was told",
            recovery.difference_count, recovery.orders, recovery.versions.0
        )
    });
    lines.extend(recovery.differences.iter().map(|difference| format!("  {difference}")));
    lines.push(format!(
        "{} orders had no answer that was read: {} of them were durable all the same; all are sent \
         again under the same ids",
        recovery.in_flight, recovery.in_flight_durable
    ));
    lines.join("\n")
}

/// What the audit found.
pub(super) fn audit(audit: &v1::RunAuditResponse) -> String {
    let mut lines = vec![match audit.breach_count {
        0 => format!(
            "audit: every invariant holds in {} pairs and {} orders, at version {}",
            audit.pairs_checked, audit.orders_checked, audit.version
        ),
        count => format!("AUDIT FAILED: {count} breaches"),
    }];
    lines.extend(audit.breaches.iter().map(|b| format!("  {}: {}", b.invariant, b.detail)));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_recovery_is_told_loudly_with_what_differs() {
        let failed = Recovery {
            difference_count: 1,
            differences: vec!["W1: not there".to_owned()],
            ..Recovery::default()
        };
        let text = recovery(&failed);
        assert!(text.contains("RECOVERY FAILED") && text.contains("  W1: not there"), "{text}");
    }

    #[test]
    fn a_breach_is_told_loudly() {
        let breach = v1::AuditBreach { invariant: "CONSERVATION".into(), detail: "3 of 2".into() };
        let found =
            v1::RunAuditResponse { breach_count: 1, breaches: vec![breach], ..Default::default() };
        assert_eq!(audit(&found), "AUDIT FAILED: 1 breaches\n  CONSERVATION: 3 of 2");
    }

    #[test]
    fn times_and_sizes_are_shown_with_their_units() {
        assert_eq!((millis(1_234), millis(50)), ("1.23 ms".into(), "0.05 ms".into()));
        assert_eq!((kib(0), kib(1_025)), ("0 KiB".into(), "2 KiB".into()));
    }
}

//! The name, unit and meaning of every metric: the one list of them.

/// What kind of number a metric is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Only grows; its name ends in `_total`.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Seconds, in buckets; its name ends in `_seconds`.
    Seconds,
}

/// One metric.
#[derive(Debug, Clone, Copy)]
pub struct Metric {
    /// Its name, with the unit last.
    pub name: &'static str,
    /// What kind of number it is.
    pub kind: Kind,
    /// One line for a person, with its labels.
    pub help: &'static str,
}

/// Requests answered.
pub const REQUESTS: &str = "backstock_requests_total";
/// Time from a request to its answer.
pub const REQUEST_SECONDS: &str = "backstock_request_seconds";
/// Orders and rows of streams answered.
pub const STREAM_RESULTS: &str = "backstock_stream_results_total";
/// Requests refused for want of room: too many in flight, or unread answers.
pub const OVERLOADED: &str = "backstock_overloaded_total";
/// Commands in flight.
pub const COMMANDS_IN_FLIGHT: &str = "backstock_commands_in_flight";
/// Orders placed.
pub const ORDERS: &str = "backstock_orders_total";
/// Units promised.
pub const UNITS_PROMISED: &str = "backstock_units_promised_total";
/// Last LSN on stable storage.
pub const DURABLE_LSN: &str = "backstock_durable_lsn";
/// Last LSN applied.
pub const APPLIED_LSN: &str = "backstock_applied_lsn";
/// Time that writing and syncing a batch of the journal takes.
pub const JOURNAL_SYNC_SECONDS: &str = "backstock_journal_sync_seconds";
/// Size of the journal.
pub const JOURNAL_BYTES: &str = "backstock_journal_bytes";
/// Whether the journal halted.
pub const JOURNAL_HALTED: &str = "backstock_journal_halted";
/// Whether the disk has no room for the journal.
pub const JOURNAL_FULL: &str = "backstock_journal_full";
/// Connections of callers.
pub const CONNECTIONS: &str = "backstock_connections";
/// Connections closed at once because there were too many.
pub const CONNECTIONS_REFUSED: &str = "backstock_connections_refused_total";
/// Connections closed because they did nothing.
pub const CONNECTIONS_GIVEN_UP: &str = "backstock_connections_given_up_total";
/// Snapshots that could not be taken.
pub const SNAPSHOTS_FAILED: &str = "backstock_snapshots_failed_total";
/// Time that a snapshot takes.
pub const SNAPSHOT_SECONDS: &str = "backstock_snapshot_seconds";
/// LSN of the newest snapshot.
pub const SNAPSHOT_LSN: &str = "backstock_snapshot_lsn";
/// Breaches that audits found.
pub const AUDIT_BREACHES: &str = "backstock_audit_breaches_total";
/// Pairs of a SKU and a node.
pub const PAIRS: &str = "backstock_pairs";
/// Orders in memory.
pub const ORDERS_IN_MEMORY: &str = "backstock_orders_in_memory";
/// Holds that have units, or wait for them.
pub const HOLDS_LIVE: &str = "backstock_holds_live";
/// Closed orders that left memory.
pub const ORDERS_ARCHIVED: &str = "backstock_orders_archived";

/// Ranges of partners' messages that are missing for too long.
pub const PARTNER_GAPS: &str = "backstock_partner_gaps_overdue";
/// Messages of partners in quarantine.
pub const PARTNER_QUARANTINED: &str = "backstock_partner_messages_quarantined";
/// Goods that came back to partners and are of no return.
pub const PARTNER_UNMATCHED: &str = "backstock_partner_goods_unmatched";

/// Returns that somebody waits for.
pub const RETURNS_OPEN: &str = "backstock_returns_open";
/// How long ago the oldest of them came to the stage.
pub const RETURNS_SECONDS_OPEN: &str = "backstock_returns_seconds_open";
/// Orders of which a refund for a return is due.
pub const REFUNDS_DUE: &str = "backstock_refunds_due";
/// Since how long the oldest of them is.
pub const REFUNDS_SECONDS_DUE: &str = "backstock_refunds_seconds_due";

/// Events that a consumer of the feed did not acknowledge.
pub const FEED_EVENTS_BEHIND: &str = "backstock_feed_events_behind";
/// How long ago the first of them came about.
pub const FEED_SECONDS_BEHIND: &str = "backstock_feed_seconds_behind";
/// Whether a consumer of the feed is parked.
pub const FEED_PARKED: &str = "backstock_feed_parked";

/// Tries to deliver a webhook.
pub const WEBHOOK_ATTEMPTS: &str = "backstock_webhook_attempts_total";
/// Events that were looked at for an endpoint and not delivered yet.
pub const WEBHOOK_EVENTS_WAITING: &str = "backstock_webhook_events_waiting";
/// Whether an endpoint of webhooks is not sent anything until it is resumed.
pub const WEBHOOK_PARKED: &str = "backstock_webhook_parked";

/// Every metric.
pub const METRICS: &[Metric] = &[
    counter(REQUESTS, "gRPC requests answered, by method and code; streams when they end"),
    seconds(REQUEST_SECONDS, "time from a gRPC request to its answer, by method"),
    counter(STREAM_RESULTS, "orders and rows of streams answered, by method and code"),
    counter(OVERLOADED, "requests refused for want of room: too many in flight, or answers unread"),
    gauge(COMMANDS_IN_FLIGHT, "commands in flight"),
    counter(ORDERS, "orders answered for the first time, by outcome"),
    counter(UNITS_PROMISED, "units promised to orders"),
    gauge(DURABLE_LSN, "last LSN on stable storage"),
    gauge(APPLIED_LSN, "last LSN applied"),
    seconds(JOURNAL_SYNC_SECONDS, "time that writing and syncing a batch of the journal takes"),
    gauge(JOURNAL_BYTES, "size of the journal on disk, in bytes"),
    gauge(JOURNAL_HALTED, "1 after a write or sync of the journal failed, else 0"),
    gauge(JOURNAL_FULL, "1 while the disk has no room for the journal, else 0"),
    gauge(CONNECTIONS, "connections of callers"),
    counter(CONNECTIONS_REFUSED, "connections closed at once because there were too many"),
    counter(CONNECTIONS_GIVEN_UP, "connections closed because they did nothing, by cause"),
    counter(SNAPSHOTS_FAILED, "snapshots that could not be taken"),
    seconds(SNAPSHOT_SECONDS, "time that taking a snapshot takes"),
    gauge(SNAPSHOT_LSN, "LSN from which the newest snapshot is replayed"),
    counter(AUDIT_BREACHES, "breaches of conservation; has to stay 0"),
    gauge(PAIRS, "pairs of a SKU and a node"),
    gauge(ORDERS_IN_MEMORY, "orders in memory, holds among them"),
    gauge(HOLDS_LIVE, "holds that have units, or wait in line for them"),
    gauge(ORDERS_ARCHIVED, "closed orders that left memory; snapshots have them"),
    gauge(PARTNER_GAPS, "ranges of partners' messages that are missing for 15 minutes or longer"),
    gauge(PARTNER_QUARANTINED, "messages of partners in quarantine"),
    gauge(PARTNER_UNMATCHED, "goods that came back to partners and are of no return"),
    gauge(RETURNS_OPEN, "returns of which units wait at a stage, by stage"),
    gauge(
        RETURNS_SECONDS_OPEN,
        "seconds since the oldest of them came to it, by stage; 0 for none",
    ),
    gauge(REFUNDS_DUE, "orders of which a refund for a return is due"),
    gauge(REFUNDS_SECONDS_DUE, "seconds since the oldest of them is; 0 for none"),
    gauge(
        FEED_EVENTS_BEHIND,
        "events that a consumer of the feed did not acknowledge, by consumer",
    ),
    gauge(FEED_SECONDS_BEHIND, "seconds since the first of them came about, by consumer"),
    gauge(FEED_PARKED, "1 while the events that a consumer reads next are gone, by consumer"),
    counter(WEBHOOK_ATTEMPTS, "tries to deliver a webhook, by outcome"),
    gauge(WEBHOOK_EVENTS_WAITING, "events looked at and not delivered yet, by endpoint"),
    gauge(WEBHOOK_PARKED, "1 while an endpoint is parked or gone, by endpoint"),
];

const fn counter(name: &'static str, help: &'static str) -> Metric {
    Metric { name, kind: Kind::Counter, help }
}

const fn gauge(name: &'static str, help: &'static str) -> Metric {
    Metric { name, kind: Kind::Gauge, help }
}

const fn seconds(name: &'static str, help: &'static str) -> Metric {
    Metric { name, kind: Kind::Seconds, help }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_their_kind_and_are_listed_once() {
        let mut seen = std::collections::HashSet::new();
        for Metric { name, kind, .. } in METRICS {
            assert!(name.starts_with("backstock_") && seen.insert(name), "{name}");
            assert_eq!(name.ends_with("_total"), *kind == Kind::Counter, "{name}");
            assert_eq!(name.ends_with("_seconds"), *kind == Kind::Seconds, "{name}");
        }
    }
}

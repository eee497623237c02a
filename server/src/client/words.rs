//! Values of the wire as people and scripts read them.

use backstock_proto::v1;
use jiff::civil;

/// The name of an enum's value without the prefix of its type, in lower case:
/// `ORDER_STATE_OPEN` is `open`.
pub fn word(name: &str, prefix: &str) -> String {
    name.strip_prefix(prefix).unwrap_or(name).to_ascii_lowercase()
}

/// The kind of a node: `warehouse`, `store`, `third_party`, `supplier`.
pub fn node_kind(kind: v1::NodeKind) -> String {
    word(kind.as_str_name(), "NODE_KIND_")
}

/// The outcome of an order, as `allocated`.
pub fn outcome(outcome: v1::OrderOutcome) -> String {
    word(outcome.as_str_name(), "ORDER_OUTCOME_")
}

/// Whether anything is left to do for an order, as `open`.
pub fn order_state(state: v1::OrderState) -> String {
    word(state.as_str_name(), "ORDER_STATE_")
}

/// How far a shipment is, as `planned`.
pub fn shipment_state(state: v1::ShipmentState) -> String {
    word(state.as_str_name(), "SHIPMENT_STATE_")
}

/// Where units come from: `on_hand`, `inbound PO-7`, `supplier`.
pub fn supply(supply: Option<&v1::Supply>) -> String {
    let Some(supply) = supply else {
        return "none".to_owned();
    };
    let kind = word(supply.kind().as_str_name(), "SUPPLY_KIND_");
    if supply.inbound_id.is_empty() { kind } else { format!("{kind} {}", supply.inbound_id) }
}

/// A verdict on a candidate, in words.
pub const fn verdict(verdict: v1::CandidateVerdict) -> &'static str {
    use v1::CandidateVerdict as Verdict;
    match verdict {
        Verdict::Unspecified => "not said",
        Verdict::Chosen => "chosen: ships these units",
        Verdict::NodeDisabled => "the node is turned off",
        Verdict::NoStock => "nothing to promise",
        Verdict::NotEnoughStock => "too few units, and the line is not to be split",
        Verdict::BeyondHorizon => "arrives after the policy's horizon",
        Verdict::NoPickup => "the carrier picks up on none of the node's working days",
        Verdict::ChannelNotServed => "the node does not serve the order's channel",
        Verdict::ServiceNotServed => "the node does not ship by the order's service",
        Verdict::KeptForOthers => "what is free is kept for other channels",
        Verdict::OffSourcing => "the item is off sourcing at the node",
        Verdict::NotBroughtThere => "nothing is to be brought to where the order is collected",
        Verdict::AtCapacity => "units would be delivered later: the node's earlier days are full",
        Verdict::BelowMinimum => "the line would take less than the supplier's minimum",
        Verdict::OwnStockFirst => "own stock is as soon, and goes before a supplier's",
        Verdict::NotConsidered => "more candidates than an exact search takes",
        Verdict::Later => "units would be delivered later",
        Verdict::MoreShipments => "the order would take more shipments",
        Verdict::HigherCost => "the order would cost more",
        Verdict::LessBalanced => "the chosen node has more stock to spare",
        Verdict::Tied => "as good as the chosen one; the tie was broken against it",
    }
}

/// A day as `2026-11-23`.
pub fn date(date: Option<&v1::Date>) -> Option<String> {
    date.map(|date| format!("{:04}-{:02}-{:02}", date.year, date.month, date.day))
}

/// An instant as `2026-11-23T12:00:00Z`.
pub fn time(time: Option<&prost_types::Timestamp>) -> Option<String> {
    let time = time?;
    let instant = jiff::Timestamp::new(time.seconds, time.nanos).ok()?;
    Some(instant.to_string())
}

/// A day that is written as `2026-11-23`, and nothing else: a time behind it
/// would be dropped without a word.
pub fn day(text: &str) -> Option<civil::Date> {
    let day: civil::Date = text.parse().ok()?;
    (day.to_string() == text).then_some(day)
}

/// An instant for the wire.
pub fn wire_time(time: jiff::Timestamp) -> prost_types::Timestamp {
    // The wire counts nanoseconds forward from the second, before 1970 too.
    let seconds = time.as_second() - i64::from(time.subsec_nanosecond() < 0);
    let nanos = time.subsec_nanosecond().rem_euclid(1_000_000_000);
    prost_types::Timestamp { seconds, nanos }
}

/// Bytes as hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn enums_read_as_words_of_the_field() {
        assert_eq!(node_kind(v1::NodeKind::ThirdParty), "third_party");
        assert_eq!(outcome(v1::OrderOutcome::PartiallyAllocated), "partially_allocated");
        let inbound = v1::Supply { kind: 2, inbound_id: "PO-7".into() };
        assert_eq!(supply(Some(&inbound)), "inbound PO-7");
    }

    #[test]
    fn a_day_is_written_in_one_way() {
        assert_eq!(day("2026-03-09"), Some(civil::date(2026, 3, 9)));
        for text in ["2026-03-09T23:00", "20260309", "2026-3-9", "2026-02-30", "09.03.2026", ""] {
            assert_eq!(day(text), None, "{text}");
        }
    }

    #[test]
    fn days_and_instants_of_the_wire_read_as_people_write_them() {
        let day = v1::Date { year: 2026, month: 3, day: 9 };
        assert_eq!(date(Some(&day)).unwrap(), "2026-03-09");
        let instant = "1969-12-31T23:59:59.5Z".parse().unwrap();
        assert_eq!(time(Some(&wire_time(instant))).unwrap(), "1969-12-31T23:59:59.5Z");
    }
}

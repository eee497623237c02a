//! `order timeline`.

use std::io::Write;

use backstock_proto::v1;
use serde::Serialize;

use super::{View, lines, or_dash, print, table};
use crate::cli::{CommandError, Exit, TimelineQuery};
use crate::client::words;

/// What happened to an order, the oldest first.
#[derive(Debug, Serialize)]
struct TimelineView {
    order_id: String,
    entries: Vec<EntryView>,
    /// Entries that are not kept any more.
    dropped_entries: u32,
    version: u64,
}

#[derive(Debug, Serialize)]
struct EntryView {
    version: u64,
    time: Option<String>,
    event: String,
    shipment_number: u32,
    node_id: String,
    lines: Vec<LineView>,
    added_lines: Vec<LineView>,
    package_ids: Vec<String>,
    carrier: String,
    tracking: String,
    dates: Vec<DateView>,
    cause: String,
    decline_reason: String,
    actor: String,
    channel: String,
    reason: String,
    until: Option<String>,
    occurred_time: Option<String>,
    note: Option<String>,
    amounts: Vec<AmountView>,
    currency_code: String,
    left_out: u32,
}

#[derive(Debug, Serialize)]
struct AmountView {
    line_index: u32,
    amount_minor: i64,
}

#[derive(Debug, Serialize)]
struct LineView {
    line_index: u32,
    quantity: u32,
}

#[derive(Debug, Serialize)]
struct DateView {
    shipment_number: u32,
    deliver_by_before: Option<String>,
    deliver_by: Option<String>,
}

/// Tells what happened to an order.
pub(in crate::cli) async fn timeline(
    TimelineQuery { order, customer }: TimelineQuery,
    out: &mut dyn Write,
) -> Result<Exit, CommandError> {
    let client = order.server.connect().await?;
    let audience =
        if customer { v1::TimelineAudience::Customer } else { v1::TimelineAudience::Desk };
    let request = v1::GetTimelineRequest {
        order_id: order.id.clone(),
        audience: audience.into(),
        min_version: 0,
    };
    let answer = client.orders().get_timeline(request).await?.into_inner();
    print(out, order.output, &TimelineView::new(order.id, answer))?;
    Ok(Exit::Success)
}

impl TimelineView {
    fn new(order_id: String, answer: v1::GetTimelineResponse) -> Self {
        let v1::GetTimelineResponse { entries, dropped_entries, version } = answer;
        let entries = entries.into_iter().map(EntryView::new).collect();
        Self { order_id, entries, dropped_entries, version }
    }
}

impl AmountView {
    const fn new(of: &v1::AmountTold) -> Self {
        Self { line_index: of.line_index, amount_minor: of.amount_minor }
    }
}

impl EntryView {
    fn new(entry: v1::TimelineEntry) -> Self {
        let said = |name: &str, prefix: &str| {
            let word = words::word(name, prefix);
            if word == "unspecified" { String::new() } else { word }
        };
        let date = |days: &v1::DaysTold| DateView {
            shipment_number: days.shipment_number,
            deliver_by_before: words::date(days.deliver_by_before.as_ref()),
            deliver_by: words::date(days.deliver_by.as_ref()),
        };
        let line =
            |of: &v1::LineQuantity| LineView { line_index: of.line_index, quantity: of.quantity };
        Self {
            version: entry.version,
            time: words::time(entry.time.as_ref()),
            event: words::word(entry.event().as_str_name(), "TIMELINE_EVENT_"),
            shipment_number: entry.shipment_number,
            lines: entry.lines.iter().map(line).collect(),
            added_lines: entry.added_lines.iter().map(line).collect(),
            dates: entry.dates.iter().map(date).collect(),
            cause: said(entry.cause().as_str_name(), "DECISION_CAUSE_"),
            decline_reason: said(entry.decline_reason().as_str_name(), "DECLINE_REASON_"),
            until: words::time(entry.until.as_ref()),
            occurred_time: words::time(entry.occurred_time.as_ref()),
            left_out: entry.left_out,
            note: entry.note,
            amounts: entry.amounts.iter().map(AmountView::new).collect(),
            currency_code: entry.currency_code,
            node_id: entry.node_id,
            package_ids: entry.package_ids,
            carrier: entry.carrier,
            tracking: entry.tracking,
            actor: entry.actor,
            channel: entry.channel,
            reason: entry.reason,
        }
    }

    /// What lines cost, in minor units.
    fn costs(&self) -> String {
        let cost = |of: &AmountView| {
            let AmountView { line_index, amount_minor } = of;
            format!("{amount_minor} {} for line {}", self.currency_code, line_index + 1)
        };
        self.amounts.iter().map(cost).collect::<Vec<_>>().join(", ")
    }

    /// What there is to say of it, one thing a line.
    fn facts(&self) -> String {
        let given = |label: &str, text: &str| (!text.is_empty()).then(|| format!("{label} {text}"));
        let units = |line: &LineView| format!("{} of line {}", line.quantity, line.line_index + 1);
        let all = |lines: &[LineView]| lines.iter().map(units).collect::<Vec<_>>().join(", ");
        let (units, added) = (all(&self.lines), all(&self.added_lines));
        let days = self.dates.iter().map(|days| {
            let before = or_dash(days.deliver_by_before.as_ref());
            let after = or_dash(days.deliver_by.as_ref());
            Some(format!("shipment {}: to arrive {after}, was {before}", days.shipment_number))
        });
        let facts = [
            given("at", &self.node_id),
            (!units.is_empty()).then_some(units),
            given("added:", &added),
            given("in", &self.package_ids.join(", ")),
            given("with", format!("{} {}", self.carrier, self.tracking).trim()),
            given("cause:", &self.cause.replace('_', " ")),
            given("declined:", &self.decline_reason.replace('_', " ")),
            given("by", &self.actor),
            given("through", &self.channel),
            given("because", &self.reason),
            self.note.as_ref().map(|note| format!("the note is {note:?}")),
            given("costs:", &self.costs()),
            given("until", self.until.as_deref().unwrap_or_default()),
            given("was so", self.occurred_time.as_deref().unwrap_or_default()),
            (self.left_out > 0).then(|| format!("and {} more", self.left_out)),
        ];
        lines(days.chain(facts))
    }

    fn row(&self) -> Vec<String> {
        let shipment = match self.shipment_number {
            0 => "-".to_owned(),
            number => number.to_string(),
        };
        let event = self.event.replace('_', " ");
        let at = or_dash(self.time.as_ref());
        vec![self.version.to_string(), at, event, shipment, self.facts()]
    }
}

impl View for TimelineView {
    fn text(&self) -> String {
        let mut happened = table(&["version", "time", "event", "shipment", "facts"], &[0, 3]);
        happened.add_rows(self.entries.iter().map(EntryView::row));
        let dropped = (self.dropped_entries > 0)
            .then(|| format!("{} entries are not kept any more", self.dropped_entries));
        let head = format!("what happened to order {}, the oldest first", self.order_id);
        lines([Some(head), Some(happened.to_string()), dropped])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timeline_says_what_moved_and_what_is_not_kept() {
        let day = |day| Some(v1::Date { year: 2026, month: 12, day });
        let dates = vec![v1::DaysTold {
            shipment_number: 1,
            deliver_by_before: day(1),
            deliver_by: day(3),
        }];
        let moved = v1::TimelineEntry {
            version: 7,
            event: v1::TimelineEvent::DateMoved.into(),
            dates,
            cause: v1::DecisionCause::SupplyMoved.into(),
            ..v1::TimelineEntry::default()
        };
        let answer =
            v1::GetTimelineResponse { entries: vec![moved], dropped_entries: 2, version: 9 };
        let text = TimelineView::new("A".into(), answer).text();
        for part in
            ["date moved", "to arrive 2026-12-03, was 2026-12-01", "supply moved", "2 entries"]
        {
            assert!(text.contains(part), "{part} is not in\n{text}");
        }
    }
}

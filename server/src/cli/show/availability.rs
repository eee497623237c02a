//! `availability`.

use std::io::Write;

use backstock_proto::v1;
use serde::Serialize;

use super::{View, lines, or_dash, print, table};
use crate::cli::{AvailabilityArgs, CommandError, Exit};
use crate::client::words;
use crate::dates;

/// What can be promised of one SKU.
#[derive(Debug, Serialize)]
struct AvailabilityView {
    sku: String,
    at: Option<String>,
    atp_now: u64,
    atp_at: u64,
    unlimited: bool,
    held: u64,
    line_length: u64,
    steps: Vec<StepView>,
    quantity: Option<u64>,
    earliest_date: Option<String>,
    nodes: Vec<NodeView>,
    version: u64,
}

/// A day on which more can be promised.
#[derive(Debug, Serialize)]
struct StepView {
    date: Option<String>,
    quantity: u64,
    atp: u64,
}

#[derive(Debug, Serialize)]
struct NodeView {
    node_id: String,
    kind: String,
    free_now: i64,
    unlimited: bool,
    inbound_free: u64,
    next_inbound_eta: Option<String>,
    atp_at: u64,
    steps: Vec<StepView>,
    earliest_date: Option<String>,
}

/// Asks what can be promised of an item.
pub(in crate::cli) async fn availability(
    args: AvailabilityArgs,
    out: &mut dyn Write,
) -> Result<Exit, CommandError> {
    let client = args.server.connect().await?;
    let at = args.at.map(dates::to_wire);
    let request = v1::GetAvailabilityRequest {
        sku: args.sku,
        node_ids: args.nodes,
        at,
        curve: args.curve,
        quantity: args.quantity.unwrap_or_default(),
        channel: args.channel.unwrap_or_default(),
        service: args.service.unwrap_or_default(),
        ..v1::GetAvailabilityRequest::default()
    };
    let answer = client.inventory().get_availability(request).await?.into_inner();
    let asked = (words::date(at.as_ref()), args.quantity);
    print(out, args.output, &AvailabilityView::new(answer, asked))?;
    Ok(Exit::Success)
}

impl AvailabilityView {
    /// The answer for that day and quantity, where they were asked for.
    fn new(
        answer: v1::GetAvailabilityResponse,
        (at, quantity): (Option<String>, Option<u64>),
    ) -> Self {
        let found = answer.availability.unwrap_or_default();
        Self {
            sku: found.sku,
            at,
            atp_now: found.atp_now,
            atp_at: found.atp_at,
            unlimited: found.unlimited,
            held: found.held,
            line_length: found.line_length,
            steps: found.steps.iter().map(StepView::new).collect(),
            quantity,
            earliest_date: words::date(found.earliest_date.as_ref()),
            nodes: found.nodes.into_iter().map(NodeView::new).collect(),
            version: answer.version,
        }
    }

    fn sum(&self) -> String {
        let now = match (self.atp_now, self.unlimited) {
            (units, false) => format!("{units} units can be promised now"),
            (0, true) => "any quantity can be promised now".to_owned(),
            (units, true) => format!("{units} units, and any more from a supplier, now"),
        };
        let by = self.at.as_ref().map(|at| format!(", {} by {at}", self.atp_at));
        let held = (self.held > 0).then(|| format!(", {} held in carts", self.held));
        let line = (self.line_length > 0).then(|| format!(", {} wait in line", self.line_length));
        let more: String = [by, held, line].into_iter().flatten().collect();
        format!("{}: {now}{more}", self.sku)
    }

    /// By which day the quantity can be promised, if one was asked for.
    fn earliest(&self) -> Option<String> {
        let quantity = self.quantity?;
        let day = self.earliest_date.as_ref();
        let never = || format!("{quantity} units cannot be promised for any day");
        Some(day.map_or_else(never, |day| format!("{quantity} units can be promised by {day}")))
    }
}

impl StepView {
    fn new(step: &v1::AvailabilityStep) -> Self {
        let v1::AvailabilityStep { date, quantity, atp } = *step;
        Self { date: words::date(date.as_ref()), quantity, atp }
    }

    fn line(&self) -> String {
        format!("{} more on {}: {}", self.quantity, or_dash(self.date.as_ref()), self.atp)
    }
}

impl NodeView {
    fn new(node: v1::NodeAvailability) -> Self {
        Self {
            kind: words::node_kind(node.kind()),
            free_now: node.free_now,
            unlimited: node.unlimited,
            inbound_free: node.inbound_free,
            next_inbound_eta: words::date(node.next_inbound_eta.as_ref()),
            atp_at: node.atp_at,
            steps: node.steps.iter().map(StepView::new).collect(),
            earliest_date: words::date(node.earliest_date.as_ref()),
            node_id: node.node_id,
        }
    }

    fn row(&self) -> Vec<String> {
        let units = |units: String| if self.unlimited { "any".to_owned() } else { units };
        vec![
            self.node_id.clone(),
            self.kind.clone(),
            units(self.free_now.to_string()),
            self.inbound_free.to_string(),
            or_dash(self.next_inbound_eta.as_ref()),
            units(self.atp_at.to_string()),
        ]
    }
}

impl View for AvailabilityView {
    fn text(&self) -> String {
        let header = ["node", "kind", "free now", "inbound", "next eta", "atp"];
        let mut nodes = table(&header, &[2, 3, 5]);
        nodes.add_rows(self.nodes.iter().map(NodeView::row));
        let shown = (!self.nodes.is_empty()).then(|| nodes.to_string());
        let steps = self.steps.iter().map(|step| Some(step.line()));
        let told = [Some(self.sum())].into_iter().chain(steps).chain([self.earliest(), shown]);
        lines(told)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(unlimited: bool) -> v1::GetAvailabilityResponse {
        let node = v1::NodeAvailability {
            node_id: "RENO".into(),
            kind: v1::NodeKind::Warehouse.into(),
            free_now: -2,
            unlimited,
            inbound_free: 7,
            next_inbound_eta: Some(v1::Date { year: 2026, month: 12, day: 1 }),
            atp_at: 7,
            ..v1::NodeAvailability::default()
        };
        let step = v1::AvailabilityStep {
            date: Some(v1::Date { year: 2026, month: 12, day: 1 }),
            quantity: 7,
            atp: 7,
        };
        let availability = v1::SkuAvailability {
            sku: "BLOUSE".into(),
            atp_now: 0,
            atp_at: 7,
            unlimited,
            nodes: vec![node],
            held: 3,
            line_length: 2,
            steps: vec![step],
            ..v1::SkuAvailability::default()
        };
        v1::GetAvailabilityResponse { availability: Some(availability), version: 9 }
    }

    #[test]
    fn a_negative_free_quantity_is_shown_and_not_hidden() {
        let text =
            AvailabilityView::new(answer(false), (Some("2026-12-01".into()), Some(9))).text();
        assert!(text.starts_with("BLOUSE: 0 units can be promised now, 7 by 2026-12-01"), "{text}");
        assert!(text.contains("-2") && text.contains("2026-12-01"), "{text}");
    }

    #[test]
    fn days_and_the_first_one_for_a_quantity_are_told_line_by_line() {
        let text = AvailabilityView::new(answer(false), (None, Some(9))).text();
        assert!(text.contains("\n7 more on 2026-12-01: 7\n"), "{text}");
        assert!(text.contains("\n9 units cannot be promised for any day\n"), "{text}");
    }

    #[test]
    fn an_unlimited_supplier_is_shown_as_any_quantity() {
        let text = AvailabilityView::new(answer(true), (None, None)).text();
        assert!(text.starts_with("BLOUSE: any quantity can be promised now"), "{text}");
    }

    #[test]
    fn scripts_get_the_names_of_the_wire() {
        let json =
            serde_json::to_value(AvailabilityView::new(answer(false), (None, None))).unwrap();
        assert_eq!(json["nodes"][0]["free_now"], -2);
        assert_eq!(json["nodes"][0]["kind"], "warehouse");
        assert_eq!(json["version"], 9);
    }
}

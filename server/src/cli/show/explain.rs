//! The decision trace of an order, as `order explain` shows it.

use backstock_proto::v1;
use serde::Serialize;

use super::{View, or_dash, table};
use crate::client::words;

/// A trace keeps no more exact number of free units: this one stands for itself
/// and all greater ones.
const FREE_SHOWN_MAX: u32 = 15;

/// Why an order ships from where it does.
#[derive(Debug, Serialize)]
pub(super) struct ExplainView {
    order_id: String,
    decisions: Vec<DecisionView>,
    version: u64,
}

#[derive(Debug, Serialize)]
struct DecisionView {
    decided_time: Option<String>,
    version: u64,
    optimal: bool,
    shipments: u32,
    late_units: u32,
    /// Units times days late.
    late_unit_days: u64,
    candidates: Vec<CandidateView>,
    /// What brought it about.
    cause: String,
    /// The last version that was looked at, of a decision after the first one.
    cause_version: u64,
    moves: Vec<MoveView>,
    days: Vec<DaysView>,
}

/// Units that rest on other supply from then on.
#[derive(Debug, Serialize)]
struct MoveView {
    line_index: u32,
    quantity: u32,
    from_node_id: String,
    from_supply: String,
    to_node_id: String,
    to_supply: String,
}

/// Days that were told anew.
#[derive(Debug, Serialize)]
struct DaysView {
    shipment_number: u32,
    deliver_by_before: Option<String>,
    deliver_by: Option<String>,
}

#[derive(Debug, Serialize)]
struct CandidateView {
    line_index: u32,
    sku: String,
    node_id: String,
    supply: String,
    /// 15 stands for 15 or more.
    free: u32,
    taken: u32,
    verdict: String,
    explanation: &'static str,
}

impl ExplainView {
    pub(super) fn new(answer: v1::ExplainOrderResponse, order: &v1::Order) -> Self {
        let decisions = answer.traces.into_iter().map(|trace| DecisionView::new(trace, order));
        Self {
            order_id: order.order_id.clone(),
            decisions: decisions.collect(),
            version: answer.version,
        }
    }
}

impl DecisionView {
    fn new(trace: v1::SourcingTrace, order: &v1::Order) -> Self {
        let cause = words::word(trace.cause().as_str_name(), "DECISION_CAUSE_");
        let moves = trace.moves.into_iter().map(|moved| MoveView {
            line_index: moved.line_index,
            quantity: moved.quantity,
            from_node_id: moved.from_node_id,
            from_supply: words::supply(moved.from_supply.as_ref()),
            to_node_id: moved.to_node_id,
            to_supply: words::supply(moved.to_supply.as_ref()),
        });
        let days = trace.days.into_iter().map(|days| DaysView {
            shipment_number: days.shipment_number,
            deliver_by_before: words::date(days.deliver_by_before.as_ref()),
            deliver_by: words::date(days.deliver_by.as_ref()),
        });
        let candidates = trace.candidates.into_iter();
        Self {
            cause,
            cause_version: trace.cause_version,
            moves: moves.collect(),
            days: days.collect(),
            decided_time: words::time(trace.decided_time.as_ref()),
            version: trace.version,
            optimal: trace.optimal,
            shipments: trace.shipments,
            late_units: trace.late_units,
            late_unit_days: trace.late_unit_days,
            candidates: candidates.map(|candidate| CandidateView::new(candidate, order)).collect(),
        }
    }

    fn text(&self) -> String {
        if self.cause_version > 0 {
            return self.text_anew();
        }
        let of_change = self.cause == "changed";
        let proof = if self.optimal { "proven the best" } else { "the best found in its budget" };
        let late = match self.late_units {
            0 => "none late".to_owned(),
            units => format!("{units} units late by {} unit-days", self.late_unit_days),
        };
        let (time, version) = (or_dash(self.decided_time.as_ref()), self.version);
        let summary = if of_change {
            format!("decided {time} for the change at version {version}: {proof}")
        } else {
            let shipments = self.shipments;
            format!("decided {time} at version {version}: {shipments} shipments, {late}, {proof}")
        };
        format!("{summary}\n{}", self.table())
    }

    fn table(&self) -> String {
        let header = ["line", "sku", "node", "supply", "free", "taken", "verdict"];
        let mut candidates = table(&header, &[0, 4, 5]);
        candidates.add_rows(self.candidates.iter().map(CandidateView::row));
        candidates.to_string()
    }

    /// A decision after the first one.
    fn text_anew(&self) -> String {
        let (at, cause) = (or_dash(self.decided_time.as_ref()), self.cause.replace('_', " "));
        let mut lines = vec![format!("decided anew {at} at version {}: {cause}", self.version)];
        lines.extend(self.moves.iter().map(MoveView::text));
        lines.extend(self.days.iter().map(DaysView::text));
        if !self.candidates.is_empty() {
            lines.push(self.table());
        }
        lines.join("\n")
    }
}

impl MoveView {
    fn text(&self) -> String {
        let Self { quantity, from_node_id, from_supply, to_node_id, to_supply, .. } = self;
        let line = self.line_index + 1;
        format!(
            "line {line}: {quantity} units from {from_node_id} ({from_supply}) to {to_node_id} \
             ({to_supply})"
        )
    }
}

impl DaysView {
    fn text(&self) -> String {
        let (before, after) =
            (or_dash(self.deliver_by_before.as_ref()), or_dash(self.deliver_by.as_ref()));
        format!("shipment {}: to arrive {after}, was {before}", self.shipment_number)
    }
}

impl CandidateView {
    fn new(candidate: v1::CandidateTrace, order: &v1::Order) -> Self {
        let verdict = candidate.verdict();
        let line = order.lines.get(candidate.line_index as usize);
        Self {
            line_index: candidate.line_index,
            sku: line.map(|line| line.sku.clone()).unwrap_or_default(),
            supply: words::supply(candidate.supply.as_ref()),
            node_id: candidate.node_id,
            free: candidate.free,
            taken: candidate.taken,
            verdict: words::word(verdict.as_str_name(), "CANDIDATE_VERDICT_"),
            explanation: words::verdict(verdict),
        }
    }

    fn row(&self) -> Vec<String> {
        let free = match self.free {
            FREE_SHOWN_MAX => format!("{FREE_SHOWN_MAX}+"),
            units => units.to_string(),
        };
        vec![
            (self.line_index + 1).to_string(),
            self.sku.clone(),
            self.node_id.clone(),
            self.supply.clone(),
            free,
            self.taken.to_string(),
            self.explanation.to_owned(),
        ]
    }
}

impl View for ExplainView {
    fn text(&self) -> String {
        let head = match self.decisions.len() {
            0 => format!("no decision on order {} is kept", self.order_id),
            1 => format!("why order {} ships from where it does", self.order_id),
            many => format!("{many} decisions on order {}, the oldest first", self.order_id),
        };
        let decisions = self.decisions.iter().map(DecisionView::text);
        std::iter::once(head).chain(decisions).collect::<Vec<_>>().join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate(node: &str, verdict: v1::CandidateVerdict) -> v1::CandidateTrace {
        v1::CandidateTrace {
            node_id: node.into(),
            supply: Some(v1::Supply {
                kind: v1::SupplyKind::OnHand.into(),
                ..v1::Supply::default()
            }),
            free: 4,
            verdict: verdict.into(),
            ..v1::CandidateTrace::default()
        }
    }

    #[test]
    fn each_candidate_says_in_words_why_it_was_not_chosen() {
        let trace = v1::SourcingTrace {
            optimal: true,
            shipments: 1,
            candidates: vec![
                candidate("RENO", v1::CandidateVerdict::Chosen),
                candidate("DALLAS", v1::CandidateVerdict::HigherCost),
            ],
            ..v1::SourcingTrace::default()
        };
        let answer = v1::ExplainOrderResponse { traces: vec![trace], version: 5 };
        let line = v1::OrderLine { sku: "SCARF".into(), ..v1::OrderLine::default() };
        let order =
            v1::Order { order_id: "WEB-1".into(), lines: vec![line], ..v1::Order::default() };
        let view = ExplainView::new(answer, &order);
        let text = view.text();
        for part in
            ["1 shipments, none late, proven the best", "the order would cost more", "SCARF"]
        {
            assert!(text.contains(part), "{part} is not in\n{text}");
        }
        let json = serde_json::to_value(&view).unwrap();
        assert_eq!(json["decisions"][0]["candidates"][1]["verdict"], "higher_cost");
    }

    #[test]
    fn what_is_late_is_told_with_how_late_it_is() {
        let (late_units, late_unit_days) = (3, 7);
        let trace = v1::SourcingTrace { late_units, late_unit_days, ..Default::default() };
        let answer = v1::ExplainOrderResponse { traces: vec![trace], version: 5 };
        let text = ExplainView::new(answer, &v1::Order::default()).text();
        assert!(text.contains("3 units late by 7 unit-days"), "{text}");
    }
}

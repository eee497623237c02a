//! What a message comes to at each pair, step by step.

use std::collections::BTreeMap;

use crate::model::partner::{Detail, FactLine, Measure, Move, PartnerMessage, Subject};
use crate::model::{InboundId, Reported, Sku, StockOperation, Text};

/// By how much totals of a SKU move, and to what.
#[derive(Default)]
struct Moved {
    by: BTreeMap<Measure, i64>,
    to: BTreeMap<Measure, i64>,
}

/// The steps of each SKU, ascending by SKU; none where nothing has to be done.
pub(super) fn steps(message: &PartnerMessage, moves: &[Move]) -> Vec<(Sku, Vec<Reported>)> {
    let mut by_sku = BTreeMap::<Sku, Moved>::new();
    for of in moves {
        let moved = by_sku.entry(of.sku.clone()).or_default();
        moved.by.insert(of.measure.clone(), of.by());
        moved.to.insert(of.measure.clone(), of.to);
    }
    // What closes, closes also where nothing moves.
    if message.detail == Detail::Closes(true) {
        for FactLine { sku, .. } in &message.lines {
            by_sku.entry(sku.clone()).or_default();
        }
    }
    let steps = by_sku.into_iter().map(|(sku, moved)| (sku, steps_of(message, &moved)));
    steps.filter(|(_, steps)| !steps.is_empty()).collect()
}

fn steps_of(message: &PartnerMessage, moved: &Moved) -> Vec<Reported> {
    let by = |measure| moved.by.get(&measure).copied().unwrap_or(0);
    match &message.subject {
        Subject::Receipt { inbound, .. } => {
            let closes = message.detail == Detail::Closes(true);
            received(inbound, by(Measure::Received), by(Measure::Damaged), closes)
        }
        Subject::Adjustment(no) => {
            let reason = format!("adjustment {no}");
            adjusted(by(Measure::OnHand), by(Measure::Unavailable), reason)
        }
        Subject::Count(_) => {
            let to = |measure| moved.to.get(&measure).and_then(|to| u32::try_from(*to).ok());
            let (on_hand, unavailable) = (to(Measure::OnHand), to(Measure::Unavailable));
            vec![Reported::Operation(StockOperation::Set { on_hand, unavailable, safety: None })]
        }
        _ => Vec::new(),
    }
}

/// Damaged units are taken back before the goods are, and come after them: there are never more of them
/// than goods.
fn received(inbound: &InboundId, received: i64, damaged: i64, closes: bool) -> Vec<Reported> {
    let reason = format!("receipt of {inbound}");
    let mut steps = Vec::new();
    if damaged < 0 {
        steps.extend(adjusted(0, damaged, reason.clone()));
    }
    let quantity = u32::try_from(received.unsigned_abs()).unwrap_or(u32::MAX);
    if received < 0 {
        steps.push(Reported::TakeBack { id: inbound.clone(), quantity });
    }
    if received > 0 || closes {
        let quantity = if received > 0 { quantity } else { 0 };
        let operation = StockOperation::ReceiveInbound { id: inbound.clone(), quantity, closes };
        steps.push(Reported::Operation(operation));
    }
    if damaged > 0 {
        steps.extend(adjusted(0, damaged, reason));
    }
    steps
}

pub(super) fn adjusted(on_hand: i64, unavailable: i64, reason: String) -> Vec<Reported> {
    let delta = |by: i64| i32::try_from(by).unwrap_or(if by < 0 { i32::MIN } else { i32::MAX });
    let (on_hand_delta, unavailable_delta) = (delta(on_hand), delta(unavailable));
    if (on_hand_delta, unavailable_delta) == (0, 0) {
        return Vec::new();
    }
    let reason = Text::new("reason", reason).unwrap_or_default();
    let operation = StockOperation::Adjust { on_hand_delta, unavailable_delta, reason };
    vec![Reported::Operation(operation)]
}

//! Messages of the contract as the engine takes them: totals by SKU.

use backstock_engine::limits::TEXT_BYTES_MAX;
use backstock_engine::model::partner::{
    Detail, FactLine, Measure, PartnerMessage, ReturnNames, Subject, TrackingState,
};
use backstock_engine::model::{Reference, Rule, Sku, Text, Violation};

use super::contract::{
    Body, Message, ReturnDocument, ReturnReceipt, Shipment, ShipmentDocument, TrackingStatus,
};

/// What a partner says with a message.
///
/// # Errors
/// When it is one that we send, and partners do not.
pub fn told(message: &Message) -> Result<PartnerMessage, Violation> {
    let Some((subject, lines, detail)) = said(&message.body) else {
        let allowed = "a type that partners send".to_owned();
        let kind = message.body.kind().name();
        return Err(Violation::new("type", kind, Rule::NotOneOf { allowed }));
    };
    let message = PartnerMessage {
        sender: message.sender.clone(),
        seq: message.seq,
        id: message.id.clone(),
        subject,
        node: message.node.clone(),
        occurred_at: message.occurred_at,
        revision: message.revision,
        lines,
        detail,
    };
    Ok(message.in_order())
}

type Said = (Subject, Vec<FactLine>, Detail);

/// Subject, lines and the rest; none of a type that partners do not report.
fn said(body: &Body) -> Option<Said> {
    Some(match body {
        Body::Receipt(it) => {
            let (inbound, part) = (it.inbound.clone(), it.part.clone());
            let lines = it.lines.iter().map(|of| {
                let (received, damaged) = (of.received.into(), of.damaged.into());
                line(&of.sku, [(Measure::Received, received), (Measure::Damaged, damaged)])
            });
            (Subject::Receipt { inbound, part }, lines.collect(), Detail::Closes(it.closed))
        }
        Body::Shipment(it) => shipment(it),
        Body::Adjustment(it) => {
            let lines = it.lines.iter().map(|of| {
                let (on_hand, unavailable) = (of.on_hand.into(), of.unavailable.into());
                line(&of.sku, [(Measure::OnHand, on_hand), (Measure::Unavailable, unavailable)])
            });
            (Subject::Adjustment(it.adjustment.clone()), lines.collect(), Detail::Nothing)
        }
        Body::Count(it) => {
            let lines = it.lines.iter().map(|of| {
                let (on_hand, unavailable) = (of.on_hand.into(), of.unavailable.into());
                line(&of.sku, [(Measure::OnHand, on_hand), (Measure::Unavailable, unavailable)])
            });
            let seen = Detail::SeqSeen(it.seq_seen);
            (Subject::Count(it.count.clone()), lines.collect(), seen)
        }
        Body::Return(it) => {
            let lines = it.lines.iter();
            let lines = lines.map(|of| line(&of.sku, [(Measure::Expected, of.expected.into())]));
            (Subject::Return(names(&it.of)), lines.collect(), Detail::Nothing)
        }
        Body::ReturnReceipt(it) => return_receipt(it),
        Body::Tracking(it) => {
            let state = Detail::Tracking(tracking(it.status));
            (Subject::Tracking(it.tracking.clone()), Vec::new(), state)
        }
        Body::Item(_) | Body::Inbound(_) | Body::Order(_) | Body::Cancel(_) | Body::Ack(_) => {
            return None;
        }
    })
}

fn line<const N: usize>(sku: &Sku, counts: [(Measure, i64); N]) -> FactLine {
    FactLine { sku: sku.clone(), counts: counts.into() }
}

fn shipment(it: &Shipment) -> Said {
    let ShipmentDocument { order, shipment, part } = it.of.clone();
    let lines = it.lines.iter().map(|of| {
        let (shipped, short) = (of.shipped.into(), of.short.into());
        line(&of.sku, [(Measure::Shipped, shipped), (Measure::Short, short)])
    });
    let detail = Detail::Parcel { carrier: it.carrier.clone(), tracking: numbers(&it.tracking) };
    (Subject::Shipment { order, shipment, part }, lines.collect(), detail)
}

/// Tracking numbers, with commas between: as many as there is room for.
fn numbers(all: &[Reference]) -> Option<Text> {
    let mut text = String::new();
    for number in all {
        let more = number.as_str();
        if text.len() + 2 + more.len() > TEXT_BYTES_MAX {
            break;
        }
        if !text.is_empty() {
            text.push_str(", ");
        }
        text.push_str(more);
    }
    Text::new("tracking", text).ok().filter(|text| !text.as_str().is_empty())
}

fn return_receipt(it: &ReturnReceipt) -> Said {
    let lines = it.lines.iter().map(|of| {
        let mut counts = vec![(Measure::Received, i64::from(of.received))];
        let graded = of.grade.iter();
        counts.extend(graded.map(|(name, units)| (Measure::Graded(name.clone()), (*units).into())));
        FactLine { sku: of.sku.clone(), counts }
    });
    (Subject::ReturnReceipt(names(&it.of)), lines.collect(), Detail::Nothing)
}

fn names(of: &ReturnDocument) -> ReturnNames {
    let ReturnDocument { rma, tracking, order } = of.clone();
    ReturnNames { rma, tracking, order }
}

const fn tracking(status: TrackingStatus) -> TrackingState {
    match status {
        TrackingStatus::InTransit => TrackingState::InTransit,
        TrackingStatus::Delivered => TrackingState::Delivered,
        TrackingStatus::Exception => TrackingState::Exception,
        TrackingStatus::Returned => TrackingState::Returned,
        TrackingStatus::Lost => TrackingState::Lost,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::partner::contract::tests::{NOW, examples};
    use crate::partner::contract::{Kind, read};

    #[test]
    fn what_partners_report_is_told_and_what_we_send_is_not() {
        let ours = [Kind::Item, Kind::Inbound, Kind::Order, Kind::Cancel, Kind::Ack];
        for example in examples() {
            let message = read(example.as_bytes(), NOW).unwrap();
            let kind = message.body.kind();
            match told(&message) {
                Ok(told) => {
                    assert_eq!(told.subject.kind(), kind.name());
                    assert_eq!(told.validate(), Ok(()), "{example}");
                }
                Err(violation) => {
                    assert!(ours.contains(&kind), "{example}");
                    assert_eq!(violation.field, "type");
                }
            }
        }
    }
}

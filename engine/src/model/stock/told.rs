//! What a change of supply is, for a person or a script.

use serde_json::{Value, json};

use super::{Kept, PairTerms, StockChange, SupplySource, TransferAnnounced};
use crate::model::ids::Text;

impl StockChange {
    /// What happened: an object of numbers of supplies and nodes, and units.
    pub fn describe(&self) -> Value {
        stock_change(self)
    }
}

fn stock_change(change: &StockChange) -> Value {
    match change {
        StockChange::Set { on_hand, unavailable, safety } => json!({
            "change": "set", "on_hand": on_hand, "unavailable": unavailable, "safety": safety,
        }),
        StockChange::SupplierFeed { quantity } => {
            json!({ "change": "supplier_feed", "quantity": quantity })
        }
        StockChange::SupplierStated { quantity, as_of } => json!({
            "change": "supplier_feed", "quantity": quantity, "as_of": as_of.to_string(),
        }),
        StockChange::Received { quantity, unavailable } => {
            json!({ "change": "received", "quantity": quantity, "unavailable": unavailable })
        }
        StockChange::Adjusted { on_hand_delta, unavailable_delta, reason } => json!({
            "change": "adjusted", "on_hand_delta": on_hand_delta,
            "unavailable_delta": unavailable_delta, "reason": reason.as_str(),
        }),
        StockChange::Counted { on_hand, unavailable: None } => {
            json!({ "change": "counted", "on_hand": on_hand })
        }
        StockChange::Counted { on_hand, unavailable: Some(unavailable) }
        | StockChange::CountedBelow { on_hand, unavailable } => {
            json!({ "change": "counted", "on_hand": on_hand, "unavailable": unavailable })
        }
        StockChange::InboundAnnounced { no, id, quantity, eta } => json!({
            "change": "inbound_announced", "inbound_no": no.0, "inbound_id": id.as_str(),
            "quantity": quantity, "eta": eta.to_string(),
        }),
        StockChange::InboundChanged { no, quantity, eta }
        | StockChange::InboundMoved { no, quantity, eta } => json!({
            "change": "inbound_changed", "inbound_no": no.0, "quantity": quantity,
            "eta": eta.to_string(),
        }),
        StockChange::InboundReceived { no, quantity, closes }
        | StockChange::InboundArrived { no, quantity, closes } => json!({
            "change": "inbound_received", "inbound_no": no.0, "quantity": quantity,
            "closes": closes,
        }),
        StockChange::InboundCancelled { no } | StockChange::InboundClosed { no } => {
            json!({ "change": "inbound_cancelled", "inbound_no": no.0 })
        }
        StockChange::InboundReopened { no, id, quantity, eta } => json!({
            "change": "inbound_reopened", "inbound_no": no.0, "inbound_id": id.as_str(),
            "quantity": quantity, "eta": eta.to_string(),
        }),
        StockChange::InboundLate { id, quantity } => json!({
            "change": "inbound_late", "inbound_id": id.as_str(), "quantity": quantity,
        }),
        StockChange::Unchanged => json!({ "change": "unchanged" }),
        StockChange::TransferLeft { quantity } => {
            json!({ "change": "transfer_left", "quantity": quantity })
        }
        StockChange::TransferAnnounced(announced) => {
            let TransferAnnounced { no, id, quantity, eta, from } = &**announced;
            json!({
                "change": "transfer_announced", "inbound_no": no.0, "inbound_id": id.as_str(),
                "quantity": quantity, "eta": eta.to_string(), "from_node_no": from.0,
            })
        }
        StockChange::TransferTurnedBack { no, quantity } => json!({
            "change": "transfer_turned_back", "inbound_no": no.0, "quantity": quantity,
        }),
        StockChange::TransferReturned { quantity } => {
            json!({ "change": "transfer_returned", "quantity": quantity })
        }
        StockChange::Termed(terms) => termed(terms),
        StockChange::Declined(declined) => declined.describe(),
        StockChange::Reported(changes) => {
            let steps: Vec<Value> = changes.iter().map(stock_change).collect();
            json!({ "change": "reported", "steps": steps })
        }
        StockChange::ReceiptTakenBack { id, quantity } => json!({
            "change": "receipt_taken_back", "inbound_id": id.as_str(), "quantity": quantity,
        }),
        StockChange::InboundWeighed(weighed) => {
            let counts = json!({ "confidence_basis_points": weighed.confidence.basis_points() });
            joined(stock_change(&weighed.change), counts)
        }
        StockChange::InboundSourced(sourced) => {
            let source = match sourced.source {
                SupplySource::PurchaseOrder => "purchase_order",
                SupplySource::Return => "return",
            };
            joined(stock_change(&sourced.change), json!({ "source": source }))
        }
    }
}

fn termed(terms: &PairTerms) -> Value {
    let safety = terms.channel_safety.iter();
    let safety = safety.map(|of| json!({ "channel": of.channel.as_str(), "units": of.units }));
    let segments = terms.segments.0.iter().map(|segment| {
        let (kept_units, kept_basis_points) = match segment.kept {
            Kept::Units(units) => (Some(units), None),
            Kept::BasisPoints(part) => (None, Some(part)),
        };
        let channels = segment.channels.iter().map(Text::as_str);
        json!({
            "name": segment.name.as_str(), "channels": channels.collect::<Vec<_>>(),
            "kept_units": kept_units, "kept_basis_points": kept_basis_points,
            "borrows": segment.borrows, "until": segment.until.map(|until| until.to_string()),
        })
    });
    json!({
        "change": "terms_set", "off_sourcing": terms.off_sourcing,
        "channel_safety": safety.collect::<Vec<_>>(),
        "segments": segments.collect::<Vec<_>>(),
    })
}

/// The fields of both objects, in one.
pub fn joined(mut one: Value, other: Value) -> Value {
    if let (Value::Object(fields), Value::Object(more)) = (&mut one, other) {
        fields.extend(more);
    }
    one
}

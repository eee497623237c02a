//! Writes a message as JSON: what [`super::read`] reads is the same message.

use backstock_engine::model::{NodeId, OrderId, Reference, Sku, Text};
use serde_json::{Map, Value, json};

use super::message::{
    Ack, Address, Body, Expected, Kind, Message, Ordered, ReturnDocument, Returned,
    ShipmentDocument, TrackingStatus, Verdict,
};

/// The message, without fields that say nothing.
pub fn write(message: &Message) -> Value {
    let node = message.node.as_ref().map(NodeId::as_str);
    let head = json!({
        "sender": message.sender.as_str(),
        "seq": message.seq,
        "id": message.id.as_str(),
        "type": message.body.kind().name(),
        "occurred_at": message.occurred_at.to_string(),
        "node": node,
        "revision": message.revision,
    });
    said(joined(head, body(&message.body)))
}

/// Both objects in one.
fn joined(mut one: Value, other: Value) -> Value {
    if let (Value::Object(fields), Value::Object(more)) = (&mut one, other) {
        fields.extend(more);
    }
    one
}

/// The value without what is null, at any depth.
fn said(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let fields = fields.into_iter().filter(|(_, value)| !value.is_null());
            Value::Object(fields.map(|(key, value)| (key, said(value))).collect())
        }
        Value::Array(list) => Value::Array(list.into_iter().map(said).collect()),
        other => other,
    }
}

fn body(body: &Body) -> Value {
    match body {
        Body::Item(it) => json!({
            "subject": { "list": it.list.as_str() },
            "lines": list(&it.lines, |line| json!({
                "sku": line.sku.as_str(), "title": line.title.as_str(),
                "gtin": line.gtin.as_ref().map(Reference::as_str),
            })),
        }),
        Body::Inbound(it) => json!({
            "subject": { "inbound": it.inbound.as_str() },
            "expected_on": it.expected_on.to_string(),
            "lines": list(&it.lines, expected),
        }),
        Body::Receipt(it) => json!({
            "subject": {
                "inbound": it.inbound.as_str(),
                "part": it.part.as_ref().map(Reference::as_str),
            },
            "closed": it.closed,
            "lines": list(&it.lines, |line| json!({
                "sku": line.sku.as_str(), "received": line.received, "damaged": line.damaged,
            })),
        }),
        Body::Order(it) => json!({
            "subject": shipment_document(&it.of),
            "ship_by": it.ship_by.map(|day| day.to_string()),
            "service": it.service.as_ref().map(Text::as_str),
            "ship_to": it.ship_to.as_ref().map(address),
            "lines": list(&it.lines, ordered),
        }),
        Body::Cancel(it) => json!({
            "subject": shipment_document(&it.of),
            "lines": list(&it.lines, ordered),
        }),
        Body::Shipment(it) => json!({
            "subject": shipment_document(&it.of),
            "carrier": it.carrier.as_ref().map(Text::as_str),
            "tracking": list(&it.tracking, |number| json!(number.as_str())),
            "lines": list(&it.lines, |line| json!({
                "sku": line.sku.as_str(), "shipped": line.shipped, "short": line.short,
                "instead_of": line.instead_of.as_ref().map(Sku::as_str),
            })),
        }),
        Body::Adjustment(it) => json!({
            "subject": { "adjustment": it.adjustment.as_str() },
            "lines": list(&it.lines, |line| json!({
                "sku": line.sku.as_str(), "on_hand": line.on_hand,
                "unavailable": line.unavailable, "reason": line.reason.as_str(),
            })),
        }),
        Body::Count(it) => json!({
            "subject": { "count": it.count.as_str() },
            "seq_seen": it.seq_seen,
            "lines": list(&it.lines, |line| json!({
                "sku": line.sku.as_str(), "on_hand": line.on_hand,
                "unavailable": line.unavailable,
            })),
        }),
        Body::Return(it) => json!({
            "subject": return_document(&it.of),
            "lines": list(&it.lines, expected),
        }),
        Body::ReturnReceipt(it) => json!({
            "subject": return_document(&it.of),
            "lines": list(&it.lines, returned),
        }),
        Body::Ack(it) => ack(it),
        Body::Tracking(it) => json!({
            "subject": { "tracking": it.tracking.as_str() },
            "status": name_of(it.status, &TrackingStatus::ALL),
        }),
    }
}

fn list<T>(list: &[T], write: impl Fn(&T) -> Value) -> Value {
    Value::Array(list.iter().map(write).collect())
}

fn name_of<T: PartialEq + Copy>(value: T, all: &[(T, &'static str)]) -> &'static str {
    all.iter().find(|(one, _)| *one == value).map_or("", |(_, name)| name)
}

fn expected(line: &Expected) -> Value {
    json!({ "sku": line.sku.as_str(), "expected": line.expected })
}

fn ordered(line: &Ordered) -> Value {
    json!({ "sku": line.sku.as_str(), "quantity": line.quantity })
}

fn returned(line: &Returned) -> Value {
    let grades = line.grade.iter().map(|(name, units)| (name.to_string(), json!(units)));
    json!({
        "sku": line.sku.as_str(), "received": line.received,
        "grade": Value::Object(grades.collect::<Map<_, _>>()),
    })
}

fn shipment_document(of: &ShipmentDocument) -> Value {
    json!({
        "order": of.order.as_str(), "shipment": of.shipment.as_str(),
        "part": of.part.as_ref().map(Reference::as_str),
    })
}

fn return_document(of: &ReturnDocument) -> Value {
    json!({
        "rma": of.rma.as_ref().map(Reference::as_str),
        "tracking": of.tracking.as_ref().map(Reference::as_str),
        "order": of.order.as_ref().map(OrderId::as_str),
    })
}

fn address(to: &Address) -> Value {
    json!({
        "name": to.name.as_str(),
        "street": list(&to.street, |line| json!(line.as_str())),
        "city": to.city.as_str(),
        "region": to.region.as_ref().map(Text::as_str),
        "postal_code": to.postal_code.as_ref().map(Text::as_str),
        "country": to.country.as_str(),
    })
}

fn ack(it: &Ack) -> Value {
    let verdicts = Verdict::ALL.map(|(verdict, name, _)| (verdict, name));
    json!({
        "subject": { "type": name_of(it.of, &Kind::ALL), "seq": it.seq, "part": it.part },
        "status": name_of(it.verdict, &verdicts),
        "errors": list(&it.faults, |fault| json!({
            "field": fault.field.as_str(), "text": fault.text.as_str(),
        })),
    })
}

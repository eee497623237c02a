//! A record of the journal for a script: its kind, and the ids and units that it
//! is about. Items and nodes have their numbers, as the journal has them.

use backstock_engine::model::{Event, Lsn, Order, PackedOrder, Record, Release, StockChange};
use serde_json::{Value, json};

/// A record as one object.
pub(super) fn as_json(lsn: Lsn, payload: &[u8]) -> Value {
    let bytes = payload.len();
    let record = match minicbor::decode::<Record>(payload) {
        Ok(record) => record,
        Err(error) => {
            let error = format!("not an event of this version: {error}");
            return json!({ "lsn": lsn.get(), "bytes": bytes, "error": error });
        }
    };
    let (kind, event) = content(&record.event);
    json!({
        "lsn": lsn.get(),
        "time": record.at.to_string(),
        "bytes": bytes,
        "request_id": record.request.map(|request| request.id.to_string()),
        "kind": kind,
        "event": event,
    })
}

/// A record as a line for a person.
pub(super) fn line(lsn: Lsn, payload: &[u8]) -> String {
    let value = as_json(lsn, payload);
    let text = |key: &str| value[key].as_str().unwrap_or_default().to_owned();
    match value.get("event") {
        Some(event) => format!("{lsn:>10}  {}  {}  {event}", text("time"), text("kind")),
        None => format!("{lsn:>10}  {}", text("error")),
    }
}

fn content(event: &Event) -> (&'static str, Value) {
    match event {
        Event::ItemDefined { no, item } => {
            ("item_defined", json!({ "sku_no": no.0, "sku": item.sku.as_str() }))
        }
        Event::NodeDefined { no, node } => {
            ("node_defined", json!({ "node_no": no.0, "node_id": node.id.as_str() }))
        }
        Event::PolicySet { .. } => ("policy_set", json!({})),
        Event::StockChanged { pair, change } => {
            let pair = json!({ "sku_no": pair.sku.0, "node_no": pair.node.0 });
            ("stock_changed", joined(pair, stock_change(change)))
        }
        Event::OrderPlacedV1(order) => ("order_placed", placed(order)),
        Event::OrderPlaced(packed) => ("order_placed", unpacked(packed)),
        Event::OrderCancelled { no, id, releases } => (
            "order_cancelled",
            json!({ "order_id": id.as_str(), "order_no": no.0, "units": units(releases) }),
        ),
        Event::ShipmentShipped { no, id, shipment, dispatch, units: released } => (
            "shipment_shipped",
            json!({
                "order_id": id.as_str(), "order_no": no.0, "shipment": shipment,
                "carrier": dispatch.carrier.as_str(),
                "tracking": dispatch.tracking.as_str(),
                "units": units(released),
            }),
        ),
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
        StockChange::InboundChanged { no, quantity, eta } => json!({
            "change": "inbound_changed", "inbound_no": no.0, "quantity": quantity,
            "eta": eta.to_string(),
        }),
        StockChange::InboundReceived { no, quantity, closes } => json!({
            "change": "inbound_received", "inbound_no": no.0, "quantity": quantity,
            "closes": closes,
        }),
        StockChange::InboundCancelled { no } => {
            json!({ "change": "inbound_cancelled", "inbound_no": no.0 })
        }
    }
}

fn placed(order: &Order) -> Value {
    let lines = order.lines.iter().map(
        |line| json!({ "sku_no": line.sku.0, "ordered": line.ordered, "short": line.cancelled }),
    );
    let nodes = order.shipments.iter().map(|shipment| shipment.node.0);
    json!({
        "order_id": order.header.id.as_str(), "order_no": order.no.0,
        "lines": lines.collect::<Vec<_>>(), "shipment_node_nos": nodes.collect::<Vec<_>>(),
    })
}

/// An order, or what is wrong with its bytes: whoever looks into a damaged journal
/// wants to see the rest.
fn unpacked(packed: &PackedOrder) -> Value {
    match packed.unpack() {
        Ok(order) => placed(&order),
        Err(error) => json!({ "unreadable": error.to_string() }),
    }
}

fn units(releases: &[Release]) -> Value {
    let unit = |release: &Release| {
        json!({
            "line": release.line, "sku_no": release.pair.sku.0,
            "node_no": release.pair.node.0, "units": release.units,
        })
    };
    releases.iter().map(unit).collect()
}

/// The fields of both objects, in one.
fn joined(mut one: Value, other: Value) -> Value {
    if let (Value::Object(fields), Value::Object(more)) = (&mut one, other) {
        fields.extend(more);
    }
    one
}

#[cfg(test)]
mod tests {
    use backstock_engine::model::{
        Event, NodeNo, OrderId, OrderNo, Pair, Record, RequestId, SkuNo, Timestamp,
    };
    use backstock_engine::model::{Request, StockChange};

    use super::*;

    fn encoded(event: Event) -> Vec<u8> {
        let id = RequestId::new("request_id", "K-1").unwrap();
        let request = Some(Request { id, fingerprint: 7 });
        let record = Record { at: Timestamp::from_micros(0), request, origin: None, event };
        minicbor::to_vec(&record).unwrap()
    }

    #[test]
    fn a_change_of_stock_tells_its_pair_and_its_figures() {
        let pair = Pair { sku: SkuNo(3), node: NodeNo(1) };
        let change = StockChange::Counted { on_hand: 9, unavailable: None };
        let payload = encoded(Event::StockChanged { pair, change });
        let expected = json!({
            "lsn": 5, "time": "1970-01-01T00:00:00Z", "bytes": payload.len(),
            "request_id": "K-1", "kind": "stock_changed",
            "event": { "sku_no": 3, "node_no": 1, "change": "counted", "on_hand": 9 },
        });
        assert_eq!(as_json(Lsn::new(5), &payload), expected);
        assert!(line(Lsn::new(5), &payload).contains("stock_changed"));
    }

    #[test]
    fn a_cancellation_tells_its_order_and_units() {
        let id = OrderId::new("order_id", "WEB-1").unwrap();
        let pair = Pair { sku: SkuNo(3), node: NodeNo(1) };
        let releases = vec![Release { allocation: 0, pair, line: 0, units: 2 }];
        let payload = encoded(Event::OrderCancelled { no: OrderNo(4), id, releases });
        let event = &as_json(Lsn::new(5), &payload)["event"];
        assert_eq!((&event["order_id"], &event["order_no"]), (&"WEB-1".into(), &4.into()));
        assert_eq!(event["units"][0]["units"], 2);
    }

    #[test]
    fn what_is_no_event_says_so() {
        let value = as_json(Lsn::new(5), b"nonsense");
        assert!(value["error"].as_str().unwrap().starts_with("not an event"), "{value}");
        assert!(line(Lsn::new(5), b"nonsense").contains("not an event"));
    }
}

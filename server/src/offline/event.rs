//! A record of the journal for a script: its kind, and the ids and units that it
//! is about. Items and nodes have their numbers, as the journal has them.

use backstock_engine::command::AnyEvent;
use backstock_engine::model::{Lsn, Record};
use serde_json::{Value, json};

/// A record as one object.
pub(super) fn as_json(lsn: Lsn, payload: &[u8]) -> Value {
    let bytes = payload.len();
    let record = match minicbor::decode::<Record<AnyEvent>>(payload) {
        Ok(record) => record,
        Err(error) => {
            let error = format!("not an event of this version: {error}");
            return json!({ "lsn": lsn.get(), "bytes": bytes, "error": error });
        }
    };
    json!({
        "lsn": lsn.get(),
        "time": record.at.to_string(),
        "bytes": bytes,
        "request_id": record.request.map(|request| request.id.to_string()),
        "kind": record.event.name(),
        "event": record.event.describe(),
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

#[cfg(test)]
mod tests {
    use backstock_engine::command::order::cancel::OrderCancelled;
    use backstock_engine::command::supply::change_stock::StockChanged;
    use backstock_engine::model::{
        AllocationUnits, NodeNo, OrderId, OrderNo, Pair, Request, RequestId, SkuNo, StockChange,
        Timestamp,
    };

    use super::*;

    fn encoded(event: impl Into<AnyEvent>) -> Vec<u8> {
        let event = event.into();
        let id = RequestId::new("request_id", "K-1").unwrap();
        let request = Some(Request { id, fingerprint: 7 });
        let record = Record { at: Timestamp::from_micros(0), request, origin: None, event };
        minicbor::to_vec(&record).unwrap()
    }

    #[test]
    fn a_change_of_stock_tells_its_pair_and_its_figures() {
        let pair = Pair { sku: SkuNo(3), node: NodeNo(1) };
        let change = StockChange::Counted { on_hand: 9, unavailable: None };
        let payload = encoded(StockChanged { pair, change, serves: None });
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
        let releases = vec![AllocationUnits { allocation: 0, pair, line: 0, units: 2 }];
        let payload =
            encoded(OrderCancelled { no: OrderNo(4), id, releases, serves: None, picked: None });
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

//! What callers may send, as tables: this command, exactly these violations.

mod refusals;
mod sizes;
pub(crate) mod sources;

use super::*;
use crate::limits;
use crate::model::InboundId;
use crate::model::OrderId;
use crate::model::Text;
use crate::model::Violation;

fn said(checked: Result<(), Vec<Violation>>) -> Vec<String> {
    checked.err().unwrap_or_default().iter().map(ToString::to_string).collect()
}

fn order() -> OrderId {
    OrderId::new("order", "A").expect("an id")
}

#[test]
fn a_shipment_leaves_with_a_carrier() {
    let ship = |carrier: &str| {
        let carrier = Text::new("carrier", carrier).expect("a text");
        let (meta, tracking) = (Meta::default(), Text::default());
        said(ShipShipment { meta, order: order(), shipment: 1, carrier, tracking }.validate())
    };
    assert_eq!(ship("Owl Post"), [""; 0]);
    assert_eq!(ship(""), ["carrier: \"\" is required"]);
}

#[test]
fn no_more_is_cancelled_at_a_line_than_a_line_can_have() {
    let cancel = |lines: &[(u32, u32)]| {
        let lines = lines.iter().map(|&(line, quantity)| LineCancellation { line, quantity });
        let lines = lines.collect();
        said(CancelOrder { meta: Meta::default(), order: order(), lines }.validate())
    };
    assert_eq!(cancel(&[(1, 1), (500, limits::LINE_UNITS_MAX)]), [""; 0]);
    assert_eq!(
        cancel(&[(2, 0), (1, 500_001)]),
        [
            "lines[0].quantity: \"0\" is not within 1 to 500000",
            "lines[1].quantity: \"500001\" is not within 1 to 500000",
        ]
    );
    assert_eq!(
        cancel(&[(0, 1), (501, 1)]),
        [
            "lines[0].line: \"0\" is not within 1 to 500",
            "lines[1].line: \"501\" is not within 1 to 500",
        ]
    );
    assert_eq!(cancel(&[(7, 1), (7, 1)]), ["lines[1].line: \"7\" is given twice"]);
    assert_eq!(cancel(&[(1, 1); 501]), ["lines: \"501\" has more than 500 entries"]);
}

#[test]
fn an_operation_says_something_and_within_bounds() {
    let id = || InboundId::new("inbound", "PO").expect("an id");
    let set = |on_hand| StockOperation::Set { on_hand, unavailable: None, safety: None };
    let receive = |quantity, unavailable| StockOperation::Receive { quantity, unavailable };
    let adjust = |on_hand_delta, unavailable_delta| {
        let reason = Text::default();
        StockOperation::Adjust { on_hand_delta, unavailable_delta, reason }
    };
    let change = |quantity| StockOperation::ChangeInbound { id: id(), quantity, eta: None };
    for (operation, expected) in [
        (set(Some(0)), vec![]),
        (set(None), vec!["levels: sets no level"]),
        (adjust(-1_000_000_000, 1_000_000_000), vec![]),
        (adjust(0, 0), vec!["deltas: changes nothing: both deltas are 0"]),
        (
            adjust(1_000_000_001, -1_000_000_001),
            vec![
                "on_hand_delta: \"1000000001\" is not within -1000000000 to 1000000000",
                "unavailable_delta: \"-1000000001\" is not within -1000000000 to 1000000000",
            ],
        ),
        (change(Some(1)), vec![]),
        (change(None), vec!["quantity: neither quantity nor eta is set"]),
        (receive(3, 3), vec![]),
        (receive(3, 4), vec!["unavailable: \"4\" is not within 0 to 3"]),
        (receive(0, 4), vec!["quantity: \"0\" is not within 1 to 1000000000"]),
    ] {
        assert_eq!(said(operation.validate()), expected, "{operation:?}");
    }
}

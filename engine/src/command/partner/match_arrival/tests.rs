//! Whose goods may be said to be that came back, as a table.

use super::*;
use crate::command::ReportPartner;
use crate::command::fixture::{
    AT, came_back, check, define_partner, match_arrival, meta, node_id, return_id, told,
};
use crate::command::order::returns::progress::tests::asked;
use crate::engine::tests::{NODE, one_unit, run};
use crate::model::returns::{ReturnMode, Stray};
use crate::model::{Document, RefusalKind, SkuNo};

/// What is kept of goods: of no return, or of that one.
fn kept(of: Option<ArrivalOf>) -> Document {
    let fact = Fact::stated(None, &came_back(1, "BOX", 1, 2));
    let arrival = Some(Arrival::new(node_id(NODE), AT, of));
    Document::Fact(Box::new(Fact { arrival, ..fact }))
}

/// Goods of that many items, which no line has.
fn strange(items: u32) -> Vec<Came> {
    let came = |no| Came { sku: SkuNo(100 + no), units: 1, graded: Vec::new() };
    (0..items).map(came).collect()
}

/// The refusals of the table, whose rows are checked.
pub(crate) fn table() -> Vec<RefusalKind> {
    let command = match_arrival();
    let (partner_id, order_id) = (command.partner.clone(), command.order.clone());
    let opened = |known: Option<Document>| {
        open(known.as_ref(), &command).map(|found| found.map(|(_, arrival)| arrival.node.clone()))
    };
    let other = ArrivalOf { id: ReturnId::new("id", "R-1").expect("an id"), ..command.of() };
    let unknown = || Err(Refusal::PartnerGoodsNotFound { partner_id: partner_id.clone() });
    let of_goods = check([
        ("of no return", opened(Some(kept(None))), Ok(Some(node_id(NODE)))),
        ("of this one", opened(Some(kept(Some(command.of())))), Ok(None)),
        ("of another one", opened(Some(kept(Some(other)))), unknown()),
        ("nobody told of them", opened(None), unknown()),
    ]);
    let order = asked(ReturnMode::Normal);
    let mut begun = order.clone();
    begun.returns[0].strays = [Stray { sku: SkuNo(9), units: 1 }].into();
    let decided = |order: &Order, id: ReturnId, node, items| {
        let command = MatchArrival { id, ..command.clone() };
        let event = decide(order, &command, (&node_id(NODE), NodeNo(node), &strange(items)));
        event.map(|event| event.returned.is_some())
    };
    let none = || ReturnId::new("id", "R-0").expect("an id");
    let missing = Err(Refusal::ReturnNotFound { order_id, return_id: none() });
    let elsewhere =
        Err(Refusal::ReturnNodeDiffers { return_id: return_id(), node_id: node_id(NODE) });
    let max = RETURN_STRAYS_MAX;
    let full = Err(Refusal::ListFull { what: "items of no line", max });
    let of_returns = check([
        ("taken", decided(&order, return_id(), 0, 1), Ok(true)),
        ("at another node, as nothing came", decided(&order, return_id(), 5, 1), Ok(true)),
        ("none is left", decided(&order, return_id(), 0, 0), Ok(false)),
        ("no such return", decided(&order, none(), 0, 1), missing),
        ("at another node", decided(&begun, return_id(), 5, 1), elsewhere),
        ("too many items", decided(&order, return_id(), 0, 65), full),
    ]);
    [of_goods, of_returns, unknown_here()].concat()
}

/// What an engine does not know.
fn unknown_here() -> Vec<RefusalKind> {
    let (engine, mut pump) = one_unit();
    let partner = told(engine.match_arrival(match_arrival()));
    run(&mut pump, engine.define_partner(define_partner("3PL", &[NODE])));
    let came = ReportPartner::new(meta(), came_back(1, "BOX", 1, 1));
    run(&mut pump, engine.report_partner(&came));
    let order = told(engine.match_arrival(match_arrival()));
    assert_eq!(partner.kind(), RefusalKind::PartnerNotFound);
    assert_eq!(order.kind(), RefusalKind::OrderNotFound);
    vec![partner.kind(), order.kind()]
}

#[test]
fn goods_are_of_one_return_that_is_there() {
    table();
}

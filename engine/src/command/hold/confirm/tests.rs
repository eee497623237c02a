//! What a hold becomes when it is confirmed, and why it does not.

use super::*;
use crate::command::fixture::{
    AT, change, confirm, definition, hold, item, meta, node, node_id, off_sale, opening, order,
    receive, release, sku, store, told,
};
use crate::command::order::payment::tests::prices;
use crate::command::{
    CancelOrder, CreateHold, DefineNode, LineRequest, NodeDefinition, OrderRequest, StockOperation,
};
use crate::engine::tests::{NODE, one_unit, run};
use crate::engine::{Engine, PlaceOutcome, Pump};
use crate::model::{NodeKind, NodeNo, OrderState, Pickup, PickupOffer, PostalCode, RefusalKind};

/// An engine with one unit, which is held.
fn one_held() -> (Engine, Pump) {
    let (engine, mut pump) = one_unit();
    let answer = run(&mut pump, engine.create_hold(hold("H")));
    assert!(matches!(answer.outcome, PlaceOutcome::Placed(_)), "{answer:?}");
    (engine, pump)
}

/// A minute passes, and the hold lapses.
fn lapse(engine: &Engine, pump: &mut Pump) {
    engine.tell_time(AT.saturating_add_micros(60_000_000));
    while pump.pump().expect("the engine does not halt") {}
}

fn lines(lines: &[(&str, u32)]) -> Lines {
    let line = |(name, quantity): &(&str, u32)| LineRequest { sku: sku(name), quantity: *quantity };
    Lines(lines.iter().map(line).collect())
}

/// The refusals of the table, whose rows are checked.
pub(crate) fn table() -> Vec<RefusalKind> {
    let differs = Refusal::HoldDiffers { hold_id: hold("H").hold().clone() };
    let mut refused = Vec::new();
    let (engine, mut pump) = one_held();
    run(&mut pump, engine.define_item(item("B")));
    for other in [&[("A", 2)][..], &[("B", 1)], &[("A", 1), ("B", 1)], &[("X", 1)]] {
        let confirm = ConfirmHold { lines: lines(other), ..confirm("H") };
        assert_eq!(told(engine.confirm_hold(confirm)), differs, "{other:?}");
        refused.push(differs.kind());
    }
    run(&mut pump, engine.release_hold(release("H")));
    let ended = |state| Refusal::HoldEnded { hold_id: hold("H").hold().clone(), state };
    assert_eq!(told(engine.confirm_hold(confirm("H"))), ended(HoldState::Released));
    refused.push(ended(HoldState::Released).kind());

    let (engine, mut pump) = one_held();
    run(&mut pump, engine.create_hold(hold("W").waiting()));
    let waits = Refusal::HoldWaits { hold_id: hold("W").hold().clone() };
    assert_eq!(told(engine.confirm_hold(confirm("W"))), waits);
    refused.push(waits.kind());

    let (engine, mut pump) = one_held();
    lapse(&engine, &mut pump);
    run(&mut pump, engine.place_order(order()));
    let reused = Refusal::OrderIdReused { order_id: order().order.id };
    assert_eq!(told(engine.confirm_hold(confirm("H"))), reused);
    let later = ConfirmHold { order: OrderId::new("id", "P").expect("an id"), ..confirm("H") };
    let gone = Refusal::HoldUnitsGone { hold_id: hold("H").hold().clone() };
    assert_eq!(told(engine.confirm_hold(later)), gone);
    refused.extend([reused.kind(), gone.kind()]);

    let (engine, mut pump) = one_held();
    run(&mut pump, engine.define_item(off_sale("A")));
    run(&mut pump, engine.confirm_hold(confirm("H")));
    let (engine, mut pump) = one_held();
    run(&mut pump, engine.define_item(off_sale("A")));
    lapse(&engine, &mut pump);
    let kept = Refusal::ItemOffSale { sku: sku("A") };
    assert_eq!(told(engine.confirm_hold(confirm("H"))), kept, "its units are taken anew");
    refused.push(kept.kind());
    let opens = AT.saturating_add_micros(600_000_000);
    run(&mut pump, engine.define_item(opening("A", opens)));
    let closed = Refusal::SaleNotOpen { sku: sku("A"), opens };
    assert_eq!(told(engine.confirm_hold(confirm("H"))), closed, "as a new order would");
    refused.push(closed.kind());
    [refused, collected()].concat()
}

/// An engine with a unit at a store, held there, and one at another node.
fn held_at_a_store() -> (Engine, Pump) {
    let (engine, mut pump) = one_unit();
    run(&mut pump, engine.define_node(store("S")));
    run(&mut pump, engine.change_stock(receive("A", "S")));
    let wanted = OrderRequest { destination: node_id("S").into(), ..order().order };
    let held = CreateHold::new(meta(), hold("H").hold().clone(), (60, None), wanted);
    run(&mut pump, engine.create_hold(held));
    (engine, pump)
}

/// The refusals of a hold that is collected, or is to be.
fn collected() -> Vec<RefusalKind> {
    let (engine, mut pump) = one_held();
    let at = |node: &str| ConfirmHold { destination: Some(node_id(node).into()), ..confirm("H") };
    let unknown = Refusal::NodeNotFound { node_id: node_id("S") };
    assert_eq!(told(engine.confirm_hold(at("S"))), unknown);
    let not_offered = |name| Refusal::PickupNotOffered { node_id: node_id(name) };
    assert_eq!(told(engine.confirm_hold(at(NODE))), not_offered(NODE));
    run(&mut pump, engine.define_node(store("S")));
    run(&mut pump, engine.confirm_hold(at("S")));

    let closed = |pump: &mut Pump, engine: &Engine| {
        let mut store = store("S");
        store.node.pickup = PickupOffer::NotOffered;
        run(pump, engine.define_node(store));
    };
    let (engine, mut pump) = held_at_a_store();
    lapse(&engine, &mut pump);
    closed(&mut pump, &engine);
    assert_eq!(told(engine.confirm_hold(confirm("H"))), not_offered("S"), "it is taken anew");
    let (engine, mut pump) = held_at_a_store();
    closed(&mut pump, &engine);
    run(&mut pump, engine.confirm_hold(confirm("H")));
    vec![unknown.kind(), not_offered("S").kind()]
}

#[test]
fn a_hold_that_is_collected_becomes_an_order_that_is_collected_unless_it_goes_elsewhere() {
    let (engine, mut pump) = held_at_a_store();
    run(&mut pump, engine.confirm_hold(confirm("H")));
    let placed = run(&mut pump, engine.order(&order().order.id)).order;
    let pickup = Pickup { node: NodeNo(1), only_there: false };
    assert_eq!(placed.header.destination, Destination::Pickup(pickup));
    assert_eq!(placed.shipments[0].ship_by, placed.shipments[0].deliver_by, "it is there");

    let (engine, mut pump) = held_at_a_store();
    let home = ConfirmHold { destination: Some(order().order.destination), ..confirm("H") };
    run(&mut pump, engine.confirm_hold(home));
    let placed = run(&mut pump, engine.order(&order().order.id)).order;
    assert_eq!(placed.header.destination.pickup(), None);
    assert!(placed.shipments[0].ship_by < placed.shipments[0].deliver_by, "a carrier takes it");
}

#[test]
fn a_hold_that_is_not_what_is_ordered_or_has_no_units_is_not_confirmed() {
    table();
}

#[test]
fn a_confirmed_hold_is_an_order_with_its_units_and_days() {
    let (engine, mut pump) = one_held();
    let lapses = AT.saturating_add_micros(60_000_000);
    assert_eq!(engine.kernel.state.holds.due(lapses, 9).len(), 1);
    let of_hold = OrderId::of_hold(hold("H").hold());
    let held = run(&mut pump, engine.order(&of_hold)).order;
    let confirm = ConfirmHold { lines: lines(&[("A", 1)]), ..confirm("H") };
    let done = run(&mut pump, engine.confirm_hold(confirm.clone()));
    let order = run(&mut pump, engine.order(&order().order.id)).order;
    assert_eq!((order.no, &order.shipments), (held.no, &held.shipments));
    assert_eq!(order.header.promise_by, held.header.promise_by);
    assert_eq!((order.state(), order.placed_lsn), (OrderState::Open, done.version));
    assert_eq!(engine.kernel.state.holds.live(), 0);
    let again = run(&mut pump, engine.confirm_hold(confirm));
    assert_eq!(again.version, done.version, "nothing is done again");
    lapse(&engine, &mut pump);
    let pair = run(&mut pump, engine.stock(&sku("A"), &node_id(NODE)));
    let kept: Vec<_> = pair.stock.reservations.iter().collect();
    assert!(matches!(kept[..], [r] if !r.held && r.order == order.no), "{kept:?}");
}

#[test]
fn a_hold_whose_units_a_count_did_not_find_is_confirmed_all_the_same() {
    let (engine, mut pump) = one_held();
    let count = StockOperation::Count { on_hand: 0 };
    run(&mut pump, engine.change_stock(change("A", NODE, count)));
    run(&mut pump, engine.confirm_hold(confirm("H")));
    let pair = run(&mut pump, engine.stock(&sku("A"), &node_id(NODE)));
    assert_eq!((pair.stock.free(), pair.stock.allocated), (-1, 1), "nothing is hidden");
}

#[test]
fn a_hold_is_told_new_days_where_those_that_were_told_have_passed() {
    let (engine, mut pump) = one_unit();
    run(&mut pump, engine.create_hold(CreateHold { seconds: 86_400, ..hold("H") }));
    let ship_by = |pump: &mut Pump, id: &OrderId| {
        let order = run(pump, engine.order(id)).order;
        (order.no, order.shipments[0].ship_by.expect("it is there"))
    };
    let (no, told) = ship_by(&mut pump, &OrderId::of_hold(hold("H").hold()));
    let mut late = confirm("H");
    late.meta.at = AT.saturating_add_micros(86_399_000_000);
    run(&mut pump, engine.confirm_hold(late));
    assert_eq!(ship_by(&mut pump, &order().order.id), (no, told.plus(1)));
}

#[test]
fn a_hold_that_was_confirmed_is_created_again_as_it_was() {
    let (engine, mut pump) = one_held();
    let created = run(&mut pump, engine.create_hold(hold("H"))).version;
    run(&mut pump, engine.confirm_hold(confirm("H")));
    let again = run(&mut pump, engine.submit_hold(hold("H")));
    assert!(again.is_repeat());
    assert_eq!(run(&mut pump, again.acknowledged()).version, created);
}

#[test]
fn a_hold_is_no_order_until_it_is_confirmed() {
    let (engine, mut pump) = one_held();
    let named = OrderId::new("id", "H").expect("an id");
    let cancel = CancelOrder { order: named.clone(), ..crate::command::fixture::cancel() };
    assert_eq!(told(engine.cancel_order(cancel)).kind(), RefusalKind::OrderNotFound);
    let mut other = order();
    other.order.id = named;
    run(&mut pump, engine.change_stock(receive("A", NODE)));
    let placed = run(&mut pump, engine.place_order(other)).outcome;
    assert!(matches!(placed, PlaceOutcome::Placed(_)), "its id is another's: {placed:?}");
}

#[test]
fn a_lapsed_hold_is_confirmed_while_there_are_units() {
    let (engine, mut pump) = one_held();
    lapse(&engine, &mut pump);
    run(&mut pump, engine.confirm_hold(confirm("H")));
    let order = run(&mut pump, engine.order(&order().order.id)).order;
    let of_hold = run(&mut pump, engine.order(&OrderId::of_hold(hold("H").hold()))).order;
    assert_eq!((order.no, order.state()), (of_hold.no, OrderState::Open));
    let audit = engine.audit().expect("it ends");
    assert!(audit.is_clean(), "{audit:?}");
}

/// Its node serves another channel by now. What was held there stays there, also where the order
/// is planned anew; an order of another channel gets nothing there.
#[test]
fn a_hold_keeps_its_units_at_a_node_that_serves_others_by_now() {
    for (channel, is_confirmed) in [(None, true), (Some("app"), false)] {
        let (engine, mut pump) = one_unit();
        let mut held = hold("H");
        held.order.channel = Text::new("channel", "web").ok();
        run(&mut pump, engine.create_hold(held));
        let mut define = node(NODE);
        define.node.eligibility.channels = vec![Text::new("channel", "store").expect("a text")];
        run(&mut pump, engine.define_node(define));
        let command = ConfirmHold {
            destination: PostalCode::new("code", "10001").ok().map(Into::into),
            channel: channel.map(|name| Text::new("channel", name).expect("a text")),
            ..confirm("H")
        };
        if is_confirmed {
            run(&mut pump, engine.confirm_hold(command));
        } else {
            let gone = Refusal::HoldUnitsGone { hold_id: hold("H").hold().clone() };
            assert_eq!(told(engine.confirm_hold(command)), gone);
        }
    }
}

/// The units that it has are its own, though a supplier gives no so few by now.
#[test]
fn a_hold_that_has_a_part_is_confirmed_with_it_though_nothing_could_be_planned_anew() {
    let (engine, mut pump) = one_unit();
    run(&mut pump, engine.define_item(item("B")));
    let vendor = |minimum| DefineNode {
        meta: meta(),
        node: NodeDefinition {
            min_order_quantity: minimum,
            ..definition("VENDOR", NodeKind::Supplier)
        },
    };
    run(&mut pump, engine.define_node(vendor(None)));
    let feed = StockOperation::SupplierFeed { quantity: Some(2), as_of: None };
    run(&mut pump, engine.change_stock(change("B", "VENDOR", feed)));
    let mut wants = hold("H").taking_a_part();
    wants.order.lines = lines(&[("A", 3), ("B", 4)]);
    run(&mut pump, engine.create_hold(wants));
    run(&mut pump, engine.define_node(vendor(Some(9))));
    let other = ConfirmHold { lines: lines(&[("A", 1), ("B", 4)]), ..confirm("H") };
    assert_eq!(told(engine.confirm_hold(other)).kind(), RefusalKind::HoldDiffers);
    let prices = Some(Box::new(OrderPrices::Asked(prices(2, Vec::new()))));
    let part = ConfirmHold { lines: lines(&[("A", 1), ("B", 2)]), prices, ..confirm("H") };
    run(&mut pump, engine.confirm_hold(part));
    let view = run(&mut pump, engine.order(&confirm("H").order));
    let totals = view.order.totals().expect("it has prices");
    assert_eq!(
        totals.price.0, 1_500,
        "three units at 5.00: those that it goes without cost nothing"
    );
    let units = view.order.lines.iter().map(|line| (line.ordered, line.cancelled));
    assert_eq!(units.collect::<Vec<_>>(), [(3, 2), (4, 2)]);
    let open: Vec<_> = view.supplies.iter().flatten().collect();
    assert!(matches!(open[..], [(Supply::OnHand, 1), (Supply::Supplier, 2)]), "{open:?}");
    let audit = engine.audit().expect("it ends");
    assert!(audit.is_clean() && audit.holds == 0, "{audit:?}");
    // What comes is anybody's.
    run(&mut pump, engine.change_stock(receive("A", NODE)));
    let mut next = order();
    next.order.id = OrderId::new("id", "NEXT").expect("an id");
    let placed = run(&mut pump, engine.place_order(next));
    assert!(matches!(placed.outcome, PlaceOutcome::Placed(_)), "{placed:?}");
}

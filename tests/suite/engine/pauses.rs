//! Nodes that take no new work until some time.

use backstock_engine::command::{
    ConfirmHold, CreateHold, DeclineShipment, DefineNode, HoldOrder, Lines, NodeDefinition,
    PlaceOrder, ReleaseOrderHold, StockOperation,
};
use backstock_engine::disk::SimulatedDisk;
use backstock_engine::engine::{Engine, EngineError};
use backstock_engine::model::{
    Day, DeclineReason, HoldId, InboundId, LineUnits, Meta, NodeKind, OrderHoldId, OrderHoldKind,
    Refusal, Shortage, Text, Timestamp,
};
use backstock_tests::fixture::*;
use backstock_tests::single::Single;

/// Monday, the day of [`NOW`].
const TODAY: Day = Day::from_epoch_days(20_780);

/// Wednesday at noon.
const UNTIL: Timestamp = NOW.saturating_add_micros(2 * DAY);

fn text(value: &str) -> Text {
    Text::new("text", value).expect("a text")
}

fn store() -> NodeDefinition {
    node("STORE", NodeKind::Store, 1)
}

/// A store next door and a warehouse that is farther, with ten units each. Two orders have one each of the
/// store's.
fn world() -> (SimulatedDisk, Single) {
    let disk = SimulatedDisk::new();
    let mut single = Single::open(&disk).expect("it opens");
    let engine = single.engine.clone();
    single.run(async {
        define_nodes(&engine, &[store(), node("FAR", NodeKind::Warehouse, 5)]).await;
        define_items(&engine, &["A"]).await;
        for at in ["STORE", "FAR"] {
            set(&engine, "A", at, 10).await;
        }
        for id in ["O", "OTHER"] {
            assert_eq!(placed(&engine, id, NOW).await, ("STORE".to_owned(), Some(TODAY)));
        }
    });
    (disk, single)
}

/// From where an order of one unit leaves, and on which day.
async fn leaves(engine: &Engine, id: &str) -> (String, Option<Day>) {
    let view = engine.order(&order_id(id)).await.expect("the order");
    let all = view.order.allocations.iter().rev();
    let open = all.into_iter().find(|a| a.open() > 0).expect("it has a unit");
    let shipment = &view.order.shipments[usize::from(open.shipment)];
    (engine.node_no(shipment.node).id.to_string(), shipment.ship_by)
}

async fn placed(engine: &Engine, id: &str, at: Timestamp) -> (String, Option<Day>) {
    let mut order = order(id, &[("A", 1)], Shortage::Reject);
    // Within the week he would have it from the node next door, also after its pause.
    order.deliver_by = Some(TODAY.plus(2));
    let meta = Meta { at, ..meta() };
    let command = PlaceOrder { meta, placed_at: None, order };
    engine.place_order(command).await.expect("it is placed");
    leaves(engine, id).await
}

fn decline(reason: DeclineReason, paused_until: Option<Timestamp>) -> DeclineShipment {
    let (order, lines) = (order_id("O"), LineUnits::new());
    DeclineShipment { meta: meta(), order, shipment: 1, reason, lines, paused_until }
}

/// What it has no hands for goes elsewhere, and so does what is ordered next, until the time that it
/// says; what others have there stays, with its day.
#[test]
fn a_node_without_hands_takes_no_new_work_until_it_says_and_keeps_what_it_has() {
    for reason in [DeclineReason::Capacity, DeclineReason::Closed] {
        let (disk, mut single) = world();
        let engine = single.engine.clone();
        single.run(engine.decline_shipment(decline(reason, Some(UNTIL)))).expect("declined");
        let there = ("STORE".to_owned(), Some(TODAY));
        let far = ("FAR".to_owned(), Some(TODAY));
        assert_eq!(single.run(leaves(&engine, "O")), far, "{reason:?}");
        assert_eq!(single.run(leaves(&engine, "OTHER")), there, "untouched");
        assert_eq!(single.run(placed(&engine, "NEXT", NOW)), far);
        assert_clean(&engine);
        let before = engine.status().state_hash;
        drop(single);
        let mut single = Single::open(&disk.crash(7)).expect("it opens again");
        let engine = single.engine.clone();
        assert_eq!(engine.status().state_hash, before);
        single.run(set(&engine, "A", "FAR", 2));
        let wednesday = ("STORE".to_owned(), Some(TODAY.plus(2)));
        // Nobody else has it: it leaves as though it had been ordered when the pause ends.
        assert_eq!(single.run(placed(&engine, "ALONE", NOW)), wednesday);
        assert_eq!(single.run(placed(&engine, "THEN", UNTIL)), wednesday, "as ever");
        assert_clean(&engine);
    }
}

/// A pause is not cut short by a decline, and not by a definition that says nothing of it.
#[test]
fn the_longer_pause_counts_until_a_definition_ends_it() {
    let (_, mut single) = world();
    let engine = single.engine.clone();
    let until = |engine: &Engine| engine.node(&node_id("STORE")).expect("it is known").paused_until;
    let longer = UNTIL.saturating_add_micros(DAY);
    let define = |paused_until| DefineNode {
        meta: meta(),
        node: NodeDefinition { paused_until, ..store() },
    };
    single.run(engine.define_node(define(Some(longer)))).expect("it is paused");
    let capacity = decline(DeclineReason::Capacity, Some(UNTIL));
    single.run(engine.decline_shipment(capacity)).expect("declined");
    assert_eq!(until(&engine), Some(longer));
    single.run(engine.define_node(define(None))).expect("it is defined");
    assert_eq!(until(&engine), Some(longer), "nothing was said of it");
    single.run(engine.define_node(define(Some(NOW)))).expect("it takes work");
    assert_eq!(until(&engine), None);
    assert_eq!(single.run(placed(&engine, "NEXT", NOW)).0, "STORE");
    assert_clean(&engine);
}

#[test]
fn a_pause_has_a_reason_and_an_end_that_is_near() {
    let (_, mut single) = world();
    let engine = single.engine.clone();
    let mut told = |reason, until| match single.run(engine.decline_shipment(decline(reason, until)))
    {
        Err(EngineError::Invalid(found)) => found.iter().map(ToString::to_string).collect(),
        Err(error) => vec![error.to_string()],
        Ok(_) => Vec::new(),
    };
    let alone = "is said with the reasons CAPACITY and CLOSED alone";
    for reason in [DeclineReason::NotFound, DeclineReason::Short, DeclineReason::Unspecified] {
        let found: Vec<String> = told(reason, Some(UNTIL));
        assert!(found.len() == 1 && found[0].contains(alone), "{reason:?}: {found:?}");
    }
    let far = NOW.saturating_add_micros(366 * DAY + 1);
    let found = told(DeclineReason::Closed, Some(far));
    assert!(found.len() == 1 && found[0].contains("more than 366 days ahead"), "{found:?}");
    let past = NOW.saturating_add_micros(-1);
    assert_eq!(told(DeclineReason::Closed, Some(past)), [""; 0], "it is over");
    assert_eq!(single.run(placed(&engine, "NEXT", NOW)).0, "STORE");
}

/// What a node has for an order already leaves as it was told: what rests on what comes, what is on hold,
/// and what is in a cart.
#[test]
fn a_pause_touches_no_day_of_what_the_node_has() {
    let (_, mut single) = world();
    let engine = single.engine.clone();
    single.run(set(&engine, "A", "FAR", 0));
    single.run(set(&engine, "A", "STORE", 3));
    let eta = NOW.saturating_add_micros(DAY);
    let id = InboundId::new("id", "PO").expect("an id");
    let coming = StockOperation::AnnounceInbound { id, quantity: 5, eta };
    single.run(change(&engine, "A", "STORE", coming)).expect("announced");
    let cart = HoldId::new("hold", "CART").expect("an id");
    let wanted = order("CART", &[("A", 1)], Shortage::Reject);
    let held = CreateHold::new(meta(), cart.clone(), (600, None), wanted);
    single.run(engine.create_hold(held)).expect("held");
    let tomorrow = ("STORE".to_owned(), Some(TODAY.plus(1)));
    assert_eq!(single.run(placed(&engine, "COMING", NOW)), tomorrow);
    let hold = OrderHoldId::new("hold", "H").expect("an id");
    let on_hold = HoldOrder {
        meta: meta(),
        order: order_id("OTHER"),
        hold: hold.clone(),
        kind: OrderHoldKind::Manual,
        reason: text("a look"),
        owner: text("desk"),
        stock_until: None,
    };
    single.run(engine.hold_order(on_hold)).expect("on hold");
    let closed = decline(DeclineReason::Closed, Some(UNTIL));
    single.run(engine.decline_shipment(closed)).expect("declined");
    assert_eq!(single.run(leaves(&engine, "COMING")), tomorrow);
    let release = ReleaseOrderHold { meta: meta(), order: order_id("OTHER"), hold };
    single.run(engine.release_order_hold(release)).expect("released");
    let today = ("STORE".to_owned(), Some(TODAY));
    assert_eq!(single.run(leaves(&engine, "OTHER")), today);
    let confirm = ConfirmHold {
        meta: meta(),
        hold: cart,
        order: order_id("BOUGHT"),
        customer: None,
        channel: None,
        destination: None,
        service: None,
        deliver_by: None,
        lines: Lines::default(),
        prices: None,
    };
    single.run(engine.confirm_hold(confirm)).expect("confirmed");
    assert_eq!(single.run(leaves(&engine, "BOUGHT")), today);
    assert_clean(&engine);
}

/// Said again, a decline changes nothing: a pause that it says for the first time is not passed over.
#[test]
fn a_decline_that_is_said_again_adds_no_pause_in_silence() {
    let (_, mut single) = world();
    let engine = single.engine.clone();
    let said = |until| decline(DeclineReason::Closed, until);
    single.run(engine.decline_shipment(said(None))).expect("declined");
    let again = single.run(engine.decline_shipment(said(Some(UNTIL))));
    let Err(EngineError::Refused(refusal)) = again else { panic!("it is refused: {again:?}") };
    assert_eq!(refusal, Refusal::ShipmentDeclined { shipment_number: 1 });
    single.run(engine.decline_shipment(said(None))).expect("nothing happens");
}

//! Orders that are on hold beyond the day on which they were to leave.

use backstock_engine::command::{
    HoldOrder, NodeDefinition, PlaceOrder, ProgressShipment, ReleaseOrderHold,
};
use backstock_engine::disk::SimulatedDisk;
use backstock_engine::engine::Engine;
use backstock_engine::model::{
    Day, LineUnits, Meta, NodeKind, OrderHoldId, OrderHoldKind, PackageId, Shortage, Step, Text,
    Timestamp,
};
use backstock_tests::fixture::*;
use backstock_tests::single::Single;

/// Monday, the day of [`NOW`].
const TODAY: Day = Day::from_epoch_days(20_780);

/// Wednesday at noon.
const WEDNESDAY: Timestamp = NOW.saturating_add_micros(2 * DAY);

fn text(value: &str) -> Text {
    Text::new("text", value).expect("a text")
}

fn hold() -> OrderHoldId {
    OrderHoldId::new("hold", "H").expect("an id")
}

/// A node with ten units that ships so many units a day, and an order of three.
async fn world(engine: &Engine, capacity_units_per_day: u32) {
    let node = NodeDefinition { capacity_units_per_day, ..node("E", NodeKind::Warehouse, 1) };
    define_nodes(engine, &[node]).await;
    define_items(engine, &["A"]).await;
    set(engine, "A", "E", 10).await;
    assert_eq!(placed(engine, ("O", 3), NOW).await, Some(TODAY));
}

async fn placed(engine: &Engine, (id, units): (&str, u32), at: Timestamp) -> Option<Day> {
    let order = order(id, &[("A", units)], Shortage::Reject);
    let meta = Meta { at, ..meta() };
    engine.place_order(PlaceOrder { meta, placed_at: None, order }).await.expect("placed");
    leaves(engine, id).await
}

async fn leaves(engine: &Engine, id: &str) -> Option<Day> {
    engine.order(&order_id(id)).await.expect("the order").order.shipments[0].ship_by
}

async fn step(engine: &Engine, step: Step) {
    let command = ProgressShipment { meta: meta(), order: order_id("O"), shipment: 1, step };
    engine.progress_shipment(command).await.expect("it goes on");
}

/// The order is on hold until Wednesday; answers when it leaves then.
async fn held_until_wednesday(engine: &Engine) -> Option<Day> {
    let on_hold = HoldOrder {
        meta: meta(),
        order: order_id("O"),
        hold: hold(),
        kind: OrderHoldKind::Payment,
        reason: text("the card"),
        owner: text("desk"),
        stock_until: None,
    };
    engine.hold_order(on_hold).await.expect("on hold");
    let meta = Meta { at: WEDNESDAY, ..meta() };
    let release = ReleaseOrderHold { meta, order: order_id("O"), hold: hold() };
    engine.release_order_hold(release).await.expect("released");
    leaves(engine, "O").await
}

/// What is picked cannot go on while it is on hold, and is late as well. What is packed leaves when it
/// does: nobody is told anything of it.
#[test]
fn what_is_not_packed_is_told_its_new_day_when_the_hold_is_released() {
    let lines = || LineUnits::from_slice(&[(0, 3)]);
    let package = || PackageId::new("package", "P").expect("an id");
    let pack = || Step::Pack { package: package(), lines: lines() };
    let rows = [(None, 2), (Some(Step::Pick(lines())), 2), (Some(pack()), 0)];
    for (done, days) in rows {
        let mut single = Single::fresh();
        let engine = single.engine.clone();
        single.run(world(&engine, 0));
        if let Some(done) = done.clone() {
            single.run(step(&engine, done));
        }
        let day = single.run(held_until_wednesday(&engine));
        assert_eq!(day, Some(TODAY.plus(days)), "{done:?}");
        assert_clean(&engine);
    }
}

/// The day on which it leaves has room for it, and it takes that from who comes later, also after a crash.
#[test]
fn the_new_day_is_one_with_room_and_is_taken() {
    let disk = SimulatedDisk::new();
    let mut single = Single::open(&disk).expect("it opens");
    let engine = single.engine.clone();
    single.run(world(&engine, 4));
    // Of Wednesday's four, another order has two: three are too many.
    assert_eq!(single.run(placed(&engine, ("OTHER", 2), WEDNESDAY)), Some(TODAY.plus(2)));
    let thursday = Some(TODAY.plus(3));
    assert_eq!(single.run(held_until_wednesday(&engine)), thursday);
    assert_clean(&engine);
    let before = engine.status().state_hash;
    drop(single);
    let mut single = Single::open(&disk.crash(3)).expect("it opens again");
    let engine = single.engine.clone();
    assert_eq!(engine.status().state_hash, before);
    assert_eq!(single.run(leaves(&engine, "O")), thursday);
    // Thursday has room for one more unit, and Wednesday for two.
    assert_eq!(single.run(placed(&engine, ("TWO", 2), WEDNESDAY)), Some(TODAY.plus(2)));
    assert_eq!(single.run(placed(&engine, ("NEXT", 2), WEDNESDAY)), Some(TODAY.plus(4)));
    assert_clean(&engine);
}

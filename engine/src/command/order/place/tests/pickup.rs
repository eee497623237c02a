//! Orders that are collected: what is there, what is brought there, and what waits.

use super::*;
use crate::command::fixture::{node_id, store, told as refused};
use crate::engine::tests::NODE;
use crate::model::{Destination, Eligibility, Pickup, PickupOffer, ServiceName, Text, Weekdays};

/// A store where customers collect.
fn store_at(name: &str) -> Node {
    Node { pickup: PickupOffer::Offered, ..located(name, NodeKind::Store) }
}

/// The store `S` with a unit of `A`, and a warehouse with three.
fn store_and_warehouse() -> State {
    let nodes = [store_at("S"), located("W", NodeKind::Warehouse)];
    stocked(state(nodes), &[(0, 0, on_hand(1)), (0, 1, on_hand(3))])
}

/// So many units of `A`, collected at a node.
fn collects(quantity: u32, node: &str, only_there: bool, shortage: Shortage) -> PlaceOrder {
    let mut wanted = wants(&[("A", quantity)], shortage);
    wanted.order.destination = Destination::Pickup(Pickup { node: node_id(node), only_there });
    wanted
}

#[test]
fn what_is_there_is_collected_and_what_is_not_is_brought_or_waits() {
    use Shortage::{Backorder, Reject};
    let state = store_and_warehouse();
    let (shelf, waits) = (Supply::OnHand, Supply::Backorder);
    let short = |wanted, short| Came::SoldOut(vec![LineShortage { line: 0, wanted, short }]);
    let rows: [(_, _, _, Came); _] = [
        (1, false, Reject, Came::Parts(vec![(0, 0, shelf, 1)])),
        // One shipment to the store, rather than a unit there and one that is brought.
        (2, false, Reject, Came::Parts(vec![(0, 1, shelf, 2)])),
        (4, false, Reject, Came::Parts(vec![(0, 0, shelf, 1), (0, 1, shelf, 3)])),
        (5, false, Reject, short(5, 1)),
        (2, true, Reject, short(2, 1)),
        // What waits for the store alone waits there.
        (2, true, Backorder, Came::Parts(vec![(0, 0, shelf, 1), (0, 0, waits, 1)])),
    ];
    for (quantity, only_there, shortage, expected) in rows {
        let order = collects(quantity, "S", only_there, shortage);
        let came = comes_to(&state, &order);
        assert_eq!(came, Ok(expected), "{quantity}, only there: {only_there}");
    }
}

/// The days and the cost of an order's one shipment.
fn told(state: &State, order: &PlaceOrder) -> (u16, i32, i32, u64) {
    let (wanted, draft) = planned(state, order).expect("it is planned");
    let [shipment] = &*draft.shipments else { panic!("{:?}", draft.shipments) };
    let today = wanted.at.as_micros().div_euclid(MICROS_PER_DAY);
    let days = |day: Option<Day>| {
        day.expect("it has days").epoch_days() - i32::try_from(today).expect("a day")
    };
    (shipment.node.0, days(shipment.ship_by), days(shipment.deliver_by), draft.cost)
}

#[test]
fn what_is_there_has_no_carrier_and_costs_none() {
    let mut nodes = [store_at("S"), located("W", NodeKind::Warehouse)];
    (nodes[0].shipment_cost, nodes[0].unit_cost) = (70, 5);
    // Whatever services the store ships by: none comes for what is collected.
    let services = vec![ServiceName::new("name", "same_day").expect("a name")];
    nodes[0].eligibility = Eligibility { channels: Vec::new(), services };
    // It works as the carrier does not.
    nodes[0].working_days = 0b110_0000;
    let state = stocked(state(nodes), &[(0, 0, on_hand(1)), (0, 1, on_hand(3))]);
    let mut policy = Policy::default();
    policy.services[0].pickup_weekdays = Weekdays::MONDAY_TO_FRIDAY;
    let network = state.network.load().with_policy(policy, Lsn::FIRST);
    state.network.store(Arc::new(network));
    let collected = collects(1, "S", false, Shortage::Reject);
    let brought = collects(2, "S", false, Shortage::Reject);
    let shipped = wants(&[("A", 1)], Shortage::Reject);
    // A Sunday noon after a cut-off at midnight: the store works on Saturday again.
    let first = (told(&state, &collected), told(&state, &brought), told(&state, &shipped));
    assert_eq!(first.0, (0, 5, 5, 75), "what its handling costs");
    assert_eq!(first.1, (1, 1, 5, 540), "it is there on a day on which the store is closed");
    assert_eq!(first.2, (1, 1, 2, 520));
    // What is kept of a node from order to order is not that of a pickup.
    let again = (told(&state, &collected), told(&state, &brought), told(&state, &shipped));
    assert_eq!(again, first);
    let candidates = planned(&state, &brought).expect("it is planned").1.trace;
    let trace = Trace::read(&candidates).expect("a trace");
    let verdicts: Vec<_> = trace.lines[0].iter().map(|c| c.verdict).collect();
    assert_eq!(verdicts, [Verdict::AnotherShipment, Verdict::Chosen]);
}

#[test]
fn nothing_is_brought_where_that_is_not_wanted_and_no_other_channel_is_served() {
    let web = Text::new("channel", "web").expect("a channel");
    let mut nodes = [store_at("S"), located("W", NodeKind::Warehouse)];
    nodes[0].eligibility = Eligibility { channels: vec![web.clone()], services: Vec::new() };
    let state = stocked(state(nodes), &[(0, 0, on_hand(1)), (0, 1, on_hand(3))]);
    let verdicts = |order: &PlaceOrder| -> Vec<_> {
        let trace = planned(&state, order).expect("it is planned").1.trace;
        Trace::read(&trace).expect("a trace").lines[0].iter().map(|c| c.verdict).collect()
    };
    let mut there = collects(1, "S", true, Shortage::Reject);
    assert_eq!(verdicts(&there), [Verdict::ChannelNotServed, Verdict::NotBroughtThere]);
    there.order.channel = Some(web);
    assert_eq!(verdicts(&there), [Verdict::Chosen, Verdict::NotBroughtThere]);
}

/// The refusals of the table, whose rows are checked.
pub(super) fn table() -> Vec<RefusalKind> {
    let (engine, mut pump) = one_unit();
    let collect = |node| collects(1, node, false, Shortage::Reject);
    let unknown = Refusal::NodeNotFound { node_id: node_id("S") };
    let not_offered = |name| Refusal::PickupNotOffered { node_id: node_id(name) };
    assert_eq!(refused(engine.place_order(collect("S"))), unknown);
    let warehouse = NODE;
    assert_eq!(refused(engine.place_order(collect(warehouse))), not_offered(warehouse));
    let mut off = store("S");
    off.node.enabled = false;
    run(&mut pump, engine.define_node(off));
    assert_eq!(refused(engine.place_order(collect("S"))), not_offered("S"));
    run(&mut pump, engine.define_node(store("S")));
    run(&mut pump, engine.place_order(collect("S")));
    [unknown, not_offered("S")].iter().map(Refusal::kind).collect()
}

#[test]
fn an_order_is_collected_only_where_that_is_offered() {
    table();
}

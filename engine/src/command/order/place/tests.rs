//! Tables: this order on this state, exactly these units, this shortage or this refusal.

mod pickup;

use std::collections::HashSet;
use std::pin::pin;
use std::sync::Arc;

use crate::command::fixture::{
    check, first, item, located, off_sale, opening, order, queueable, receive, sku, told,
};
use crate::command::{LineRequest, PlaceOrder};
use crate::engine::EngineError;
use crate::engine::tests::{NODE, OnePlace, PAIR, one_unit, poll, run};
use crate::limits::{ORDER_ALLOCATIONS_MAX, STOCK_UNITS_MAX};
use crate::model::order::trace::Trace;
use crate::model::{
    Day, InboundId, InboundNo, Lsn, Node, NodeKind, NodeNo, OrderId, OrderNo, Pair, Parts, Policy,
    Priority, Refusal, RefusalKind, Serves, Shortage, SkuNo, Split, StockChange, StockEffect,
    Supply,
};
use crate::placing::judge::{LineShortage, judge};
use crate::placing::resolve::resolve;
use crate::planning::{Draft, InboundSeen, Wanted, plan};
use crate::sourcing::Verdict;
use crate::sourcing::limits::SHIPMENTS_MAX;
use crate::state::State;
use crate::state::network::Network;
use crate::state::stock::{StockMessage, StockReply};

const MICROS_PER_DAY: i64 = 86_400_000_000;

/// The outcome of an order on plain state.
#[derive(Debug, PartialEq, Eq)]
enum Came {
    /// Line, node, supply and units of each part.
    Parts(Vec<(u16, u16, Supply, u32)>),
    /// Lines that lack units, of an order that is not to wait.
    SoldOut(Vec<LineShortage>),
}

/// The items `A` and `B`, and these nodes.
fn state(nodes: impl IntoIterator<Item = Node>) -> State {
    let state = State::new(1, 1);
    for (no, name) in (0..).zip(["A", "B"]) {
        state.catalogue.define(SkuNo(no), item(name).item, Lsn::FIRST);
    }
    let network = (0..).zip(nodes).fold(Network::empty(1), |network, (no, node)| {
        network.with_node(NodeNo(no), node, Lsn::FIRST)
    });
    state.network.store(Arc::new(network));
    state
}

/// The state after the supply of pairs changed, each named by its item and its node.
fn stocked(state: State, supply: &[(u32, u16, StockChange)]) -> State {
    for ((sku, node, change), lsn) in supply.iter().zip(1..) {
        let pair = Pair { sku: SkuNo(*sku), node: NodeNo(*node) };
        let effect = StockEffect::Change { change: change.clone(), serves: Serves::Backlog };
        let apply = StockMessage::Apply { pair, lsn: Lsn::new(lsn), effect, settles: false };
        state.cell(pair).ask(apply).wait().expect("no panic");
    }
    state
}

fn on_hand(on_hand: u32) -> StockChange {
    StockChange::Set { on_hand, unavailable: 0, safety: 0 }
}

/// Two warehouses with three units of `A` each. The second one has a unit of `B`.
fn two_warehouses() -> State {
    let nodes = ["W", "X"].map(|name| located(name, NodeKind::Warehouse));
    stocked(state(nodes), &[(0, 0, on_hand(3)), (0, 1, on_hand(3)), (1, 1, on_hand(1))])
}

/// A warehouse that is disabled, with three units of `A`.
fn only_disabled() -> State {
    let node = Node { enabled: false, ..located("W", NodeKind::Warehouse) };
    stocked(state([node]), &[(0, 0, on_hand(3))])
}

/// A supplier that has three units of `A`.
fn only_a_supplier() -> State {
    let feed = StockChange::SupplierFeed { quantity: Some(3) };
    stocked(state([located("S", NodeKind::Supplier)]), &[(0, 0, feed)])
}

/// More warehouses than one plan looks at, with a unit of `A` each.
fn too_many_nodes() -> State {
    more_than_a_plan_looks_at(NodeKind::Warehouse, &on_hand(1))
}

/// As many suppliers, at which no unit waits.
fn too_many_suppliers() -> State {
    let feed = StockChange::SupplierFeed { quantity: Some(1) };
    more_than_a_plan_looks_at(NodeKind::Supplier, &feed)
}

fn more_than_a_plan_looks_at(kind: NodeKind, supply: &StockChange) -> State {
    let one = state([located("W", kind)]);
    let nodes = vec![one.network.load().nodes[0].clone(); SHIPMENTS_MAX + 1];
    let policy = Arc::clone(&one.network.load().policy);
    one.network.store(Arc::new(Network::new(nodes, policy, Lsn::NONE, 1)));
    let numbers = (0..).take(SHIPMENTS_MAX + 1);
    let supply: Vec<_> = numbers.map(|no| (0, no, supply.clone())).collect();
    stocked(one, &supply)
}

/// An order of so many units of these items.
fn wants(lines: &[(&str, u32)], shortage: Shortage) -> PlaceOrder {
    let mut wanted = order();
    let line = |&(name, quantity): &(&str, u32)| LineRequest { sku: sku(name), quantity };
    wanted.order.lines.0 = lines.iter().map(line).collect();
    wanted.order.shortage = Some(shortage);
    wanted
}

/// The order's plan on that state.
fn planned<'a>(state: &'a State, order: &'a PlaceOrder) -> Result<(Wanted<'a>, Draft), Refusal> {
    let wanted = resolve(state, &OnePlace, order).map_err(|error| match error {
        EngineError::Refused(refusal) => refusal,
        other => panic!("{other}"),
    })?;
    let draft = plan(&state.network.load_full(), &wanted, Some(&on_its_way(state, &wanted)));
    Ok((wanted, draft.expect("what is on its way was looked for")))
}

fn on_its_way(state: &State, wanted: &Wanted<'_>) -> InboundSeen {
    let mut seen = InboundSeen::new();
    for (line, want) in (0..).zip(&wanted.lines) {
        for slot in &want.entry.row {
            let pair = Pair { sku: want.sku, node: slot.node };
            let reply = state.cell(pair).ask(StockMessage::ReadInbound).wait().expect("no panic");
            let StockReply::Inbound(glances) = reply else { panic!("{reply:?}") };
            seen.push((line, slot.node, glances));
        }
    }
    seen
}

fn comes_to(state: &State, order: &PlaceOrder) -> Result<Came, Refusal> {
    let (wanted, draft) = planned(state, order)?;
    Ok(match judge(&wanted, &draft, true)? {
        Some(shortages) => Came::SoldOut(shortages),
        None => Came::Parts(parts(&draft)),
    })
}

fn parts(draft: &Draft) -> Vec<(u16, u16, Supply, u32)> {
    let node = |shipment: u16| draft.shipments[usize::from(shipment)].node.0;
    draft.allocations.iter().map(|a| (a.line, node(a.shipment), a.supply, a.units)).collect()
}

/// The refusals of the tables, whose rows are checked.
pub(crate) fn table() -> Vec<RefusalKind> {
    [plain_state(), bounds(), in_the_engine(), pickup::table()].concat()
}

fn plain_state() -> Vec<RefusalKind> {
    use Shortage::{Backorder, Partial, Reject};
    let (shelf, waits, supplier) = (Supply::OnHand, Supply::Backorder, Supply::Supplier);
    let filled = |parts: &[_]| Ok(Came::Parts(parts.to_vec()));
    let short = |wanted, short| Ok(Came::SoldOut(vec![LineShortage { line: 0, wanted, short }]));
    let both = two_warehouses();
    let (disabled, vendor, nowhere) = (only_disabled(), only_a_supplier(), state([]));
    let (too_many, vendors) = (too_many_nodes(), too_many_suppliers());
    let why =
        || format!("its items are at more nodes than the {SHIPMENTS_MAX} that one plan looks at");
    let unknown = Refusal::ItemNotFound { sku: sku("C") };
    let on_both = [(0, 0, shelf, 3), (0, 1, shelf, 3)];
    let then_waits = [(0, 0, shelf, 3), (0, 0, waits, 2), (0, 1, shelf, 3)];
    let rows: [(_, &[_], _, _); _] = [
        (&both, &[("A", 2)], Reject, filled(&[(0, 0, shelf, 2)])),
        (&both, &[("A", 3), ("B", 1)], Reject, filled(&[(0, 1, shelf, 3), (1, 1, shelf, 1)])),
        (&both, &[("A", 4), ("A", 2)], Reject, filled(&on_both)),
        (&both, &[("A", 8)], Reject, short(8, 2)),
        (&both, &[("A", 8)], Partial, filled(&on_both)),
        (&both, &[("A", 8)], Backorder, filled(&then_waits)),
        (&vendor, &[("A", 3)], Reject, filled(&[(0, 0, supplier, 3)])),
        (&vendor, &[("A", 4)], Reject, short(4, 1)),
        (&disabled, &[("A", 1)], Reject, short(1, 1)),
        (&disabled, &[("A", 1)], Partial, short(1, 1)),
        (&disabled, &[("A", 1)], Backorder, Err(Refusal::NoNode)),
        // No unit waits at a supplier.
        (&vendor, &[("A", 4)], Backorder, Err(Refusal::NoNode)),
        (&nowhere, &[("A", 1)], Backorder, Err(Refusal::NoNode)),
        // The first name that is not known is told, and before all else.
        (&nowhere, &[("A", 1), ("C", 1), ("D", 1)], Backorder, Err(unknown)),
        (&too_many, &[("A", 600)], Reject, Err(Refusal::CommandTooLarge { why: why() })),
        // Both apply: no node lets units wait.
        (&vendors, &[("A", 600)], Backorder, Err(Refusal::CommandTooLarge { why: why() })),
    ];
    let both = [RefusalKind::NoNode, RefusalKind::CommandTooLarge];
    assert_eq!(first(&both), RefusalKind::CommandTooLarge, "it is told first");
    check(rows.map(|(state, lines, shortage, expected)| {
        ((lines, shortage), comes_to(state, &wants(lines, shortage)), expected)
    }))
}

/// An order is bounded by the size of its event, and by the units that may wait at a pair.
fn bounds() -> Vec<RefusalKind> {
    let state = two_warehouses();
    let order = wants(&[("A", 8)], Shortage::Backorder);
    let (wanted, mut draft) = planned(&state, &order).expect("it is planned");
    let most = u64::from(STOCK_UNITS_MAX);
    let no_room = || Err(Refusal::QuantityTooLarge { what: "waiting", max: most });
    let too_many = ORDER_ALLOCATIONS_MAX + 1;
    let why =
        format!("the order would take {too_many} parts of stock; at most {ORDER_ALLOCATIONS_MAX}");
    let too_large = || Err(Refusal::CommandTooLarge { why: why.clone() });
    let (waits, nowhere) = (draft.allocations[1], draft.allocations[0]);
    assert_eq!((waits.supply, nowhere.supply), (Supply::Backorder, Supply::OnHand));
    let rows = [
        (3, waits, true, Ok(None)),
        (3, waits, false, no_room()),
        (3, nowhere, true, Err(Refusal::NoNode)),
        (ORDER_ALLOCATIONS_MAX, waits, true, Ok(None)),
        (ORDER_ALLOCATIONS_MAX, nowhere, true, Err(Refusal::NoNode)),
        (too_many, waits, true, too_large()),
        (too_many, waits, false, no_room()),
        (too_many, nowhere, true, too_large()),
    ];
    let all = [RefusalKind::NoNode, RefusalKind::CommandTooLarge, RefusalKind::QuantityTooLarge];
    assert_eq!(first(&all), RefusalKind::QuantityTooLarge, "it is told first");
    assert_eq!(first(&all[..2]), RefusalKind::CommandTooLarge, "it is told second");
    check(rows.map(|(parts, unfilled, has_room, expected)| {
        let allocations = [vec![unfilled], vec![nowhere; parts - 1]].concat();
        // Units of the line that are in no allocation have no node.
        let lost = u32::from(unfilled.supply != Supply::Backorder);
        draft.lines[0].ordered = allocations.iter().map(|a| a.units).sum::<u32>() + lost;
        draft.allocations = allocations.into();
        let asked = (parts, unfilled.supply, has_room);
        (asked, judge(&wanted, &draft, has_room), expected)
    }))
}

/// Refusals that need an engine: of an order's id that is used, and of units that may not
/// wait.
fn in_the_engine() -> Vec<RefusalKind> {
    let (engine, mut pump) = one_unit();
    run(&mut pump, engine.place_order(order()));
    let id = order().order.id;
    let other = told(engine.place_order(wants(&[("A", 2)], Shortage::Backorder)));
    assert_eq!(other, Refusal::OrderIdReused { order_id: id });

    let (engine, mut pump) = one_unit();
    // The pair's next event comes after this one.
    let lsn = run(&mut pump, engine.define_item(item("B"))).version;
    let parts = Parts::from_iter([(Supply::Backorder, STOCK_UNITS_MAX)]);
    let effect = StockEffect::Reserve {
        order: OrderNo(99),
        line: 0,
        parts,
        held: false,
        priority: Priority::DEFAULT,
    };
    let apply = StockMessage::Apply { pair: PAIR, lsn, effect, settles: false };
    engine.kernel.state.cell(PAIR).ask(apply).wait().expect("no panic");
    let no_room = told(engine.place_order(wants(&[("A", 2)], Shortage::Backorder)));
    let max = u64::from(STOCK_UNITS_MAX);
    assert_eq!(no_room, Refusal::QuantityTooLarge { what: "waiting", max });

    run(&mut pump, engine.define_item(off_sale("B")));
    let wanted = wants(&[("A", 1), ("B", 1)], Shortage::Backorder);
    let kept = told(engine.place_order(wanted));
    assert_eq!(kept, Refusal::ItemOffSale { sku: sku("B") });
    let full = line_is_full();
    run(&mut pump, engine.define_item(opening("B", order().meta.at.saturating_add_micros(1))));
    let closed = told(engine.place_order(wants(&[("B", 1)], Shortage::Backorder)));
    assert_eq!(closed.kind(), RefusalKind::SaleNotOpen);
    [other, no_room, kept, closed, full].iter().map(Refusal::kind).collect()
}

/// Three units may wait for the item, of which there is one: of what an order wants, those count
/// that wait, and an order is refused whole.
fn line_is_full() -> Refusal {
    let (engine, mut pump) = one_unit();
    run(&mut pump, engine.define_item(queueable("A", 3)));
    let wanting = |id: &str, quantity| {
        let mut order = wants(&[("A", quantity)], Shortage::Backorder);
        order.order.id = OrderId::new("id", id).expect("an id");
        order
    };
    run(&mut pump, engine.place_order(wanting("two wait", 3)));
    let full = Refusal::BacklogFull { sku: sku("A"), max: 3 };
    assert_eq!(told(engine.place_order(wanting("two more", 2))), full);
    run(&mut pump, engine.place_order(wanting("one more", 1)));
    assert_eq!(told(engine.place_order(wanting("another", 1))), full);
    run(&mut pump, engine.change_stock(receive("A", NODE)));
    run(&mut pump, engine.place_order(wanting("there is room", 1)));
    run(&mut pump, engine.define_item(queueable("A", 0)));
    assert_eq!(
        told(engine.place_order(wanting("none", 1))),
        Refusal::BacklogFull { sku: sku("A"), max: 0 }
    );
    full
}

/// Two orders that claim before either is written: together they would pass the bound.
#[test]
fn no_more_units_wait_than_may_though_all_are_in_flight() {
    let (engine, mut pump) = one_unit();
    run(&mut pump, engine.define_item(queueable("A", 3)));
    let wanting = |id: &str| {
        let mut order = wants(&[("A", 3)], Shortage::Backorder);
        order.order.id = OrderId::new("id", id).expect("an id");
        order
    };
    let mut first = pin!(engine.place_order(wanting("first")));
    let mut second = pin!(engine.place_order(wanting("second")));
    assert!(poll(first.as_mut()).is_pending(), "it waits for the disk");
    assert!(poll(second.as_mut()).is_pending(), "nothing durable refuses it yet");
    run(&mut pump, first);
    assert_eq!(told(second), Refusal::BacklogFull { sku: sku("A"), max: 3 });
}

#[test]
fn an_order_is_filled_waits_or_says_why_not() {
    plain_state();
}

/// So many units that are told for so many days from now.
fn inbound(no: u16, quantity: u32, days: i64) -> StockChange {
    let id = InboundId::new("id", format!("P{no}")).expect("an id");
    let eta = order().meta.at.saturating_add_micros(days * MICROS_PER_DAY);
    StockChange::InboundAnnounced { no: InboundNo(no), id, quantity, eta }
}

/// Three units of `A` on a shelf; five more are there in two days, ninety in four.
fn a_shelf_and_two_supplies() -> State {
    let node = located("W", NodeKind::Warehouse);
    stocked(
        state([node]),
        &[(0, 0, on_hand(3)), (0, 0, inbound(1, 90, 4)), (0, 0, inbound(2, 5, 2))],
    )
}

/// A line that is not to be split comes from one node, by whatever is there when it leaves.
/// It takes of what is there earlier only what it lacks.
#[test]
fn a_whole_line_comes_from_all_that_a_node_has_by_then() {
    let state = a_shelf_and_two_supplies();
    let (shelf, soon, late) =
        (Supply::OnHand, Supply::Inbound(InboundNo(2)), Supply::Inbound(InboundNo(1)));
    let rows: [(u32, &[(Supply, u32)]); _] = [
        (3, &[(shelf, 3)]),
        (5, &[(soon, 5)]),
        (6, &[(shelf, 1), (soon, 5)]),
        (8, &[(shelf, 3), (soon, 5)]),
        (90, &[(late, 90)]),
        (94, &[(late, 90), (soon, 4)]),
        (98, &[(shelf, 3), (late, 90), (soon, 5)]),
    ];
    for (quantity, expected) in rows {
        let mut order = wants(&[("A", quantity)], Shortage::Reject);
        order.order.split = Some(Split::WholeLine);
        let (_, draft) = planned(&state, &order).expect("it is planned");
        assert_eq!(draft.shipments.len(), 1, "{quantity}");
        let taken: Vec<_> = draft.allocations.iter().map(|a| (a.supply, a.units)).collect();
        assert_eq!(taken, expected, "{quantity}");
        let taken: HashSet<_> = expected.iter().map(|(supply, _)| *supply).collect();
        assert_eq!(chosen(&draft), taken, "{quantity}");
    }
    let mut order = wants(&[("A", 99)], Shortage::Reject);
    order.order.split = Some(Split::WholeLine);
    let short = LineShortage { line: 0, wanted: 99, short: 99 };
    assert_eq!(comes_to(&state, &order), Ok(Came::SoldOut(vec![short])));
}

/// The supplies that the trace says were chosen.
fn chosen(draft: &Draft) -> HashSet<Supply> {
    let trace = Trace::read(&draft.trace).expect("a trace");
    let candidates = trace.lines.iter().flatten();
    candidates.filter(|c| c.verdict == Verdict::Chosen).map(|c| c.supply).collect()
}

/// Of supplies that all keep the date in one shipment, the shelf goes first, then what is
/// there earlier, however much more the later one has.
#[test]
fn what_is_there_goes_before_what_is_on_its_way() {
    let state = a_shelf_and_two_supplies();
    let (soon, late) = (Supply::Inbound(InboundNo(2)), Supply::Inbound(InboundNo(1)));
    let rows: [(u32, &[(Supply, u32)]); _] = [
        (1, &[(Supply::OnHand, 1)]),
        (3, &[(Supply::OnHand, 3)]),
        (5, &[(soon, 5)]),
        (6, &[(late, 6)]),
    ];
    let today = order().meta.at.as_micros() / MICROS_PER_DAY;
    let in_two_months = Day::from_epoch_days(i32::try_from(today).expect("a day") + 60);
    for (quantity, expected) in rows {
        let mut order = wants(&[("A", quantity)], Shortage::Reject);
        order.order.deliver_by = Some(in_two_months);
        let (_, draft) = planned(&state, &order).expect("it is planned");
        let taken: Vec<_> = draft.allocations.iter().map(|a| (a.supply, a.units)).collect();
        assert_eq!(taken, expected, "{quantity}");
    }
}

/// Overdue supply can be counted on from tomorrow: it comes after what arrives today, and
/// no line leaves today with it.
#[test]
fn overdue_supply_comes_after_that_of_today() {
    let changes = [(1, 5, -1), (2, 5, 0), (3, 90, 2)];
    let changes = changes.map(|(no, quantity, days)| (0, 0, inbound(no, quantity, days)));
    let state = stocked(state([located("W", NodeKind::Warehouse)]), &changes);
    let (overdue, today) = (Supply::Inbound(InboundNo(1)), Supply::Inbound(InboundNo(2)));
    let in_time = |quantity| {
        let mut order = wants(&[("A", quantity)], Shortage::Reject);
        order.order.split = Some(Split::WholeLine);
        let (_, draft) = planned(&state, &order).expect("it is planned");
        let taken: Vec<_> = draft.allocations.iter().map(|a| (a.supply, a.units)).collect();
        (taken, draft.shipments[0].ship_by.expect("a day"))
    };
    let (taken, first) = in_time(5);
    assert_eq!(taken, [(today, 5)]);
    let (taken, second) = in_time(10);
    assert_eq!(taken, [(overdue, 5), (today, 5)]);
    assert!(second > first, "{second} is not after {first}");
}

#[test]
fn what_an_order_leaves_out_is_as_the_policy_says() {
    let state = two_warehouses();
    let mut order = wants(&[("A", 8)], Shortage::Reject);
    order.order.shortage = None;
    let waits = |came_to| match came_to {
        Ok(Came::Parts(parts)) => {
            parts.iter().any(|(_, _, supply, _)| *supply == Supply::Backorder)
        }
        _ => false,
    };
    assert!(waits(comes_to(&state, &order)), "the default policy lets orders wait");

    let whole = Policy { shortage: Shortage::Reject, split: Split::WholeLine, ..Policy::default() };
    let network = state.network.load().with_policy(whole, Lsn::new(2));
    state.network.store(Arc::new(network));
    order.order.lines.0[0].quantity = 4;
    let short = LineShortage { line: 0, wanted: 4, short: 4 };
    assert_eq!(comes_to(&state, &order), Ok(Came::SoldOut(vec![short])));
}

#[test]
fn an_order_is_bounded_by_its_event_and_by_who_may_wait() {
    bounds();
}

#[test]
fn an_id_is_used_once_and_no_more_wait_than_a_pair_counts() {
    in_the_engine();
}

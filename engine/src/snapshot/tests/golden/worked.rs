//! What came with versions 11 to 13: what a desk did to orders, and what nodes did of them.

use super::super::world::{Happening, World, node, order};
use super::{AT, stated_world};
use crate::model::event::Origin;
use crate::model::fulfilment::{Ended, Ending, WorkClaim};
use crate::model::{
    Allocated, Amended, Amounts, Answer, AnswerKind, ChangePlanned, Currency, DateMoved, Day,
    DeclineReason, Dispatch, Entry, Happened, HoldId, LineAmount, LineUnits, LinesPlanned, Lsn,
    Node, NodeNo, Order, OrderHold, OrderHoldId, OrderHoldKind, OrderNo, OwnerId, Package,
    PackageId, Pair, PickupOffer, Redirect, ReleaseRule, Said, ServiceNo, SkuNo, Supply, Text,
    Went, Work,
};
use crate::snapshot::load::load_newest;
use crate::snapshot::{MemoryStore, Source, list, take};

const PAIR: Pair = Pair { sku: SkuNo(1), node: NodeNo(0) };
const DAY: Day = Day::from_epoch_days(20_810);

fn text(text: &str) -> Text {
    Text::new("text", text).unwrap()
}

fn hold() -> OrderHold {
    OrderHold {
        id: OrderHoldId::new("id", "REVIEW").unwrap(),
        kind: OrderHoldKind::Credit,
        reason: text("over the limit"),
        owner: text("Ann"),
        since: AT,
        stock_until: Some(AT),
        let_go: true,
    }
}

fn place(world: &World, orders: impl IntoIterator<Item = Order>) {
    for order in orders {
        // Numbers of events go on where those of orders do.
        let lsn = Lsn::new(order.no.0 + 12);
        world.apply(lsn, &Happening::Place(Box::new(order)));
    }
}

/// The same as in version 10, with an order on hold whose units were let go, and one of which the
/// customer is asked.
fn desk_world() -> World {
    let world = stated_world();
    let mut held = order(21, PAIR, Supply::Backorder, 1);
    held.order_holds = Box::new([hold()]);
    let mut asked = order(22, PAIR, Supply::Backorder, 1);
    asked.shipments[0].asks = true;
    place(&world, [held, asked]);
    world
}

/// Its files are not kept: all of it is in those of version 12.
#[test]
fn what_the_desk_is_to_look_at_is_written_in_version_11_and_read_back() {
    let store = MemoryStore::default();
    take(Source::from(&desk_world()), &store, AT).unwrap();
    let manifest = list(&store).unwrap().remove(0).manifest.unwrap();
    assert_eq!(manifest.version, 11);
    let recovered = load_newest(&store, None, || World::new(50)).unwrap();
    assert_eq!(recovered.state.hash(), desk_world().hash());
    assert_ne!(recovered.state.hash(), stated_world().hash());
}

fn package(id: &str, units: u32) -> Package {
    Package {
        id: PackageId::new("package", id).unwrap(),
        lines: LineUnits::from_slice(&[(0, units)]),
        ready: None,
        dispatch: None,
        ended: None,
        until: None,
    }
}

/// An order that is packed: in part, waiting for its customer, and on its way.
fn packed() -> Order {
    let mut order = order(23, PAIR, Supply::Picked, 6);
    let dispatch = Dispatch { at: AT, carrier: text("Pony"), tracking: text("1Z") };
    let ended = Some(Ended { how: Ending::Collected, at: AT });
    order.shipments[0].work = Some(Box::new(Work {
        released: Some(AT),
        recall: Some(AT),
        packages: vec![
            package("P-1", 1),
            Package { ready: Some(AT), until: Some(AT), ..package("P-2", 2) },
            Package { dispatch: Some(Box::new(dispatch)), ended, ..package("P-3", 1) },
        ],
        claim: Some(Box::new(WorkClaim {
            owner: OwnerId::new("owner", "scanner-7").unwrap(),
            until: AT,
        })),
        expired: Some(AT),
    }));
    order
}

/// An order that was changed, with an entry of all that a timeline tells.
fn changed() -> Order {
    let mut order = order(24, PAIR, Supply::Backorder, 3);
    let currency = Currency::new("currency_code", "EUR").unwrap();
    let lines = vec![LineAmount { line: 0, amount: 4_999, units: Some(3) }];
    let placed = vec![Allocated { line: 0, shipment: 0, supply: Supply::Backorder, units: 3 }];
    let plan = LinesPlanned { at: AT, trace: Box::new([1, 0, 3]) };
    let planned = ChangePlanned { lsn: Lsn::new(36), first_line: 0, lines: 1, plan, placed };
    let destination = order.header.destination.clone();
    order.amended = Some(Box::new(Amended {
        note: Some(text("ring twice")),
        amounts: Some(Amounts { currency, lines }),
        quote: Some(HoldId::new("hold", "Q-1").unwrap()),
        went: vec![Went { shipment: 0, destination: destination.clone(), service: ServiceNo(0) }],
        plans: Some(vec![planned]),
    }));
    let origin = Origin { actor: text("Ann"), channel: text("phone"), reason: text("asked") };
    let said = Said { at: AT, origin: Some(Box::new(origin)) };
    let all = |what| Entry {
        shipment: Some(0),
        lines: Some(vec![(0, 2)]),
        packages: Some(vec![PackageId::new("package", "P-1").unwrap()]),
        carrier: Some(Box::new((text("Pony"), text("1Z")))),
        dates: Some(vec![DateMoved { shipment: 0, before: Some(DAY), after: None }]),
        cause: None,
        declined: Some(DeclineReason::NotFound),
        until: Some(AT),
        was_at: Some(AT),
        left_out: Some(7),
        hold: Some(Box::new(hold())),
        added: Some(vec![(0, 1)]),
        goes_to: Some(Box::new(Redirect {
            destination: destination.clone(),
            service: ServiceNo(1),
            promise_by: DAY,
        })),
        note: Some(text("ring twice")),
        amounts: Some(Box::new(Amounts {
            currency,
            lines: vec![LineAmount { line: 0, amount: 4_999, units: Some(3) }],
        })),
        ..Entry::new(Lsn::new(36), what, &said)
    };
    // Those that there were by then: what came later is in later versions.
    let by_then = Happened::ALL.into_iter().take_while(|what| *what != Happened::PaymentTold);
    for what in by_then {
        // Those came with version 13.
        if !matches!(what, Happened::Placed | Happened::Held) {
            order.timeline.keep(&all(what));
        }
    }
    order
}

/// An order of which its timeline says who placed it, and why, and of which its node has fewer.
fn short() -> Order {
    let mut order = order(25, PAIR, Supply::OnHand, 2);
    let origin = Origin { actor: text("Ann"), channel: text("phone"), reason: text("asked") };
    let said = Said { at: AT, origin: Some(Box::new(origin)) };
    order.timeline.keep(&Entry::new(Lsn::NONE, Happened::Placed, &said));
    order.timeline.keep(&Entry::new(Lsn::NONE, Happened::Held, &said));
    let kind = AnswerKind::Declined(DeclineReason::Short);
    order.shipments[0].answer = Some(Answer { kind, at: AT });
    order
}

/// The same as in version 12, with such an order, and with a node that takes no new work.
pub(super) fn paused_world() -> World {
    let world = worked_world();
    place(&world, [short()]);
    let paused = Node { paused_until: Some(AT), ..node(1, 500) };
    world.apply(Lsn::new(38), &Happening::Node(NodeNo(1), Box::new(paused)));
    world
}

/// The same as in version 11, with a node that says how long packages wait and when it is told of
/// shipments, an order that it worked on, and one that was changed.
pub(super) fn worked_world() -> World {
    let world = desk_world();
    place(&world, [packed(), changed()]);
    let paced = Node {
        pickup: PickupOffer::Offered,
        pickup_days: Some(5),
        release: Some(ReleaseRule::BeforeCutOff(90)),
        ..node(0, 500)
    };
    world.apply(Lsn::new(37), &Happening::Node(NodeNo(0), Box::new(paced)));
    world
}

/// Every optional thing is there: a field that is forgotten on the way is missed here.
#[test]
fn what_nodes_did_is_read_back_as_it_was() {
    let store = MemoryStore::default();
    take(Source::from(&worked_world()), &store, AT).unwrap();
    let recovered = load_newest(&store, None, || World::new(50)).unwrap();
    let all = recovered.state.all_orders();
    for expected in [packed(), changed()] {
        let of = |no: &OrderNo| *no == expected.no;
        let (_, kept) = all.iter().find(|(no, _)| of(no)).expect("it is there");
        let (placed_lsn, last_lsn) = (kept.placed_lsn, kept.last_lsn);
        assert_eq!(kept.order(), Order { placed_lsn, last_lsn, ..expected });
    }
    assert_ne!(recovered.state.hash(), desk_world().hash());
}

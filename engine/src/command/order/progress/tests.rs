//! The table, cell by cell, and what a step is made of.

use super::super::exchange::tests::{expired as uncovered_by, waiting, waits};
use super::super::fixture::{id, order};
use super::decide::decide;
use super::event::ShipmentProgressed;
use super::*;
use crate::command::fixture::{AT, check, keyed, located, meta, said};
use crate::command::order::payment::tests::{card, paid_by};
use crate::model::effect::Effect;
use crate::model::fulfilment::table::{Obstacle, rule};
use crate::model::fulfilment::{Content, Rule as Cell};
use crate::model::{
    Destination, Expiry, Lsn, NodeKind, NodeNo, OrderedBundle, PackageId, Pickup, RefusalKind,
    SkuNo, Taken, Text, UnitState, Work,
};
use crate::model::{OrderEffect, Package};
use crate::transaction::command::Effective;

/// The first shipment, of 3 units of each line, takes a step.
fn step(step: Step) -> ProgressShipment {
    ProgressShipment { meta: keyed("K"), order: id(), shipment: 1, step }
}

fn decided(order: &Order, taken: &Step) -> Result<Option<ShipmentProgressed>, Refusal> {
    decide(order, (1, taken, AT))
}

fn package(name: &str) -> PackageId {
    PackageId::new("package", name).expect("an id")
}

fn text(text: &str) -> Text {
    Text::new("text", text).expect("a text")
}

fn ship() -> Step {
    let (carrier, tracking) = (text("Owl Post"), text("1Z"));
    Step::Ship { packages: Vec::new(), carrier, tracking }
}

fn deliver() -> Step {
    Step::Deliver { packages: Vec::new(), at: None }
}

fn all() -> LineUnits {
    LineUnits::from_slice(&[(0, 3), (1, 3)])
}

fn pack(name: &str) -> Step {
    Step::Pack { package: package(name), lines: LineUnits::new() }
}

/// The order after a step that is made; as it was if nothing had to change.
fn after(mut order: Order, taken: &Step) -> Order {
    let event = decided(&order, taken).expect("the step is allowed");
    for effect in event.into_iter().flat_map(Effective::effects) {
        if let Effect::Order(_, effect) = effect {
            let lsn = order.last_lsn.next();
            order.apply(lsn, &effect);
        }
    }
    order.check().expect("it is sound");
    order
}

/// An order that is collected where its first shipment is.
fn collected() -> Order {
    let mut order = order();
    order.header.destination = Destination::Pickup(Pickup { node: NodeNo(0), only_there: false });
    order
}

/// The order, all of whose first shipment is in a state.
pub(crate) fn in_state(state: UnitState) -> Order {
    let picked = || after(order(), &Step::Pick(LineUnits::new()));
    let shipped = || after(order(), &ship());
    match state {
        UnitState::Waiting | UnitState::Allocated => order(),
        UnitState::Released => after(order(), &Step::Release),
        UnitState::Picked => picked(),
        UnitState::Packed => after(picked(), &pack("P")),
        UnitState::Ready => after(collected(), &Step::MakeReady(Vec::new())),
        UnitState::Shipped => shipped(),
        UnitState::Delivered => after(shipped(), &deliver()),
        UnitState::Collected => after(collected(), &Step::Collect(Vec::new())),
        UnitState::Lost => after(shipped(), &Step::Lose(Vec::new())),
        UnitState::Cancelled => {
            let mut order = order();
            let all = [order.units_of(0, 3), order.units_of(2, 3)];
            order.apply(Lsn::new(2), &OrderEffect::Cancel(all.to_vec()));
            order
        }
    }
}

/// The step of an act, as somebody who knows nothing of packages asks for it.
fn of(act: Act, state: UnitState) -> Option<Step> {
    let known = match state {
        UnitState::Packed => package("P"),
        _ => package("1"),
    };
    Some(match act {
        Act::Release => Step::Release,
        Act::Recall => Step::Recall { until: AT.saturating_add_micros(1) },
        Act::Pick => Step::Pick(all()),
        Act::Unpick => Step::Unpick(all()),
        // Another content than it has.
        Act::Pack if state >= UnitState::Packed => {
            let lines = LineUnits::from_slice(&[(0, 2), (1, 3)]);
            Step::Pack { package: known, lines }
        }
        Act::Pack => pack("P"),
        Act::Unpack => Step::Unpack(known),
        Act::MakeReady => Step::MakeReady(Vec::new()),
        Act::Ship => ship(),
        Act::Deliver => deliver(),
        Act::Lose => Step::Lose(Vec::new()),
        Act::Collect => Step::Collect(Vec::new()),
        // They have commands of their own, and the last is an answer which changes no unit.
        Act::Decline | Act::Cancel | Act::RefuseRecall | Act::Expire => return None,
    })
}

/// Where the units of the first shipment are, if all are at the same place.
fn state_of(order: &Order) -> Option<UnitState> {
    let content = Content::of(order, 0);
    let mut states = content.lines().map(|line| {
        let standing = content.standing(line);
        let mut states = standing.states();
        states.next().map(|(state, _)| state).filter(|_| states.next().is_none())
    });
    let first = states.next()??;
    states.all(|state| state == Some(first)).then_some(first)
}

/// Whether there is nothing that the step could be about: a package that is not there is not opened,
/// units that are not in the shipment are not picked, and nobody works on it to be called back.
fn is_of_nothing(act: Act, told: &Result<Option<ShipmentProgressed>, Refusal>) -> bool {
    match told {
        Err(Refusal::PackageNotFound { .. }) => act == Act::Unpack,
        Err(Refusal::UnitsNotInShipment { .. }) => {
            matches!(act, Act::Pick | Act::Unpick | Act::Pack)
        }
        Ok(None) => act == Act::Recall,
        _ => false,
    }
}

fn kind(obstacle: Obstacle) -> RefusalKind {
    match obstacle {
        Obstacle::NotReceived => RefusalKind::SupplyNotReceived,
        Obstacle::Picked => RefusalKind::UnitsPicked,
        Obstacle::Packed => RefusalKind::UnitsPacked,
        Obstacle::Ready => RefusalKind::UnitsReady,
        Obstacle::NotShipped => RefusalKind::UnitsNotShipped,
        Obstacle::Left => RefusalKind::UnitsLeftNode,
        Obstacle::Arrived => RefusalKind::UnitsArrived,
        Obstacle::Cancelled => RefusalKind::ShipmentNotPlanned,
    }
}

/// Every cell of the table but those of units that wait, of which the pairs know: what it allows is
/// done, what was done stays, and what it refuses is refused for its reason.
#[test]
fn every_step_of_every_state_does_what_the_table_says() {
    let mut cells = 0;
    for state in UnitState::ALL.into_iter().filter(|state| *state != UnitState::Waiting) {
        for act in Act::ALL {
            let Some(taken) = of(act, state) else { continue };
            let mut order = in_state(state);
            assert_eq!(state_of(&order), Some(state), "the order is in the state");
            if matches!(act, Act::MakeReady | Act::Collect) {
                order.header.destination = collected().header.destination;
            }
            let cell = rule(act, state);
            let decided = decided(&order, &taken);
            cells += 1;
            match (cell, decided) {
                (Cell::Becomes(to), Ok(Some(_))) => {
                    let is = state_of(&after(order, &taken));
                    assert_eq!(is, Some(to), "{act:?} of {state:?}");
                }
                (Cell::Stays, Ok(None)) => {}
                (Cell::Stays | Cell::Refused(Obstacle::Cancelled), told)
                    if is_of_nothing(act, &told) => {}
                // A package that is not full is packed anew.
                (Cell::Stays, Ok(Some(_))) if (act, state) == (Act::Pack, UnitState::Packed) => {}
                (Cell::Refused(obstacle), Err(refusal)) => {
                    assert_eq!(refusal.kind(), kind(obstacle), "{act:?} of {state:?}");
                }
                (cell, decided) => panic!("{act:?} of {state:?}: {cell:?}, but {decided:?}"),
            }
        }
    }
    assert_eq!(cells, 10 * 11);
}

/// The row of an answer to a recall: nothing moves, whatever became of the units meanwhile.
#[test]
fn a_node_that_keeps_a_shipment_moves_no_unit_as_the_table_says() {
    let keeps = Step::AnswerRecall { gives_back: false };
    for state in UnitState::ALL.into_iter().filter(|state| *state != UnitState::Waiting) {
        let mut order = in_state(state);
        let not_asked = decided(&order, &keeps).map_err(|why| why.kind());
        order.shipments[0].work.get_or_insert_default().recall = Some(AT.saturating_add_micros(1));
        let told = decided(&order, &keeps);
        match rule(Act::RefuseRecall, state) {
            Cell::Stays => {
                assert!(told.is_ok(), "{state:?}: {told:?}");
                assert_eq!(state_of(&after(order, &keeps)), Some(state));
            }
            Cell::Refused(obstacle) => {
                assert_eq!(told.map_err(|why| why.kind()), Err(kind(obstacle)), "{state:?}");
            }
            Cell::Becomes(to) => panic!("{state:?} becomes {to:?}"),
        }
        assert_eq!(not_asked, Err(RefusalKind::RecallNotAsked), "{state:?}");
    }
}

/// An order does not know which of its units wait: a step decides as on units that are there, and what
/// would move them is refused where their pairs say that they are not. The column of what waits
/// follows from that of what is there.
#[test]
fn what_waits_takes_the_steps_of_what_is_there_as_far_as_they_move_nothing() {
    for act in Act::ALL.into_iter().filter(|act| of(*act, UnitState::Waiting).is_some()) {
        let expected = match rule(act, UnitState::Allocated) {
            Cell::Becomes(_) => Cell::Refused(Obstacle::NotReceived),
            cell => cell,
        };
        assert_eq!(rule(act, UnitState::Waiting), expected, "{act:?}");
    }
}

/// An order whose first shipment waited for the customer, and went back to the shelf.
fn expired() -> Order {
    let mut order = in_state(UnitState::Ready);
    let units = vec![order.units_of(0, 3), order.units_of(2, 3)];
    let packages = vec![Package { lines: LineUnits::new(), ..empty(1) }];
    let expiry = Expiry { shipment: 0, at: AT, units, packages };
    order.apply(Lsn::new(9), &OrderEffect::Expire(expiry.into()));
    order
}

/// Nobody is told that his package was never there, or that he has it.
#[test]
fn a_late_collection_is_told_that_the_shipment_expired() {
    let gone = Err(Refusal::ShipmentExpired { shipment_number: 1, expired: AT });
    for packages in [vec![], vec![package("1")], vec![package("X")]] {
        assert_eq!(decided(&expired(), &Step::Collect(packages)), gone);
    }
    let mut in_part = expired();
    let collected = after(collected(), &Step::Collect(vec![])).shipments[0].work.clone();
    let work = in_part.shipments[0].work.as_deref_mut().expect("its node worked on it");
    work.packages = collected.expect("it was collected").packages;
    assert_eq!(decided(&in_part, &Step::Collect(vec![])), gone, "what is there is not his");
    assert_eq!(decided(&in_part, &Step::Collect(vec![package("1")])), Ok(None), "said again");
}

/// The same order, on hold from there on.
fn on_hold(order: Order) -> Order {
    let order_holds = super::super::hold::tests::on_hold(1).order_holds;
    Order { order_holds, ..order }
}

/// Every step of every state of an order on hold: what takes goods back, and what happened outside, is
/// taken as told; what changes nothing is answered as before; and no node begins, or goes on.
#[test]
fn an_order_on_hold_goes_no_further_and_what_happened_is_not_refused() {
    for state in UnitState::ALL.into_iter().filter(|state| *state != UnitState::Waiting) {
        for act in Act::ALL {
            let Some(taken) = of(act, state) else { continue };
            let mut order = in_state(state);
            if matches!(act, Act::MakeReady | Act::Collect) {
                order.header.destination = collected().header.destination;
            }
            let before = decided(&order, &taken);
            let changes = matches!(before, Ok(Some(_)));
            let goes_on = match act {
                Act::Release | Act::Pick | Act::Pack | Act::MakeReady => false,
                Act::Ship => state >= UnitState::Packed,
                _ => true,
            };
            let told = decided(&on_hold(order), &taken);
            if changes && !goes_on {
                let refused = told.map(drop).map_err(|refusal| refusal.kind());
                assert_eq!(refused, Err(RefusalKind::OrderOnHold), "{act:?} of {state:?}");
            } else {
                assert_eq!(told, before, "{act:?} of {state:?}");
            }
        }
    }
}

/// The order, of which a minor unit is paid.
fn unsecured() -> Order {
    paid_by(vec![card("card", 1, Taken::Authorised)])
}

/// The refusals of the table, whose rows are checked.
pub(crate) fn table() -> Vec<RefusalKind> {
    let decided = |order: &Order, taken: Step| decided(order, &taken).map(|e| e.is_some());
    let shipment_number = 1;
    let units = 3;
    let named = |line, units| LineUnits::from_slice(&[(line, units)]);
    let in_package = |units| Step::Pack { package: package("P"), lines: named(0, units) };
    let not_here = |line_index, wanted, there| {
        Err(Refusal::UnitsNotInShipment { shipment_number, line_index, wanted, there })
    };
    let unknown = || {
        let package_id = "X".to_owned();
        Err(Refusal::PackageNotFound { shipment_number, package_id })
    };
    let is = in_state;
    let mut bundled = order();
    let bundle = OrderedBundle { sku: SkuNo(9), units: 1, line: 0, components: 2 };
    bundled.lines[0].ordered = 3;
    bundled.lines[1].ordered = 3;
    bundled.bundles = Box::new([OrderedBundle { units: 3, ..bundle }]);
    let mut full = order();
    full.shipments[0].work = Some(Box::new(Work {
        packages: (0..PACKAGES_MAX).map(|no| empty(no + 2)).collect(),
        ..Work::default()
    }));
    let mut asked = after(order(), &Step::Release);
    let accepted = crate::model::Answer { kind: crate::model::AnswerKind::Accepted, at: AT };
    asked.apply(Lsn::new(9), &OrderEffect::Answer { shipment: 0, answer: accepted });
    let asked = after(asked, &Step::Recall { until: AT.saturating_add_micros(5) });
    let gives = |gives_back| Step::AnswerRecall { gives_back };
    let too_early = Step::Deliver { packages: vec![], at: Some(Timestamp::from_micros(1)) };
    let declined = super::super::fixture::answered(
        0,
        crate::model::AnswerKind::Declined(crate::model::DeclineReason::Closed),
    );
    let not_found = Refusal::LineNotFound { order_id: id(), line_index: 2 };
    let rows = [
        (order(), in_package(3), Ok(true)),
        (waiting(order()), in_package(3), Err(waits(1))),
        (waiting(order()), Step::Release, Err(waits(1))),
        (order(), in_package(4), not_here(0, 4, 3)),
        (order(), Step::Pick(named(0, 4)), not_here(0, 4, 3)),
        (order(), Step::Pick(named(2, 1)), Err(not_found)),
        (is(UnitState::Picked), Step::Pick(named(0, 2)), Ok(false)),
        (is(UnitState::Picked), Step::Unpick(named(0, 2)), Ok(true)),
        (is(UnitState::Released), Step::Unpick(named(0, 2)), not_here(0, 2, 0)),
        (is(UnitState::Picked), of(Act::Recall, UnitState::Picked).expect("a step"), {
            Err(Refusal::UnitsPicked { shipment_number, units })
        }),
        (is(UnitState::Packed), Step::Unpick(all()), {
            Err(Refusal::UnitsPacked { shipment_number, units })
        }),
        (is(UnitState::Ready), ship(), Err(Refusal::UnitsReady { shipment_number, units: 6 })),
        (is(UnitState::Shipped), Step::Unpick(all()), {
            Err(Refusal::UnitsLeftNode { shipment_number, units })
        }),
        (order(), Step::Lose(vec![]), Err(Refusal::UnitsNotShipped { shipment_number, units })),
        (is(UnitState::Delivered), Step::Lose(vec![]), {
            Err(Refusal::UnitsArrived { shipment_number, units })
        }),
        (is(UnitState::Cancelled), ship(), Err(Refusal::ShipmentNotPlanned { shipment_number })),
        (order(), Step::Unpack(package("X")), unknown()),
        (expired(), Step::Collect(vec![]), {
            Err(Refusal::ShipmentExpired { shipment_number, expired: AT })
        }),
        (order(), Step::Collect(vec![]), Err(Refusal::NotCollectedHere { shipment_number })),
        (bundled.clone(), Step::Pick(named(0, 1)), {
            Err(Refusal::BundleNotWhole { order_id: id(), bundle_index: 0 })
        }),
        (bundled, Step::Pick(LineUnits::from_slice(&[(0, 1), (1, 1)])), Ok(true)),
        (full, in_package(1), Err(Refusal::ListFull { what: "packages", max: PACKAGES_MAX })),
        (is(UnitState::Shipped), too_early, {
            Err(Refusal::DeliveredTooEarly { shipment_number, shipped: AT })
        }),
        (order(), gives(true), Err(Refusal::RecallNotAsked { shipment_number })),
        (asked.clone(), gives(true), Ok(true)),
        (asked, gives(false), Ok(true)),
        (declined, ship(), Err(Refusal::ShipmentDeclined { shipment_number })),
        (unsecured(), Step::Release, {
            let total = unsecured().totals().expect("it has prices").total().0;
            Err(Refusal::PaymentNotSecured { order_id: id(), total, secured: 1 })
        }),
        (super::super::hold::tests::on_hold(2), Step::Release, {
            Err(Refusal::OrderOnHold { order_id: id(), holds: "1, 2".to_owned() })
        }),
    ];
    let not_there = Refusal::ShipmentNotFound { order_id: id(), shipment_number: 3 };
    let last =
        check([(3, decide(&order(), (3, &ship(), AT)).map(|e| e.is_some()), Err(not_there))]);
    let rows =
        rows.map(|(order, taken, expected)| (taken.clone(), decided(&order, taken), expected));
    let supplier = located("S", NodeKind::Supplier);
    let has = has_shelves(&supplier);
    let at_supplier = check([(0, has, Err(Refusal::NodeIsSupplier { node_id: supplier.id }))]);
    let uncovered = decide(&uncovered_by(400), (3, &Step::Release, AT)).map(|e| e.is_some());
    let lacks = Refusal::ExchangeNotSecured { order_id: id(), needed: 700, open: 300 };
    let uncovered = check([("an exchange", uncovered, Err(lacks))]);
    [check(rows), last, at_supplier, uncovered, table_of_pairs()].concat()
}

fn empty(no: usize) -> Package {
    let lines = LineUnits::from_slice(&[(0, 0)]);
    Package {
        id: PackageId::numbered(no),
        lines,
        ready: None,
        dispatch: None,
        ended: None,
        until: None,
    }
}

/// The refusals of what pairs answer: units that are not received, and units missing.
fn table_of_pairs() -> Vec<RefusalKind> {
    let not_received = |missing| Err(Refusal::SupplyNotReceived { shipment_number: 3, missing });
    let missing = |missing| Err(Refusal::UnitsMissing { shipment_number: 3, missing });
    let rows =
        [((0, 0), Ok(())), ((5, 0), not_received(5)), ((0, 2), missing(2)), ((5, 2), missing(2))];
    check(rows.map(|(lacks, expected)| (lacks, complete(2, lacks.0, lacks.1), expected)))
}

#[test]
fn what_cannot_be_done_says_why_not() {
    table();
}

#[test]
fn a_shipment_leaves_with_a_carrier() {
    let by = |carrier: &str| {
        let (carrier, tracking) = (text(carrier), Text::default());
        said(step(Step::Ship { packages: Vec::new(), carrier, tracking }).validate())
    };
    assert_eq!(by("Owl Post"), [""; 0]);
    assert_eq!(by(""), ["carrier: \"\" is required"]);
}

#[test]
fn lines_and_packages_are_named_once_and_days_are_near() {
    let told = |taken: Step| said(step(taken).validate());
    let twice = LineUnits::from_slice(&[(0, 1), (0, 1)]);
    assert_eq!(told(Step::Pick(twice)), ["lines[1].line_index: \"0\" is given twice"]);
    let both = vec![package("P"), package("P")];
    assert_eq!(told(Step::Lose(both)), ["packages[1]: \"P\" is given twice"]);
    let days = |days: i64| AT.saturating_add_micros(days * 24 * 60 * 60 * 1_000_000);
    let arrives = |at| told(Step::Deliver { packages: vec![], at: Some(at) });
    assert_eq!(arrives(AT), [""; 0]);
    assert!(arrives(days(2))[0].ends_with("is more than 1 days ahead"));
    assert!(told(Step::Recall { until: days(40) })[0].ends_with("is more than 30 days ahead"));
    assert!(told(Step::Recall { until: AT })[0].ends_with("is not after the time of the request"));
    assert_eq!(told(Step::Unpick(LineUnits::new())), ["lines: \"\" is required"]);
    let unkeyed = ProgressShipment { meta: meta(), ..step(Step::Unpick(all())) };
    assert_eq!(said(unkeyed.validate()), ["request_id: \"\" is required"]);
}

/// Later evidence implies earlier steps: what was not told is part of the event, and the late message
/// adds what it alone knows.
#[test]
fn a_delivery_may_come_before_the_shipping_that_it_implies() {
    let delivered = after(order(), &deliver());
    let content = Content::of(&delivered, 0);
    let [package] = &content.packages()[..] else { panic!("one package") };
    let known = package.dispatch.as_ref().map(|dispatch| dispatch.carrier.as_str().to_owned());
    assert_eq!((package.state(), known), (UnitState::Delivered, Some(String::new())));
    let late = after(delivered.clone(), &ship());
    let [package] = &Content::of(&late, 0).packages()[..] else { panic!("one package") };
    let known = package.dispatch.as_ref().map(|dispatch| dispatch.tracking.as_str().to_owned());
    assert_eq!((package.state(), known), (UnitState::Delivered, Some("1Z".to_owned())));
    assert_eq!(after(late.clone(), &ship()), late, "said again, it changes nothing");
    let other = Step::Ship { packages: vec![], carrier: text("Crow"), tracking: text("2Z") };
    let refused = decided(&late, &other).map(drop);
    assert_eq!(refused, Err(Refusal::ShipmentNotPlanned { shipment_number: 1 }));
}

/// A shipment leaves in parts, each package once, and what is left of it later.
#[test]
fn packages_leave_one_by_one() {
    let lines = LineUnits::from_slice(&[(0, 2)]);
    let packed = after(order(), &Step::Pack { package: package("P"), lines });
    let first =
        Step::Ship { packages: vec![package("P")], carrier: text("Owl Post"), tracking: text("1") };
    let parted = after(packed, &first.clone());
    assert_eq!(after(parted.clone(), &first), parted, "it leaves once");
    let standing = Content::of(&parted, 0).standing(0);
    assert_eq!([UnitState::Shipped, UnitState::Released].map(|s| standing.units(s)), [2, 1]);
    let whole = after(parted, &ship());
    assert_eq!(state_of(&whole), Some(UnitState::Shipped));
    let packages = Content::of(&whole, 0).packages();
    let named: Vec<_> =
        packages.iter().map(|p| (p.id.as_str().to_owned(), p.lines.to_vec())).collect();
    let rest = vec![(0, 1), (1, 3)];
    assert_eq!(named, [("P".to_owned(), vec![(0, 2)]), ("1".to_owned(), rest)]);
}

/// One that left whole in an event of an older version is delivered like any other.
#[test]
fn a_shipment_of_an_older_version_is_one_package() {
    let shipped = super::super::fixture::shipped();
    assert_eq!(state_of(&shipped), Some(UnitState::Shipped));
    let arrived = after(shipped, &deliver());
    assert_eq!(state_of(&arrived), Some(UnitState::Delivered));
    assert_eq!(Content::of(&arrived, 0).packages().len(), 1);
}

/// The rest of a shipment leaves by itself: told again, it changes nothing, also where a package left
/// before with another carrier, or arrived before anybody said with which.
#[test]
fn what_left_last_may_be_told_again() {
    let lines = LineUnits::from_slice(&[(0, 2)]);
    let packed = after(order(), &Step::Pack { package: package("P"), lines });
    let by = |packages: Vec<PackageId>, tracking: &str| Step::Ship {
        packages,
        carrier: text("Owl Post"),
        tracking: text(tracking),
    };
    let arrived = Step::Deliver { packages: vec![package("P")], at: None };
    for first in [by(vec![package("P")], "1"), arrived] {
        let rest = after(after(packed.clone(), &first), &by(Vec::new(), "2"));
        assert_eq!(state_of(&rest).is_some(), matches!(first, Step::Ship { .. }));
        let told: Vec<_> = Content::of(&rest, 0).packages();
        assert_ne!(told[0].dispatch, told[1].dispatch, "only what left is meant");
        if let Step::Ship { .. } = first {
            assert_eq!(after(rest.clone(), &by(Vec::new(), "2")), rest);
        }
    }
}

/// Whatever was told of it before, a parcel that left is what packing and shipping it are, and it leaves once.
#[test]
fn a_parcel_that_left_is_packed_and_shipped_in_one_event() {
    let lines = LineUnits::from_slice(&[(0, 2), (1, 1)]);
    let (carrier, tracking) = (text("Owl Post"), text("1Z"));
    let parcel = Parcel {
        shipment: 1,
        package: package("m-1"),
        lines: lines.clone(),
        carrier: carrier.clone(),
        tracking: tracking.clone(),
    };
    let pack = Step::Pack { package: package("m-1"), lines };
    let ship = Step::Ship { packages: vec![package("m-1")], carrier, tracking };
    let some = LineUnits::from_slice(&[(0, 1)]);
    for begun in [vec![], vec![Step::Release], vec![Step::Pick(some)], vec![pack.clone()]] {
        let order = begun.iter().fold(order(), after);
        let event = parcel::left(&order, &parcel, AT).expect("it may leave").expect("it is new");
        let mut told = order.clone();
        for effect in event.effects() {
            let Effect::Order(_, effect) = effect else { continue };
            told.apply(told.last_lsn.next(), &effect);
        }
        told.check().expect("it is sound");
        let stepped = [&pack, &ship].into_iter().fold(order, after);
        assert_eq!(told.shipments, stepped.shipments, "{begun:?}");
        assert_eq!(told.allocations, stepped.allocations, "{begun:?}");
        assert_eq!(parcel::left(&told, &parcel, AT), Ok(None), "it left");
    }
    let all = Parcel { lines: LineUnits::from_slice(&[(0, 4)]), ..parcel };
    let refused = parcel::left(&order(), &all, AT).expect_err("three were ordered");
    assert_eq!(refused.kind(), RefusalKind::UnitsNotInShipment);
}

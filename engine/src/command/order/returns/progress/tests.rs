//! Steps of returns, as a table, and what they change at the node.

use super::decide::decide as decide_on;
use super::step::Named;
use super::*;
use crate::command::fixture::{
    AT, bundle, check, item, keyed, located, node_id, progress_return, return_id, said, sku,
};
use crate::command::order::fixture::{id, left};
use crate::command::order::returns::request::tests::{after as asked_for, of};
use crate::command::{RequestReturn, TermsAsked};
use crate::limits::RETURN_BUCKETS_MAX;
use crate::model::returns::table::Obstacle;
use crate::model::returns::{Disposition, Grade, ReturnMode, Stray};
use crate::model::{
    Effect, Event, LineUnits, Lsn, NodeKind, NodeNo, Order, Pair, Proposal, Refusal, RefusalKind,
    SkuNo, StockEffect, Text, Timestamp,
};
use crate::state::State;
use crate::state::network::Network;
use crate::transaction::command::Effective;

const NODE: NodeNo = NodeNo(0);
const DAY: i64 = 24 * 60 * 60 * 1_000_000;

/// The order, of which two units of its first line and one of the second are to come back to a node.
pub(crate) fn asked(mode: ReturnMode) -> Order {
    let advance_until = (mode == ReturnMode::Advance).then(|| AT.saturating_add_micros(14 * DAY));
    let command = RequestReturn { mode, advance_until, ..of(&[(0, 2), (1, 1)]) };
    let mut order = asked_for(left(), &command, Some(NODE));
    order.last_lsn = Lsn::new(8);
    order
}

fn units(lines: &[(u16, u32)]) -> LineUnits {
    LineUnits::from_slice(lines)
}

fn all() -> LineUnits {
    LineUnits::new()
}

fn send() -> ReturnStep {
    let text = |text: &str| Text::new("text", text).unwrap();
    let (carrier, tracking) = (text("Owl Post"), text("1Z"));
    ReturnStep::Send { carrier, tracking, eta: None, lines: all() }
}

fn receive(revision: u32, lines: &[(u16, u32)]) -> ReturnStep {
    ReturnStep::Receive { revision, node: None, lines: units(lines), strays: Vec::new() }
}

fn inspect(lines: &[(u16, u32)], verdict: Verdict, how: Disposition) -> ReturnStep {
    let (verdict, disposition) = (Some(verdict), Some(how));
    let finding = Finding { grade: Grade::B, verdict, disposition };
    ReturnStep::Inspect { lines: units(lines), finding }
}

fn restock(lines: &[(u16, u32)]) -> ReturnStep {
    inspect(lines, Verdict::Approve, Disposition::Restock)
}

fn command(step: ReturnStep) -> ProgressReturn {
    ProgressReturn { order: id(), step, ..progress_return() }
}

fn decide(
    order: &Order,
    ProgressReturn { id, step, meta, .. }: &ProgressReturn,
    named: &Named,
) -> Result<Option<ReturnProgressed>, Refusal> {
    decide_on(order, id, (step, named), meta.at)
}

fn then(mut order: Order, steps: &[ReturnStep]) -> Order {
    for step in steps {
        let decided = decide(&order, &command(step.clone()), &Named::default());
        let event = decided.expect("it is taken").expect("it is new");
        let lsn = order.last_lsn.next();
        for effect in event.effects() {
            if let Effect::Order(_, effect) = effect {
                order.apply(lsn, &effect);
            }
        }
        order.check().expect("it is sound");
    }
    order
}

/// What the event is called, if there is one.
type Row = (Order, ReturnStep, Result<Option<&'static str>, Refusal>);

fn refused(line_index: u32, why: Obstacle) -> Refusal {
    Refusal::ReturnStepRefused { return_id: return_id(), line_index, why }
}

fn rows() -> Vec<Row> {
    let normal = || asked(ReturnMode::Normal);
    let sent = || then(normal(), &[send()]);
    let came = || then(normal(), &[receive(3, &[(0, 2), (1, 1)])]);
    let seen = || then(came(), &[restock(&[(0, 1)])]);
    let reviewed = || {
        let terms = Some(TermsAsked { needs_review: true, ..TermsAsked::default() });
        asked_for(left(), &RequestReturn { terms, ..of(&[(0, 2)]) }, Some(NODE))
    };
    let covered = || {
        let terms = Some(TermsAsked { covers_loss: true, ..TermsAsked::default() });
        asked_for(left(), &RequestReturn { terms, ..of(&[(0, 2)]) }, Some(NODE))
    };
    let decide = |granted| ReturnStep::Decide { granted };
    let too_few =
        |there| Refusal::ReturnUnitsTooFew { return_id: return_id(), line_index: 0, there };
    vec![
        (left(), ReturnStep::Cancel(all()), Err(unknown())),
        (reviewed(), decide(true), Ok(Some("return_authorised"))),
        (reviewed(), decide(false), Ok(Some("return_refused"))),
        (then(reviewed(), &[decide(false)]), decide(true), Err(refused(0, Obstacle::Decided))),
        (normal(), decide(true), Ok(None)),
        (normal(), send(), Ok(Some("return_sent"))),
        // A second click.
        (sent(), send(), Ok(None)),
        (normal(), ReturnStep::Cancel(all()), Ok(Some("return_cancelled"))),
        (sent(), ReturnStep::Cancel(all()), Err(refused(0, Obstacle::OnTheWay))),
        (came(), ReturnStep::Cancel(all()), Err(refused(0, Obstacle::Received))),
        (normal(), receive(1, &[(0, 2)]), Ok(Some("return_received"))),
        (came(), receive(3, &[(0, 2), (1, 1)]), Ok(None)),
        (came(), receive(3, &[(0, 1)]), Err(reused())),
        (
            came(),
            receive(2, &[(0, 2)]),
            Err(Refusal::ReturnReportStale { return_id: return_id(), known: 3 }),
        ),
        (came(), receive(4, &[(0, 1)]), Ok(Some("return_received"))),
        (seen(), receive(4, &[(0, 0)]), Err(looked_at())),
        (
            came(),
            receive(4, &[(4, 1)]),
            Err(Refusal::ReturnLineNotFound { return_id: return_id(), line_index: 4 }),
        ),
        (normal(), restock(&[(0, 1)]), Err(refused(0, Obstacle::NotReceived))),
        (came(), restock(&[(0, 2)]), Ok(Some("return_inspected"))),
        (came(), restock(&[(0, 3)]), Err(too_few(2))),
        (
            came(),
            ReturnStep::Dispose { lines: all(), how: Disposition::Scrap },
            Err(refused(0, Obstacle::NotInspected)),
        ),
        (
            came(),
            ReturnStep::Dispose { lines: all(), how: Disposition::SendBack },
            Ok(Some("return_disposed")),
        ),
        (sent(), ReturnStep::Lose(all()), Ok(Some("return_lost"))),
        (
            then(sent(), &[ReturnStep::Lose(all())]),
            ReturnStep::GrantLost(all()),
            Err(Refusal::NotInReturnTerms { return_id: return_id() }),
        ),
        (
            then(covered(), &[send(), ReturnStep::Lose(all())]),
            ReturnStep::GrantLost(all()),
            Ok(Some("return_loss_granted")),
        ),
        (
            scattered(),
            inspect(&[(0, 1)], Verdict::Reduce(by(9_999)), Disposition::Refurbish),
            Err(Refusal::ListFull { what: "states of a line", max: RETURN_BUCKETS_MAX }),
        ),
    ]
}

fn by(basis_points: u32) -> Reduction {
    Reduction::new("basis_points", basis_points).unwrap()
}

/// A return of a line whose units are in as many places as is kept.
fn scattered() -> Order {
    let mut order = left();
    let most = u32::try_from(RETURN_BUCKETS_MAX).unwrap();
    order.lines[0].ordered += most;
    order.allocations[0].units += most;
    order.allocations[0].shipped += most;
    let mut order = asked_for(order, &of(&[(0, most + 1)]), Some(NODE));
    order = then(order, &[receive(1, &[(0, most + 1)])]);
    for reduced in 1..most {
        let reduced = Verdict::Reduce(by(reduced));
        order = then(order, &[inspect(&[(0, 1)], reduced, Disposition::Refurbish)]);
    }
    order
}

fn unknown() -> Refusal {
    Refusal::ReturnNotFound { order_id: id(), return_id: return_id() }
}

fn reused() -> Refusal {
    Refusal::ReturnRevisionReused { return_id: return_id(), revision: 3 }
}

fn looked_at() -> Refusal {
    Refusal::ReturnUnitsInspected { return_id: return_id(), line_index: 0, least: 1 }
}

/// The refusals of the table, whose rows are checked.
pub(crate) fn table() -> Vec<RefusalKind> {
    let rows = rows().into_iter().map(|(order, step, expected)| {
        let event = decide(&order, &command(step.clone()), &Named::default());
        let called = event.map(|event| event.and_then(|event| event.called()));
        (format!("{step:?}"), called, expected)
    });
    [check(rows), nodes(), strays(), named()].concat()
}

/// Where goods come in.
fn nodes() -> Vec<RefusalKind> {
    let at = |name: &str| ReturnStep::Receive {
        revision: 9,
        node: Some(node_id(name)),
        lines: units(&[(0, 1)]),
        strays: Vec::new(),
    };
    let nowhere = || asked_for(left(), &of(&[(0, 2)]), None);
    let normal = || asked(ReturnMode::Normal);
    let came = || then(normal(), &[receive(3, &[(0, 1)])]);
    let (missing, differs) = (
        Refusal::ReturnNodeMissing { return_id: return_id() },
        Refusal::ReturnNodeDiffers { return_id: return_id(), node_id: node_id("X") },
    );
    let other = Some(NodeNo(7));
    let rows = [
        (nowhere(), receive(9, &[(0, 1)]), None, Err(missing)),
        (nowhere(), at("X"), other, Ok(other)),
        (normal(), at("X"), other, Ok(other)),
        (normal(), at("W"), Some(NODE), Ok(None)),
        (came(), at("W"), Some(NODE), Ok(None)),
        (came(), at("X"), other, Err(differs)),
    ];
    check(rows.map(|(order, step, node, expected)| {
        let named = Named { node, ..Named::default() };
        let event = decide(&order, &command(step.clone()), &named);
        let node = event.map(|event| event.expect("it is new").step.node);
        (format!("{step:?} {node:?}"), node, expected)
    }))
}

fn strays() -> Vec<RefusalKind> {
    let more = u32::try_from(RETURN_STRAYS_MAX).unwrap() + 1;
    let strays = (0..more).map(|sku| Stray { sku: SkuNo(sku), units: 1 }).collect();
    let named = Named { strays, ..Named::default() };
    let step = receive(1, &[(0, 1)]);
    let decided = decide(&asked(ReturnMode::Normal), &command(step.clone()), &named);
    let full = Refusal::ListFull { what: "items of no line", max: RETURN_STRAYS_MAX };
    check([(step, decided.map(|_| ()), Err(full))])
}

/// What a report names that does not exist.
fn named() -> Vec<RefusalKind> {
    let state = State::new(1, 1);
    state.catalogue.define(SkuNo(0), item("A").item, Lsn::FIRST);
    state.catalogue.define(SkuNo(1), bundle("SET", &[("A", 2)]).item, Lsn::FIRST);
    let kinds = [("W", NodeKind::Warehouse), ("S", NodeKind::Supplier)];
    let nodes = (0..).map(NodeNo).zip(kinds);
    let network = nodes.fold(Network::empty(1), |network, (no, (name, kind))| {
        network.with_node(no, located(name, kind), Lsn::FIRST)
    });
    state.network.store(network.into());
    let report = |node: &str, other: &str| ReturnStep::Receive {
        revision: 1,
        node: Some(node_id(node)),
        lines: all(),
        strays: vec![(sku(other), 2)],
    };
    let stray = Stray { sku: SkuNo(0), units: 2 };
    let found = Named { node: Some(NODE), strays: vec![stray] };
    let rows = [
        (report("W", "A"), Ok(found)),
        (report("W", "B"), Err(Refusal::ItemNotFound { sku: sku("B") })),
        (report("W", "SET"), Err(Refusal::ItemIsBundle { sku: sku("SET") })),
        (report("X", "A"), Err(Refusal::NodeNotFound { node_id: node_id("X") })),
        (report("S", "A"), Err(Refusal::NodeIsSupplier { node_id: node_id("S") })),
    ];
    check(rows.map(|(step, expected)| (format!("{step:?}"), step.named(&state), expected)))
}

#[test]
fn each_step_is_taken_once_and_only_where_the_machines_allow_it() {
    table();
}

/// What a step asks of the pairs of the node.
fn shelves(order: &Order, step: ReturnStep, named: &Named) -> Vec<(SkuNo, i64, i64)> {
    let event = decide(order, &command(step), named).unwrap().expect("it is new");
    let of = |(pair, proposal): (Pair, Proposal)| match proposal {
        Proposal::Returned { on_hand, unavailable } => (pair.sku, on_hand, unavailable),
        other => panic!("{other:?}"),
    };
    event.proposals(order).into_iter().map(of).collect()
}

/// What came is there and not sellable until somebody looked at it; then it goes its way once.
#[test]
fn goods_are_on_the_shelf_of_the_node_where_they_came_in() {
    let (none, normal) = (Named::default(), asked(ReturnMode::Normal));
    let (a, b) = (SkuNo(10), SkuNo(11));
    assert_eq!(shelves(&normal, send(), &none), []);
    let report = receive(1, &[(0, 3), (1, 1)]);
    let strays = vec![Stray { sku: b, units: 4 }];
    let named = Named { strays, ..Named::default() };
    assert_eq!(shelves(&normal, report.clone(), &named), [(a, 3, 3), (b, 5, 5)], "surplus as well");
    let came = then(normal, &[report]);
    assert_eq!(shelves(&came, restock(&[(0, 1)]), &none), [(a, 0, -1)]);
    let scrap = inspect(&[(0, 1)], Verdict::Reject, Disposition::Scrap);
    assert_eq!(shelves(&came, scrap, &none), [(a, -1, -1)]);
    let kept = inspect(&[(0, 2)], Verdict::Approve, Disposition::Refurbish);
    assert_eq!(shelves(&came, kept, &none), []);
    assert_eq!(shelves(&came, receive(2, &[(0, 1)]), &none), [(a, -2, -2)]);
    let back = ReturnStep::Dispose { lines: all(), how: Disposition::SendBack };
    assert_eq!(shelves(&came, back, &none), [(a, -2, -2), (b, -1, -1)]);
}

/// Each pair of the event settles the claim that its change was decided under.
#[test]
fn a_step_changes_each_pair_and_its_order_in_one_event() {
    let order = asked(ReturnMode::Normal);
    let report = receive(1, &[(0, 2), (1, 1)]);
    let mut event = decide(&order, &command(report), &Named::default()).unwrap().unwrap();
    let shelf = |(pair, _): (Pair, _)| Shelf { pair, on_hand: 0, unavailable: 0 };
    event.shelves = event.proposals(&order).into_iter().map(shelf).collect();
    let mut effects = event.effects();
    let learns = |effect: &Effect| matches!(effect, Effect::Document(_));
    assert_eq!(effects.iter().filter(|effect| learns(effect)).count(), 1, "how long it took");
    effects.retain(|effect| !learns(effect));
    assert_eq!(effects.len(), 3);
    assert!(effects.iter().all(|effect| effect.claim().is_some()));
    let changes = |effect: &&Effect| matches!(effect, Effect::Stock(_, StockEffect::Change { .. }));
    assert_eq!(effects.iter().filter(changes).count(), 2);
}

#[test]
fn what_cannot_be_said_of_a_return_is_told_all_at_once() {
    let told = |meta: Meta, step| said(ProgressReturn { meta, ..command(step) }.validate()).len();
    let free = |step| told(progress_return().meta, step);
    assert_eq!(free(send()), 0);
    assert_eq!(free(receive(0, &[(0, 1)])), 1);
    assert_eq!(free(receive(1, &[])), 1);
    assert_eq!(free(receive(1, &[(0, 0)])), 0, "none came after all");
    assert_eq!(free(receive(1, &[(0, 1); ORDER_LINES_MAX + 1])), 1);
    // Nobody knows whether that was said twice or two times.
    assert_eq!(free(ReturnStep::Cancel(units(&[(0, 1)]))), 1);
    assert_eq!(told(keyed("K"), ReturnStep::Cancel(units(&[(0, 1)]))), 0);
    assert_eq!(told(keyed("K"), ReturnStep::Lose(units(&[(0, 0), (0, 1)]))), 2);
    let strays = vec![(sku("A"), 1), (sku("A"), 2)];
    let (node, lines) = (None, all());
    assert_eq!(free(ReturnStep::Receive { revision: 1, node, lines, strays }), 1);
    let eta = Some(Timestamp::from_micros(i64::MAX));
    let (carrier, tracking, lines) = (Text::default(), Text::default(), all());
    assert_eq!(free(ReturnStep::Send { carrier, tracking, eta, lines }), 1);
}

//! What of an order may be asked to come back, as a table.

use super::*;
use crate::command::fixture::{
    AT, check, located, node_id, request_return, return_id, said, set_return_policy,
};
use crate::command::order::fixture::{id, left, order};
use crate::model::returns::{Considered, Objection, Objections, WhyThere};
use crate::model::{Lsn, NodeKind, RefusalKind};

/// A return of units of lines of the order.
pub(crate) fn of(lines: &[(u16, u32)]) -> RequestReturn {
    RequestReturn { order: id(), lines: LineUnits::from_slice(lines), ..request_return() }
}

/// What is decided where no policy is set.
fn decided(
    order: &Order,
    command: &RequestReturn,
    node: Option<NodeNo>,
) -> Result<Option<ReturnRequested>, Refusal> {
    decide(order, command, (node, |order: &Order| command.terms(order, None, |_| None)))
}

/// The order after it was asked for that.
pub(crate) fn after(mut order: Order, command: &RequestReturn, node: Option<NodeNo>) -> Order {
    let event = decided(&order, command, node).expect("it is granted").expect("it is new");
    let lsn = order.last_lsn.next();
    for effect in event.effects() {
        let Effect::Order(_, effect) = effect else { panic!("no pair changes: {effect:?}") };
        order.apply(lsn, &effect);
    }
    order.check().expect("it is sound");
    order
}

fn full() -> Order {
    let mut order = after(left(), &of(&[(0, 1)]), None);
    let one = order.returns[0].clone();
    let all = (0..ORDER_RETURNS_MAX).map(|at| {
        let id = ReturnId::new("return_id", at.to_string()).unwrap();
        Return { id, ..one.clone() }
    });
    order.returns = all.collect();
    order
}

fn not_returnable(line_index: u32, returnable: u32) -> Refusal {
    Refusal::UnitsNotReturnable { order_id: id(), line_index, returnable }
}

/// Whether it is new.
type Row = (Order, RequestReturn, Result<bool, Refusal>);

fn rows() -> Vec<Row> {
    let asked = || after(left(), &of(&[(1, 1), (0, 2)]), None);
    let reused = || Refusal::ReturnIdReused { return_id: return_id() };
    let other = ReturnId::new("return_id", "R-89").unwrap();
    let other = |lines| RequestReturn { id: other.clone(), ..of(lines) };
    let advance = RequestReturn {
        mode: ReturnMode::Advance,
        advance_until: Some(AT.saturating_add_micros(1)),
        ..of(&[(0, 3)])
    };
    let expires_at = Some(AT.saturating_add_micros(1));
    vec![
        // What did not leave does not come back, whatever comes first.
        (order(), of(&[(0, 1)]), Err(not_returnable(0, 0))),
        (
            order(),
            RequestReturn { mode: ReturnMode::KeepIt, ..of(&[(0, 1)]) },
            Err(not_returnable(0, 0)),
        ),
        (left(), of(&[(0, 4)]), Err(not_returnable(0, 3))),
        (left(), of(&[(0, 3), (1, 3)]), Ok(true)),
        (left(), advance, Ok(true)),
        (left(), of(&[(2, 1)]), Err(Refusal::LineNotFound { order_id: id(), line_index: 2 })),
        (asked(), of(&[(0, 2), (1, 1)]), Ok(false)),
        (asked(), of(&[(0, 1), (1, 1)]), Err(reused())),
        (
            asked(),
            RequestReturn { reason: ReturnReason::Damaged, ..of(&[(0, 2), (1, 1)]) },
            Err(reused()),
        ),
        (asked(), RequestReturn { expires_at, ..of(&[(0, 2), (1, 1)]) }, Err(reused())),
        // What another return has is not offered again.
        (asked(), other(&[(0, 2)]), Err(not_returnable(0, 1))),
        (asked(), other(&[(0, 1)]), Ok(true)),
        (full(), of(&[(0, 1)]), Err(Refusal::ListFull { what: "returns", max: ORDER_RETURNS_MAX })),
    ]
}

/// The refusals of the table, whose rows are checked.
pub(crate) fn table() -> Vec<RefusalKind> {
    let decided = rows().into_iter().map(|(order, command, expected)| {
        let is_new = decided(&order, &command, None).map(|event| event.is_some());
        (format!("{command:?}"), is_new, expected)
    });
    [check(decided), nodes(), by_policy()].concat()
}

fn nodes() -> Vec<RefusalKind> {
    let kinds = [("W", NodeKind::Warehouse), ("S", NodeKind::Supplier)];
    let nodes = (0..).map(NodeNo).zip(kinds);
    let network = nodes.fold(Network::empty(1), |network, (no, (name, kind))| {
        network.with_node(no, located(name, kind), Lsn::FIRST)
    });
    let of = |name: &str| RequestReturn { node: Some(node_id(name)), ..of(&[(0, 1)]) };
    check([
        ("W", of("W").node_no(&network), Ok(Some(NodeNo(0)))),
        ("S", of("S").node_no(&network), Err(Refusal::NodeIsSupplier { node_id: node_id("S") })),
        ("X", of("X").node_no(&network), Err(Refusal::NodeNotFound { node_id: node_id("X") })),
    ])
}

#[test]
fn only_what_left_and_is_in_no_return_comes_back() {
    table();
}

/// The terms stay as they were granted, and what waits for a person is not granted yet.
#[test]
fn a_return_is_granted_at_once_unless_a_person_has_to() {
    use crate::model::returns::DecisionState::{Authorised, Requested};
    let reviewed = Some(TermsAsked { needs_review: true, ..TermsAsked::default() });
    for (command, state) in [
        (of(&[(0, 3)]), Authorised),
        (RequestReturn { terms: reviewed, ..of(&[(0, 3)]) }, Requested),
        (RequestReturn { mode: ReturnMode::Unannounced, ..of(&[(0, 3)]) }, Requested),
    ] {
        let order = after(left(), &command, None);
        let line = &order.returns[0].lines[0];
        assert_eq!(line.sum(|status| status.decision.state() == state), 3, "{command:?}");
    }
}

#[test]
fn what_cannot_be_asked_for_is_told_all_at_once() {
    let told = |command: RequestReturn| said(command.validate());
    assert_eq!(told(of(&[(0, 1)])), [""; 0]);
    assert_eq!(told(of(&[])).len(), 1);
    assert_eq!(told(of(&[(0, 0), (0, 1)])).len(), 2);
    assert_eq!(told(of(&[(0, 1); ORDER_LINES_MAX + 1])).len(), 1);
    let fees = Fees {
        restocking_basis_points: 10_001,
        restocking_max: Some(Minor(-1)),
        label: Minor(AMOUNT_MAX + 1),
    };
    let terms = Some(TermsAsked { fees, ..TermsAsked::default() });
    assert_eq!(told(RequestReturn { terms, ..of(&[(0, 1)]) }).len(), 3);
    assert_eq!(told(RequestReturn { expires_at: Some(AT), ..of(&[(0, 1)]) }).len(), 1);
    assert_eq!(told(RequestReturn { mode: ReturnMode::Advance, ..of(&[(0, 1)]) }).len(), 1);
    let until = Some(AT.saturating_add_micros(1));
    assert_eq!(told(RequestReturn { advance_until: until, ..of(&[(0, 1)]) }).len(), 1);
    let far = Some(Timestamp::from_micros(i64::MAX));
    assert_eq!(told(RequestReturn { expires_at: far, ..of(&[(0, 1)]) }).len(), 1);
}

/// A policy of rules for a category each, with its days and the fee for selling it again.
fn policy(rules: &[(Option<&str>, Option<u16>, u16)]) -> ReturnPolicy {
    let text = |text: &str| Text::new("category", text).unwrap();
    let rule = |(category, days, restocking): &(Option<&str>, Option<u16>, u16)| {
        let mut rule = set_return_policy().policy.rules.remove(0);
        rule.applies.category = category.map(text);
        rule.grants.days = *days;
        rule.grants.fees.restocking_basis_points = *restocking;
        rule
    };
    ReturnPolicy { rules: rules.iter().map(rule).collect(), ..ReturnPolicy::default() }
}

/// What the policy grants, by the category of the lines' items, in their order.
fn granted(
    command: &RequestReturn,
    policy: &ReturnPolicy,
    categories: [Option<&str>; 2],
) -> Result<ReturnTerms, Refusal> {
    let order = left();
    let named = |sku: SkuNo| {
        let at = order.lines.iter().position(|line| line.sku == sku).expect("it is there");
        categories[at].map(|name| Text::new("category", name).unwrap())
    };
    command.terms(&order, Some(policy), named)
}

fn asks_by_policy(lines: &[(u16, u32)]) -> RequestReturn {
    RequestReturn { terms: None, ..of(lines) }
}

fn by_policy() -> Vec<RefusalKind> {
    let both = asks_by_policy(&[(0, 1), (1, 1)]);
    let objected = |objections: &[(u16, Objection)]| {
        let mut all = Objections::default();
        for (line, objection) in objections {
            all.add(*line, vec![*objection]);
        }
        Refusal::NotInReturnPolicy { order_id: id(), objections: all }
    };
    let days = |policy: &ReturnPolicy, categories| {
        granted(&both, policy, categories).map(|terms| terms.fees.restocking_basis_points)
    };
    let apart = policy(&[(Some("shoes"), Some(1_000), 500), (Some("hats"), None, 0)]);
    let fees = policy(&[(Some("shoes"), Some(1_000), 500), (None, Some(1_000), 100)]);
    let differs = Refusal::ReturnTermsDiffer { order_id: id(), line_index: 1 };
    check([
        ("one rule for both", days(&apart, [Some("shoes"), Some("shoes")]), Ok(500)),
        // What speaks against each line is told at once.
        (
            "a final sale, and no rule",
            days(&apart, [Some("hats"), None]),
            Err(objected(&[(0, Objection::FinalSale), (1, Objection::NoRule)])),
        ),
        (
            "one of two",
            days(&apart, [Some("shoes"), Some("hats")]),
            Err(objected(&[(1, Objection::FinalSale)])),
        ),
        ("another fee", days(&fees, [Some("shoes"), None]), Err(differs)),
    ])
}

/// A person at a desk may say terms that the policy does not grant.
#[test]
fn terms_that_are_said_are_not_judged() {
    let none = ReturnPolicy::default();
    assert!(granted(&asks_by_policy(&[(0, 1)]), &none, [None; 2]).is_err());
    assert!(granted(&of(&[(0, 1)]), &none, [None; 2]).is_ok());
}

/// The node that was chosen stays, whatever would be chosen by now, and is no other return's for who names
/// another one.
#[test]
fn a_return_goes_where_it_was_sent_first_and_says_why() {
    let considered = Considered {
        node: NodeNo(3),
        waiting: 1,
        cost: Minor(900),
        free: 0,
        why: WhyThere::Chosen,
    };
    let sent_to = SentTo { node: Some(NodeNo(3)), considered: vec![considered] };
    let asked = of(&[(0, 1)]);
    let terms = |order: &Order| asked.terms(order, None, |_| None);
    let event = decide(&left(), &asked, (sent_to, terms)).unwrap().expect("it is new");
    assert_eq!(event.asked.considered.as_deref(), Some(&[considered][..]));
    let mut order = left();
    for effect in event.effects() {
        let Effect::Order(_, effect) = effect else { panic!("no pair changes: {effect:?}") };
        order.apply(order.last_lsn.next(), &effect);
    }
    order.check().expect("it is sound");
    assert_eq!(order.returns[0].node, Some(NodeNo(3)));
    assert_eq!(decide(&order, &asked, (None, terms)), Ok(None), "it is known");
    let named = RequestReturn { node: Some(node_id("W")), ..asked.clone() };
    let reused = Refusal::ReturnIdReused { return_id: return_id() };
    assert_eq!(decide(&order, &named, (Some(NodeNo(4)), terms)), Err(reused));
}

/// What was granted stays, whatever the policy says when the same is asked again.
#[test]
fn a_return_by_policy_is_found_again_under_its_id_whatever_the_policy_is_by_then() {
    let asked = asks_by_policy(&[(0, 1)]);
    let order = after(left(), &asked, None);
    let node = None;
    let refusing = |_: &Order| Err(Refusal::NoNode);
    assert_eq!(decide(&order, &asked, (node, refusing)), Ok(None));
}

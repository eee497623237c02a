//! The table, cell by cell, and what follows of it for every place that a unit can be at.

use std::collections::BTreeSet;

use super::super::table::{self, Act, Rule};
use super::*;

fn deeds() -> Vec<Deed> {
    let plain = [
        Deed::Authorise,
        Deed::Refuse,
        Deed::Cancel,
        Deed::KeepIt,
        Deed::Send,
        Deed::Receive,
        Deed::Correct,
        Deed::Lose,
        Deed::Expire,
        Deed::Approve,
        Deed::Reduce(by(1_000)),
        Deed::Reduce(by(2_500)),
        Deed::Reject,
        Deed::GrantLost,
        Deed::Advance,
        Deed::Credit,
        Deed::ChargeBack,
    ];
    let graded = Grade::ALL.map(Deed::Inspect);
    let disposed = Disposition::ALL.map(Deed::Dispose);
    plain.into_iter().chain(graded).chain(disposed).collect()
}

fn goods() -> Vec<Goods> {
    let inspected = Grade::ALL.map(Goods::Inspected);
    let grades = Grade::ALL.map(Some).into_iter().chain([None]);
    let disposed =
        grades.flat_map(|grade| Disposition::ALL.map(move |how| Goods::Disposed { grade, how }));
    [
        Goods::Expected,
        Goods::InTransit,
        Goods::Received,
        Goods::Lost,
        Goods::Expired,
        Goods::NotRequired,
    ]
    .into_iter()
    .chain(inspected)
    .chain(disposed)
    .collect()
}

const DECISIONS: [fn() -> Decision; 8] = [
    || Decision::Requested,
    || Decision::Authorised,
    || Decision::Refused,
    || Decision::Approved,
    || Decision::Reduced(by(1_000)),
    || Decision::Reduced(by(2_500)),
    || Decision::Rejected,
    || Decision::Cancelled,
];

/// Every place, those that no unit gets to among them.
fn places() -> impl Iterator<Item = Status> {
    let with = |goods| {
        DECISIONS.into_iter().flat_map(move |decision| {
            Credit::ALL.map(|credit| Status { goods, decision: decision(), credit })
        })
    };
    goods().into_iter().flat_map(with)
}

/// Every place that a unit gets to by these deeds.
fn reached(deeds: &[Deed]) -> BTreeSet<Status> {
    let mut all = BTreeSet::from([Status::REQUESTED]);
    let mut open = vec![Status::REQUESTED];
    while let Some(status) = open.pop() {
        let next = deeds.iter().filter_map(|deed| status.after(*deed).ok());
        open.extend(next.filter(|to| all.insert(*to)));
    }
    all
}

fn is_exempting(deed: Deed) -> bool {
    matches!(deed, Deed::KeepIt | Deed::Advance | Deed::GrantLost)
}

#[test]
fn each_act_has_its_row() {
    for (at, act) in Act::ALL.into_iter().enumerate() {
        assert_eq!(act as usize, at + 1);
    }
    let acts: BTreeSet<&str> = deeds().into_iter().map(|deed| deed.act().as_str()).collect();
    assert_eq!(acts.len(), Act::ALL.len());
}

/// Each pair of act and state, in each machine: a unit comes to be where its cell says, and is refused
/// where a cell says so, with the word of the first machine that does.
#[test]
fn each_cell_is_what_becomes_of_a_unit() {
    for (status, deed) in places().flat_map(|at| deeds().into_iter().map(move |deed| (at, deed))) {
        let act = deed.act();
        let goods = table::goods(act, status.goods.state());
        let decision = table::decision(act, status.decision.state());
        let credit = table::credit(act, status.credit);
        let said = format!("{deed:?} of {status:?}");
        match (status.after(deed), goods, decision, credit) {
            (Err(no), Rule::Refused(why), _, _)
            | (Err(no), _, Rule::Refused(why), _)
            | (Err(no), _, _, Rule::Refused(why)) => {
                assert!(no == why || other(no, deed), "{said}");
            }
            (Err(no), ..) => assert!(other(no, deed), "{said}: {no:?}"),
            (Ok(to), goods, decision, credit) => {
                assert_eq!(Some(to.goods.state()), came_to(goods, status.goods.state()), "{said}");
                let state = status.decision.state();
                assert_eq!(Some(to.decision.state()), came_to(decision, state), "{said}");
                assert_eq!(Some(to.credit), came_to(credit, status.credit), "{said}");
            }
        }
    }
}

/// Refusals that rest on the grade, the reduction or the disposition, which the table does not know.
fn other(obstacle: table::Obstacle, deed: Deed) -> bool {
    use table::Obstacle::{Decided, Disposed, Inspected, NotSellable};
    match deed {
        Deed::Inspect(_) => obstacle == Inspected,
        Deed::Dispose(_) => matches!(obstacle, Disposed | NotSellable),
        Deed::Reduce(_) => obstacle == Decided,
        _ => false,
    }
}

fn came_to<S>(rule: Rule<S>, from: S) -> Option<S> {
    match rule {
        Rule::Becomes(to) => Some(to),
        Rule::Stays => Some(from),
        Rule::Refused(_) => None,
    }
}

#[test]
fn a_deed_that_is_done_is_done_again_without_a_change() {
    for (status, deed) in reached(&deeds()).into_iter().flat_map(with_deeds) {
        let Ok(once) = status.after(deed) else { continue };
        assert_eq!(once.after(deed), Ok(once), "{deed:?} of {status:?}");
    }
}

fn with_deeds(status: Status) -> impl Iterator<Item = (Status, Deed)> {
    deeds().into_iter().map(move |deed| (status, deed))
}

#[test]
fn a_unit_only_gets_where_it_may_be() {
    let all = Exempt { keep_it: true, advance: true, lost: true };
    assert!(reached(&deeds()).into_iter().all(|status| status.is_sound(all)));
    let plain: Vec<Deed> = deeds().into_iter().filter(|deed| !is_exempting(*deed)).collect();
    for status in reached(&plain) {
        assert!(status.is_sound(Exempt::default()), "{status:?}");
        let came = status.goods.has_arrived();
        assert!(came || !status.credit.is_had(), "credited without goods: {status:?}");
    }
    // The check tells them from others.
    let credited = Status { credit: Credit::Given, ..Status::REQUESTED };
    assert!(!credited.is_sound(all));
}

#[test]
fn a_unit_is_restocked_once_and_only_when_it_was_looked_at() {
    for (from, deed) in reached(&deeds()).into_iter().flat_map(with_deeds) {
        let Ok(to) = from.after(deed) else { continue };
        let sellable = |status: Status| {
            let books = status.goods.on_shelf();
            books.on_hand - books.unavailable
        };
        if sellable(to) > sellable(from) {
            let grade = from.goods.grade();
            assert_eq!(from.goods.state(), GoodsState::Inspected, "{deed:?} of {from:?}");
            assert!(grade.is_some_and(|grade| grade != Grade::Damaged), "{from:?}");
        }
        if from.goods.state() == GoodsState::Disposed {
            assert_eq!(to.goods, from.goods, "{deed:?} of {from:?}");
        }
    }
}

#[test]
fn what_is_sent_is_not_cancelled() {
    for status in reached(&deeds()) {
        let cancelled = status.after(Deed::Cancel);
        let changes = cancelled.is_ok_and(|to| to != status);
        let may = matches!(status.goods, Goods::Expected | Goods::Expired);
        assert!(may || !changes, "{status:?}");
    }
}

/// The tables in ARCHITECTURE are the one that decides.
#[test]
fn the_tables_of_returns_for_people_are_the_table() {
    let architecture = include_str!("../../../../../ARCHITECTURE.md");
    let tables = table::markdown();
    assert!(architecture.contains(&tables), "they are now\n{tables}");
}

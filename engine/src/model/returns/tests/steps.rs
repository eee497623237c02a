//! The steps of a return.

use super::super::table::Obstacle;
use super::*;
use crate::model::ids::SkuNo;

fn obstructed(line: u16, obstacle: Obstacle) -> Stepped {
    Err(ReturnRefusal::Obstructed { line, obstacle })
}

#[test]
fn what_is_asked_for_is_granted_unless_a_person_has_to() {
    assert_eq!(decided(&normal(&[(0, 3)]), DecisionState::Authorised), 3);
    let mut reviewed = asked(ReturnMode::Normal, &[(0, 3)]);
    reviewed.terms.needs_review = true;
    let mut waits = request(reviewed, |_| 3, &[]).unwrap();
    assert_eq!(decided(&waits, DecisionState::Requested), 3);
    let mut refused = waits.clone();
    make(&mut waits, |of| of.authorise(at(2)));
    assert_eq!(decided(&waits, DecisionState::Authorised), 3);
    make(&mut refused, |of| of.refuse(at(2)));
    assert_eq!(in_state(&refused, GoodsState::NotRequired), 3);
    assert_eq!(refused.authorise(at(3)), obstructed(0, Obstacle::Decided));
    assert_eq!(returnable(3, &[refused], 0), 3);
}

#[test]
fn more_than_left_does_not_come_back() {
    let left = |line| if line == 0 { 2 } else { 0 };
    for (line, units, returnable) in [(0, 3, 2), (1, 1, 0)] {
        let refused = request(asked(ReturnMode::Normal, &[(line, units)]), left, &[]);
        assert_eq!(refused, Err(ReturnRefusal::NotReturnable { line, returnable }));
    }
}

#[test]
fn a_return_is_cancelled_only_before_it_is_sent_and_sent_back_after_it_came() {
    let mut cancelled = normal(&[(0, 3)]);
    make(&mut cancelled, |of| of.cancel(at(2), &of_line(2)));
    assert_eq!(decided(&cancelled, DecisionState::Cancelled), 2);
    assert_eq!(returnable(3, &[cancelled], 0), 2);

    let mut on_its_way = normal(&[(0, 3)]);
    make(&mut on_its_way, |of| of.send(sent(), &all()));
    assert_eq!(on_its_way.cancel(at(2), &all()), obstructed(0, Obstacle::OnTheWay));
    make(&mut on_its_way, |of| of.receive(&receipt(1, &[(0, 3)])));
    assert_eq!(on_its_way.cancel(at(4), &all()), obstructed(0, Obstacle::Received));
    let back = make(&mut on_its_way, |of| of.dispose(at(4), &all(), Disposition::SendBack));
    assert_eq!(back.on_shelf(0), (-3, -3));
    assert_eq!(decided(&on_its_way, DecisionState::Rejected), 3);
    assert_eq!(returnable(3, &[on_its_way], 0), 3);
}

fn of_line(units: u32) -> LineUnits {
    of(&[(0, units)])
}

#[test]
fn a_step_that_was_made_is_answered_as_before_and_changes_nothing() {
    let mut of = normal(&[(0, 2)]);
    let steps: [&dyn Fn(&Return) -> Stepped; 6] = [
        &|of| of.authorise(at(2)),
        &|of| of.send(sent(), &all()),
        &|of| of.receive(&receipt(1, &[(0, 2)])),
        &|of| of.inspect(at(4), &of_line(2), as_new()),
        &|of| of.dispose(at(4), &of_line(2), Disposition::Restock),
        &|of| of.credit(at(4), &of_line(2)),
    ];
    for step in steps {
        if let Some(progress) = step(&of).expect("it is allowed") {
            of.apply(&progress);
        }
        assert_eq!(step(&of), Ok(None));
    }
    let cancel = |of: &Return| of.cancel(at(5), &all());
    let mut cancelled = normal(&[(0, 2)]);
    make(&mut cancelled, cancel);
    assert_eq!(cancel(&cancelled), Ok(None));
}

#[test]
fn a_second_word_of_the_way_tells_the_number_alone() {
    let mut of = normal(&[(0, 1)]);
    make(&mut of, |of| of.send(sent(), &all()));
    let other = Sent { tracking: text("2Z"), ..sent() };
    let progress = make(&mut of, |of| of.send(other.clone(), &all()));
    assert_eq!((progress.moves.len(), of.sent.as_deref()), (0, Some(&other)));
}

#[test]
fn what_is_on_its_way_arrives_before_what_nobody_sent() {
    let mut of = normal(&[(0, 3)]);
    make(&mut of, |of| of.send(sent(), &of_line(2)));
    make(&mut of, |of| of.receive(&receipt(1, &[(0, 2)])));
    assert_eq!(in_state(&of, GoodsState::Expected), 1);
    make(&mut of, |of| of.cancel(at(4), &of_line(1)));
}

#[test]
fn more_units_than_there_are_take_no_step() {
    let mut of = normal(&[(0, 3), (2, 1)]);
    make(&mut of, |of| of.receive(&receipt(1, &[(0, 2)])));
    for (lines, refusal) in [
        (&[(0, 3)][..], ReturnRefusal::TooMany { line: 0, there: 2 }),
        (&[(2, 1)], ReturnRefusal::Obstructed { line: 2, obstacle: Obstacle::NotReceived }),
        (&[(1, 1)], ReturnRefusal::UnknownLine { line: 1 }),
    ] {
        let lines = LineUnits::from_slice(lines);
        assert_eq!(of.inspect(at(4), &lines, as_new()), Err(refusal));
    }
}

#[test]
fn one_inspection_grades_decides_and_disposes_of_exactly_its_units() {
    let mut of = normal(&[(0, 4)]);
    make(&mut of, |of| of.receive(&receipt(1, &[(0, 4)])));
    let pending = Finding { grade: Grade::B, verdict: None, disposition: None };
    make(&mut of, |of| of.inspect(at(4), &of_line(1), pending));
    let progress = make(&mut of, |of| of.inspect(at(4), &of_line(1), as_new()));
    assert_eq!(progress.on_shelf(0), (0, -1), "restocked: it was there, and can be sold now");
    let half = finding(Grade::Damaged, Verdict::Reduce(by(5_000)), Disposition::Scrap);
    let progress = make(&mut of, |of| of.inspect(at(4), &of_line(1), half));
    assert_eq!(progress.on_shelf(0), (-1, -1));
    let his = finding(Grade::C, Verdict::Reject, Disposition::SendBack);
    make(&mut of, |of| of.inspect(at(4), &of_line(1), his));
    let entitled: Vec<Entitled> = of.lines[0].entitled().collect();
    let expected =
        [Entitled { units: 1, reduced: None }, Entitled { units: 1, reduced: Some(by(5_000)) }];
    assert_eq!(entitled, expected);
    assert_eq!(in_state(&of, GoodsState::Inspected), 1);
}

#[test]
fn goods_are_sold_again_only_by_whom_they_belong_to() {
    use {Disposition as D, Grade as G, Verdict as V};
    for (grade, verdict, how, obstacle) in [
        (G::Damaged, V::Approve, D::Restock, Obstacle::NotSellable),
        (G::A, V::Reject, D::Restock, Obstacle::NotApproved),
        (G::A, V::Reject, D::Liquidate, Obstacle::NotApproved),
        (G::A, V::Approve, D::SendBack, Obstacle::Approved),
        (G::A, V::Approve, D::Missing, Obstacle::Approved),
    ] {
        let mut of = normal(&[(0, 1)]);
        make(&mut of, |of| of.receive(&receipt(1, &[(0, 1)])));
        let refused = of.inspect(at(4), &all(), finding(grade, verdict, how));
        assert_eq!(refused, obstructed(0, obstacle), "{grade:?} {verdict:?} {how:?}");
        let undecided = Finding { grade, verdict: None, disposition: Some(D::Refurbish) };
        assert_eq!(of.inspect(at(4), &all(), undecided), obstructed(0, Obstacle::Undecided));
    }
}

#[test]
fn what_is_too_much_is_nobodys_and_what_is_too_little_stays_open() {
    let mut of = normal(&[(0, 3)]);
    make(&mut of, |of| of.receive(&receipt(1, &[(0, 2)])));
    assert_eq!((of.lines[0].arrived(), of.lines[0].awaited()), (2, 1));
    make(&mut of, |of| of.receive(&receipt(2, &[(0, 5)])));
    assert_eq!((of.lines[0].arrived(), of.lines[0].surplus), (3, 2));
    let stray = Receipt { strays: vec![Stray { sku: SkuNo(9), units: 1 }], ..receipt(3, &[]) };
    make(&mut of, |of| of.receive(&stray));
    assert_eq!((of.lines[0].surplus, &*of.strays), (2, &stray.strays[..]));
}

#[test]
fn a_correction_takes_back_what_nobody_looked_at() {
    let mut of = normal(&[(0, 3)]);
    make(&mut of, |of| of.send(sent(), &all()));
    make(&mut of, |of| of.receive(&receipt(1, &[(0, 4)])));
    make(&mut of, |of| of.inspect(at(4), &of_line(1), as_new()));
    let progress = make(&mut of, |of| of.receive(&receipt(3, &[(0, 2)])));
    assert_eq!((of.lines[0].surplus, progress.on_shelf(0)), (0, (-1, -1)));
    assert_eq!(in_state(&of, GoodsState::InTransit), 1);
    for (revision, total, refusal) in [
        (2, 3, ReturnRefusal::Stale { known: 3 }),
        (3, 3, ReturnRefusal::RevisionReused { revision: 3 }),
        (4, 0, ReturnRefusal::BelowInspected { line: 0, least: 1 }),
    ] {
        assert_eq!(of.receive(&receipt(revision, &[(0, total)])), Err(refusal));
    }
    assert_eq!(of.receive(&receipt(3, &[(0, 2)])), Ok(None));
}

#[test]
fn what_was_lost_or_late_is_taken_when_it_comes() {
    for lose in [true, false] {
        let mut of = normal(&[(0, 2)]);
        make(&mut of, |of| if lose { of.lose(at(9), &all()) } else { of.expire(at(31)) });
        assert_eq!(of.lines[0].entitled().count(), 0);
        make(&mut of, |of| of.receive(&receipt(1, &[(0, 2)])));
        make(&mut of, |of| of.inspect(at(40), &all(), as_new()));
        assert_eq!(of.lines[0].entitled().map(|owed| owed.units).sum::<u32>(), 2);
    }
    let early = normal(&[(0, 2)]).expire(at(30));
    assert_eq!(early, Err(ReturnRefusal::NotDue { due: at(31) }));
}

#[test]
fn what_was_granted_as_lost_is_not_credited_again_when_it_comes() {
    let mut covered = asked(ReturnMode::Normal, &[(0, 1)]);
    assert_eq!(normal(&[(0, 1)]).grant_lost(at(9), &all()), Err(ReturnRefusal::NotByTerms));
    covered.terms.covers_loss = true;
    let mut of = request(covered, |_| 1, &[]).unwrap();
    assert_eq!(of.grant_lost(at(9), &all()), obstructed(0, Obstacle::NotLost));
    make(&mut of, |of| of.lose(at(9), &all()));
    make(&mut of, |of| of.grant_lost(at(9), &all()));
    make(&mut of, |of| of.credit(at(9), &all()));
    assert_eq!((of.lines[0].credited(), of.lines[0].credited_unseen()), (1, 1));
    make(&mut of, |of| of.receive(&receipt(1, &[(0, 1)])));
    // The inspector does not know of it: his verdict comes after one that stands.
    let verdict = finding(Grade::B, Verdict::Reduce(by(1_000)), Disposition::Restock);
    make(&mut of, |of| of.inspect(at(12), &all(), verdict));
    assert_eq!((of.lines[0].credited(), of.lines[0].entitled().count()), (1, 0));
}

#[test]
fn who_keeps_it_is_owed_and_sends_nothing() {
    let mut of = granted(ReturnMode::KeepIt, &[(0, 1)]);
    assert_eq!(in_state(&of, GoodsState::NotRequired), 1);
    make(&mut of, |of| of.credit(at(2), &all()));
    assert_eq!(of.send(sent(), &all()), obstructed(0, Obstacle::NotExpected));
    make(&mut of, |of| of.receive(&receipt(1, &[(0, 1)])));
    assert_eq!((of.lines[0].surplus, of.lines[0].credited()), (1, 1), "it came: it is nobody's");
    assert_eq!(returnable(1, &[of], 0), 0);
}

#[test]
fn a_credit_before_the_goods_is_earned_or_taken_back() {
    let advanced = || {
        let mut of = granted(ReturnMode::Advance, &[(0, 2)]);
        make(&mut of, |of| of.advance(at(1), &all()));
        assert_eq!((of.lines[0].credited(), of.lines[0].advanced()), (2, 2));
        of
    };
    let refused = normal(&[(0, 2)]).advance(at(1), &all());
    assert_eq!(refused, Err(ReturnRefusal::NotByTerms));

    let mut of = advanced();
    assert_eq!(of.charge_back(at(14)), Err(ReturnRefusal::NotDue { due: at(15) }));
    make(&mut of, |of| of.receive(&receipt(1, &[(0, 1)])));
    let progress = make(&mut of, |of| of.charge_back(at(15)));
    let taken = CreditMoved { line: 0, to: Credit::ChargedBack, units: 1, reduced: None };
    assert_eq!(progress.credits().collect::<Vec<_>>(), [taken], "one came, and waits");
    let progress = make(&mut of, |of| of.inspect(at(16), &of_line(1), as_new()));
    let earned = CreditMoved { line: 0, to: Credit::Earned, units: 1, reduced: None };
    assert_eq!(progress.credits().collect::<Vec<_>>(), [earned]);
    // The other one comes late, and is credited once.
    make(&mut of, |of| of.receive(&receipt(2, &[(0, 2)])));
    make(&mut of, |of| of.inspect(at(20), &of_line(1), as_new()));
    make(&mut of, |of| of.credit(at(20), &of_line(1)));
    assert_eq!((of.lines[0].credited(), of.lines[0].entitled().count()), (2, 0));

    let mut cancelled = advanced();
    let progress = make(&mut cancelled, |of| of.cancel(at(3), &all()));
    assert_eq!(progress.credits().map(|of| of.to).collect::<Vec<_>>(), [Credit::ChargedBack]);
}

#[test]
fn time_wakes_a_return_for_as_long_as_something_is_open() {
    let mut of = granted(ReturnMode::Advance, &[(0, 2)]);
    assert_eq!(of.wakes_at(), Some(at(31)));
    make(&mut of, |of| of.advance(at(1), &all()));
    assert_eq!(of.wakes_at(), Some(at(15)));
    make(&mut of, |of| of.charge_back(at(15)));
    assert_eq!(of.wakes_at(), Some(at(31)));
    make(&mut of, |of| of.expire(at(31)));
    assert_eq!(of.wakes_at(), None);
    // Asked for again, the old return does not come any more.
    make(&mut of, |of| of.cancel(at(32), &all()));
    assert_eq!(returnable(2, &[of], 0), 2);
}

#[test]
fn goods_may_come_before_permission() {
    let mut of = granted(ReturnMode::Unannounced, &[(0, 1)]);
    make(&mut of, |of| of.receive(&receipt(1, &[(0, 1)])));
    assert_eq!(of.inspect(at(4), &all(), as_new()), obstructed(0, Obstacle::NotAuthorised));
    let mut refused = of.clone();
    make(&mut of, |of| of.authorise(at(4)));
    make(&mut of, |of| of.inspect(at(4), &all(), as_new()));
    make(&mut of, |of| of.credit(at(4), &all()));
    make(&mut refused, |of| of.refuse(at(4)));
    make(&mut refused, |of| of.dispose(at(4), &all(), Disposition::SendBack));
    assert_eq!(decided(&refused, DecisionState::Refused), 1);
}

#[test]
fn units_of_a_line_are_in_so_many_places_and_no_more() {
    let mut of = normal(&[(0, 500)]);
    make(&mut of, |of| of.receive(&receipt(1, &[(0, 500)])));
    let step = |of: &Return, basis_points| {
        let reduced = finding(Grade::C, Verdict::Reduce(by(basis_points)), Disposition::Scrap);
        of.inspect(at(4), &of_line(1), reduced)
    };
    let refused = (1..500).find_map(|basis_points| match step(&of, basis_points) {
        Ok(progress) => {
            of.apply(&progress.expect("it changes something"));
            None
        }
        Err(refusal) => Some(refusal),
    });
    assert_eq!(refused, Some(ReturnRefusal::TooManyParts { line: 0 }));
    assert!(of.is_sound());
}

#[test]
fn it_is_read_as_it_was_written() {
    let mut of = normal(&[(0, 3), (2, 1)]);
    let steps = [
        make(&mut of, |of| of.send(sent(), &all())),
        make(&mut of, |of| {
            let strays = vec![Stray { sku: SkuNo(9), units: 1 }];
            of.receive(&Receipt { strays, ..receipt(1, &[(0, 4)]) })
        }),
    ];
    let half = finding(Grade::Damaged, Verdict::Reduce(by(5_000)), Disposition::Scrap);
    let last = make(&mut of, |of| of.inspect(at(4), &of_line(1), half));
    let bytes = minicbor::to_vec(&of).unwrap();
    assert_eq!(minicbor::decode::<Return>(&bytes).unwrap(), of);
    for progress in steps.into_iter().chain([last]) {
        let bytes = minicbor::to_vec(&progress).unwrap();
        assert_eq!(minicbor::decode::<ReturnProgress>(&bytes).unwrap(), progress);
    }
    assert!(minicbor::decode::<Reduction>(&minicbor::to_vec(10_001_u16).unwrap()).is_err());
}

/// Else it would be paid, and taken back at once.
#[test]
fn nothing_is_credited_in_advance_after_the_deadline() {
    for (granted_at, credited) in [(14, 2), (15, 0), (20, 0)] {
        let mut reviewed = asked(ReturnMode::Advance, &[(0, 2)]);
        reviewed.terms.needs_review = true;
        let mut of = request(reviewed, |_| 1_000, &[]).expect("enough left");
        let step = of.authorise(at(granted_at)).expect("it is allowed").expect("it is news");
        of.apply(&of.settled(step).expect("it is sound"));
        let sum: u32 = of.lines.iter().map(ReturnLine::credited).sum();
        assert_eq!(sum, credited, "granted on day {granted_at}");
        assert!(of.wakes_at().is_none_or(|wakes| wakes > at(granted_at)), "{:?}", of.wakes_at());
    }
}

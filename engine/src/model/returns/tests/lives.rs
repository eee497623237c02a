//! Random lives of a return, against rows of single units.

use proptest::prelude::*;

use super::naive::Naive;
use super::*;

#[derive(Clone, Copy, Debug)]
enum Op {
    Authorise,
    Refuse,
    Cancel(Option<(u8, u32)>),
    Send(Option<(u8, u32)>),
    Came { line: u8, total: u32, newer: i8 },
    Lose(Option<(u8, u32)>),
    Expire,
    Inspect(Option<(u8, u32)>, Finding),
    Dispose(Option<(u8, u32)>, Disposition),
    GrantLost,
    Advance(Option<(u8, u32)>),
    Credit(Option<(u8, u32)>),
    ChargeBack,
}

fn which() -> impl Strategy<Value = Option<(u8, u32)>> {
    prop::option::weighted(0.7, (0..2_u8, 1..4_u32))
}

fn findings() -> impl Strategy<Value = Finding> {
    let verdict = prop_oneof![
        3 => Just(Verdict::Approve),
        1 => (1..3_u32).prop_map(|part| Verdict::Reduce(by(part * 2_500))),
        1 => Just(Verdict::Reject),
    ];
    let how = prop::option::of(prop::sample::select(&Disposition::ALL[..]));
    let parts = (prop::sample::select(&Grade::ALL[..]), prop::option::weighted(0.8, verdict), how);
    parts.prop_map(|(grade, verdict, disposition)| Finding { grade, verdict, disposition })
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let came = (0..2_u8, 0..7_u32, prop_oneof![6 => Just(1_i8), 1 => -1..=0_i8]);
    let one = prop_oneof![
        1 => Just(Op::Authorise),
        1 => Just(Op::Refuse),
        2 => which().prop_map(Op::Cancel),
        3 => which().prop_map(Op::Send),
        8 => came.prop_map(|(line, total, newer)| Op::Came { line, total, newer }),
        2 => which().prop_map(Op::Lose),
        1 => Just(Op::Expire),
        8 => (which(), findings()).prop_map(|(which, finding)| Op::Inspect(which, finding)),
        4 => (which(), prop::sample::select(&Disposition::ALL[..]))
            .prop_map(|(which, how)| Op::Dispose(which, how)),
        2 => Just(Op::GrantLost),
        2 => which().prop_map(Op::Advance),
        4 => which().prop_map(Op::Credit),
        1 => Just(Op::ChargeBack),
    ];
    prop::collection::vec(one, 1..40)
}

fn lines_of(which: Option<(u8, u32)>) -> LineUnits {
    which.map_or(all(), |(line, units)| of(&[(line.into(), units)]))
}

fn report(of: &Return, line: u8, total: u32, newer: i8) -> Receipt {
    let revision = of.revision.saturating_add_signed(newer.into());
    receipt(revision, &[(line.into(), total)])
}

fn stepped(of: &Return, op: Op) -> Stepped {
    match op {
        Op::Authorise => of.authorise(at(2)),
        Op::Refuse => of.refuse(at(2)),
        Op::Cancel(which) => of.cancel(at(2), &lines_of(which)),
        Op::Send(which) => of.send(sent(), &lines_of(which)),
        Op::Came { line, total, newer } => of.receive(&report(of, line, total, newer)),
        Op::Lose(which) => of.lose(at(9), &lines_of(which)),
        Op::Expire => of.expire(at(31)),
        Op::Inspect(which, finding) => of.inspect(at(9), &lines_of(which), finding),
        Op::Dispose(which, how) => of.dispose(at(9), &lines_of(which), how),
        Op::GrantLost => of.grant_lost(at(9), &all()),
        Op::Advance(which) => of.advance(at(9), &lines_of(which)),
        Op::Credit(which) => of.credit(at(9), &lines_of(which)),
        Op::ChargeBack => of.charge_back(at(31)),
    }
}

/// What an inspection makes of a single unit.
fn found(status: Status, finding: Finding) -> Option<Status> {
    let mut to = status.after(Deed::Inspect(finding.grade)).ok()?;
    let is_open = matches!(to.decision, Decision::Requested | Decision::Authorised);
    if let Some(verdict) = finding.verdict.filter(|_| is_open) {
        let deed = match verdict {
            Verdict::Approve => Deed::Approve,
            Verdict::Reduce(by) => Deed::Reduce(by),
            Verdict::Reject => Deed::Reject,
        };
        to = to.after(deed).ok()?;
    }
    finding.disposition.map_or(Some(to), |how| to.after(Deed::Dispose(how)).ok())
}

/// The same step of rows. It is made of a step that changed something.
fn naively(naive: &mut Naive, before: &Return, op: Op) {
    let deed = |deed: Deed| move |status: Status| status.after(deed).ok();
    let (which, change): (_, Box<dyn Fn(Status) -> Option<Status>>) = match op {
        Op::Came { line, total, .. } => {
            assert!(naive.came(line.into(), total, before.sent.is_some()), "it can be so");
            return;
        }
        Op::Authorise if before.mode == ReturnMode::KeepIt => (None, Box::new(deed(Deed::KeepIt))),
        Op::Authorise => (None, Box::new(deed(Deed::Authorise))),
        Op::Refuse => (None, Box::new(deed(Deed::Refuse))),
        Op::Cancel(which) => (which, Box::new(deed(Deed::Cancel))),
        Op::Send(which) => (which, Box::new(deed(Deed::Send))),
        Op::Lose(which) => (which, Box::new(deed(Deed::Lose))),
        Op::Expire => (None, Box::new(deed(Deed::Expire))),
        Op::Inspect(which, finding) => (which, Box::new(move |status| found(status, finding))),
        Op::Dispose(which, how) => (which, Box::new(deed(Deed::Dispose(how)))),
        Op::GrantLost => (None, Box::new(deed(Deed::GrantLost))),
        Op::Advance(which) => (which, Box::new(deed(Deed::Advance))),
        Op::Credit(which) => (which, Box::new(deed(Deed::Credit))),
        Op::ChargeBack => (None, Box::new(deed(Deed::ChargeBack))),
    };
    match which {
        Some((line, units)) => naive.some(line.into(), units, change),
        None => naive.all(change),
    }
}

/// Units on hand, and of those that cannot be sold, of all that is in a return.
fn books(of: &Return, line: usize) -> (i64, i64) {
    of.lines[line].buckets.iter().fold((0, 0), |(on_hand, unavailable), of| {
        let (units, shelf) = (i64::from(of.units), of.status.goods.on_shelf());
        (
            on_hand + units * i64::from(shelf.on_hand),
            unavailable + units * i64::from(shelf.unavailable),
        )
    })
}

fn check(of: &Return, booked: [(i64, i64); 2], owed: [i64; 2]) {
    assert!(of.is_sound(), "{of:?}");
    for (at, line) in of.lines.iter().enumerate() {
        assert_eq!(line.units(), [4, 2][at], "the sum is what was requested");
        assert_eq!(books(of, at), booked[at], "every unit that came is somewhere, once");
        assert_eq!(i64::from(line.credited()), owed[at], "each credit was told, once");
        let is_exempt = of.mode != ReturnMode::Normal || of.terms.covers_loss;
        assert!(is_exempt || line.credited() <= line.arrived(), "{line:?}");
        assert!(of.mode == ReturnMode::Advance || line.advanced() == 0);
    }
}

fn live(mut of: Return, ops: &[Op]) {
    let (mut naive, mut copy) = (Naive::of(&of), of.clone());
    let (mut booked, mut owed) = ([(0, 0); 2], [0_i64; 2]);
    for op in ops {
        let Ok(Some(progress)) = stepped(&of, *op) else { continue };
        naively(&mut naive, &of, *op);
        of.apply(&progress);
        let bytes = minicbor::to_vec(&progress).expect("it is written");
        copy.apply(&minicbor::decode(&bytes).expect("it is read"));
        assert_eq!(copy, of, "REPLAY_EQUAL");
        assert!(naive.is(&of), "{op:?}: {naive:?} is not {of:?}");
        for (at, sum) in booked.iter_mut().enumerate() {
            let (on_hand, unavailable) = progress.on_shelf(u16::try_from(at).expect("few"));
            *sum = (sum.0 + on_hand, sum.1 + unavailable);
        }
        for moved in progress.credits() {
            let units = i64::from(moved.units);
            let sign = if moved.to == Credit::Earned {
                0
            } else if moved.to.is_had() {
                1
            } else {
                -1
            };
            owed[usize::from(moved.line)] += sign * units;
        }
        check(&of, booked, owed);
    }
}

proptest! {
    #[test]
    fn units_are_conserved_and_credited_once_in_any_life(
        mode in prop::sample::select(ReturnMode::ALL),
        (covers_loss, needs_review) in any::<(bool, bool)>(),
        ops in ops(),
    ) {
        let mut asked = asked(mode, &[(0, 4), (1, 2)]);
        asked.terms = ReturnTerms { covers_loss, needs_review, ..on_terms() };
        live(request(asked, |_| 9, &[]).expect("enough left"), &ops);
    }
}

//! What other systems got wrong, by where it was reported.

use super::super::table::Obstacle;
use super::*;

/// A6. Three were requested, two received, and all three refunded.
#[test]
fn spree_14678_what_did_not_come_is_not_credited() {
    let mut of = normal(&[(0, 3)]);
    make(&mut of, |of| of.receive(&receipt(1, &[(0, 2)])));
    let progress = make(&mut of, |of| of.inspect(at(4), &all(), as_new()));
    assert_eq!(progress.on_shelf(0), (0, -2), "stock that can be sold: +2");
    let owed: u32 = of.lines[0].entitled().map(|owed| owed.units).sum();
    assert_eq!(owed, 2);
    let three = of.credit(at(5), &LineUnits::from_slice(&[(0, 3)]));
    assert_eq!(three, Err(ReturnRefusal::TooMany { line: 0, there: 2 }));
    make(&mut of, |of| of.credit(at(5), &all()));
    for _ in 0..3 {
        assert_eq!(of.credit(at(6), &all()), Ok(None), "on no request more");
    }
    // The third stays open, then expires; it is credited when it comes.
    make(&mut of, |of| of.expire(at(31)));
    assert_eq!(in_state(&of, GoodsState::Expired), 1);
    make(&mut of, |of| of.receive(&receipt(2, &[(0, 3)])));
    make(&mut of, |of| of.inspect(at(40), &LineUnits::from_slice(&[(0, 1)]), as_new()));
    make(&mut of, |of| of.credit(at(40), &all()));
    assert_eq!(of.lines[0].credited(), 3);
}

/// Received in part, a return was offered again with all of its units.
#[test]
fn oca_rma_418_what_came_in_part_is_not_offered_again() {
    let mut of = normal(&[(0, 3)]);
    make(&mut of, |of| of.receive(&receipt(1, &[(0, 2)])));
    let returns = [of];
    assert_eq!(returnable(5, &returns, 0), 2, "the third is still to come with the first return");
    let again = request(asked(ReturnMode::Normal, &[(0, 3)]), |_| 5, &returns);
    assert_eq!(again, Err(ReturnRefusal::NotReturnable { line: 0, returnable: 2 }));
    let [mut of] = returns;
    assert_eq!(of.receive(&receipt(1, &[(0, 2)])), Ok(None), "the report twice");
    make(&mut of, |of| of.receive(&receipt(2, &[(0, 3)])));
    assert_eq!((of.lines[0].arrived(), of.lines[0].surplus), (3, 0));
}

/// A return went from any status to any, and restocked what was requested where nothing was received.
#[test]
fn kuberiva_returns_what_did_not_come_is_not_restocked() {
    let of = normal(&[(0, 3)]);
    let refused = Err(ReturnRefusal::Obstructed { line: 0, obstacle: Obstacle::NotReceived });
    assert_eq!(of.dispose(at(2), &all(), Disposition::Restock), refused);
    assert_eq!(of.inspect(at(2), &all(), as_new()), refused);
    let mut cancelled = of.clone();
    make(&mut cancelled, |of| of.cancel(at(2), &all()));
    let steps: [&dyn Fn(&Return) -> Stepped; 5] = [
        &|of| of.inspect(at(3), &all(), as_new()),
        &|of| of.credit(at(3), &all()),
        &|of| of.send(sent(), &all()),
        &|of| of.authorise(at(3)),
        &|of| of.lose(at(3), &all()),
    ];
    for step in steps {
        assert!(matches!(step(&cancelled), Err(ReturnRefusal::Obstructed { .. })));
    }
}

/// Two clicks, two refunds.
#[test]
fn kibo_help_a_second_click_credits_nothing() {
    let mut of = normal(&[(0, 2)]);
    make(&mut of, |of| of.receive(&receipt(1, &[(0, 2)])));
    make(&mut of, |of| of.inspect(at(4), &all(), as_new()));
    let one = LineUnits::from_slice(&[(0, 2)]);
    make(&mut of, |of| of.credit(at(5), &one));
    assert_eq!(of.credit(at(5), &one), Ok(None));
    assert_eq!(of.lines[0].credited(), 2);
}

/// Receiving a second time overwrote what the first report had said of other lines.
#[test]
fn medusa_14500_a_report_of_one_line_leaves_the_others() {
    let mut of = normal(&[(0, 2), (1, 2)]);
    make(&mut of, |of| of.receive(&receipt(1, &[(0, 2)])));
    make(&mut of, |of| of.receive(&receipt(2, &[(1, 1)])));
    assert_eq!(of.lines.iter().map(ReturnLine::arrived).collect::<Vec<_>>(), [2, 1]);
}

/// A refund came without a restock, and later corrections restocked twice.
#[test]
fn woocommerce_27504_nothing_is_restocked_twice() {
    let mut of = normal(&[(0, 2)]);
    make(&mut of, |of| of.receive(&receipt(1, &[(0, 2)])));
    make(&mut of, |of| of.inspect(at(4), &all(), as_new()));
    assert_eq!(of.dispose(at(5), &all(), Disposition::Restock), Ok(None));
    let other = of.dispose(at(5), &all(), Disposition::Scrap);
    let done = ReturnRefusal::Obstructed { line: 0, obstacle: Obstacle::Disposed };
    assert_eq!(other, Err(done));
    let fewer = of.receive(&receipt(2, &[(0, 1)]));
    assert_eq!(fewer, Err(ReturnRefusal::BelowInspected { line: 0, least: 2 }));
}

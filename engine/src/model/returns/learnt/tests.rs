//! What is learnt is what a naive count of the same events comes to.

use proptest::prelude::*;

use super::*;

const WEEK: i64 = 7 * 24 * HOUR_MICROS;

fn outcome(settled: i32, restocked: i32, came: i32, hours: u32) -> Outcome {
    Outcome { node: NodeNo(1), settled, restocked, came, hours }
}

fn at(weeks: i64) -> Timestamp {
    Timestamp::from_micros(weeks * WEEK)
}

fn after(events: &[(i64, Outcome)]) -> ReturnsLearnt {
    let learn = |known: ReturnsLearnt, (weeks, of): &(i64, Outcome)| known.learn(at(*weeks), of);
    events.iter().fold(ReturnsLearnt::default(), learn)
}

#[test]
fn who_knows_nothing_expects_what_is_usual_and_each_unit_moves_it() {
    let none = ReturnsLearnt::default();
    assert_eq!((none.confidence().basis_points(), none.hours()), (5_000, 240));
    let good = after(&[(2_900, outcome(10, 10, 10, 48))]);
    assert_eq!((good.confidence().basis_points(), good.hours()), (7_500, 144));
    let bad = after(&[(2_900, outcome(30, 0, 0, 0))]);
    assert_eq!((bad.confidence().basis_points(), bad.hours()), (1_250, 240));
}

#[test]
fn what_is_old_counts_for_half_after_four_weeks_and_for_nothing_after_years() {
    let all = outcome(160, 160, 160, 24);
    let nothing = outcome(0, 0, 0, 0);
    let by = |weeks: i64| after(&[(2_900, all), (2_900 + weeks, nothing)]);
    assert_eq!(by(4).settled, 80 * PARTS);
    assert_eq!((by(4).confidence(), by(3).settled), (by(7).confidence(), 160 * PARTS));
    assert_eq!(by(1_000).confidence(), ReturnsLearnt::default().confidence());
    // What is told late does not bring back what was forgotten.
    let late = after(&[(2_908, all), (2_900, all)]);
    assert_eq!(late.settled, 320 * PARTS);
}

#[test]
fn what_was_thought_lost_and_comes_is_taken_back() {
    let lost = after(&[(2_900, outcome(2, 0, 0, 0))]);
    let came = lost.learn(at(2_900), &outcome(-2, 0, 2, 100));
    let sold = came.learn(at(2_900), &outcome(2, 2, 0, 100));
    assert_eq!(sold, after(&[(2_900, outcome(2, 2, 2, 100))]));
    let none = lost.learn(at(3_000), &outcome(-9, -9, -9, 1));
    assert_eq!((none.settled, none.restocked, none.came, none.hours), (0, 0, 0, 0));
}

/// One event, as somebody counts who keeps them all.
type Event = (i64, u8, u8, u8, u8);

/// The share of units that were sold again, of all events of one four weeks.
fn naive(events: &[Event]) -> (u64, u64) {
    let of = |it: fn(&Event) -> u64| events.iter().map(it).sum::<u64>();
    let settled = of(|of| u64::from(of.1.max(of.2)));
    let restocked = of(|of| u64::from(of.2));
    let came = of(|of| u64::from(of.3));
    let hours = of(|of| u64::from(of.3) * u64::from(of.4));
    let confidence = (restocked * 10_000 + 10 * 5_000) / (settled + 10);
    (confidence, (hours + 10 * 240) / (came + 10))
}

proptest! {
    /// In whatever order and however split, what was learnt within four weeks is the sum of it.
    #[test]
    fn within_four_weeks_it_is_the_sum_of_what_happened(
        events in prop::collection::vec((0_i64..4, 0_u8..20, 0_u8..20, 0_u8..20, 0_u8..200), 0..40),
    ) {
        let told = |of: &Event| {
            let (settled, restocked) = (i32::from(of.1.max(of.2)), i32::from(of.2));
            (2_900 + of.0, outcome(settled, restocked, i32::from(of.3), of.4.into()))
        };
        let forwards: Vec<_> = events.iter().map(told).collect();
        let backwards: Vec<_> = events.iter().rev().map(told).collect();
        let learnt = after(&forwards);
        prop_assert_eq!(learnt, after(&backwards));
        let (confidence, hours) = naive(&events);
        prop_assert_eq!(u64::from(learnt.confidence().basis_points()), confidence);
        prop_assert_eq!(learnt.hours(), hours);
    }

    /// Nothing that comes overflows, and a confidence is one.
    #[test]
    fn whatever_comes_it_stays_within_its_bounds(
        events in prop::collection::vec(any::<(i64, i32, i32, i32, u32)>(), 0..60),
    ) {
        let mut known = ReturnsLearnt::default();
        for (micros, settled, restocked, came, hours) in events {
            let of = outcome(settled, restocked, came, hours);
            known = known.learn(Timestamp::from_micros(micros), &of);
            prop_assert!(known.restocked <= known.settled);
            prop_assert!(known.confidence().basis_points() <= Confidence::BASIS_POINTS_MAX);
            prop_assert!(known.eta(at(0)) >= at(0));
        }
    }
}

//! What a partner and a clerk tell of the same units counts once, whoever is first.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::sample::Index;

use super::super::{Detail, Measure, Move, ReturnNames, Subject, beside};
use super::{receipt, sku};
use crate::model::ids::{InboundId, OrderId, Reference, Text};

/// By how much what is recorded changes when the total of `a` moves, while other facts state so many; none if
/// nobody knows.
fn changes(recorded: i64, others: i64, (from, to): (i64, i64)) -> Option<i64> {
    let of = Move { sku: sku("a"), measure: Measure::Received, from, to };
    let others = BTreeMap::from([(sku("a"), others)]);
    let moves = beside(&[of], &Measure::Received, &others, |_| recorded).ok()?;
    assert_eq!(moves[0].to, to);
    Some(moves[0].by())
}

#[test]
fn what_is_recorded_counts_against_a_total() {
    let rows = [
        ("nobody told before", 0, 0, (0, 2), Some(2)),
        ("a clerk had them all", 2, 0, (0, 2), Some(0)),
        ("a clerk had one of them", 1, 0, (0, 2), Some(1)),
        ("a clerk had more", 3, 0, (0, 2), Some(0)),
        ("one more, which the clerk had", 3, 0, (2, 3), Some(0)),
        ("one more", 2, 0, (2, 3), Some(1)),
        ("one fewer", 3, 0, (3, 2), Some(-1)),
        ("one fewer, which a clerk took back", 2, 0, (3, 2), Some(0)),
        ("one fewer, of which a clerk had more", 4, 0, (3, 2), None),
        ("one more, after a clerk took one back", 1, 0, (2, 3), None),
        ("fewer, but not as few as a clerk says", 1, 0, (3, 2), None),
        ("another parcel is there", 2, 2, (0, 2), Some(2)),
        ("another parcel, and a clerk's one", 3, 2, (0, 2), Some(1)),
        ("the first word, after a clerk took others back", 1, 2, (0, 2), Some(2)),
        ("the same again", 7, 0, (2, 2), Some(0)),
    ];
    for (name, recorded, others, moved, wanted) in rows {
        assert_eq!(changes(recorded, others, moved), wanted, "{name}");
    }
}

#[test]
fn what_is_counted_otherwise_moves_by_its_difference() {
    let graded = Measure::Damaged;
    let of = Move { sku: sku("a"), measure: graded, from: 1, to: 3 };
    let moves = beside(std::slice::from_ref(&of), &Measure::Received, &BTreeMap::new(), |_| 9);
    assert_eq!(moves, Ok(vec![of]));
}

/// The revisions that count of those that come in some order, each perhaps twice.
fn that_count(told: &[i64], order: &[Index]) -> Vec<i64> {
    let mut newest = None;
    let mut counts = Vec::new();
    for index in order {
        let at = index.index(told.len());
        if newest.is_none_or(|newest| at > newest) {
            newest = Some(at);
            counts.push(told[at]);
        }
    }
    counts
}

proptest! {
    /// Both see the same goods come, and tell at times how many there are by then; the partner's words come
    /// twice and in any order. In the end there are as many as the one of them says who saw most.
    #[test]
    fn a_clerk_and_a_partner_who_see_the_same_goods_count_them_once(
        clerk in proptest::collection::vec(0..20_i64, 0..6),
        partner in proptest::collection::vec(0..20_i64, 1..6),
        order in proptest::collection::vec(any::<Index>(), 1..12),
        turns in proptest::collection::vec(any::<bool>(), 0..18),
    ) {
        let rising = |mut told: Vec<i64>| { told.sort_unstable(); told };
        let (clerk, partner) = (rising(clerk), rising(partner));
        let counts = that_count(&partner, &order);
        let (mut by_hand, mut told) = (clerk.iter(), counts.iter());
        let (mut recorded, mut before) = (0, 0);
        let rest = std::iter::repeat_n([true, false], 20).flatten();
        for is_clerk in turns.iter().copied().chain(rest) {
            if is_clerk {
                // He sees as many as there are on record, or more.
                recorded = by_hand.next().map_or(recorded, |units| recorded.max(*units));
            } else if let Some(to) = told.next() {
                let by = changes(recorded, 0, (before, *to));
                prop_assert!(by.is_some(), "nobody contradicts");
                recorded += by.unwrap_or(0);
                before = *to;
            }
        }
        let most = clerk.iter().chain(&counts).max().copied();
        prop_assert_eq!(Some(recorded), most);
    }
}

fn names(rma: &str, tracking: &str, order: &str) -> Subject {
    let name = |name: &str| Reference::new("name", name).ok();
    let order = OrderId::new("order", order).ok();
    Subject::ReturnReceipt(ReturnNames { rma: name(rma), tracking: name(tracking), order })
}

#[test]
fn names_that_may_be_of_the_same_are_told_from_those_of_two_things() {
    let part = |part: &str| {
        let (inbound, part) = (InboundId::new("inbound", "po").expect("a name"), part);
        Subject::Receipt { inbound, part: Reference::new("part", part).ok() }
    };
    let rows = [
        ("the same names are the same fact", names("R", "", ""), names("R", "", ""), false),
        ("a name more", names("R", "", ""), names("R", "1Z", ""), true),
        ("a name fewer", names("R", "1Z", "O"), names("", "1Z", ""), true),
        ("another one beside", names("R", "1Z", ""), names("R", "", "O"), true),
        ("two parcels of a return", names("R", "1Z", ""), names("R", "2Z", ""), false),
        ("no name in common", names("R", "", ""), names("", "1Z", ""), false),
        ("a total beside its parts", receipt("po"), part("1"), true),
        ("two parts", part("2"), part("1"), false),
        ("another delivery", receipt("po-2"), part("1"), false),
        ("another type", names("R", "", ""), receipt("R"), false),
    ];
    for (name, one, other, may_be) in rows {
        assert_eq!(one.may_be(&other), may_be, "{name}");
        assert_eq!(other.may_be(&one), may_be, "{name}, the other way round");
    }
}

/// Tracking numbers that were told once are known for as long as there is room; the newest are first.
#[test]
fn tracking_numbers_stay_known() {
    let parcel = |numbers: &str| {
        let tracking = Text::new("tracking", numbers).ok().filter(|_| !numbers.is_empty());
        Detail::Parcel { carrier: None, tracking }
    };
    let after = |now: &str, known: &str| {
        let after = parcel(now).after(Some(&parcel(known)));
        after.tracking().map(|number| number.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(after("2Z", "1Z"), ["2Z", "1Z"]);
    assert_eq!(after("1Z, 2Z", "2Z,1Z"), ["1Z", "2Z"]);
    assert_eq!(after("", "1Z"), ["1Z"]);
    assert_eq!(after("", ""), Vec::<String>::new());
    let many =
        |from: u32| (from..from + 20).map(|no| format!("{no}")).collect::<Vec<_>>().join(",");
    let kept = after(&many(100_000_000), &many(200_000_000));
    assert!(kept.len() > 20 && kept.len() < 40, "{} fit", kept.len());
    assert_eq!(kept[0], "100000000");
    assert_eq!(Detail::Closes(true).after(Some(&parcel("1Z"))), Detail::Closes(true));
}

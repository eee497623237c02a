use std::collections::BTreeSet;

use proptest::prelude::*;

use super::super::{Gap, Seqs};
use crate::limits::{PARTNER_GAP_ALARM_MICROS, PARTNER_GAPS_MAX};
use crate::model::time::Timestamp;

fn at(second: i64) -> Timestamp {
    Timestamp::from_micros(second * 1_000_000)
}

/// A number that comes; what is expected then, and what is missing.
type Step = (u64, u64, &'static [(u64, u64)]);

#[test]
fn a_gap_is_open_until_what_is_missing_came() {
    let mut seqs = Seqs::default();
    let steps: [Step; 8] = [
        (1, 2, &[]),
        (2, 3, &[]),
        (6, 3, &[(3, 5)]),
        (4, 3, &[(3, 3), (5, 5)]),
        (4, 3, &[(3, 3), (5, 5)]),
        (3, 5, &[(5, 5)]),
        (5, 7, &[]),
        (1, 7, &[]),
    ];
    for (seq, expected, gaps) in steps {
        seqs.came(seq, at(0));
        assert_eq!(seqs.expected(), expected, "after {seq}");
        let open: Vec<_> = seqs.gaps().iter().map(|gap| (gap.from, gap.to)).collect();
        assert_eq!(open, gaps, "after {seq}");
    }
}

#[test]
fn a_gap_alarms_after_a_quarter_of_an_hour() {
    let mut seqs = Seqs::default();
    seqs.came(3, at(10));
    let due = at(10).saturating_add_micros(PARTNER_GAP_ALARM_MICROS);
    assert_eq!(seqs.overdue(due.saturating_add_micros(-1)).count(), 0);
    assert_eq!(
        seqs.overdue(due).copied().collect::<Vec<_>>(),
        [Gap { from: 1, to: 2, since: at(10) }]
    );
    seqs.came(1, at(500));
    let since: Vec<_> = seqs.overdue(due).map(|gap| gap.since).collect();
    assert_eq!(since, [at(10)], "what is left of a gap is as old as it was");
}

#[test]
fn the_oldest_gap_is_given_up_and_counted() {
    let mut seqs = Seqs::default();
    for no in 1..=PARTNER_GAPS_MAX as u64 + 3 {
        seqs.came(no * 3, at(0));
    }
    assert_eq!((seqs.gaps().len(), seqs.given_up()), (PARTNER_GAPS_MAX, 6));
    assert_eq!(seqs.expected(), 10);
    seqs.came(u64::MAX, at(0));
    seqs.came(u64::MAX, at(0));
    assert_eq!(seqs.gaps().len(), PARTNER_GAPS_MAX);
}

proptest! {
    #[test]
    fn what_is_missing_is_what_did_not_come(came in proptest::collection::vec(1..40_u64, 0..60)) {
        let mut seqs = Seqs::default();
        let mut naive = BTreeSet::new();
        for seq in came {
            seqs.came(seq, at(0));
            naive.insert(seq);
            let last = naive.last().copied().unwrap_or(0);
            let missing: Vec<u64> = (1..last).filter(|no| !naive.contains(no)).collect();
            let told: Vec<u64> = seqs.gaps().iter().flat_map(|gap| gap.from..=gap.to).collect();
            prop_assert_eq!(&told, &missing);
            prop_assert_eq!(seqs.expected(), missing.first().copied().unwrap_or(last + 1));
            let touches = seqs.gaps().windows(2).any(|gaps| gaps[0].to + 1 >= gaps[1].from);
            prop_assert!(!touches);
        }
    }
}

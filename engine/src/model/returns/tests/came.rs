//! What a partner tells of goods that came back, by item and as differences.

use super::super::table::Act;
use super::*;
use crate::model::ids::SkuNo;

/// Lines 0 and 1 of the order are of one item, line 2 of another.
fn sku(line: u16) -> SkuNo {
    SkuNo(if line == 2 { 8 } else { 7 })
}

fn came(sku: u32, units: i64, graded: &[(Grade, u32)]) -> Came {
    Came { sku: SkuNo(sku), units, graded: graded.to_vec() }
}

fn tell(of: &mut Return, told: &[Came]) -> ReturnProgress {
    make(of, |of| of.came(at(3), told, sku))
}

type Units = Vec<(u32, u32)>;

/// Units of each line that arrived, those beyond what was requested, and units of other items.
fn stands(of: &Return) -> (Units, Units) {
    let lines = of.lines.iter().map(|line| (line.arrived(), line.surplus));
    let strays = of.strays.iter().map(|stray| (stray.sku.0, stray.units));
    (lines.collect(), strays.collect())
}

#[test]
fn units_go_to_what_is_awaited_and_come_off_in_the_other_direction() {
    let mut of = normal(&[(0, 2), (1, 1), (2, 1)]);
    let rows: [(Came, &[(u32, u32)]); 6] = [
        (came(7, 1, &[]), &[(1, 0), (0, 0), (0, 0)]),
        (came(7, 2, &[]), &[(2, 0), (1, 0), (0, 0)]),
        (came(7, 3, &[]), &[(2, 0), (1, 3), (0, 0)]),
        (came(8, 1, &[]), &[(2, 0), (1, 3), (1, 0)]),
        (came(7, -4, &[]), &[(2, 0), (0, 0), (1, 0)]),
        (came(7, -2, &[]), &[(0, 0), (0, 0), (1, 0)]),
    ];
    for (told, lines) in rows {
        tell(&mut of, std::slice::from_ref(&told));
        assert_eq!(stands(&of), (lines.to_vec(), vec![]), "{told:?}");
    }
    assert_eq!(of.revision, 6, "each is a report of its own");
}

#[test]
fn what_is_of_no_line_is_there_and_nobodys() {
    let mut of = normal(&[(0, 1)]);
    let step = tell(&mut of, &[came(9, 2, &[(Grade::A, 2)]), came(7, 1, &[])]);
    assert_eq!(stands(&of), (vec![(1, 0)], vec![(9, 2)]));
    assert_eq!(step.act, Act::Receive);
    tell(&mut of, &[came(9, -2, &[])]);
    assert_eq!(stands(&of), (vec![(1, 0)], vec![]));
    assert_eq!(of.came(at(4), &[came(9, -1, &[])], sku), Ok(None), "it is not there");
}

#[test]
fn what_came_and_what_was_found_is_one_step_and_what_was_looked_at_stays() {
    let mut of = normal(&[(0, 2), (1, 1)]);
    let step = tell(&mut of, &[came(7, 3, &[(Grade::A, 1), (Grade::Damaged, 1)])]);
    assert_eq!((step.on_shelf(0), step.on_shelf(1)), ((2, 2), (1, 1)), "nothing is sold yet");
    assert_eq!(in_state(&of, GoodsState::Inspected), 2);
    let later = tell(&mut of, &[came(7, 0, &[(Grade::B, 5)])]);
    assert_eq!((later.act, later.moves.len()), (Act::Inspect, 1), "one was left to look at");
    let refused = of.came(at(4), &[came(7, -1, &[])], sku);
    assert_eq!(refused, Err(ReturnRefusal::BelowInspected { line: 0, least: 2 }));
    assert_eq!(of.came(at(4), &[came(7, 0, &[(Grade::A, 1)])], sku), Ok(None));
}

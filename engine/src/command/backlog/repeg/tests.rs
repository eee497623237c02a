//! What a line steps to, as tables: given what is free and what it has, exactly these steps.

use smallvec::SmallVec;

use super::look::note_comings;
use super::pool::{At, Demand, Part, Pool, Step};
use crate::model::{
    Day, InboundNo, NodeNo, OrderNo, Pair, Place, Priority, PriorityClass, SkuNo, Split, Supply,
    Timestamp,
};
use crate::state::stock::{BacklogAt, BacklogLine, Coming, InboundGlance, Ready};

const EAST: NodeNo = NodeNo(0);
const WEST: NodeNo = NodeNo(1);
const THERE: Supply = Supply::OnHand;
const WAITS: Supply = Supply::Backorder;

/// A supply on its way, due on the day of its number.
const fn due(day: u16) -> Supply {
    Supply::Inbound(InboundNo(day))
}

/// So many units on a supply due on a day.
fn coming(day: u16, free: u32) -> InboundGlance {
    let eta = Timestamp::from_micros(i64::from(day));
    InboundGlance { no: InboundNo(day), eta, free, in_flight: false, own: 0 }
}

/// A pair with so many free units, and what is on its way.
fn pair(free: i64, inbound: &[InboundGlance]) -> BacklogAt {
    BacklogAt { free, inbound: inbound.to_vec(), ..BacklogAt::default() }
}

fn pool(east: BacklogAt, west: BacklogAt) -> Pool {
    Pool::of(vec![(EAST, east), (WEST, west)], (None, false), |_| true).0
}

fn demand(parts: &[Part]) -> Demand {
    let (order, priority) = (OrderNo(1), Priority::DEFAULT);
    Demand {
        order,
        line: 0,
        priority,
        place: Place::FIRST,
        is_kept: false,
        parts: SmallVec::from_slice(parts),
    }
}

/// The steps of a line, where everything arrives on the day on which it is ready.
fn steps(pool: &Pool, has: &[Part], planned: &[Part], split: Split) -> Vec<Step> {
    let arrives = |at: At| match pool.ready(at) {
        Ready::Now => Some(Day::from_epoch_days(0)),
        Ready::At(eta) => Some(Day::from_epoch_days(i32::try_from(eta.as_micros()).unwrap())),
        Ready::Never => None,
    };
    pool.steps(&demand(has), planned, (split, &[], |_| true), arrives)
}

#[test]
fn units_step_to_what_comes_sooner_and_those_that_come_last_step_first() {
    let pool = pool(pair(9, &[coming(5, 9), coming(9, 9)]), pair(9, &[coming(7, 9)]));
    let table: [(&[Part], &[Part], &[Step]); 6] = [
        // What waits is given what is there.
        (&[((EAST, WAITS), 4)], &[((EAST, THERE), 4)], &[((EAST, WAITS), (EAST, THERE), 4)]),
        // At another node as well, and not more than was planned.
        (&[((EAST, WAITS), 4)], &[((WEST, THERE), 3)], &[((EAST, WAITS), (WEST, THERE), 3)]),
        // What is planned where it is stays.
        (&[((EAST, due(5)), 4)], &[((EAST, due(5)), 4)], &[]),
        // Nothing steps to what comes later.
        (&[((EAST, due(5)), 4)], &[((WEST, due(7)), 4)], &[]),
        // The last to come are exchanged for the first to come.
        (
            &[((EAST, due(5)), 2), ((EAST, WAITS), 2), ((EAST, due(9)), 2)],
            &[((EAST, due(5)), 2), ((WEST, due(7)), 3), ((EAST, THERE), 1)],
            &[
                ((EAST, WAITS), (EAST, THERE), 1),
                ((EAST, WAITS), (WEST, due(7)), 1),
                ((EAST, due(9)), (WEST, due(7)), 2),
            ],
        ),
        // Units that are there are left alone.
        (
            &[((EAST, THERE), 3), ((EAST, WAITS), 1)],
            &[((WEST, THERE), 1)],
            &[((EAST, WAITS), (WEST, THERE), 1)],
        ),
    ];
    for (has, planned, expected) in table {
        assert_eq!(steps(&pool, has, planned, Split::Units), expected, "{has:?} to {planned:?}");
    }
}

#[test]
fn a_whole_line_steps_as_a_whole_or_not_at_all() {
    let pool = pool(pair(3, &[coming(5, 9)]), pair(9, &[]));
    let has = [((EAST, THERE), 3), ((EAST, due(5)), 2)];
    let whole = |planned: &[Part]| steps(&pool, &has, planned, Split::WholeLine);
    assert_eq!(whole(&[((WEST, THERE), 4)]), [], "one is missing");
    assert_eq!(whole(&[((EAST, THERE), 3), ((EAST, due(5)), 2)]), [], "it is where it is");
    assert_eq!(
        whole(&[((WEST, THERE), 5)]),
        [((EAST, due(5)), (WEST, THERE), 2), ((EAST, THERE), (WEST, THERE), 3)]
    );
}

/// Where a line is planned at another node and gains nothing by going there, its own node has
/// something sooner for it all the same.
#[test]
fn what_stays_at_a_node_goes_by_what_is_there_first() {
    let pool = pool(pair(1, &[coming(3, 1), coming(5, 0), coming(9, 0)]), pair(9, &[]));
    let has = [((EAST, due(5)), 2), ((EAST, due(9)), 1), ((WEST, THERE), 2)];
    let home = |has: &[Part], split| pool.planned_at_home(&demand(has), split, |_| THERE);
    let planned = home(&has, Split::Units);
    assert_eq!(planned[..], [((EAST, THERE), 1), ((EAST, due(3)), 1), ((EAST, due(5)), 1)]);
    assert_eq!(
        steps(&pool, &has, &planned, Split::Units),
        [((EAST, due(9)), (EAST, THERE), 1), ((EAST, due(5)), (EAST, due(3)), 1)]
    );
    // All of a line that must not be split, or nothing of it.
    let has = [((EAST, THERE), 1), ((EAST, due(5)), 2)];
    let planned = home(&has, Split::WholeLine);
    assert_eq!(planned[..], [((EAST, THERE), 2), ((EAST, due(3)), 1)]);
    let sooner = [((EAST, due(5)), (EAST, THERE), 1), ((EAST, due(5)), (EAST, due(3)), 1)];
    assert_eq!(steps(&pool, &has, &planned, Split::WholeLine), sooner);
    let has = [((EAST, WAITS), 3)];
    assert_eq!(steps(&pool, &has, &home(&has, Split::WholeLine), Split::WholeLine), []);
}

#[test]
fn a_unit_leaves_its_node_only_for_one_that_sourcing_may_choose() {
    let (pool, _) =
        Pool::of(vec![(EAST, pair(1, &[])), (WEST, pair(1, &[]))], (None, false), |no| no == WEST);
    let has = [((EAST, WAITS), 1)];
    let home = steps(&pool, &has, &[((EAST, THERE), 1)], Split::Units);
    assert_eq!(home, [((EAST, WAITS), (EAST, THERE), 1)], "what is there goes to those who wait");
    let has = [((WEST, WAITS), 1)];
    assert_eq!(steps(&pool, &has, &[((EAST, THERE), 1)], Split::Units), []);
}

#[test]
fn what_a_line_leaves_is_not_free_for_those_behind_it() {
    let mut pool = pool(pair(2, &[coming(5, 0)]), pair(0, &[]));
    let first = demand(&[((EAST, due(5)), 2)]);
    let behind = demand(&[((EAST, WAITS), 2)]);
    assert!(pool.may_serve(&first) && pool.may_serve(&behind));
    pool.take(&[((EAST, due(5)), (EAST, THERE), 2)], None);
    assert!(!pool.may_serve(&behind), "an older line may want the supply in the next look");
}

#[test]
fn the_backlog_is_in_the_order_of_priority_and_age_over_all_nodes() {
    let tier = |class, tier| Priority::new(class, tier).unwrap();
    let win = tier(PriorityClass::Win, 9);
    let at = |orders: &[(u64, Priority)]| {
        let line = |(no, priority): &(u64, Priority)| BacklogLine {
            order: OrderNo(*no),
            line: 0,
            priority: *priority,
            held: false,
            parts: SmallVec::from_iter([(WAITS, 1)]),
        };
        BacklogAt { lines: orders.iter().map(line).collect(), ..BacklogAt::default() }
    };
    let default = Priority::DEFAULT;
    let (fill, lose) = (tier(PriorityClass::Fill, 0), tier(PriorityClass::Lose, 0));
    let first = tier(PriorityClass::Redistribute, 0);
    let east = at(&[(1, lose), (2, default), (5, default), (8, win)]);
    let west = at(&[(3, default), (4, fill), (5, default), (7, first)]);
    let (_, demands) = Pool::of(vec![(EAST, east), (WEST, west)], (None, false), |_| true);
    let served: Vec<_> = demands.iter().map(|d| (d.order.0, d.parts.len())).collect();
    let expected = [(8, 1), (7, 1), (2, 1), (3, 1), (5, 2), (4, 1), (1, 1)];
    assert_eq!(served, expected, "a line at two nodes is one");
}

/// Units that wait elsewhere may not go there: offered to them, they would keep what is offered
/// at other nodes from being planned.
#[test]
fn what_is_free_at_a_node_that_sourcing_may_not_choose_is_for_units_there_alone() {
    let east = pair(2, &[coming(9, 4), coming(5, 3)]);
    let (pool, _) =
        Pool::of(vec![(EAST, east), (WEST, pair(1, &[]))], (None, false), |no| no == WEST);
    let has = demand(&[((EAST, WAITS), 3), ((WEST, WAITS), 4)]);
    let (seen, coming) = pool.seen_by(&has, (Split::Units, &[], |_| true));
    let free: Vec<_> = seen.free[0].iter().map(|(no, glance)| (*no, glance.free)).collect();
    assert_eq!(free, [(EAST, 2), (WEST, 1)]);
    let [(0, EAST, offered)] = &coming[..] else { panic!("{coming:?}") };
    let offered: Vec<_> = offered.iter().map(|supply| (supply.no.0, supply.free)).collect();
    assert_eq!(offered, [(5, 1)], "the first to come, for the third unit");
    let (_, coming) = pool.seen_by(&demand(&[((WEST, WAITS), 1)]), (Split::Units, &[], |_| true));
    assert!(coming.is_empty());
}

/// A supply that counts no more may be moved to a day on which it counts, before the other one.
#[test]
fn a_claim_knows_when_the_supplies_were_expected_that_units_come_to_and_that_they_leave() {
    let east = BacklogAt { uncounted: vec![coming(2, 0)], ..pair(9, &[coming(5, 9)]) };
    let pool = pool(east, pair(0, &[coming(9, 0)]));
    let steps = [
        ((WEST, due(9)), (EAST, due(5)), 1),
        ((EAST, due(2)), (EAST, due(5)), 1),
        ((WEST, WAITS), (EAST, THERE), 1),
    ];
    let mut comings = Vec::new();
    note_comings((SkuNo(7), &pool), &steps, &mut comings);
    let expected = |node, day: u16| {
        let (no, eta) = (InboundNo(day), Timestamp::from_micros(i64::from(day)));
        (Pair { sku: SkuNo(7), node }, Coming { no, eta })
    };
    assert_eq!(comings, [expected(WEST, 9), expected(EAST, 5), expected(EAST, 2)]);
    assert_eq!(pool.ready((EAST, due(2))), Ready::Never);
}

//! Cancelling units of an order.

mod of_shipment;

use minicbor::{Decode, Encode};
use serde_json::{Value, json};

use super::cancelled::{LineCancellation, Picked, picked, releases};
use super::handled::handled;
use super::units;
use crate::limits;
use crate::model::check::{bound, finish, in_range};
use crate::model::digest::fingerprint;
use crate::model::effect::{Effect, Effects};
use crate::model::event::Event;
use crate::model::order::by_pair;
use crate::model::{
    AllocationUnits, Meta, Order, OrderEffect, OrderId, OrderNo, PickedCancelled, Refusal, Rule,
    Serves, StockEffect, Violation,
};
use crate::transaction::command::{Command, Decision, Effective, Facts};
use crate::transaction::error::EngineError;
use crate::transaction::in_flight::Transaction;
use crate::transaction::rests::Resting;

/// Cancels what is left of an order, or units of some of its lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CancelOrder {
    /// Key, origin, time.
    pub meta: Meta,
    /// The order.
    pub order: OrderId,
    /// Units of single lines; everything that is open when empty.
    pub lines: Vec<LineCancellation>,
    /// The number of the shipment, from 1 as callers count, of which they are; none if they may be of
    /// any.
    pub shipment: Option<u16>,
}

/// Units of an order were cancelled.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct OrderCancelled {
    /// The order's number.
    #[n(0)]
    pub no: OrderNo,
    /// The order's id.
    #[n(1)]
    pub id: OrderId,
    /// What is given back, allocations ascending.
    #[n(2)]
    pub releases: Vec<AllocationUnits>,
    /// Who gets it. None in events of older versions: the pair.
    #[n(3)]
    pub serves: Option<Serves>,
    /// What of it was off the shelf, if any was. An older version would pass over it: the event is
    /// extended then.
    #[n(4)]
    pub picked: Option<Picked>,
}

impl Command for CancelOrder {
    type Event = OrderCancelled;

    fn meta(&self) -> &Meta {
        &self.meta
    }

    fn fingerprint(&self) -> u64 {
        if let Some(shipment) = self.shipment {
            let bundles = self.lines.iter().map(|line| line.of_bundle).collect::<Vec<_>>();
            return fingerprint(&(&self.order, &self.lines, bundles, shipment));
        }
        if self.lines.iter().any(|line| line.of_bundle) {
            let bundles = self.lines.iter().map(|line| line.of_bundle).collect::<Vec<_>>();
            return fingerprint(&(&self.order, &self.lines, bundles));
        }
        fingerprint(&(&self.order, &self.lines))
    }

    fn validate(&self, _: &Facts<'_>) -> Result<(), Vec<Violation>> {
        self.validate()
    }

    async fn decide(
        &self,
        tx: &mut Transaction<'_>,
    ) -> Result<Decision<OrderCancelled>, EngineError> {
        let order = tx.claims.in_hand(&self.order).await?;
        let resting = Resting::read(tx.kernel(), &order)?;
        Ok(Decision::Event(decide(&order, &resting, (&self.lines, self.shipment))?))
    }
}

impl CancelOrder {
    /// Checks counts, lines and quantities. No line has more than
    /// [`limits::LINE_UNITS_MAX`] units, those of one SKU summed, so that no more can be
    /// cancelled at it.
    pub fn validate(&self) -> Result<(), Vec<Violation>> {
        let mut found = Vec::new();
        if self.lines.len() > limits::ORDER_LINES_MAX {
            let rule = Rule::TooMany { max: limits::ORDER_LINES_MAX };
            return Err(vec![Violation::new("lines", self.lines.len(), rule)]);
        }
        for (at, cancellation) in self.lines.iter().enumerate() {
            let field = format!("lines[{at}].line");
            in_range(
                &mut found,
                field,
                i64::from(cancellation.line),
                1,
                bound(limits::ORDER_LINES_MAX),
            );
            if self.lines[..at].iter().any(|other| other.line == cancellation.line) {
                let field = format!("lines[{at}].line");
                found.push(Violation::new(field, cancellation.line, Rule::Duplicate));
            }
            let (quantity, max) = (i64::from(cancellation.quantity), limits::LINE_UNITS_MAX.into());
            in_range(&mut found, format!("lines[{at}].quantity"), quantity, 1, max);
        }
        finish(found)
    }
}

/// Cancels units of lines of an order that rests on this supply.
///
/// # Errors
/// Why they are not cancelled.
pub(super) fn of_lines(
    order: &Order,
    resting: &Resting,
    lines: &[LineCancellation],
) -> Result<OrderCancelled, Refusal> {
    decide(order, resting, (lines, None))
}

/// Decides a cancellation of an order that rests on this supply.
fn decide(
    order: &Order,
    resting: &Resting,
    (lines, shipment): (&[LineCancellation], Option<u16>),
) -> Result<OrderCancelled, Refusal> {
    let releases = match shipment {
        Some(number) => of_shipment::of_one((order, resting), number, lines)?,
        None => releases(order, resting, lines)?,
    };
    let (no, id) = (order.no, order.header.id.clone());
    let picked = picked(order, &releases);
    Ok(OrderCancelled { no, id, releases, serves: Some(Serves::Backlog), picked })
}

impl Event for OrderCancelled {
    fn describe(&self) -> Value {
        let Self { no, id, releases, .. } = self;
        json!({ "order_id": id.as_str(), "order_no": no.0, "units": units(releases) })
    }

    fn extension(&self) -> usize {
        match (&self.picked, self.serves) {
            (Some(_), _) => 2,
            (None, Some(_)) => 1,
            (None, None) => 0,
        }
    }
}

impl Effective for OrderCancelled {
    fn effects(self) -> Effects {
        let (order, serves) = (self.no, self.serves.unwrap_or_default());
        if let Some(Picked { put_back, packages }) = self.picked {
            let stock = handled(order, [&put_back, &[], &[], &self.releases]).into_iter();
            let stock =
                stock.map(|(pair, all)| Effect::Stock(pair, StockEffect::Handle(all.into())));
            let mut effects: Effects = stock.collect();
            let cancelled = PickedCancelled { put_back, cancelled: self.releases, packages };
            effects.push(Effect::Order(order, OrderEffect::CancelPicked(cancelled.into())));
            return effects;
        }
        let stock = by_pair(&self.releases).into_iter().map(|(pair, lines)| {
            Effect::Stock(pair, StockEffect::Release { order, lines, serves })
        });
        let mut effects: Effects = stock.collect();
        effects.push(Effect::Order(order, OrderEffect::Cancel(self.releases)));
        effects
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::super::fixture::{id, order};
    use super::super::progress::tests::in_state;
    use super::*;
    use crate::command::fixture::{cancel, check, first, said};
    use crate::model::fulfilment::Rule;
    use crate::model::fulfilment::table::{Obstacle, rule};
    use crate::model::{Act, UnitState};
    use crate::model::{
        Allocation, Claim, Dispatch, Lsn, OrderLine, OrderedBundle, RefusalKind, SkuNo, Supply,
        Text, Timestamp, UnitsLeft,
    };
    use crate::state::stock::Rest;
    use smallvec::SmallVec;

    /// The allocations that a cancellation gives back, with their units.
    fn given_back(order: &Order, lines: &[(u32, u32)]) -> Result<Vec<(u16, u32)>, Refusal> {
        let lines = lines.iter().map(|&(line, quantity)| LineCancellation {
            line,
            quantity,
            of_bundle: false,
        });
        let event = decide(order, &as_placed(order), (&lines.collect::<Vec<_>>(), None))?;
        assert_eq!((event.no, &event.id), (order.no, &order.header.id));
        Ok(event.releases.iter().map(|part| (part.allocation, part.units)).collect())
    }

    /// An order that rests on what it was placed on.
    fn as_placed(order: &Order) -> Resting {
        let rest = |a: &Allocation| Rest { supply: a.supply, units: a.open(), eta: None };
        let rests = order.allocations.iter().map(|a| SmallVec::from_iter([rest(a)]));
        Resting { rests: rests.collect(), ..Resting::default() }
    }

    /// F11 of the pinned faults: what was to wait when it was placed may be there by now, and
    /// the other way round.
    #[test]
    fn what_waits_now_is_cancelled_before_what_waited_when_it_was_placed() {
        let order = order();
        let mut resting = as_placed(&order);
        resting.rests.swap(0, 1);
        // Of the first line, the first allocation waits now, and the second one is there.
        resting.rests[0][0].units = 3;
        resting.rests[1][0].units = 2;
        let one = [LineCancellation { line: 1, quantity: 1, of_bundle: false }];
        let event = decide(&order, &resting, (&one, None)).expect("the units are open");
        let given: Vec<_> = event.releases.iter().map(|r| (r.allocation, r.units)).collect();
        assert_eq!(given, [(0, 1)]);
    }

    /// The table's row, cell by cell, of units of one shipment. The second shipment waits for units.
    #[test]
    fn what_is_cancelled_in_which_state_is_as_the_table_says() {
        for state in UnitState::ALL {
            let waits = state == UnitState::Waiting;
            let (of, number) = if waits { (order(), 2) } else { (in_state(state), 1) };
            let told = decide(&of, &as_placed(&of), (&[], Some(number)));
            let expected = match (rule(Act::Cancel, state), &told) {
                (Rule::Becomes(UnitState::Cancelled), Ok(event)) => {
                    let picked = (UnitState::Picked..=UnitState::Ready).contains(&state);
                    assert_eq!(event.picked.is_some(), picked, "{state:?} goes back to the shelf");
                    assert!(!event.releases.is_empty(), "{state:?}");
                    continue;
                }
                // Nothing of it is left that could be cancelled.
                (Rule::Refused(Obstacle::Left | Obstacle::Cancelled), Err(_)) => {
                    RefusalKind::ShipmentNotPlanned
                }
                (cell, told) => panic!("{state:?}: {cell:?}, but {told:?}"),
            };
            assert_eq!(told.map(drop).map_err(|why| why.kind()), Err(expected), "{state:?}");
        }
    }

    fn left(line_index: Option<u32>, open: u64, wanted: u64) -> UnitsLeft {
        UnitsLeft { line_index, open, wanted }
    }

    /// Four bundles of two units of the one item and one of the other: three in one shipment, and
    /// one that waits.
    fn bundled() -> Order {
        let mut order = order();
        let line = |line: usize, units| OrderLine { ordered: units, ..order.lines[line] };
        order.lines = Box::new([line(0, 8), line(1, 4)]);
        let allocation =
            |line, shipment, supply, units| Allocation::new((line, shipment), supply, units);
        order.allocations = Box::new([
            allocation(0, 0, Supply::OnHand, 6),
            allocation(0, 1, Supply::OnHand, 1),
            allocation(0, 1, Supply::Backorder, 1),
            allocation(1, 0, Supply::OnHand, 3),
            allocation(1, 1, Supply::OnHand, 1),
        ]);
        let bundle = OrderedBundle { sku: SkuNo(12), units: 4, line: 0, components: 2 };
        Order { bundles: Box::new([bundle]), ..order }
    }

    #[test]
    fn bundles_are_cancelled_with_all_their_components_those_that_wait_first() {
        let order = bundled();
        let cancelled = |line, quantity| {
            let lines = [LineCancellation { line, quantity, of_bundle: true }];
            let event = decide(&order, &as_placed(&order), (&lines, None))?;
            Ok(event.releases.iter().map(|part| (part.allocation, part.units)).collect::<Vec<_>>())
        };
        assert_eq!(cancelled(1, 1), Ok(vec![(1, 1), (2, 1), (4, 1)]));
        assert_eq!(cancelled(2, 2), Ok(vec![(0, 2), (1, 1), (2, 1), (3, 1), (4, 1)]));
        let all = Ok(vec![(0, 6), (1, 1), (2, 1), (3, 3), (4, 1)]);
        assert_eq!(cancelled(2, 4), all);
        let left = left(Some(0), 4, 5);
        assert_eq!(cancelled(1, 5), Err(Refusal::UnitsNotOrdered { order_id: id(), left }));
        assert_eq!(given_back(&order, &[]), all);
        // A line of a bundle names all of it: once.
        let twice = [1, 2].map(|line| LineCancellation { line, quantity: 1, of_bundle: true });
        let told = decide(&order, &as_placed(&order), (&twice, None)).map(drop);
        let of = Refusal::LineOfBundle { order_id: id(), line_index: 1, bundle_index: 0 };
        assert_eq!(told, Err(of));
    }

    /// The order after its first shipment left.
    fn shipped() -> Order {
        let mut order = order();
        let (carrier, tracking) = (Text::default(), Text::default());
        let dispatch = Dispatch { at: Timestamp::from_micros(0), carrier, tracking };
        order.apply(Lsn::new(2), &OrderEffect::Ship { shipment: 0, dispatch });
        order
    }

    /// The order after so many units of lines were cancelled.
    fn cancelled(lines: &[LineCancellation]) -> Order {
        let mut order = order();
        let event = decide(&order, &as_placed(&order), (lines, None)).expect("the units are open");
        order.apply(Lsn::new(2), &OrderEffect::Cancel(event.releases));
        order
    }

    /// The refusals of the table, whose rows are checked.
    pub(crate) fn table() -> Vec<RefusalKind> {
        let two_of_the_first = [LineCancellation { line: 1, quantity: 2, of_bundle: false }];
        let not_found = |line_index| Err(Refusal::LineNotFound { order_id: id(), line_index });
        let not_ordered = |left| Err(Refusal::UnitsNotOrdered { order_id: id(), left });
        let units_shipped = |left| Err(Refusal::UnitsShipped { order_id: id(), left });
        let units_cancelled = |left| Err(Refusal::UnitsCancelled { order_id: id(), left });
        let of_bundle = |line_index, bundle_index| {
            Err(Refusal::LineOfBundle { order_id: id(), line_index, bundle_index })
        };
        let rows = [
            (bundled(), &[(2, 1)][..], of_bundle(1, 0)),
            (order(), &[][..], Ok(vec![(0, 3), (1, 2), (2, 3)])),
            (order(), &[(1, 1)], Ok(vec![(1, 1)])),
            (order(), &[(1, 4)], Ok(vec![(0, 2), (1, 2)])),
            (order(), &[(2, 3), (1, 2)], Ok(vec![(1, 2), (2, 3)])),
            (order(), &[(3, 1)], not_found(2)),
            (order(), &[(2, 4)], not_ordered(left(Some(1), 3, 4))),
            (shipped(), &[], Ok(vec![(1, 2)])),
            (shipped(), &[(2, 1)], units_shipped(left(Some(1), 0, 1))),
            // More than are left unshipped, and more than were ordered.
            (shipped(), &[(2, 4)], not_ordered(left(Some(1), 0, 4))),
            // The first line that is refused decides.
            (shipped(), &[(2, 1), (3, 1)], units_shipped(left(Some(1), 0, 1))),
            (shipped(), &[(3, 1), (2, 1)], not_found(2)),
            (cancelled(&two_of_the_first), &[(1, 4)], units_cancelled(left(Some(0), 3, 4))),
            (cancelled(&[]), &[], units_cancelled(left(None, 0, 8))),
        ];
        let mut refused = check(
            rows.map(|(order, lines, expected)| (lines, given_back(&order, lines), expected)),
        );
        refused.push(bundles_of_a_line_of_none());
        [refused, table_of_shipments()].concat()
    }

    /// What is given back of one shipment alone.
    fn table_of_shipments() -> Vec<RefusalKind> {
        let given_back = |order: &Order, shipment, lines: &[(u32, u32)]| {
            let line = |&(line, quantity): &(u32, u32)| LineCancellation {
                line,
                quantity,
                of_bundle: false,
            };
            let lines: Vec<_> = lines.iter().map(line).collect();
            let event = decide(order, &as_placed(order), (&lines, Some(shipment)))?;
            Ok(event.releases.iter().map(|of| (of.allocation, of.units)).collect::<Vec<_>>())
        };
        let shipment_number = 1;
        let not_there = |shipment_number, line_index, wanted, there| {
            Err(Refusal::UnitsNotInShipment { shipment_number, line_index, wanted, there })
        };
        let unknown = Refusal::ShipmentNotFound { order_id: id(), shipment_number: 3 };
        let mut parted = order();
        parted.allocations[0].shipped = 1;
        let rows = [
            (order(), 1, &[][..], Ok(vec![(0, 3), (2, 3)])),
            (order(), 2, &[], Ok(vec![(1, 2)])),
            // Not those that wait, which would go first.
            (order(), 1, &[(1, 1)], Ok(vec![(0, 1)])),
            (order(), 1, &[(1, 3), (2, 1)], Ok(vec![(0, 3), (2, 1)])),
            (order(), 1, &[(1, 4)], not_there(1, 0, 4, 3)),
            (order(), 2, &[(2, 1)], not_there(2, 1, 1, 0)),
            (order(), 3, &[], Err(unknown)),
            (parted, 1, &[(1, 3)], Err(Refusal::UnitsLeftNode { shipment_number, units: 1 })),
            (shipped(), 1, &[], Err(Refusal::ShipmentNotPlanned { shipment_number })),
        ];
        check(rows.map(|(order, shipment, lines, expected)| {
            ((shipment, lines), given_back(&order, shipment, lines), expected)
        }))
    }

    /// Its units are not what was asked for.
    fn bundles_of_a_line_of_none() -> RefusalKind {
        let lines = [LineCancellation { line: 2, quantity: 1, of_bundle: true }];
        let told = decide(&order(), &as_placed(&order()), (&lines, None)).map(drop);
        let expected = Refusal::LineOfNoBundle { order_id: id(), line_index: 1 };
        let kind = expected.kind();
        assert_eq!(told, Err(expected));
        kind
    }

    #[test]
    fn no_more_is_cancelled_at_a_line_than_a_line_can_have() {
        let told = |lines: &[(u32, u32)]| {
            let lines = lines.iter().map(|&(line, quantity)| LineCancellation {
                line,
                quantity,
                of_bundle: false,
            });
            said(CancelOrder { lines: lines.collect(), ..cancel() }.validate())
        };
        assert_eq!(told(&[]), [""; 0]);
        assert_eq!(told(&[(1, 1), (500, limits::LINE_UNITS_MAX)]), [""; 0]);
        assert_eq!(
            told(&[(2, 0), (1, 500_001)]),
            [
                "lines[0].quantity: \"0\" is not within 1 to 500000",
                "lines[1].quantity: \"500001\" is not within 1 to 500000",
            ]
        );
        assert_eq!(
            told(&[(0, 1), (501, 1)]),
            [
                "lines[0].line: \"0\" is not within 1 to 500",
                "lines[1].line: \"501\" is not within 1 to 500",
            ]
        );
        assert_eq!(told(&[(7, 1), (7, 1)]), ["lines[1].line: \"7\" is given twice"]);
        assert_eq!(told(&[(1, 1); 501]), ["lines: \"501\" has more than 500 entries"]);
    }

    #[test]
    fn a_cancellation_gives_back_the_least_firm_units_or_says_why_not() {
        table();
    }

    #[test]
    fn more_units_than_a_line_ever_had_is_told_before_how_many_are_shipped() {
        let told = given_back(&shipped(), &[(2, 4)]).map_err(|refusal| refusal.kind());
        let both = [RefusalKind::UnitsShipped, RefusalKind::UnitsNotOrdered];
        assert_eq!(told, Err(first(&both)));
    }

    #[test]
    fn a_cancellation_settles_what_it_claims() {
        let order = order();
        let event = decide(&order, &as_placed(&order), (&[], None)).expect("the units are open");
        let claims: Vec<_> = event.effects().iter().filter_map(Effect::claim).collect();
        let of = |claim: &Claim| match claim {
            Claim::Stock(pair, claim) => format!("{}/{} {claim:?}", pair.sku.0, pair.node.0),
            other => format!("{other:?}"),
        };
        let claims: Vec<_> = claims.iter().map(of).collect();
        assert_eq!(claims, ["InHand(OrderNo(7))"]);
    }
}

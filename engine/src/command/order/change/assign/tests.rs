//! What a plan of an order's units, and of those of a hold, makes of the order.

use super::super::moving::redirected;
use super::*;
use crate::command::fixture::AT;
use crate::command::order::fixture::order;
use crate::model::{Allocation, NodeId, NodeNo, OrderLine, Redirect, ServiceNo};

const FAR: NodeNo = NodeNo(5);

fn shipment(node: NodeNo, ship_by: i32) -> Shipment {
    let [ship_by, deliver_by] = [ship_by, ship_by + 1].map(|of| Some(Day::from_epoch_days(of)));
    Shipment { ship_by, deliver_by, ..Shipment::waiting(node) }
}

/// Units of SKUs 10 and 11 that leave in shipments, with their supplies.
fn draft(shipments: Vec<Shipment>, parts: &[(u16, u16, Supply, u32)]) -> Draft {
    let units = |line| parts.iter().filter(|of| of.0 == line).map(|of| of.3).sum();
    let line = |(sku, line)| OrderLine { sku: SkuNo(sku), ordered: units(line), cancelled: 0 };
    let allocation = |of: &(u16, u16, Supply, u32)| Allocation::new((of.0, of.1), of.2, of.3);
    Draft {
        lines: Box::new([line((10, 0)), line((11, 1))]),
        bundles: None,
        shipments: shipments.into(),
        allocations: parts.iter().map(allocation).collect(),
        promise_by: Day::from_epoch_days(20_000),
        unfilled: SmallVec::from_elem(0, 2),
        cost: 0,
        cut_short: false,
        comes_late: false,
        in_flight: SmallVec::new(),
        trace: Box::default(),
        asked: false,
    }
}

/// What the order comes to, of which all that has supply is planned anew so.
fn changed(
    order: &Order,
    draft: &Draft,
    new: &[NewLine],
) -> Option<(Order, OrderChange, Assigned)> {
    let to = Redirect { service: ServiceNo(1), ..Redirect::of(&order.header) };
    let id = |_| NodeId::new("node", "N").expect("an id");
    let moving = redirected(order, to, |_| true, id).expect("it can go there");
    let rests: Vec<SmallVec<[Rest; 2]>> = order
        .allocations
        .iter()
        .map(|a| SmallVec::from_iter([Rest { supply: a.supply, units: a.open(), eta: None }]))
        .collect();
    let loose = moving.loose(order, &rests);
    let demands = super::super::moving::demands(order, &loose);
    let mut change = OrderChange::default();
    let assigned = assign((order, AT), (&moving, &loose), (&demands, new), draft, &mut change)?;
    Some((order.with_change(&change), change, assigned))
}

#[test]
fn a_shipment_whose_units_stay_has_other_days_and_nothing_of_it_moves() {
    let order = order();
    let same = [(0, 0, Supply::OnHand, 3), (1, 0, Supply::OnHand, 3)];
    let draft = draft(vec![shipment(NodeNo(0), 20_005)], &same);
    let (after, change, assigned) = changed(&order, &draft, &[]).expect("it fits");
    assert_eq!(assigned.off, []);
    assert_eq!(assigned.on, []);
    let of = &draft.shipments[0];
    let told = Retold { shipment: 0, days: of.ship_by.zip(of.deliver_by), units_there: true };
    assert_eq!(change, OrderChange { told: vec![told], ..OrderChange::default() });
    assert_eq!(after.allocations, order.allocations);
}

#[test]
fn units_that_leave_from_elsewhere_come_off_there_and_go_on_here() {
    let order = order();
    let parts = [(0, 0, Supply::OnHand, 1), (0, 1, Supply::OnHand, 2), (1, 1, Supply::OnHand, 3)];
    let shipments = vec![shipment(NodeNo(0), 20_000), shipment(FAR, 20_001)];
    let (after, change, assigned) = changed(&order, &draft(shipments, &parts), &[]).expect("fits");
    let peg = |sku, node, line, units| Pegged {
        pair: Pair { sku: SkuNo(sku), node },
        line,
        supply: Supply::OnHand,
        units,
    };
    assert_eq!(assigned.off, [peg(10, NodeNo(0), 0, 2), peg(11, NodeNo(0), 1, 3)]);
    assert_eq!(assigned.on, [peg(10, FAR, 0, 2), peg(11, FAR, 1, 3)]);
    let moved: Vec<_> = change.moved.iter().map(|of| (of.allocation, of.units)).collect();
    assert_eq!(moved, [(0, 2), (2, 3)]);
    let open = |shipment| -> u32 { after.allocations_of(shipment).map(Allocation::open).sum() };
    assert_eq!((open(0), open(1), open(2)), (1, 2, 5), "what waits stays where it waits");
    assert_eq!(after.shipments[2].node, FAR);
    assert!(
        after.lines.iter().zip(&order.lines).all(|(is, was)| is == was),
        "nothing is cancelled"
    );
}

#[test]
fn lines_that_are_added_come_behind_the_others_with_units_of_the_hold() {
    let order = order();
    let new = [NewLine { sku: SkuNo(10), units: 2, is_bundle: false, parts: vec![(SkuNo(10), 1)] }];
    let parts = [(0, 0, Supply::OnHand, 5), (1, 0, Supply::OnHand, 3)];
    let draft = draft(vec![shipment(NodeNo(0), 20_000)], &parts);
    let (after, change, assigned) = changed(&order, &draft, &new).expect("it fits");
    assert_eq!(change.moved, []);
    let placed: Vec<_> = change.placed.iter().map(|of| (of.line, of.shipment, of.units)).collect();
    assert_eq!(placed, [(2, 0, 2)]);
    let on: Vec<_> = assigned.on.iter().map(|peg| (peg.line, peg.units)).collect();
    assert_eq!((on, after.lines.len()), (vec![(2, 2)], 3));
}

#[test]
fn a_plan_of_other_units_than_are_sought_is_none_of_it() {
    for units in [2, 4] {
        let parts = [(0, 0, Supply::OnHand, units), (1, 0, Supply::OnHand, 3)];
        let draft = draft(vec![shipment(NodeNo(0), 20_000)], &parts);
        assert!(changed(&order(), &draft, &[]).is_none(), "{units} units");
    }
}

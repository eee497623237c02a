//! What of an order leaves from elsewhere, and what has to stay.

use smallvec::SmallVec;

use super::*;
use crate::command::order::fixture::{id, left, order};
use crate::model::{
    Allocation, Day, InboundNo, LineUnits, OrderHeader, Package, PackageId, RefusalKind, ServiceNo,
    Shipment, Timestamp, Work,
};

/// It goes by another service.
fn other_service(order: &Order) -> Redirect {
    Redirect { service: ServiceNo(1), ..Redirect::of(&order.header) }
}

fn node_id(no: NodeNo) -> NodeId {
    NodeId::new("node", format!("N{}", no.0)).expect("an id")
}

fn goes(order: &Order, to: Redirect, serves: bool) -> Result<(Vec<u16>, Vec<u16>), Refusal> {
    let moving = redirected(order, to, |_| serves, node_id)?;
    Ok((moving.shipments, moving.stays))
}

/// A unit of its first shipment is picked.
fn picked() -> Order {
    let mut order = order();
    order.allocations[0].picked = 1;
    order
}

/// It is packed as well.
fn packed() -> Order {
    let mut order = picked();
    let package = Package {
        id: PackageId::numbered(1),
        lines: LineUnits::from_slice(&[(0, 1)]),
        ready: None,
        until: None,
        dispatch: None,
        ended: None,
    };
    order.shipments[0].work = Some(Box::new(Work { packages: vec![package], ..Work::default() }));
    order
}

/// One is picked, and others left.
fn partly_gone() -> Order {
    let mut order = picked();
    order.allocations[2].shipped = 3;
    order
}

/// The lines must not be split.
fn whole(mut order: Order) -> Order {
    order.header.split = Split::WholeLine;
    order
}

fn move_it(shipment: u16) -> Change {
    Change {
        operations: vec![Operation::Move { shipment, to: None, lines: Vec::new() }],
        ..Change::default()
    }
}

fn moves(order: &Order, shipment: u16) -> Result<Option<Moving>, Refusal> {
    let unknown = |id: &NodeId| Err(Refusal::NodeNotFound { node_id: id.clone() });
    moved(order, &move_it(shipment), unknown, |_| true)
}

/// The refusals of both, which are provoked.
pub(crate) fn table() -> Vec<RefusalKind> {
    let stays = |why| Refusal::ShipmentStays { order_id: id(), shipment_number: 1, why };
    let (split, gone) = (whole(order()), left());
    let rows = [
        (goes(&packed(), other_service(&packed()), true), stays(Stays::Packed)),
        (goes(&partly_gone(), other_service(&order()), true), stays(Stays::PartLeft)),
        (
            goes(&picked(), other_service(&order()), false),
            Refusal::NodeNotServing { order_id: id(), node_id: node_id(NodeNo(0)) },
        ),
    ];
    let moved = [
        (moves(&picked(), 1), stays(Stays::Picked)),
        (moves(&split, 1), stays(Stays::WholeLine)),
        (moves(&gone, 1), Refusal::ShipmentNotPlanned { shipment_number: 1 }),
        (moves(&gone, 9), Refusal::ShipmentNotFound { order_id: id(), shipment_number: 9 }),
    ];
    let mut kinds = Vec::new();
    for (at, (found, expected)) in rows.into_iter().enumerate() {
        kinds.push(expected.kind());
        assert_eq!(found, Err(expected), "row {at}");
    }
    for (at, (found, expected)) in moved.into_iter().enumerate() {
        kinds.push(expected.kind());
        assert_eq!(found, Err(expected), "row {at} of moves");
    }
    let to = Some(node_id(NodeNo(0)));
    let operations = vec![Operation::Move { shipment: 1, to, lines: vec![(0, 1)] }];
    let change = Change { operations, ..Change::default() };
    let there = super::moved(&order(), &change, |_| Ok(NodeNo(0)), |_| true);
    assert_eq!(there, Err(stays(Stays::There)), "a part stays in its parcel");
    let too_many =
        Refusal::UnitsNotInShipment { shipment_number: 1, line_index: 0, wanted: 4, there: 3 };
    kinds.push(too_many.kind());
    assert_eq!(taken(&[(0, 4)]), Err(too_many));
    kinds
}

/// Some units of lines of the first shipment move away.
fn part(order: &Order, lines: &[(u16, u32)]) -> Result<Option<Moving>, Refusal> {
    let operations = vec![Operation::Move { shipment: 1, to: None, lines: lines.to_vec() }];
    let unknown = |id: &NodeId| Err(Refusal::NodeNotFound { node_id: id.clone() });
    moved(order, &Change { operations, ..Change::default() }, unknown, |_| true)
}

const INBOUND: Supply = Supply::Inbound(InboundNo(0));

/// Which ones they are, by line: of the first, one is there and two are on their way.
fn taken(lines: &[(u16, u32)]) -> Result<Vec<(u16, Supply, u32)>, Refusal> {
    let rest = |supply, units, eta| Rest { supply, units, eta };
    let late = Some(Timestamp::from_micros(9));
    let rests: Vec<SmallVec<[Rest; 2]>> = vec![
        SmallVec::from_iter([rest(Supply::OnHand, 1, None), rest(INBOUND, 2, late)]),
        SmallVec::from_iter([rest(Supply::Backorder, 2, None)]),
        SmallVec::from_iter([rest(Supply::OnHand, 3, None)]),
    ];
    let moving = part(&order(), lines).expect("it may").expect("it is asked");
    let loose = moving.of_some(&order(), &rests)?.loose(&order(), &rests);
    Ok(loose.into_iter().map(|of| (of.line, of.supply, of.units)).collect())
}

#[test]
fn what_has_to_stay_is_told_with_why() {
    let kinds: Vec<_> = table().into_iter().map(RefusalKind::name).collect();
    let expected = [
        "SHIPMENT_STAYS",
        "SHIPMENT_STAYS",
        "NODE_NOT_SERVING",
        "SHIPMENT_STAYS",
        "SHIPMENT_STAYS",
        "SHIPMENT_NOT_PLANNED",
        "SHIPMENT_NOT_FOUND",
        "UNITS_NOT_IN_SHIPMENT",
    ];
    assert_eq!(kinds, expected);
}

#[test]
fn what_is_picked_stays_at_its_node_and_all_else_is_sourced_anew() {
    let all = |order: &Order, to| goes(order, to, true).expect("it can go there");
    assert_eq!(all(&order(), other_service(&order())), (vec![0, 1], vec![]));
    assert_eq!(all(&picked(), other_service(&order())), (vec![1], vec![0]));
    // Its days follow from its supply: wanted by another day, it is as it was.
    let by = Redirect { promise_by: Day::from_epoch_days(1), ..Redirect::of(&order().header) };
    assert_eq!(all(&packed(), by.clone()), (vec![1], vec![]));
    // Nothing of a line that must not be split leaves from elsewhere than what was begun of it.
    assert_eq!(all(&whole(picked()), other_service(&order())), (vec![], vec![0, 1]));
    assert_eq!(all(&whole(picked()), by), (vec![], vec![]));
    // What left is gone.
    assert_eq!(all(&left(), other_service(&order())), (vec![1], vec![]));
}

#[test]
fn a_shipment_moves_to_a_node_or_away_from_its_own() {
    let away = moves(&order(), 1).expect("it moves").expect("it is asked");
    assert_eq!((away.shipments, away.others), (vec![0], Others::NotFrom(vec![NodeNo(0)])));
    let to = Some(node_id(NodeNo(4)));
    let change = Change {
        operations: vec![Operation::Move { shipment: 1, to, lines: Vec::new() }],
        ..Change::default()
    };
    let there = moved(&order(), &change, |_| Ok(NodeNo(4)), |_| true).expect("it moves");
    assert_eq!(there.map(|of| of.others), Some(Others::From(NodeNo(4))));
    let not_there =
        moved(&order(), &change, |_| Ok(NodeNo(4)), |_| false).map_err(|why| why.kind());
    assert_eq!(not_there, Err(RefusalKind::NodeNotServing));
    let declined = Order { declined: Box::new([NodeNo(4)]), ..order() };
    let not_there =
        moved(&declined, &change, |_| Ok(NodeNo(4)), |_| true).map_err(|why| why.kind());
    assert_eq!(not_there, Err(RefusalKind::NodeNotServing));
    let note = Change {
        operations: vec![Operation::SetNote(crate::model::Text::default())],
        ..Change::default()
    };
    assert_eq!(moved(&order(), &note, |_| Ok(NodeNo(4)), |_| true), Ok(None));
}

/// Of units of several supplies, those that come last are moved first; of a line that must not be split,
/// all or none.
#[test]
fn of_a_line_so_many_units_are_moved_those_that_are_there_last_first() {
    assert_eq!(taken(&[(0, 1)]), Ok(vec![(0, INBOUND, 1)]));
    assert_eq!(taken(&[(0, 3)]), Ok(vec![(0, Supply::OnHand, 1), (0, INBOUND, 2)]));
    assert_eq!(taken(&[(1, 2)]), Ok(vec![(1, Supply::OnHand, 2)]));
    let mut whole = whole(order());
    whole.allocations = Box::new([whole.allocations[0], whole.allocations[2]]);
    let stays =
        Refusal::ShipmentStays { order_id: id(), shipment_number: 1, why: Stays::WholeLine };
    assert_eq!(part(&whole, &[(0, 2)]), Err(stays));
    assert!(part(&whole, &[(0, 3)]).is_ok());
}

/// Three bundles of two units of the first line and one of the second, of which one is not whole:
/// the second line of it waits.
fn bundled() -> (Order, Vec<SmallVec<[Rest; 2]>>) {
    let mut order = order();
    let line = |sku, ordered| crate::model::OrderLine { sku: SkuNo(sku), ordered, cancelled: 0 };
    order.lines = Box::new([line(10, 6), line(11, 3)]);
    order.shipments = Box::new([order.shipments[0].clone(), Shipment::waiting(NodeNo(1))]);
    let part = |line, supply, units| Allocation::new((line, 0), supply, units);
    order.allocations = Box::new([
        part(0, Supply::OnHand, 6),
        part(1, Supply::OnHand, 2),
        part(1, Supply::Backorder, 1),
    ]);
    order.bundles = Box::new([OrderedBundle { sku: SkuNo(12), units: 3, line: 0, components: 2 }]);
    let rests = order
        .allocations
        .iter()
        .map(|a| SmallVec::from_iter([Rest { supply: a.supply, units: a.units, eta: None }]));
    let rests = rests.collect();
    (order, rests)
}

/// It is asked for, and nobody else is to wonder why nothing comes of it.
#[test]
fn a_shipment_of_which_nothing_can_leave_is_not_moved() {
    let waits = |order: &Order, of: &[(u16, Supply)]| {
        let supply = |at: u16, a: &Allocation| {
            of.iter().find(|(part, _)| *part == at).map_or(a.supply, |(_, supply)| *supply)
        };
        let rests = (0..).zip(&order.allocations).map(|(at, a)| {
            let (supply, units) = (supply(at, a), a.open());
            SmallVec::from_iter([Rest { supply, units, eta: None }])
        });
        let rests: Vec<SmallVec<[Rest; 2]>> = rests.collect();
        let moving = moves(order, 1).expect("it may").expect("it is asked");
        moving.of_some(order, &rests).map(|of| of.shipments)
    };
    let stays =
        Err(Refusal::ShipmentStays { order_id: id(), shipment_number: 1, why: Stays::Waiting });
    let of_first = |order: &Order| -> Vec<(u16, Supply)> {
        let parts = (0..).zip(&order.allocations).filter(|(_, a)| a.shipment == 0);
        parts.map(|(at, _)| (at, Supply::Backorder)).collect()
    };
    assert_eq!(waits(&order(), &[]), Ok(vec![0]));
    assert_eq!(waits(&order(), &of_first(&order())), stays, "all of it waits");
    let mut part = whole(order());
    part.allocations = Box::new([0, 1].map(|of| part.allocations[of]));
    part.allocations[1].shipment = 0;
    part.lines = Box::new([part.lines[0]]);
    assert_eq!(waits(&part, &[]), stays, "what is there stays with what waits");
    let split =
        Order { header: OrderHeader { split: Split::Units, ..part.header.clone() }, ..part };
    assert_eq!(waits(&split, &[]), Ok(vec![0]));
    // A redirect is for what waits as well.
    let to = other_service(&order());
    let redirect = redirected(&order(), to, |_| true, node_id).expect("it can go there");
    let rests: Vec<SmallVec<[Rest; 2]>> =
        order().allocations.iter().map(|_| SmallVec::new()).collect();
    assert!(redirect.of_some(&order(), &rests).is_ok());
}

#[test]
fn of_a_bundle_of_which_a_component_waits_all_components_stay() {
    let (order, rests) = bundled();
    let moving = redirected(&order, other_service(&order), |_| true, node_id).expect("it moves");
    let loose = moving.loose(&order, &rests);
    let units: Vec<_> = loose.iter().map(|of| (of.line, of.units)).collect();
    assert_eq!(units, [(0, 4), (1, 2)]);
    let lines = SmallVec::from_slice(&[(0, 2), (1, 1)]);
    assert_eq!(demands(&order, &loose), [Demand { sku: SkuNo(12), units: 2, lines }]);
}

#[test]
fn bundles_that_must_not_be_split_stay_together_where_one_of_them_waits() {
    let (order, rests) = bundled();
    let order = whole(order);
    let moving = redirected(&order, other_service(&order), |_| true, node_id).expect("it moves");
    assert_eq!(moving.loose(&order, &rests), [], "two of them could leave, and the others wait");
}

#[test]
fn a_line_that_must_not_be_split_stays_together_where_a_part_of_it_waits() {
    let order = whole(order());
    let rests: Vec<SmallVec<[Rest; 2]>> = order
        .allocations
        .iter()
        .map(|a| SmallVec::from_iter([Rest { supply: a.supply, units: a.units, eta: None }]))
        .collect();
    let moving = redirected(&order, other_service(&order), |_| true, node_id).expect("it moves");
    let units: Vec<_> = moving.loose(&order, &rests).iter().map(|of| (of.line, of.units)).collect();
    assert_eq!(units, [(1, 3)], "two units of the first line wait at the other node");
}

//! A node's answer that it does not ship what it was given: a supplier rejects his purchase
//! order, a store finds an empty shelf.
//!
//! ```text
//!   decline ---> units off what they rested on, and wait    the shelf told anew
//!                      |                                    others' units on it as well
//!                      +--- re-pegger ---> other nodes, never this one again
//!                      +--- the customer is asked, where he was to collect them there
//! ```
//! The answer is one event. Who ships the units from now on is the re-pegger's next one, before
//! any newer order; the caller is answered after that.

use minicbor::{Decode, Encode};
use serde_json::{Value, json};

use super::handled::whole_bundles;
use super::{find, planned, units};
use crate::limits::{
    LINE_UNITS_MAX, ORDER_ALLOCATIONS_MAX, ORDER_LINES_MAX, PARTED_SHIPMENTS_MAX, PAUSE_DAYS_MAX,
};
use crate::model::check::{days_ahead, finish, in_range};
use crate::model::digest::fingerprint;
use crate::model::effect::{Configuration, Effect, Effects};
use crate::model::event::Event;
use crate::model::fulfilment::Content;
use crate::model::order::by_pair;
use crate::model::stock::{Decline, Declined};
use crate::model::{
    AllocationUnits, Answer, AnswerKind, DeclineReason, LineUnits, Meta, NodeNo, Order,
    OrderEffect, OrderId, OrderNo, Pair, PartDeclined, Proposal, Refusal, Rule, Serves,
    StockChange, StockEffect, Timestamp, UnitState, Violation,
};
use crate::state::network::{Network, is_supplier};
use crate::transaction::attempts::Attempts;
use crate::transaction::command::{Command, Decision, Effective, Facts};
use crate::transaction::edits::edit_all;
use crate::transaction::error::EngineError;
use crate::transaction::in_flight::Transaction;

/// Says that a node does not ship what it was given. Said again with the same reason, it changes
/// nothing; with another one it is refused, because the goods are not the shipment's any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeclineShipment {
    /// Key, origin, time.
    pub meta: Meta,
    /// The order.
    pub order: OrderId,
    /// The shipment's number within the order, from 1 as callers count.
    pub shipment: u16,
    /// Why.
    pub reason: DeclineReason,
    /// Units of single lines, from 0; everything that is left of the shipment when empty.
    pub lines: LineUnits,
    /// Until when the node takes no new work, if it says so.
    pub paused_until: Option<Timestamp>,
}

/// A node does not ship what it was given.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct ShipmentDeclined {
    /// The order's number.
    #[n(0)]
    pub no: OrderNo,
    /// The order's id.
    #[n(1)]
    pub id: OrderId,
    /// The shipment, from 0.
    #[n(2)]
    pub shipment: u16,
    /// When it said so.
    #[n(3)]
    pub at: Timestamp,
    /// Why.
    #[n(4)]
    pub reason: DeclineReason,
    /// What it does to each pair, ascending.
    #[n(5)]
    pub pairs: Vec<(Pair, Declined)>,
    /// What an older version would pass over, if there is any: the event is extended then.
    #[n(6)]
    pub apart: Option<Apart>,
    /// Whether the customer is asked what becomes of the units: it is the node where he collects
    /// them. None in events of older versions, which had them sourced anew: the event is extended where
    /// he is.
    #[n(7)]
    pub asks: Option<bool>,
    /// The node that takes no new work, and until when, if it said so: the event is extended then.
    #[n(8)]
    pub paused: Option<(NodeNo, Timestamp)>,
}

/// Units of a shipment that are declined, some of them picked, or not all that the shipment has.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Apart {
    /// Units that were picked.
    #[n(0)]
    pub put_back: Vec<AllocationUnits>,
    /// The units, if they are a shipment by themselves from now on; none if they are all of it.
    #[n(1)]
    pub units: Option<Vec<AllocationUnits>>,
}

impl Command for DeclineShipment {
    type Event = ShipmentDeclined;

    fn meta(&self) -> &Meta {
        &self.meta
    }

    fn fingerprint(&self) -> u64 {
        if let Some(until) = self.paused_until {
            let (of, lines) = ((&self.order, self.shipment, self.reason), self.lines.to_vec());
            return fingerprint(&("decline", of, lines, until));
        }
        if self.lines.is_empty() {
            return fingerprint(&("decline", &self.order, self.shipment, self.reason));
        }
        let lines = self.lines.to_vec();
        fingerprint(&("decline", &self.order, self.shipment, self.reason, lines))
    }

    fn validate(&self, _: &Facts<'_>) -> Result<(), Vec<Violation>> {
        self.validate()
    }

    async fn decide(
        &self,
        tx: &mut Transaction<'_>,
    ) -> Result<Decision<ShipmentDeclined>, EngineError> {
        let order = tx.claims.in_hand(&self.order).await?;
        let Some(Planned { shipment, units, apart }) = decide(&order, self)? else {
            return self.repeated(&order, &tx.state().network.load());
        };
        let node = order.shipments[usize::from(shipment)].node;
        let at_supplier = is_supplier(tx.state().network.load().node(node).node.kind);
        let put_back = apart.as_ref().map_or(&[][..], |apart| &apart.put_back);
        let proposals =
            proposals((&order, shipment), (&units, put_back), (self.reason, at_supplier));
        let mut attempts = Attempts::begin(tx.kernel());
        let decided = loop {
            let attempt = edit_all(&mut tx.claims, &proposals).await?;
            if let Some(decided) = attempts.end(attempt).await? {
                break decided;
            }
        };
        let pairs = proposals.iter().zip(decided).map(|((pair, _), change)| match change {
            Some(StockChange::Declined(declined)) => (*pair, *declined),
            other => unreachable!("a pair decides on what is declined, not {other:?}"),
        });
        let (no, id, pairs) = (order.no, order.header.id.clone(), pairs.collect());
        let (at, reason) = (self.meta.at, self.reason);
        let asks = asks(&order, shipment).then_some(true);
        let paused = self.paused_until.filter(|until| *until > at).map(|until| (node, until));
        if paused.is_some() {
            // A definition of the node that is on its way knows nothing of it.
            tx.take_turn_at_configuring().await?;
        }
        let declined =
            ShipmentDeclined { no, id, shipment, at, reason, pairs, apart, asks, paused };
        Ok(Decision::Event(declined))
    }
}

impl DeclineShipment {
    /// It was declined before: nothing happens, unless that was said without a pause that is said now.
    fn repeated(
        &self,
        order: &Order,
        network: &Network,
    ) -> Result<Decision<ShipmentDeclined>, EngineError> {
        let shipment = find(order, self.shipment)?;
        let node = order.shipments[usize::from(shipment)].node;
        let known = network.node(node).node.paused_until;
        let until = self.paused_until.filter(|until| *until > self.meta.at);
        if until > known {
            return Err(Refusal::ShipmentDeclined { shipment_number: self.shipment }.into());
        }
        Ok(Decision::Nothing(order.last_lsn))
    }

    /// Checks the lines.
    ///
    /// # Errors
    /// Every field that is wrong.
    pub fn validate(&self) -> Result<(), Vec<Violation>> {
        let mut found = Vec::new();
        if self.lines.len() > ORDER_LINES_MAX {
            let rule = Rule::TooMany { max: ORDER_LINES_MAX };
            return Err(vec![Violation::new("lines", self.lines.len(), rule)]);
        }
        for (at, (line, units)) in self.lines.iter().enumerate() {
            if self.lines[..at].iter().any(|(other, _)| other == line) {
                let field = format!("lines[{at}].line_index");
                found.push(Violation::new(field, *line, Rule::Duplicate));
            }
            let max = LINE_UNITS_MAX.into();
            in_range(&mut found, format!("lines[{at}].quantity"), (*units).into(), 1, max);
        }
        if let Some(until) = self.paused_until {
            days_ahead(&mut found, "paused_until", (self.meta.at, until), PAUSE_DAYS_MAX);
            if !self.reason.may_pause() {
                let why = "is said with the reasons CAPACITY and CLOSED alone".into();
                found.push(Violation::new("paused_until", until, Rule::Malformed(why)));
            }
        }
        // Nobody knows of units that were said to be missing twice, or two times.
        if !self.lines.is_empty() && self.meta.request_id.is_none() {
            found.push(Violation::new("request_id", "", Rule::Required));
        }
        finish(found)
    }
}

/// What is declined.
#[derive(Debug, PartialEq, Eq)]
struct Planned {
    /// The shipment, from 0.
    shipment: u16,
    units: Vec<AllocationUnits>,
    apart: Option<Apart>,
}

/// Pure: what is declined; none if it was declined before.
fn decide(order: &Order, command: &DeclineShipment) -> Result<Option<Planned>, Refusal> {
    let DeclineShipment { shipment: number, reason, ref lines, .. } = *command;
    let shipment = find(order, number)?;
    let answer = order.shipments[usize::from(shipment)].answer;
    match answer.and_then(|answer| answer.kind.declined()) {
        None => {}
        Some(before) if before == reason && lines.is_empty() => return Ok(None),
        Some(_) => return Err(Refusal::ShipmentDeclined { shipment_number: number }),
    }
    if lines.is_empty() && was_declined_apart(order, shipment, reason) {
        return Ok(None);
    }
    let content = Content::of(order, shipment);
    let (mut units, mut put_back) = (Vec::new(), Vec::new());
    let wanted = if lines.is_empty() { left_of(order, shipment)? } else { lines.clone() };
    for (line, wanted) in wanted {
        refuse_packed(&content, number, (line, wanted, lines.is_empty()))?;
        let loose = content.loose(line).min(wanted);
        content.take_loose(line, loose, &mut units).map_err(|_| unplanned(number))?;
        let picked = wanted - loose;
        content.take_picked(line, picked, &mut put_back).map_err(|_| unplanned(number))?;
    }
    units.extend(&put_back);
    units.sort_by_key(|of| of.allocation);
    units.dedup_by(|next, sum| {
        let is_same = next.allocation == sum.allocation;
        sum.units += if is_same { next.units } else { 0 };
        is_same
    });
    whole_bundles(order, &units)?;
    let all: u32 = order.allocations_of(shipment).map(|a| a.units - a.moved - a.cancelled).sum();
    let apart = units.iter().map(|of| of.units).sum::<u32>() < all;
    let allocations = order.allocations.len() + units.len();
    if apart
        && (order.shipments.len() >= PARTED_SHIPMENTS_MAX || allocations > ORDER_ALLOCATIONS_MAX)
    {
        return Err(Refusal::ListFull { what: "shipments", max: PARTED_SHIPMENTS_MAX });
    }
    let apart = (apart || !put_back.is_empty())
        .then(|| Apart { put_back, units: apart.then(|| units.clone()) });
    Ok(Some(Planned { shipment, units, apart }))
}

/// Whether the customer is asked what becomes of units that the node of a shipment declines: it is
/// the node where he collects them. He may not want them from elsewhere, and come in vain.
fn asks(order: &Order, shipment: u16) -> bool {
    let node = order.shipments[usize::from(shipment)].node;
    order.header.destination.pickup().is_some_and(|pickup| pickup.node == node)
}

/// Whether what had not left of a shipment was declined before: it is a shipment by itself.
fn was_declined_apart(order: &Order, shipment: u16, reason: DeclineReason) -> bool {
    let node = order.shipments[usize::from(shipment)].node;
    let kind = AnswerKind::Declined(reason);
    let mut apart = order.shipments.iter().filter(|other| other.node == node);
    order.has_left(shipment) && apart.any(|other| other.answer.is_some_and(|a| a.kind == kind))
}

/// Units by line that are left of a shipment.
fn left_of(order: &Order, shipment: u16) -> Result<LineUnits, Refusal> {
    let (_, units) = planned(order, shipment + 1)?;
    let by_pair = by_pair(&units);
    let mut lines: LineUnits = by_pair.into_iter().flat_map(|(_, lines)| lines).collect();
    lines.sort_unstable();
    Ok(lines)
}

fn unplanned(shipment_number: u16) -> Refusal {
    Refusal::ShipmentNotPlanned { shipment_number }
}

/// Refuses what the table refuses: units that are in a package, or left. Where all is declined, any
/// package is in its way.
fn refuse_packed(
    content: &Content<'_>,
    shipment_number: u16,
    (line, wanted, all): (u16, u32, bool),
) -> Result<(), Refusal> {
    let standing = content.standing(line);
    let there = content.loose(line) + content.unpacked(line);
    let packed = standing.units(UnitState::Packed);
    let ready = standing.units(UnitState::Ready);
    if wanted <= there && !all {
        return Ok(());
    }
    match (packed, ready) {
        (1.., _) => Err(Refusal::UnitsPacked { shipment_number, units: packed.into() }),
        (0, 1..) => Err(Refusal::UnitsReady { shipment_number, units: ready.into() }),
        (0, 0) if wanted <= there => Ok(()),
        (0, 0) if standing.all() > there + standing.units(UnitState::Cancelled) => {
            let left = standing.all() - there - standing.units(UnitState::Cancelled);
            Err(Refusal::UnitsLeftNode { shipment_number, units: left.into() })
        }
        (0, 0) => Err(Refusal::UnitsNotInShipment {
            shipment_number,
            line_index: line.into(),
            wanted: wanted.into(),
            there: there.into(),
        }),
    }
}

/// What its pairs are asked to decide on, ascending.
fn proposals(
    (order, shipment): (&Order, u16),
    (units, put_back): (&[AllocationUnits], &[AllocationUnits]),
    (reason, at_supplier): (DeclineReason, bool),
) -> Vec<(Pair, Proposal)> {
    let propose = |(pair, lines): (Pair, LineUnits)| {
        let line = |(line, units): (u16, u32)| {
            let picked = put_back.iter().filter(|of| (of.pair, of.line) == (pair, line));
            order.in_shipment(shipment, line, (units, picked.map(|of| of.units).sum()))
        };
        let lines = lines.into_iter().map(line).collect();
        let decline = Decline { order: order.no, lines, reason, at_supplier };
        (pair, Proposal::Decline(decline))
    };
    by_pair(units).into_iter().map(propose).collect()
}

impl Event for ShipmentDeclined {
    fn describe(&self) -> Value {
        let Self { no, id, shipment, at, reason, pairs, apart, asks, paused } = self;
        let apart = apart.as_ref().and_then(|apart| apart.units.as_deref());
        let of_pair = |(pair, declined): &(Pair, Declined)| {
            json!({
                "sku_no": pair.sku.0, "node_no": pair.node.0, "does": declined.describe(),
            })
        };
        json!({
            "order_id": id.as_str(), "order_no": no.0, "shipment": shipment,
            "answered_at": at.to_string(), "reason": reason.as_str(),
            "pairs": pairs.iter().map(of_pair).collect::<Vec<_>>(),
            "apart": apart.map(units), "customer_asked": asks.unwrap_or(false),
            "paused_until": paused.map(|(_, until)| until.to_string()),
        })
    }

    fn extension(&self) -> usize {
        let has_beside = |(_, declined): &(Pair, Declined)| declined.beside.is_some();
        match &self.apart {
            _ if self.paused.is_some() || self.reason == DeclineReason::Short => 4,
            _ if self.asks.is_some() => 3,
            Some(_) => 2,
            None => usize::from(self.pairs.iter().any(has_beside)),
        }
    }
}

impl Effective for ShipmentDeclined {
    fn effects(self) -> Effects {
        let Self { no, shipment, at, reason, pairs, apart, asks, paused, .. } = self;
        let asks = asks.unwrap_or(false);
        let change = |(pair, declined)| {
            let change = StockChange::Declined(Box::new(declined));
            Effect::Stock(pair, StockEffect::Change { change, serves: Serves::Backlog })
        };
        let mut effects: Effects = pairs.into_iter().map(change).collect();
        let answer = Answer { kind: AnswerKind::Declined(reason), at };
        effects.push(Effect::Order(
            no,
            match apart {
                None if !asks => OrderEffect::Answer { shipment, answer },
                apart => {
                    let Apart { put_back, units } = apart.unwrap_or_default();
                    let part = PartDeclined { shipment, put_back, units, answer, asks };
                    OrderEffect::DeclinePart(part.into())
                }
            },
        ));
        let pause = |(node, until)| Effect::Configuration(Configuration::Paused(node, until));
        effects.extend(paused.map(pause));
        effects
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::super::fixture::{answered, id, order, shipped};
    use super::super::progress::tests::in_state;
    use super::*;
    use crate::command::fixture::{AT, check, decline};
    use crate::model::fulfilment::Rule;
    use crate::model::fulfilment::table::{Obstacle, rule};
    use crate::model::{
        Act, Destination, Dispatch, Lsn, NodeNo, OrderedBundle, Package, PackageId, Pickup,
        Progress, RefusalKind, SkuNo, Text, stock::ShipmentLine,
    };

    /// The shipment that is declined, and its units by pair, if it is.
    type Told = Option<(u16, Vec<(u32, u16, u32)>)>;

    fn declines(order: &Order, number: u16, reason: DeclineReason) -> Result<Told, Refusal> {
        let declined = decide(order, &DeclineShipment { reason, ..decline(number) })?;
        Ok(declined.map(|Planned { shipment, units, .. }| {
            let units = by_pair(&units).into_iter().flat_map(|(pair, lines)| {
                lines.into_iter().map(move |(line, units)| (pair.sku.0, line, units))
            });
            (shipment, units.collect())
        }))
    }

    /// The refusals of the table, whose rows are checked.
    pub(crate) fn table() -> Vec<RefusalKind> {
        let reason = DeclineReason::Closed;
        let closed = AnswerKind::Declined(reason);
        let another = AnswerKind::Declined(DeclineReason::NotFound);
        let not_found =
            |shipment_number| Err(Refusal::ShipmentNotFound { order_id: id(), shipment_number });
        let first = || Ok(Some((0, vec![(10, 0, 3), (11, 1, 3)])));
        let rows = [
            (order(), 1, first()),
            (order(), 2, Ok(Some((1, vec![(10, 0, 2)])))),
            (answered(0, AnswerKind::Accepted), 1, first()),
            (answered(0, closed), 1, Ok(None)),
            (answered(0, another), 1, Err(Refusal::ShipmentDeclined { shipment_number: 1 })),
            (answered(1, closed), 1, first()),
            (order(), 0, not_found(0)),
            (order(), 3, not_found(3)),
            (shipped(), 1, Err(Refusal::ShipmentNotPlanned { shipment_number: 1 })),
        ];
        let rows = rows.map(|(order, at, expected)| (at, declines(&order, at, reason), expected));
        [check(rows), table_of_parts()].concat()
    }

    /// The table's row, cell by cell. The second shipment waits for units.
    #[test]
    fn what_a_node_declines_in_which_state_is_as_the_table_says() {
        for state in UnitState::ALL {
            let waits = state == UnitState::Waiting;
            let (of, number) = if waits { (order(), 2) } else { (in_state(state), 1) };
            let told = declines(&of, number, DeclineReason::Closed);
            let kind = match (rule(Act::Decline, state), told) {
                (Rule::Becomes(UnitState::Waiting), Ok(Some((shipment, units)))) => {
                    assert!(shipment == number - 1 && !units.is_empty(), "{state:?}");
                    continue;
                }
                (Rule::Refused(Obstacle::Packed), Err(why)) => {
                    (why.kind(), RefusalKind::UnitsPacked)
                }
                (Rule::Refused(Obstacle::Ready), Err(why)) => (why.kind(), RefusalKind::UnitsReady),
                // Nothing of it is left that could be declined.
                (Rule::Refused(Obstacle::Left | Obstacle::Cancelled), Err(why)) => {
                    (why.kind(), RefusalKind::ShipmentNotPlanned)
                }
                (cell, told) => panic!("{state:?}: {cell:?}, but {told:?}"),
            };
            assert_eq!(kind.0, kind.1, "{state:?}");
        }
    }

    /// The order, whose first shipment has a package.
    fn packed(package: Package) -> Order {
        let mut order = order();
        let progress = Progress {
            shipment: 0,
            at: AT,
            act: Act::Pack,
            put_back: vec![],
            picked: vec![order.units_of(0, 2)],
            left: if package.is_here() { vec![] } else { vec![order.units_of(0, 2)] },
            packages: vec![package],
            recall: None,
        };
        order.apply(Lsn::new(2), &OrderEffect::Progress(progress.into()));
        order
    }

    /// What is declined of a shipment of which units are in a package, line by line.
    fn table_of_parts() -> Vec<RefusalKind> {
        let id = PackageId::numbered(1);
        let lines = LineUnits::from_slice(&[(0, 2)]);
        let package = Package { id, lines, ready: None, dispatch: None, ended: None, until: None };
        let ready = packed(Package { ready: Some(AT), ..package.clone() });
        let text = Text::default;
        let dispatch = Dispatch { at: AT, carrier: text(), tracking: text() };
        let left = Package { dispatch: Some(dispatch.into()), ..package.clone() };
        let declined = |order: &Order, lines: &[(u16, u32)]| {
            let lines = LineUnits::from_slice(lines);
            let planned = decide(order, &DeclineShipment { lines, ..decline(1) })?;
            let Planned { units, apart, .. } = planned.expect("it is new");
            let units: Vec<_> = units.iter().map(|of| (of.allocation, of.units)).collect();
            Ok((units, apart.is_some_and(|apart| apart.units.is_some())))
        };
        let (shipment_number, units) = (1, 2);
        let mut bundled = order();
        (bundled.lines[0].ordered, bundled.lines[1].ordered) = (3, 3);
        let bundle = OrderedBundle { sku: SkuNo(9), units: 3, line: 0, components: 2 };
        bundled.bundles = Box::new([bundle]);
        let mut full = order();
        full.shipments = vec![full.shipments[0].clone(); PARTED_SHIPMENTS_MAX].into();
        let not_whole =
            Refusal::BundleNotWhole { order_id: super::super::fixture::id(), bundle_index: 0 };
        let (line_index, wanted, there) = (1, 4, 3);
        let too_many = Refusal::UnitsNotInShipment { shipment_number, line_index, wanted, there };
        check(
            [
                ((order(), vec![(1, 2)]), Ok((vec![(2, 2)], true))),
                ((order(), vec![(1, 4)]), Err(too_many)),
                ((packed(package.clone()), vec![(0, 1)]), Ok((vec![(0, 1)], true))),
                (
                    (packed(package), vec![(0, 2)]),
                    Err(Refusal::UnitsPacked { shipment_number, units }),
                ),
                ((ready, vec![]), Err(Refusal::UnitsReady { shipment_number, units })),
                (
                    (packed(left.clone()), vec![(0, 2)]),
                    Err(Refusal::UnitsLeftNode { shipment_number, units }),
                ),
                ((packed(left), vec![]), Ok((vec![(0, 1), (2, 3)], true))),
                ((bundled, vec![(0, 1)]), Err(not_whole)),
                ((full, vec![(1, 2)]), {
                    Err(Refusal::ListFull { what: "shipments", max: PARTED_SHIPMENTS_MAX })
                }),
            ]
            .map(|((order, lines), expected)| (lines.clone(), declined(&order, &lines), expected)),
        )
    }

    #[test]
    fn what_has_not_left_is_declined_once() {
        table();
    }

    /// Who has it shipped is not asked, and neither is who collects it elsewhere, to which others may
    /// bring it as well.
    #[test]
    fn the_customer_is_asked_where_he_was_to_collect_it_there() {
        let mut order = order();
        assert!(!asks(&order, 0));
        for (node, expected) in [(order.shipments[0].node, true), (NodeNo(99), false)] {
            let pickup = Pickup { node, only_there: false };
            order.header.destination = Destination::Pickup(pickup);
            assert_eq!(asks(&order, 0), expected);
        }
    }

    /// What another shipment of the node has a better right to is not asked for.
    #[test]
    fn the_pairs_are_asked_for_the_units_of_the_shipment() {
        let mut order = order();
        order.shipments[1].node = order.shipments[0].node;
        let declined = decide(&order, &decline(2)).expect("it is planned");
        let Planned { shipment, units, .. } = declined.expect("it is new");
        let reason = (DeclineReason::NotFound, false);
        let proposals = proposals((&order, shipment), (&units, &[]), reason);
        let [(pair, Proposal::Decline(decline))] = &proposals[..] else {
            panic!("one pair: {proposals:?}")
        };
        assert_eq!(pair.node, order.shipments[0].node);
        assert_eq!(&*decline.lines, [ShipmentLine { line: 0, units: 2, picked: 0, ahead: 3 }]);
    }
}

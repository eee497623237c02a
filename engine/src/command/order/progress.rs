//! A step of a shipment: released, picked, packed, shipped, delivered, and back again.
//!
//! ```text
//!   step --> table: what becomes of the units --> pairs: units that leave the shelf are there
//!                 \--> done before: nothing            \--> one event
//! ```
//! Later evidence implies earlier steps: a package that is delivered was shipped, and a unit that is
//! packed was picked. Such steps are part of the event.

mod decide;
mod event;
mod parcel;
#[cfg(test)]
pub(crate) mod tests;

pub use event::ShipmentProgressed;
pub(crate) use parcel::{Parcel, leave, lines_of, make_step};

use smallvec::SmallVec;

use crate::limits::{LINE_UNITS_MAX, ORDER_LINES_MAX, PACKAGES_MAX, RECALL_DAYS_MAX};
use crate::model::check::{days_ahead, finish, in_range};
use crate::model::digest::fingerprint;
use crate::model::{
    Act, Allocation, AllocationUnits, Handled, LineHandled, LineUnits, Meta, Node, Order, OrderId,
    Pair, Refusal, Rule, ShipmentLine, Split, Step, Timestamp, Violation,
};
use crate::state::network::is_supplier;
use crate::state::stock::Grant;
use crate::transaction::attempts::{Attempt, Attempts};
use crate::transaction::claims::Claims;
use crate::transaction::command::{Command, Decision, Facts};
use crate::transaction::error::EngineError;
use crate::transaction::in_flight::Transaction;
use crate::transaction::kernel::Kernel;
use crate::transaction::rests::Resting;

/// Reports, or asks for, a step of a shipment. Said again, it changes nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProgressShipment {
    /// Key, origin, time.
    pub meta: Meta,
    /// The order.
    pub order: OrderId,
    /// The shipment's number within the order, from 1 as callers count.
    pub shipment: u16,
    /// The step.
    pub step: Step,
}

impl ProgressShipment {
    /// Checks the carrier, counts, and days.
    ///
    /// # Errors
    /// Every field that is wrong.
    pub fn validate(&self) -> Result<(), Vec<Violation>> {
        let mut found = Vec::new();
        let lines: &[(u16, u32)] = match &self.step {
            Step::Pick(lines) | Step::Unpick(lines) | Step::Pack { lines, .. } => lines,
            _ => &[],
        };
        if lines.len() > ORDER_LINES_MAX {
            let rule = Rule::TooMany { max: ORDER_LINES_MAX };
            return Err(vec![Violation::new("lines", lines.len(), rule)]);
        }
        for (at, (line, units)) in lines.iter().enumerate() {
            if lines[..at].iter().any(|(other, _)| other == line) {
                let field = format!("lines[{at}].line_index");
                found.push(Violation::new(field, *line, Rule::Duplicate));
            }
            let max = LINE_UNITS_MAX.into();
            in_range(&mut found, format!("lines[{at}].quantity"), (*units).into(), 1, max);
        }
        let packages = self.step.packages();
        if packages.len() > PACKAGES_MAX {
            let rule = Rule::TooMany { max: PACKAGES_MAX };
            return Err(vec![Violation::new("packages", packages.len(), rule)]);
        }
        for (at, package) in packages.iter().enumerate() {
            if packages[..at].contains(package) {
                let field = format!("packages[{at}]");
                found.push(Violation::new(field, package.as_str(), Rule::Duplicate));
            }
        }
        match &self.step {
            Step::Unpick(lines) if lines.is_empty() => {
                found.push(Violation::new("lines", "", Rule::Required));
            }
            // Nobody knows of what was said to be put back, or opened, twice or two times.
            Step::Unpick(_) | Step::Unpack(_) if self.meta.request_id.is_none() => {
                found.push(Violation::new("request_id", "", Rule::Required));
            }
            Step::Ship { carrier, .. } if carrier.as_str().is_empty() => {
                found.push(Violation::new("carrier", "", Rule::Required));
            }
            Step::Recall { until } if *until <= self.meta.at => {
                let rule = Rule::Malformed("is not after the time of the request".into());
                found.push(Violation::new("until", *until, rule));
            }
            Step::Recall { until } => {
                days_ahead(&mut found, "until", (self.meta.at, *until), RECALL_DAYS_MAX);
            }
            Step::Deliver { at: Some(at), .. } => {
                days_ahead(&mut found, "delivered_time", (self.meta.at, *at), 1);
            }
            _ => {}
        }
        finish(found)
    }
}

impl Command for ProgressShipment {
    type Event = ShipmentProgressed;

    fn meta(&self) -> &Meta {
        &self.meta
    }

    fn fingerprint(&self) -> u64 {
        let of = (&self.order, self.shipment);
        let pairs = |lines: &LineUnits| lines.to_vec();
        match &self.step {
            // As older versions had it, who knew no packages.
            Step::Ship { packages, carrier, tracking } if packages.is_empty() => {
                fingerprint(&(of.0, of.1, carrier, tracking))
            }
            Step::Ship { packages, carrier, tracking } => {
                fingerprint(&(of.0, of.1, carrier, tracking, packages))
            }
            Step::Release => fingerprint(&("release", of.0, of.1)),
            Step::Recall { until } => fingerprint(&("recall", of.0, of.1, until)),
            Step::AnswerRecall { gives_back } => {
                fingerprint(&("answer_recall", of.0, of.1, gives_back))
            }
            Step::Pick(lines) => fingerprint(&("pick", of.0, of.1, pairs(lines))),
            Step::Unpick(lines) => fingerprint(&("unpick", of.0, of.1, pairs(lines))),
            Step::Pack { package, lines } => {
                fingerprint(&("pack", of.0, of.1, package, pairs(lines)))
            }
            Step::Unpack(package) => fingerprint(&("unpack", of.0, of.1, package)),
            Step::MakeReady(packages) => fingerprint(&("make_ready", of.0, of.1, packages)),
            Step::Deliver { packages, at } => fingerprint(&("deliver", of.0, of.1, packages, at)),
            Step::Lose(packages) => fingerprint(&("lose", of.0, of.1, packages)),
            Step::Collect(packages) => fingerprint(&("collect", of.0, of.1, packages)),
        }
    }

    fn validate(&self, _: &Facts<'_>) -> Result<(), Vec<Violation>> {
        self.validate()
    }

    async fn decide(
        &self,
        tx: &mut Transaction<'_>,
    ) -> Result<Decision<ShipmentProgressed>, EngineError> {
        let order = tx.claims.in_hand(&self.order).await?;
        let at = super::find(&order, self.shipment)?;
        if self.step.is_on_shelves() {
            refuse_supplier(tx.kernel(), &order, at)?;
        }
        let decided = decide::decide(&order, (self.shipment, &self.step, self.meta.at))?;
        let Some(mut event) = decided else {
            return Ok(Decision::Nothing(order.last_lsn));
        };
        if self.step == Step::Release {
            all_there(&Resting::read(tx.kernel(), &order)?, &order, at)?;
        }
        if self.step.act() == Act::MakeReady
            && let Some(until) = waits_until(tx.kernel(), &order, (at, event.at))
        {
            event.keep_until(until);
        }
        event.parts = parts_line(&order, &event.picked).then_some(true);
        let claims = claim(tx.kernel(), &order, &event).await?;
        tx.claims.take(claims);
        Ok(Decision::Event(event))
    }
}

/// Whether others wait of a line that must not be split, of which these units are picked. Until then no
/// node but one that has all of it ships it, and from then on any node may ship the rest.
fn parts_line(order: &Order, picked: &[AllocationUnits]) -> bool {
    let waits = |a: &Allocation| {
        let is_told = order.shipments[usize::from(a.shipment)].ship_by.is_some();
        a.loose() > 0 && (!is_told || order.was_declined(a.shipment))
    };
    let of_line = |of: &AllocationUnits| {
        let mut all = order.allocations.iter().filter(|a| a.line == of.line);
        all.any(waits)
    };
    order.header.split == Split::WholeLine && picked.iter().any(of_line)
}

impl Step {
    /// Whether only a node with shelves takes it: a supplier says no more than that he ships.
    const fn is_on_shelves(&self) -> bool {
        matches!(self.act(), Act::Pick | Act::Unpick | Act::Pack | Act::Unpack | Act::MakeReady)
    }
}

fn refuse_supplier(kernel: &Kernel, order: &Order, at: u16) -> Result<(), Refusal> {
    let network = kernel.state.network.load();
    has_shelves(&network.node(order.shipments[usize::from(at)].node).node)
}

/// Until when a node keeps packages of a shipment, from 0, that are ready at an instant: the end of its
/// last local day; none for as long as nobody cancels them.
fn waits_until(kernel: &Kernel, order: &Order, (at, ready): (u16, Timestamp)) -> Option<Timestamp> {
    let network = kernel.state.network.load();
    let planning = network.node(order.shipments[usize::from(at)].node);
    let (days, zone) = (planning.node.pickup_days?, planning.calendar.zone());
    Some(zone.instant(zone.local_day(ready).plus(days).plus(1), 0))
}

fn has_shelves(node: &Node) -> Result<(), Refusal> {
    if is_supplier(node.kind) {
        return Err(Refusal::NodeIsSupplier { node_id: node.id.clone() });
    }
    Ok(())
}

/// Refuses that a node works on a shipment, from 0, of which units are not there.
fn all_there(resting: &Resting, order: &Order, at: u16) -> Result<(), Refusal> {
    let all = order.allocations.iter().zip(&resting.rests).filter(|(a, _)| a.shipment == at);
    let late = all.flat_map(|(_, rests)| rests).filter(|rest| !rest.supply.is_there());
    let missing = late.map(|rest| u64::from(rest.units)).sum();
    complete(at, missing, 0)
}

/// Claims units that leave the shelf, or the node, by pair; waits while other commands in flight
/// stand in the way.
async fn claim<'k>(
    kernel: &'k Kernel,
    order: &Order,
    event: &ShipmentProgressed,
) -> Result<Claims<'k>, EngineError> {
    let leaving: Vec<_> = event.handled().into_iter().filter(|(_, h)| h.leaving() > 0).collect();
    let mut attempts = Attempts::begin(kernel);
    loop {
        let attempt = claim_once(kernel, order, event.shipment, &leaving).await?;
        if let Some(claims) = attempts.end(attempt).await? {
            return Ok(claims);
        }
    }
}

async fn claim_once<'k>(
    kernel: &'k Kernel,
    order: &Order,
    shipment: u16,
    leaving: &[(Pair, Handled)],
) -> Result<Attempt<'k, Claims<'k>>, EngineError> {
    let mut claims = Claims::new(kernel);
    let (mut short, mut missing) = (0, 0);
    for (pair, handled) in leaving {
        let line = |of: &LineHandled| {
            let units = of.picked.max(of.left);
            order.in_shipment(shipment, of.line, (units, units - of.picked))
        };
        let lines = handled.lines.iter().map(line).collect::<SmallVec<[ShipmentLine; 1]>>();
        match claims.leaving(*pair, order.no, lines).await? {
            Ok(Grant::Granted) => {}
            Ok(Grant::Short(units)) => short += units,
            Ok(Grant::Missing(units)) => missing += units,
            Ok(Grant::InFlight) => unreachable!("it comes with a bell"),
            Ok(Grant::NoRoomToWait) => unreachable!("what leaves does not wait"),
            Err(bell) => return Ok(Attempt::InTheWay(bell)),
        }
    }
    complete(shipment, short, missing)?;
    Ok(Attempt::Done(claims))
}

/// Refuses a shipment, counted from 0, of which so many units are not received, and so many
/// missing.
fn complete(shipment: u16, short: u64, missing: u64) -> Result<(), Refusal> {
    let shipment_number = shipment + 1;
    match (short, missing) {
        (0, 0) => Ok(()),
        // Inbound units arrive by themselves; missing units have to be found by people.
        (_, 0) => Err(Refusal::SupplyNotReceived { shipment_number, missing: short }),
        _ => Err(Refusal::UnitsMissing { shipment_number, missing }),
    }
}

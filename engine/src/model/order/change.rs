//! What a change makes of an order that was placed.

use minicbor::{Decode, Encode};

use super::amended::{Amended, Amounts, Went};
use super::money::{PricesAdded, Repriced};
use super::planned::{Allocated, ChangePlanned, LinesPlanned};
use super::redirect::Redirect;
use super::trace::shortened;
use super::{AllocationUnits, Order, OrderHeader, Shipment, count};
use crate::limits::{
    CHANGE_PLACED_MAX, CHANGE_TRACE_BYTES_MAX, CHANGES_EXPLAINED_MAX, DECISION_CANDIDATES_MAX,
};
use crate::model::bundle::OrderedBundle;
use crate::model::fulfilment::Package;
use crate::model::ids::{HoldId, NodeNo, SkuNo, Text};
use crate::model::order::OrderLine;
use crate::model::time::Day;

/// What a change makes of an order: all of it in one event.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct OrderChange {
    /// Units that go back to the shelf before they are cancelled.
    #[n(0)]
    pub put_back: Vec<AllocationUnits>,
    /// The packages that they were in, each with its shipment, from 0, as they are from now on.
    #[n(1)]
    pub packages: Vec<(u16, Package)>,
    /// Units that are no longer wanted, those that go back to the shelf among them.
    #[n(2)]
    pub cancelled: Vec<AllocationUnits>,
    /// Lines that come behind the others.
    #[n(3)]
    pub lines: Vec<LineAdded>,
    /// Bundles of which such lines are the components.
    #[n(4)]
    pub bundles: Vec<OrderedBundle>,
    /// Shipments that come behind the others.
    #[n(5)]
    pub shipments: Vec<ShipmentAdded>,
    /// Where units come to be: those of lines that were added, and those that moved.
    #[n(6)]
    pub placed: Vec<Allocated>,
    /// What is said of the order, for people; none if that stays as it was.
    #[n(7)]
    pub note: Option<Text>,
    /// The amounts of some lines, from 0, and their currency.
    #[n(8)]
    pub amounts: Option<Amounts>,
    /// The id of its quote.
    #[n(9)]
    pub quote: Option<HoldId>,
    /// Where the order goes from now on, if that is another way than before.
    #[n(10)]
    pub redirect: Option<Box<Redirect>>,
    /// Units that leave from elsewhere, or in another shipment: they are among those placed.
    #[n(11)]
    pub moved: Vec<AllocationUnits>,
    /// Shipments of the order that have other days.
    #[n(12)]
    pub told: Vec<Retold>,
    /// Why units of lines that were added come from where they do; none in events of older
    /// versions.
    #[n(15)]
    pub plan: Option<LinesPlanned>,
    /// What units that are added cost, of an order with prices.
    #[n(16)]
    pub prices: Option<PricesAdded>,
    /// Units that it keeps and that cost something else, as promotions ask that it would not get any more;
    /// ascending by place, and none where nothing does.
    #[n(17)]
    pub repriced: Option<Box<[Repriced]>>,
}

/// The days of a shipment, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Retold {
    /// The shipment.
    #[n(0)]
    pub shipment: u16,
    /// When it ships and arrives; none while units of it wait.
    #[n(1)]
    pub days: Option<(Day, Day)>,
    /// Whether all its units are there.
    #[n(2)]
    pub units_there: bool,
}

impl OrderChange {
    /// Whether units leave from elsewhere, and that is all.
    pub fn only_moves(&self) -> bool {
        let stays = self.cancelled.is_empty() && self.lines.is_empty() && self.amounts.is_none();
        stays && self.redirect.is_none() && self.note.is_none() && !self.moved.is_empty()
    }
}

impl Redirect {
    /// Where an order goes that was placed so.
    pub fn of(header: &OrderHeader) -> Self {
        let OrderHeader { destination, service, promise_by, .. } = header;
        Self { destination: destination.clone(), service: *service, promise_by: *promise_by }
    }
}

/// A line that a change adds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct LineAdded {
    /// The item.
    #[n(0)]
    pub sku: SkuNo,
    /// Units.
    #[n(1)]
    pub units: u32,
}

/// A shipment that a change adds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct ShipmentAdded {
    /// The node that ships.
    #[n(0)]
    pub node: NodeNo,
    /// When it ships and arrives; none while units of it wait.
    #[n(1)]
    pub days: Option<(Day, Day)>,
    /// Whether all its units are there.
    #[n(2)]
    pub units_there: bool,
}

impl Order {
    /// The order as a change makes it.
    #[must_use]
    pub fn with_change(&self, change: &OrderChange) -> Self {
        let mut after = self.clone();
        after.change(change);
        after.cancel_priced();
        after
    }

    /// The lines that it was placed with.
    pub fn placed_lines(&self) -> &[OrderLine] {
        &self.lines[..self.lines.len() - usize::from(self.added.lines)]
    }

    pub(super) fn change(&mut self, change: &OrderChange) {
        self.put_back(&change.put_back);
        for (shipment, package) in &change.packages {
            self.work_mut(*shipment).put(package);
        }
        self.cancel(&change.cancelled);
        if let Some(redirect) = &change.redirect {
            self.redirect(redirect);
        }
        self.add_lines(change);
        self.add_shipments(&change.shipments);
        for part in &change.moved {
            let allocation = &mut self.allocations[usize::from(part.allocation)];
            assert!(part.units <= allocation.loose(), "CONSERVATION: only loose units move");
            allocation.moved += part.units;
        }
        for Allocated { line, shipment, supply, units } in &change.placed {
            self.put((*line, *shipment), *supply, *units);
        }
        for Retold { shipment, days, units_there } in &change.told {
            let shipment = &mut self.shipments[usize::from(*shipment)];
            (shipment.ship_by, shipment.deliver_by) = (days.map(|d| d.0), days.map(|d| d.1));
            shipment.told_of_units_there = Some(*units_there);
        }
        self.amend(change);
        if let Some(prices) = &change.prices {
            self.money_mut().add(prices);
        }
        if let Some(repriced) = &change.repriced {
            // Of what is no longer wanted, nothing costs anything else.
            self.cancel_priced();
            self.money_mut().reprice(repriced);
        }
        self.keep_plan(change);
    }

    /// From now on the order goes another way. What left is on its way to where it went, and who
    /// was asked about units that he would have collected has answered.
    fn redirect(&mut self, to: &Redirect) {
        let Redirect { destination, service, promise_by } = to;
        let is_another = (destination, service) != (&self.header.destination, &self.header.service);
        if is_another {
            let gone = self.went_as_before();
            if !gone.is_empty() {
                self.amended.get_or_insert_default().went.extend(gone);
            }
            self.shipments.iter_mut().for_each(|shipment| shipment.asks = false);
        }
        self.header.destination = destination.clone();
        self.header.service = *service;
        self.header.promise_by = *promise_by;
    }

    /// Shipments of which something left, where the order goes until now.
    fn went_as_before(&self) -> Vec<Went> {
        let known = self.amended.as_ref().map_or(&[][..], |amended| &amended.went);
        let left = |at: &u16| self.allocations_of(*at).any(|a| a.shipped > 0);
        let is_known = |at: &u16| known.iter().any(|went| went.shipment == *at);
        let went = |shipment| Went {
            shipment,
            destination: self.header.destination.clone(),
            service: self.header.service,
        };
        let all = 0..count(self.shipments.len());
        all.filter(left).filter(|at| !is_known(at)).map(went).collect()
    }

    /// Where a shipment, from 0, went, and how, if that is another way than the order goes by now.
    pub fn went(&self, shipment: u16) -> Option<&Went> {
        let went = &self.amended.as_ref()?.went;
        went.iter().find(|went| went.shipment == shipment)
    }

    fn add_lines(&mut self, change: &OrderChange) {
        if change.lines.is_empty() {
            return;
        }
        let line = |of: &LineAdded| OrderLine { sku: of.sku, ordered: of.units, cancelled: 0 };
        let lines = std::mem::take(&mut self.lines).into_vec().into_iter();
        self.lines = lines.chain(change.lines.iter().map(line)).collect();
        self.added.lines += count(change.lines.len());
        let bundles = std::mem::take(&mut self.bundles).into_vec().into_iter();
        self.bundles = bundles.chain(change.bundles.iter().copied()).collect();
    }

    fn add_shipments(&mut self, added: &[ShipmentAdded]) {
        if added.is_empty() {
            return;
        }
        let shipment = |of: &ShipmentAdded| Shipment {
            ship_by: of.days.map(|days| days.0),
            deliver_by: of.days.map(|days| days.1),
            told_of_units_there: Some(of.units_there),
            ..Shipment::waiting(of.node)
        };
        let all = std::mem::take(&mut self.shipments).into_vec().into_iter();
        self.shipments = all.chain(added.iter().map(shipment)).collect();
        self.added.shipments += count(added.len());
    }

    fn amend(&mut self, change: &OrderChange) {
        if let Some(note) = &change.note {
            let said = Some(note.clone()).filter(|note| !note.as_str().is_empty());
            self.amended.get_or_insert_default().note = said;
        }
        if let Some(newer) = &change.amounts {
            let amounts = &mut self.amended.get_or_insert_default().amounts;
            let known = amounts.take();
            *amounts = Some(match known {
                Some(known) => known.with(newer),
                None => newer.clone(),
            });
        }
        if let Some(quote) = &change.quote {
            self.amended.get_or_insert_default().quote = Some(quote.clone());
        }
        self.amended.take_if(|amended| **amended == Amended::default());
    }
}

/// What lines cost, as changes said.
impl Order {
    /// What a line, from 0, costs, as it was said: less in proportion where fewer of its units are
    /// wanted by now, or as its prices say. 0 where nothing is said of it.
    pub fn amount_of(&self, line: u16) -> i64 {
        self.amount_of_units(line, self.lines[usize::from(line)].wanted())
    }

    /// What so many units of a line, from 0, cost.
    pub fn amount_of_units(&self, line: u16, units: u32) -> i64 {
        if let Some(money) = self.money.as_deref() {
            // Of fewer units, the last ones are cancelled.
            let gone = self.lines[usize::from(line)].wanted().saturating_sub(units);
            return money.value_of_line(line, gone).0;
        }
        let amounts = self.amended.as_ref().and_then(|amended| amended.amounts.as_ref());
        amounts.and_then(|amounts| amounts.of(line)).map_or(0, |of| of.of(units))
    }

    /// What all its lines cost; of an order with prices, what it comes to.
    pub fn amount(&self) -> i64 {
        if let Some(money) = self.money.as_deref() {
            return money.total().0;
        }
        let amounts = self.amended.as_ref().and_then(|amended| amended.amounts.as_ref());
        let lines = amounts.into_iter().flat_map(|amounts| &amounts.lines);
        lines.map(|of| self.amount_of(of.line)).sum()
    }
}

impl LinesPlanned {
    /// The plan of a hold, as far as an order keeps it: some candidates of each line. None where it
    /// is too long for that.
    pub fn of(hold: &Order, placed: &[Allocated]) -> Option<Self> {
        let trace = shortened(&hold.trace, DECISION_CANDIDATES_MAX)?;
        let is_short = trace.len() <= CHANGE_TRACE_BYTES_MAX && placed.len() <= CHANGE_PLACED_MAX;
        is_short.then(|| Self { at: hold.header.decided_at(), trace })
    }
}

/// Plans of what changes added.
impl Order {
    /// Keeps the plan of a change whose lines were added, and lets the oldest go of those that are too
    /// many.
    pub(super) fn keep_plan(&mut self, change: &OrderChange) {
        let Some(plan) = &change.plan else { return };
        let lines = count(change.lines.len());
        let kept = ChangePlanned {
            lsn: self.last_lsn,
            first_line: count(self.lines.len()) - lines,
            lines,
            plan: plan.clone(),
            placed: change.placed.clone(),
        };
        let plans = self.amended.get_or_insert_default().plans.get_or_insert_default();
        plans.push(kept);
        if plans.len() > CHANGES_EXPLAINED_MAX {
            plans.remove(0);
        }
    }

    /// The plans of the newest changes that added units, the oldest of them first.
    pub fn plans_of_changes(&self) -> &[ChangePlanned] {
        self.amended.as_deref().and_then(|amended| amended.plans.as_deref()).unwrap_or_default()
    }
}

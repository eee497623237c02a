//! What an order pays and waits for, node by node.

use std::num::NonZeroU32;

use super::wanted::Wanted;
use crate::model::{Day, NodeNo, OwnStock, Split, Text, Weekdays};
use crate::sourcing::Verdict;
use crate::sourcing::limits::LATE_MAX;
use crate::state::network::{Carriage, Network};
use crate::state::served::Barred;

/// What tells a candidate shipment from others.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Dates {
    pub(super) node: NodeNo,
    pub(super) ship_by: Day,
    pub(super) deliver_by: Day,
}

/// What an order pays and waits for, by node: looked up once for an order.
pub(super) struct Route<'a, 'w> {
    pub(super) network: &'a Network,
    pub(super) wanted: &'a Wanted<'w>,
    /// The distance band of every node, by number.
    bands: &'a [u8],
    /// How the service is carried out.
    pub(super) carriage: &'a Carriage,
    /// Nodes that do not serve the order.
    pub(super) barred: Barred<'a>,
    /// What a day late counts for, where own stock goes first.
    day_weighs: Option<NonZeroU32>,
}

/// More than the units of an order: what a day late counts for, where a unit of a supplier counts
/// for 1.
fn day_weighs(wanted: &Wanted<'_>) -> Option<NonZeroU32> {
    let units = wanted.lines.iter().fold(0, |sum: u32, line| sum.saturating_add(line.quantity));
    NonZeroU32::new(units.saturating_add(1).min(LATE_MAX / 2))
}

impl<'a, 'w> Route<'a, 'w> {
    pub(super) fn new(network: &'a Network, wanted: &'a Wanted<'w>) -> Self {
        let way = &wanted.way;
        let bands = network.lanes(way.place.index, way.place.location);
        let carriage = network.carriage(way.service);
        let barred = network.barred(wanted.channel.map(Text::as_str), way.service, way.pickup);
        let day_weighs = match network.policy.own_stock {
            OwnStock::Alike => None,
            OwnStock::First => day_weighs(wanted),
        };
        Self { network, wanted, bands, carriage, barred, day_weighs }
    }

    pub(super) fn band(&self, no: NodeNo) -> usize {
        usize::from(self.bands[usize::from(no.0)])
    }

    pub(super) fn dates(&self, node: NodeNo, ship_by: Day) -> Dates {
        Dates { node, ship_by, deliver_by: self.deliver_by(node, (ship_by, ship_by.weekday())) }
    }

    /// The day on which what leaves a node on a day, of that weekday, reaches the customer.
    #[inline]
    pub(super) fn deliver_by(&self, no: NodeNo, (ship_by, weekday): (Day, u8)) -> Day {
        if self.wanted.way.pickup.is_some() {
            return self.collected_by(no, ship_by);
        }
        ship_by.plus(self.carriage.days(self.band(no), weekday))
    }

    #[cold]
    fn collected_by(&self, no: NodeNo, ship_by: Day) -> Day {
        self.wanted.way.arrival(self.network, no, ship_by)
    }

    /// The weekdays on which units may leave a node.
    pub(super) fn leaving_days(&self, no: NodeNo) -> Weekdays {
        self.wanted.way.leaving_days(self.network, no)
    }

    /// The day on which what is ready on a working day of a node leaves it, if it
    /// [ever does](Self::is_picked_up_at).
    pub(super) fn ships(&self, no: NodeNo, ready: Day) -> Day {
        let calendar = &self.network.node(no).calendar;
        calendar.picked_up(ready, self.leaving_days(no)).unwrap_or(ready)
    }

    /// Whether anything ever leaves a node: the carrier picks up on one of its working days, or
    /// what is there is collected there.
    pub(super) fn is_picked_up_at(&self, no: NodeNo) -> bool {
        self.network.node(no).calendar.working_days().meets(self.leaving_days(no))
    }

    /// Why a node may not ship the order, if so, before what speaks against it by itself: units
    /// that an order has at a node which is turned off excuse that alone.
    #[cold]
    pub(super) fn off(&self, by_itself: Option<Verdict>, no: NodeNo) -> Option<Verdict> {
        self.barred.verdict(no).or(by_itself)
    }

    /// Whether so many units, which may leave a node, are spread over days: no day takes all of
    /// them, and lines may be split. What the backlog is given at a node leaves in one shipment.
    #[cold]
    pub(super) fn is_spread(&self, no: NodeNo, units: u32) -> bool {
        let terms = self.network.terms(no);
        let (capacity, wanted) = (terms.capacity.units, self.wanted);
        let is_of_backlog = wanted.seen.is_some_and(|seen| seen.goes_as_before);
        // Parts might be less than a line has to take.
        let may_be_parted = wanted.split == Split::Units && terms.units_min <= 1;
        let may_be_spread = may_be_parted && !is_of_backlog && capacity > 0;
        may_be_spread && units > capacity
    }

    /// Days late of a shipment; none late is 0.
    fn late_days(&self, dates: Dates) -> u32 {
        dates.deliver_by.days_after(self.wanted.promise_by).min(u16::MAX.into())
    }

    /// What the promise counts a unit for in a shipment: its days late and, where own stock goes
    /// first, whether a supplier ships it. A day of one unit is then more than all units of the
    /// order, so that these are counted only where the days are the same.
    #[inline]
    pub(super) fn lateness(&self, dates: Dates) -> u32 {
        let days = self.late_days(dates);
        let Some(day) = self.day_weighs else { return days };
        let is_supplier = self.network.terms(dates.node).is_supplier;
        days.min(LATE_MAX / day.get() - 1) * day.get() + u32::from(is_supplier)
    }

    /// Whether something is later than can be told from what is as late, where own stock goes
    /// first: an order of very many units.
    pub(super) fn is_cut_short(&self, lateness: u32) -> bool {
        self.day_weighs.is_some_and(|day| lateness / day.get() == LATE_MAX / day.get() - 1)
    }

    /// Whether a supplier's units are no later than others, and go behind them all the same.
    pub(super) fn goes_behind(&self, lateness: u32, chosen: u32) -> bool {
        let is_as_soon = |day: NonZeroU32| lateness / day.get() <= chosen / day.get();
        lateness > chosen && self.day_weighs.is_some_and(is_as_soon)
    }

    /// What a shipment of the node costs, and each unit in it. Nothing is carried to where it is.
    pub(super) fn costs(&self, no: NodeNo) -> (i64, i64) {
        if self.wanted.way.ends_at(no) {
            let terms = self.network.terms(no);
            return (terms.shipment_cost, terms.unit_cost);
        }
        let (terms, band) = (self.network.terms(no), &self.network.policy.bands[self.band(no)]);
        (terms.shipment_cost + band.shipment_cost, terms.unit_cost + band.unit_cost)
    }
}

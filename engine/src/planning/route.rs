//! What an order pays and waits for, node by node.

use std::num::NonZeroU32;

use smallvec::SmallVec;

use super::room::Leaving;
use super::wanted::Wanted;
use crate::model::{Day, NodeDay, NodeNo, OwnStock, Split, Text, Weekdays};
use crate::sourcing::Verdict;
use crate::sourcing::limits::LATE_MAX;
use crate::state::network::{Carriage, Network};
use crate::state::served::Barred;

/// Most days with room over which an order is spread at a node.
const SPREAD_DAYS_MAX: usize = 16;

/// Days on which units may leave a node, and for how many each has room.
pub(super) type Days = SmallVec<[(Day, u32); 4]>;

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

    /// Whether units of the order may leave a node on several days, where it has a capacity. What
    /// the backlog is given at a node leaves in one shipment, and parts might be less than a line
    /// has to take of a supplier.
    #[cold]
    pub(super) fn may_be_parted(&self, no: NodeNo) -> bool {
        let is_of_backlog = self.wanted.seen.is_some_and(|seen| seen.goes_in_one);
        !is_of_backlog && self.network.terms(no).units_min <= 1
    }

    /// The days from one of a node on, on which something may leave it, and for how many units each
    /// has room: as many days as all units of the order need, whatever else leaves on them. A day on
    /// which nothing else leaves takes all lines that must not be split, and a unit of a line that is
    /// larger than the capacity. Where there are more such days than are looked at, the last one
    /// takes what is left; that is answered as well.
    #[cold]
    pub(super) fn days_with_room(&self, NodeDay { node, day: from }: NodeDay) -> (Days, bool) {
        let wanted = self.wanted;
        let (all, each) = (wanted.units(), wanted.units_of_each());
        let (mut days, mut day, mut on_all_days) = (Days::new(), from, 0_u32);
        let mut on_empty_days = 0_u32;
        let room_on = |day| {
            let at = NodeDay { node, day };
            let held = self.network.capacity_on(at, wanted.at);
            let is_empty = wanted.rooms.is_empty(at);
            let is_too_large = held.units > 0 && *each.end() > held.units;
            let takes_all = is_empty && (wanted.split == Split::WholeLine || is_too_large);
            (if takes_all { u32::MAX } else { wanted.rooms.units_on(at, held) }, is_empty)
        };
        while days.len() < SPREAD_DAYS_MAX {
            let (room, is_empty) = room_on(day);
            if room >= *each.start() {
                days.push((day, room));
            }
            // Units of a line leave together, so that not all room of a day may be of use.
            let usable = room.saturating_sub(each.end() - 1);
            on_all_days = on_all_days.saturating_add(usable);
            on_empty_days = on_empty_days.saturating_add(if is_empty { usable } else { 0 });
            if room >= all || on_empty_days >= all {
                return (days, false);
            }
            day = self.ships(node, day.plus(1));
        }
        let units = match wanted.split {
            Split::WholeLine => all,
            Split::Units => all.saturating_sub(on_all_days).max(*each.end()),
        };
        let of = (node, self.leaving_days(node));
        let leaving = |_| Leaving::shipment(units);
        let day = wanted.rooms.first_day(self.network, of, (day, wanted.at), leaving);
        let (room, is_empty) = room_on(day);
        days.push((day, if is_empty { u32::MAX } else { room }));
        (days, true)
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

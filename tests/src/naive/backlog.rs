//! `NOBODY_PASSED`, as naively as can be: who waits, since when, and what is free.

use std::collections::BTreeMap;

use backstock_engine::model::{Lsn, Supply, Timestamp};

use super::loads::capacity;
use super::pair::{Asking, Pair};
use super::{Allotted, Naive, Order};

/// Units of a line that wait.
fn waiting(rests: &[(&str, Supply)]) -> i64 {
    let waiting = rests.iter().filter(|(_, supply)| *supply == Supply::Backorder);
    i64::try_from(waiting.count()).expect("few")
}

/// Notes since when each of so many units waits. Those that wait no more are those that waited the
/// longest.
fn since<K: Ord>(
    all: &mut BTreeMap<K, Vec<Lsn>>,
    (key, known): (K, Option<&Vec<Lsn>>),
    (units, version): (i64, Lsn),
) {
    let units = usize::try_from(units).expect("few");
    if units > 0 {
        let mut since = known.cloned().unwrap_or_default();
        since.drain(..since.len().saturating_sub(units));
        since.resize(units, version);
        all.insert(key, since);
    }
}

impl Naive {
    /// Open lines by order, with their SKU.
    fn lines(&self) -> impl Iterator<Item = (&Order, u16, &str)> {
        self.orders.values().flat_map(|order| {
            let mut lines: Vec<_> =
                order.allotted.iter().map(|part| (part.line, part.sku.as_str())).collect();
            lines.sort_unstable();
            lines.dedup();
            lines.into_iter().map(move |(line, sku)| (order, line, sku))
        })
    }

    /// Whether a node declined a shipment of an order, so that it gets nothing there.
    fn was_declined(&self, no: u64, node: &str) -> bool {
        let mut of_it = self.orders.values().filter(|order| order.no == no);
        of_it.any(|order| order.declined.contains(node))
    }

    /// What the units of a line rest on, by node.
    fn rests(&self, sku: &str, no: u64, line: u16) -> Vec<(&str, Supply)> {
        let pairs = self.pairs.iter().filter(|((of, _), _)| of == sku);
        let units = pairs.flat_map(|((_, node), pair)| {
            pair.units_of(no, line).into_iter().map(move |supply| (node.as_str(), supply))
        });
        units.collect()
    }

    /// When the last unit of a line can be counted on, at whatever node.
    pub(super) fn readiness(
        &self,
        sku: &str,
        no: u64,
        line: u16,
    ) -> Option<(bool, Option<Timestamp>)> {
        let pairs = self.pairs.iter().filter(|((of, _), _)| of == sku);
        pairs.filter_map(|(_, pair)| pair.last_of(no, line)).max()
    }

    pub(super) fn note_who_waits(&mut self, version: Lsn) {
        let (mut waits, mut waits_at) = (BTreeMap::new(), BTreeMap::new());
        for (order, line, sku) in
            self.lines().filter(|(order, line, _)| !order.is_passed_over(*line))
        {
            let rests = self.rests(sku, order.no, line);
            let key = (order.no, line);
            since(&mut waits, (key, self.waits.get(&key)), (waiting(&rests), version));
            for node in self.waits_at(sku, order.no, line) {
                let here: Vec<_> = rests.iter().filter(|(at, _)| *at == node).copied().collect();
                let key = (order.no, line, node.to_owned());
                let known = self.waits_at.get(&key);
                since(&mut waits_at, (key, known), (waiting(&here), version));
            }
        }
        (self.waits, self.waits_at) = (waits, waits_at);
    }

    /// Units of a line that began to wait where they could be served by a node, at versions that
    /// are told: those of a bundle are served where they wait, and elsewhere with all of the bundle.
    fn began(&self, order: &Order, line: u16, node: &str, at: impl Fn(Lsn) -> bool) -> i64 {
        let units = match order.bundle_of(line) {
            None => self.waits.get(&(order.no, line)),
            Some(_) => self.waits_at.get(&(order.no, line, node.to_owned())),
        };
        let began = units.into_iter().flatten().filter(|since| at(**since));
        i64::try_from(began.count()).expect("few")
    }

    /// Whether all units of a line that wait began to after a version.
    pub(super) fn waits_only_since(&self, line: (u64, u16), asked: Lsn) -> bool {
        self.waits.get(&line).into_iter().flatten().all(|since| *since > asked)
    }

    /// Whether a node could give an order something at every version from one on, of what is there
    /// and for so many units that wait, as far as its terms go. A supplier gives no fewer than his
    /// minimum, also of what the order may have.
    fn could_give(
        &self,
        (sku, node): (&str, &str),
        (order, units): (&Order, i64),
        since: Lsn,
    ) -> bool {
        let key = (sku.to_owned(), node.to_owned(), order.whom.channel.clone());
        let moments = self.moments(since, self.version());
        let left = moments.filter_map(|moment| moment.kept.get(&key)).min();
        let may_have = left.copied().unwrap_or(i64::MAX).min(units);
        may_have > 0 && may_have >= self.minimums(node, since).0
    }

    /// Refuses what a new order is given, if an older one of the same item waited for any
    /// supply ever since before the new one was asked for. A hold is demand as an order is.
    pub(super) fn check_passes_nobody(
        &self,
        allotted: &[Allotted],
        asked: Lsn,
    ) -> Result<(), String> {
        for part in allotted.iter().filter(|part| part.supply != Supply::Backorder) {
            for (order, line, sku) in self.lines() {
                let Order { no, is_whole, whom, .. } = order;
                let units = self.began(order, line, &part.node, |since| since < asked);
                let wants =
                    units > 0 && (!is_whole || order.bundle_of(line).is_some()) && sku == part.sku;
                let may_have = matches!(part.supply, Supply::Inbound(_))
                    || self.could_give((sku, &part.node), (order, units), asked);
                let rests = self.rests(sku, *no, line);
                let could_have = wants
                    && !self.is_kept(order, sku)
                    && may_have
                    && !self.was_declined(*no, &part.node);
                if could_have && self.is_sourced_since((sku, &part.node), whom, asked) {
                    return Err(format!(
                        "it passes order {no} of {whom:?}, which rests on {rests:?}: {part:?}"
                    ));
                }
            }
        }
        Ok(())
    }

    /// Refuses what a line of an order was given at a node, if a line that is served before it
    /// has waited for any supply since before the backlog was looked at, and waits still. The pair
    /// is as it was right before.
    pub(super) fn check_served_in_order(
        &self,
        sku: &str,
        served: &Order,
        (node, pair): (&str, &Pair),
        looked_at: Lsn,
    ) -> Result<(), String> {
        let key = |order: &Order| (order.priority, self.place(order, sku), order.no);
        if served.is_held() && self.was_closed(sku, looked_at) {
            return Err(format!("{} is served before its sale opens", served.no));
        }
        // Before the opening, orders are served and holds are not. A look that began before it keeps
        // them waiting; what it leaves is theirs in the next one.
        let is_kept = |order: &Order| order.is_held() && self.was_closed_once(sku, looked_at);
        let before = self.orders.values().filter(|order| key(order) < key(served));
        let before = before.filter(|order| !is_kept(order));
        // What is free at another node serves those alone who wait there.
        let could_have = |order: &&Order| {
            let is_sourced = self.is_sourced_since((sku, node), &order.whom, looked_at);
            is_sourced && !order.declined.contains(node)
        };
        for order in before.filter(could_have) {
            for line in order.allotted.iter().filter(|part| part.sku == sku).map(|part| part.line) {
                let is_bundled = order.bundle_of(line).is_some();
                if (order.is_whole && !is_bundled) || order.is_passed_over(line) {
                    continue;
                }
                let rests = self.rests(sku, order.no, line);
                let rests = rests.into_iter().filter(|(at, _)| !is_bundled || *at == node);
                let waits = waiting(&rests.collect::<Vec<_>>());
                // The look did not see those that came to wait since.
                let newer = self.began(order, line, node, |since| since > looked_at);
                let left = pair.left_to(order.whom.channel.as_deref()).unwrap_or(i64::MAX);
                let units = left.min(waits - newer);
                if self.could_give((sku, node), (order, units), looked_at) {
                    let (no, priority) = (order.no, order.priority);
                    let of = (served.no, served.priority);
                    return Err(format!("{of:?} is served before order {no} of {priority:?}"));
                }
            }
        }
        Ok(())
    }

    /// Notes the lines of an order that were planned on what is on its way while units are free.
    /// They leave with other lines, and are served sooner only once something comes free.
    pub(super) fn note_rides(&mut self, no: u64, allotted: &[Allotted]) {
        for part in allotted.iter().filter(|part| matches!(part.supply, Supply::Inbound(_))) {
            let mut pairs = self.pairs.iter().filter(|((of, _), _)| *of == part.sku);
            if pairs.any(|((sku, node), pair)| self.is_chosen(sku, node) && pair.free() > 0) {
                self.rides.insert((no, part.line));
            }
        }
    }

    /// Whether a look at all backlogs may serve a line sooner, though nothing came free.
    pub fn may_be_served_sooner(&self) -> bool {
        let rests = |(no, line): &(u64, u16)| {
            self.pairs.values().any(|pair| !pair.units_of(*no, *line).is_empty())
        };
        self.rides.iter().any(rests)
    }

    /// Checks that nothing is free that an order waits for, or that its units would rather
    /// rest on. All that came free was offered by now.
    ///
    /// # Errors
    /// The first order that is kept waiting.
    pub fn check_backlog(&self) -> Result<(), String> {
        if let Some((pair, _)) = self.pairs.iter().find(|(_, pair)| pair.is_untold()) {
            return Err(format!("orders at {pair:?} were not told of other days"));
        }
        self.check_bundles_wait()?;
        self.check_bundles_leave()?;
        for (order, line, sku) in self.lines() {
            let Order { no, is_whole, whom, .. } = order;
            let is_bundled = order.bundle_of(line).is_some();
            let (no, is_whole) = (*no, *is_whole && !is_bundled);
            let channel = whom.channel.as_deref();
            if self.is_kept(order, sku) || order.is_passed_over(line) {
                continue;
            }
            let rests = self.rests(sku, no, line);
            let late = rests.iter().filter(|(_, s)| !s.is_there());
            let late: Vec<_> = late.collect();
            if late.is_empty() {
                continue;
            }
            let wanted = if is_whole { rests.len() } else { late.len() };
            for ((_, node), pair) in self.pairs.iter().filter(|((of, _), _)| of == sku) {
                if self.was_declined(no, node) {
                    // What it did not decline is served there, as elsewhere.
                    let here = late.iter().filter(|(at, s)| at == node && *s == Supply::Backorder);
                    let waiting = here.count();
                    let declined = order.declined_at(line, node) as usize;
                    if !is_whole && waiting > declined && pair.free_for(channel) > 0 {
                        return Err(format!(
                            "order {no} waits at {node}, where {sku} is free, for units that it \
                             did not decline: {rests:?}"
                        ));
                    }
                    continue;
                }
                let here = |(at, s): &&(&str, Supply)| {
                    *s == Supply::Backorder && (!is_bundled || at == node)
                };
                let waits = late.iter().copied().any(|part| here(&part));
                if !self.is_sourced((sku, node), whom) || !order.may_ship(line, node) {
                    continue;
                }
                let own = if is_whole {
                    let counts = |s| pair.ready(s).is_some_and(|ready| self.counts(ready));
                    rests.iter().filter(|(at, s)| at == node && counts(*s)).count()
                } else {
                    0
                };
                let own = i64::try_from(own).expect("few");
                let wanted = i64::try_from(wanted).expect("few");
                let span = self.counted_from()..=Timestamp::from_micros(i64::MAX);
                let offers = pair.offers(Asking::Channel(channel), &span);
                let minimum = self.minimums(node, self.version()).0;
                if minimum > waiting(&rests).min(offers) {
                    continue;
                }
                let serves = if is_whole { offers + own >= wanted } else { offers > 0 };
                if waits && serves {
                    let whole = if is_whole { "whole" } else { "in parts" };
                    return Err(format!(
                        "order {no} waits for {sku}, {offers} are free at {node}; it wants \
                         {wanted} {whole}, and rests on {rests:?}; {pair:?}"
                    ));
                }
                let all_here = late.iter().all(|(at, _)| at == node);
                // Where a node has a capacity, what comes free may leave no sooner: in one shipment, on
                // a day with room for all of it.
                let has_room = capacity(&self.nodes[node]) == [0; 2];
                let rides = self.rides.contains(&(no, line)) || !has_room;
                if !is_whole
                    && !is_bundled
                    && !rides
                    && all_here
                    && pair.free_for(channel) >= wanted
                {
                    return Err(format!(
                        "order {no} rests on what comes to {node}, where {sku} is free; it has \
                         {rests:?}; {pair:?}"
                    ));
                }
            }
        }
        Ok(())
    }
}

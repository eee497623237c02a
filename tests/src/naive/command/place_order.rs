//! Placing an order.

use std::collections::{BTreeMap, BTreeSet};

use backstock_engine::command::OrderRequest;
use backstock_engine::engine::Engine;
use backstock_engine::model::{self, Lsn, Shortage, Split, Supply, Text};

use super::{Fact, units_in};
use crate::naive::bundle::{Wanted, lines, wanted};
use crate::naive::hold::{Hold, Units};
use crate::naive::{Allotted, For, Moment, Naive, Offers, Order};

/// An order was placed.
#[derive(Clone, Debug)]
pub struct OrderPlaced {
    /// What was asked for.
    pub wanted: OrderRequest,
    /// The engine's number for it.
    pub no: u64,
    /// What was to happen to units without supply, by the order or by the policy.
    pub shortage: Shortage,
    /// Whether lines could be split, by the order or by the policy.
    pub split: Split,
    /// What it was given.
    pub allotted: Vec<Allotted>,
}

/// An order that was refused for want of supply, between two versions.
#[derive(Clone, Debug)]
pub struct SoldOut {
    /// What was asked for.
    pub wanted: OrderRequest,
    /// The newest version when it was asked for.
    pub asked: Lsn,
    /// The version that it was refused at.
    pub until: Lsn,
}

impl Fact for OrderPlaced {
    fn apply(&self, naive: &mut Naive, asked: Lsn) -> Result<(), String> {
        self.place(naive, asked, (None, &Units::new()))
    }
}

impl OrderPlaced {
    /// Places it, as a hold if it is one; `own` are the units that it takes over.
    pub fn place(
        &self,
        naive: &mut Naive,
        asked: Lsn,
        (hold, own): (Option<Hold>, &Units),
    ) -> Result<(), String> {
        let has = |sku: &str| hold.as_ref().map_or(0, |hold| naive.had_of_changed(hold, sku));
        naive.check_on_sale(&self.wanted, has, asked)?;
        naive.check_offers_pickup(&self.wanted, asked)?;
        if hold.is_none() {
            naive.check_orders_open(&self.wanted, asked)?;
        }
        self.check(naive, asked, own)?;
        naive.check_line((&self.allotted, own), asked)?;
        let (of, channel) = ((self.no, hold.is_some()), self.wanted.channel.as_ref());
        naive.put_on(of, channel.map(Text::as_str), &units_in(&self.allotted), own)?;
        naive.note_rides(self.no, &self.allotted);
        let (lines, bundles) = lines(&wanted(&naive.items, &self.wanted));
        let ordered = lines.into_iter().map(|(_, quantity)| quantity).collect();
        let is_whole = self.split == Split::WholeLine;
        let mut order =
            Order::new((self.no, For::of(&self.wanted)), ordered, self.allotted.clone(), is_whole);
        order.bundles = bundles;
        order.hold = hold;
        order.priority = self.wanted.priority;
        naive.prioritise(self.no, order.priority);
        match naive.orders.insert(self.wanted.id.to_string(), order) {
            None => Ok(()),
            Some(_) => Err("the order was placed before".into()),
        }
    }

    /// Refuses what it could not be given; `own` are units that it had before.
    pub fn check(&self, naive: &Naive, asked: Lsn, own: &Units) -> Result<(), String> {
        for line in &self.wanted.lines.0 {
            if !naive.items.contains_key(line.sku.as_str()) {
                return Err(format!("item {} is not defined", line.sku));
            }
        }
        let (lines, bundles) = lines(&wanted(&naive.items, &self.wanted));
        bundles.iter().try_for_each(|bundle| bundle.check(&self.allotted))?;
        for (at, (sku, quantity)) in (0_u16..).zip(&lines) {
            let is_bundled = bundles.iter().any(|bundle| bundle.has(at));
            if !naive.items.contains_key(sku) {
                return Err(format!("item {sku} is not defined"));
            }
            self.check_line((at, is_bundled), *quantity)
                .map_err(|error| format!("line {at} of {sku} {error}"))?;
        }
        let more = self.beyond(own);
        self.check_moments(naive, asked, &more)?;
        naive.check_is_open(&more, asked)?;
        naive.check_passes_nobody(&more, asked)?;
        self.check_minimums(naive, asked, &more)?;
        for part in &self.allotted {
            if naive.is_supplier(&part.node) != (part.supply == Supply::Supplier) {
                return Err(format!("a supply of another kind of node: {part:?}"));
            }
        }
        Ok(())
    }

    /// What it was given beyond the units that it had before.
    fn beyond(&self, own: &Units) -> Vec<Allotted> {
        let mut own: BTreeMap<_, u32> =
            own.iter().fold(BTreeMap::new(), |mut sums, (at, units)| {
                *sums.entry((at.1.clone(), at.2.clone(), at.3)).or_default() += units;
                sums
            });
        let more = self.allotted.iter().map(|part| {
            let had = own.entry((part.sku.clone(), part.node.clone(), part.supply)).or_default();
            let kept = part.units.min(*had);
            *had -= kept;
            Allotted { units: part.units - kept, ..part.clone() }
        });
        more.filter(|part| part.units > 0).collect()
    }
}

impl OrderPlaced {
    /// Refuses what a line was given if that is not what was wanted.
    fn check_line(&self, (at, is_bundled): (u16, bool), quantity: u32) -> Result<(), String> {
        let of_line = || self.allotted.iter().filter(move |part| part.line == at);
        let given: u32 = of_line().map(|part| part.units).sum();
        let waits = of_line().any(|part| part.supply == Supply::Backorder);
        let whole = self.shortage != Shortage::Partial;
        let too_much = given > quantity || (whole && given < quantity);
        if too_much || (waits && self.shortage != Shortage::Backorder) {
            return Err(format!("wants {quantity} and was given {given}"));
        }
        let shipments: BTreeSet<_> = of_line().map(|part| part.shipment).collect();
        let waits_in_part = waits && of_line().any(|part| part.supply != Supply::Backorder);
        // A bundle that waits has what is there of its components.
        let waits_in_part = waits_in_part && !is_bundled;
        if self.split == Split::WholeLine && (shipments.len() > 1 || waits_in_part) {
            return Err("was split".into());
        }
        Ok(())
    }

    /// Refuses a line that takes less of a node than it must, where it takes more than it had.
    /// Such a node gives no bundles.
    fn check_minimums(&self, naive: &Naive, asked: Lsn, more: &[Allotted]) -> Result<(), String> {
        let (_, bundles) = lines(&wanted(&naive.items, &self.wanted));
        for Allotted { line, node, .. } in more {
            if bundles.iter().any(|of| of.has(*line)) && naive.minimums(node, asked).1 > 1 {
                return Err(format!("line {line} of a bundle is given units of {node}"));
            }
            let same = |part: &&Allotted| (part.line, &part.node) == (*line, node);
            let waits = |part: &&Allotted| part.supply == Supply::Backorder;
            let there = self.allotted.iter().filter(same).filter(|part| !waits(part));
            let units: u32 = there.map(|part| part.units).sum();
            if units > 0 && i64::from(units) < naive.minimums(node, asked).1 {
                return Err(format!("line {line} takes {units} of {node}, which is too few"));
            }
        }
        Ok(())
    }

    /// Refuses what no policy and no network allowed since the order was asked for.
    fn check_moments(&self, naive: &Naive, asked: Lsn, more: &[Allotted]) -> Result<(), String> {
        let moments = naive.moments(asked, naive.version());
        let terms = (self.shortage, self.split);
        if !moments.clone().any(|moment| moment.terms(&self.wanted) == terms) {
            return Err("neither the order nor a policy says so".into());
        }
        let whom = For::of(&self.wanted);
        for Allotted { sku, node, .. } in more {
            if !naive.was_sourced((sku, node), &whom, asked) {
                return Err(format!("{sku} at {node} might not be chosen for {whom:?}"));
            }
        }
        Ok(())
    }
}

impl SoldOut {
    /// `NO_PHANTOM_SOLD_OUT`: some version between asking and answering lacked what the
    /// order wanted, by the terms of the order and of a policy of that time.
    pub fn check(&self, naive: &Naive) -> Result<(), String> {
        let moments = naive.moments(self.asked, self.until);
        let lacks = |(shortage, split)| {
            moments.clone().any(|moment| is_short((naive, moment), &self.wanted, shortage, split))
        };
        if moments.clone().any(|moment| lacks(moment.terms(&self.wanted))) {
            return Ok(());
        }
        let moments: Vec<_> = moments.collect();
        Err(format!("{self:?} could have been filled at each of {moments:?}"))
    }
}

impl Moment {
    /// What an order says of shortages and splits, or the policy where it does not.
    fn terms(&self, wanted: &OrderRequest) -> (Shortage, Split) {
        let shortage = wanted.shortage.unwrap_or(self.policy.shortage);
        (shortage, wanted.split.unwrap_or(self.policy.split))
    }
}

/// What an order as the engine answers it was given when it was placed.
pub fn allotted(engine: &Engine, order: &model::Order) -> Vec<Allotted> {
    let part = |a: &model::Allocation| Allotted {
        line: a.line,
        sku: engine.sku_no(order.lines[usize::from(a.line)].sku).to_string(),
        node: engine.node_no(order.shipments[usize::from(a.shipment)].node).id.to_string(),
        shipment: a.shipment,
        supply: a.supply,
        units: a.units,
    };
    order.placed_allocations().iter().map(part).collect()
}

/// Whether some nodes have so many units together, of which each gives its minimum at least.
fn can_fill(quantity: i64, nodes: &[(i64, i64)]) -> bool {
    let (bound, free): (Vec<_>, Vec<_>) = nodes.iter().partition(|(_, minimum)| *minimum > 1);
    let free: i64 = free.iter().map(|(units, _)| units.max(&0)).sum();
    (0_u32..1 << bound.len()).any(|chosen| {
        let chosen = bound.iter().enumerate().filter(|(at, _)| chosen >> at & 1 == 1);
        let (units, minimums) = chosen.fold((0, 0), |(units, minimums), (_, (more, minimum))| {
            (units + more, minimums + minimum)
        });
        minimums <= quantity && free + units >= quantity
    })
}

/// Whether an order cannot be filled as it wants to be; one that takes what
/// there is, not even in part.
fn is_short(
    (naive, moment): (&Naive, &Moment),
    order: &OrderRequest,
    shortage: Shortage,
    split: Split,
) -> bool {
    let whom = For::of(order);
    let offers = &moment.offers[&whom.channel];
    let partial = shortage == Shortage::Partial;
    let fills = |wanted: &Wanted| {
        let (quantity, is_bundle) = (i64::from(wanted.quantity), wanted.is_bundle());
        let there = naive.bundles_at(&wanted.sku, offers).into_iter();
        let served = there.filter(|(node, _)| moment.sources((&wanted.sku, node), &whom));
        let served = served.map(|(node, units)| (units, moment.minimum(&node)));
        let gives =
            |(units, min): &(i64, i64)| quantity.min(*units) >= *min && !(is_bundle && *min > 1);
        let served: Vec<_> = served.filter(gives).collect();
        match split {
            Split::WholeLine => served.iter().any(|(units, _)| *units >= quantity),
            Split::Units if partial => served.iter().any(|(units, _)| *units >= 1),
            Split::Units => can_fill(quantity, &served),
        }
    };
    let lines = wanted(&naive.items, order);
    if partial {
        return !lines.iter().any(fills);
    }
    let serves =
        |sku: &str, node: &str| moment.sources((sku, node), &whom).then(|| moment.minimum(node));
    !lines.iter().all(fills) || (share(&lines) && !fills_all(&lines, offers, (split, &serves)))
}

/// Whether some lines need the same item.
fn share(lines: &[Wanted]) -> bool {
    let mut parts: Vec<&str> =
        lines.iter().flat_map(|line| &line.parts).map(|(sku, _)| sku.as_str()).collect();
    let count = parts.len();
    parts.sort_unstable();
    parts.dedup();
    parts.len() < count
}

/// What a line takes at least of a node that may ship an item; none of others.
type Serves<'a> = &'a dyn Fn(&str, &str) -> Option<i64>;

/// Whether all lines can be filled of the same units: tries each way.
fn fills_all(lines: &[Wanted], offers: &Offers, (split, serves): (Split, Serves<'_>)) -> bool {
    let Some((line, others)) = lines.split_first() else { return true };
    let nodes: BTreeSet<&String> = line
        .parts
        .iter()
        .filter_map(|(sku, _)| offers.get(sku))
        .flat_map(BTreeMap::keys)
        .filter(|node| line.parts.iter().all(|(sku, _)| serves(sku, node).is_some()))
        .collect();
    let nodes: Vec<&String> = nodes.into_iter().collect();
    let quantity = i64::from(line.quantity);
    // How many of it each node gives, one node after the other.
    let mut ways: Vec<(i64, Offers)> = vec![(quantity, offers.clone())];
    for node in nodes {
        let mut more = Vec::new();
        for (left, offers) in &ways {
            let has = line.parts.iter().map(|(sku, each)| {
                let there = offers.get(sku).and_then(|nodes| nodes.get(node));
                there.copied().unwrap_or(0).max(0) / i64::from(*each)
            });
            let has = has.min().unwrap_or(0).min(*left);
            let least = serves(&line.parts[0].0, node).unwrap_or(0);
            let least = if split == Split::WholeLine { quantity } else { least.max(1) };
            let gives_none = line.is_bundle() && serves(&line.parts[0].0, node) > Some(1);
            let has = if gives_none { 0 } else { has };
            for units in least..=has {
                let mut offers = offers.clone();
                for (sku, each) in &line.parts {
                    let there = offers.get_mut(sku).and_then(|nodes| nodes.get_mut(node));
                    *there.expect("it has them") -= units * i64::from(*each);
                }
                more.push((left - units, offers));
            }
        }
        ways.extend(more);
    }
    ways.iter().any(|(left, offers)| *left == 0 && fills_all(others, offers, (split, serves)))
}

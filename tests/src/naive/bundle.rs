//! Bundles, as naively as can be.

use std::collections::BTreeMap;

use backstock_engine::command::OrderRequest;
use backstock_engine::model::{Item, Supply, Timestamp};

use super::loads::capacity;
use super::pair::{Asking, count};
use super::{Allotted, Naive, Order};

/// Bundles that were ordered: which one, how many, and the order's lines of its components, with
/// units of each for each bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bundle {
    /// The item.
    pub sku: String,
    /// How many.
    pub units: u32,
    /// The lines, with units for each bundle.
    pub lines: Vec<(u16, u32)>,
}

/// What is ordered: each item once, how many of it, and what it is made of.
pub struct Wanted {
    /// The item.
    pub sku: String,
    /// How many.
    pub quantity: u32,
    /// The items that it is made of, with units for each; the item itself if it is no bundle.
    pub parts: Vec<(String, u32)>,
}

impl Wanted {
    /// Whether it is made of other items.
    pub fn is_bundle(&self) -> bool {
        self.parts.len() > 1 || self.parts[0].1 > 1
    }
}

/// What an item is made of.
fn parts(items: &BTreeMap<String, Item>, sku: &str) -> Vec<(String, u32)> {
    let components = items.get(sku).map(|item| &*item.components.0).unwrap_or_default();
    if components.is_empty() {
        return vec![(sku.to_owned(), 1)];
    }
    components.iter().map(|part| (part.sku.to_string(), part.units)).collect()
}

/// What an order wants; lines of one SKU are one.
pub fn wanted(items: &BTreeMap<String, Item>, order: &OrderRequest) -> Vec<Wanted> {
    let mut wanted = Vec::<Wanted>::new();
    for line in &order.lines.0 {
        match wanted.iter_mut().find(|known| known.sku == line.sku.as_str()) {
            Some(known) => known.quantity += line.quantity,
            None => wanted.push(Wanted {
                sku: line.sku.to_string(),
                quantity: line.quantity,
                parts: parts(items, line.sku.as_str()),
            }),
        }
    }
    wanted
}

/// The lines that an order gets, with their units, and the bundles among them.
pub fn lines(wanted: &[Wanted]) -> (Vec<(String, u32)>, Vec<Bundle>) {
    let (mut lines, mut bundles) = (Vec::new(), Vec::new());
    for wanted in wanted {
        let Wanted { sku, quantity, parts } = wanted;
        let first = u16::try_from(lines.len()).expect("few lines");
        lines.extend(parts.iter().map(|(part, each)| (part.clone(), quantity * each)));
        if wanted.is_bundle() {
            let each = parts.iter().map(|(_, each)| *each);
            let lines = (first..).zip(each).collect();
            bundles.push(Bundle { sku: sku.clone(), units: *quantity, lines });
        }
    }
    (lines, bundles)
}

impl Bundle {
    /// Whether a line is of it.
    pub fn has(&self, line: u16) -> bool {
        self.lines.iter().any(|(of, _)| *of == line)
    }

    /// Refuses units that are not of whole bundles, shipment by shipment.
    pub fn check(&self, allotted: &[Allotted]) -> Result<(), String> {
        let mut bundles = BTreeMap::<u16, Vec<u32>>::new();
        for (at, (line, _)) in self.lines.iter().enumerate() {
            for part in allotted.iter().filter(|part| part.line == *line) {
                let of_shipment = bundles.entry(part.shipment).or_default();
                of_shipment.resize(self.lines.len(), 0);
                of_shipment[at] += part.units;
            }
        }
        for (shipment, units) in bundles {
            let each = self.lines.iter().map(|(_, each)| *each);
            let mut whole =
                units.iter().zip(each).map(|(units, each)| (units / each, units % each));
            let first = whole.next().expect("it has components");
            if first.1 != 0 || !whole.all(|of| of == first) {
                return Err(format!("shipment {shipment} has {units:?} of the components"));
            }
        }
        Ok(())
    }
}

impl Order {
    /// The bundle that a line is of.
    pub fn bundle_of(&self, line: u16) -> Option<&Bundle> {
        self.bundles.iter().find(|bundle| bundle.has(line))
    }
}

impl Naive {
    /// How many bundles there are, by node.
    pub(super) fn bundles_at(&self, sku: &str, offers: &super::Offers) -> BTreeMap<String, i64> {
        let parts = parts(&self.items, sku);
        let none = BTreeMap::new();
        let of = |part: &str| offers.get(part).unwrap_or(&none);
        let mut nodes = of(&parts[0].0).clone();
        for (node, units) in &mut nodes {
            let least = parts.iter().map(|(part, each)| {
                of(part).get(node).copied().unwrap_or(0).max(0) / i64::from(*each)
            });
            *units = least.min().unwrap_or(0);
        }
        nodes
    }

    /// The nodes at which units of a line wait.
    pub(super) fn waits_at(&self, sku: &str, no: u64, line: u16) -> Vec<&str> {
        let pairs = self.pairs.iter().filter(|((of, _), _)| of == sku);
        let waits = pairs.filter(|(_, pair)| pair.units_of(no, line).contains(&Supply::Backorder));
        waits.map(|((_, node), _)| node.as_str()).collect()
    }

    /// Whether units of a line are not there.
    pub(super) fn is_late(&self, no: u64, line: u16) -> bool {
        let mut supplies = self.pairs.values().flat_map(|pair| pair.units_of(no, line));
        supplies.any(|supply| !supply.is_there())
    }

    /// Checks that no node has all components of a bundle that waits elsewhere.
    pub(super) fn check_bundles_wait(&self) -> Result<(), String> {
        let counted = self.counted_from()..=Timestamp::from_micros(i64::MAX);
        for order in self.orders.values() {
            for bundle in order.bundles.iter().filter(|of| !order.is_passed_over(of.lines[0].0)) {
                let sku = |line: u16| {
                    let of_line = order.allotted.iter().find(|part| part.line == line);
                    of_line.map(|part| part.sku.as_str())
                };
                let homes: Vec<&str> = bundle
                    .lines
                    .iter()
                    .filter_map(|(line, _)| Some((sku(*line)?, *line)))
                    .flat_map(|(sku, line)| self.waits_at(sku, order.no, line))
                    .collect();
                if homes.is_empty() {
                    continue;
                }
                let channel = order.whom.channel.as_deref();
                let (first, each) = bundle.lines[0];
                let wanted = if order.is_whole { order.open_of(first) / each } else { 1 };
                // A supplier with a minimum gives no bundles.
                let open = |node: &&String| {
                    self.minimums(node, self.version()).0 <= 1
                        && bundle.lines.iter().all(|(line, _)| {
                            let at = |sku| self.is_sourced((sku, node), &order.whom);
                            sku(*line).is_none_or(at)
                        })
                        && !order.declined.contains(*node)
                        && order.may_ship(first, node)
                        && !homes.contains(&node.as_str())
                };
                for node in self.nodes.keys().filter(open) {
                    let has = |(line, each): &(u16, u32)| {
                        let pair = self.pairs.get(&(sku(*line)?.to_owned(), node.clone()))?;
                        Some(pair.offers(Asking::Channel(channel), &counted) / i64::from(*each))
                    };
                    let has = bundle.lines.iter().map(has).min().flatten().unwrap_or(0);
                    if has >= i64::from(wanted) {
                        return Err(format!(
                            "order {} waits for {bundle:?} at {homes:?}, and {node} has {has}",
                            order.no
                        ));
                    }
                }
            }
        }
        Ok(())
    }

    /// Checks that bundles leave as soon as they can at the node where they are: what is free there
    /// lets no more of them leave by any date. Which supply a component goes by makes no difference
    /// while another one comes later. Where a node has a capacity, its days may say otherwise; and
    /// bundles may have been placed to leave with others of their order.
    pub(super) fn check_bundles_leave(&self) -> Result<(), String> {
        for order in self.orders.values().filter(|order| order.declined.is_empty()) {
            for bundle in order.bundles.iter().filter(|of| !order.is_passed_over(of.lines[0].0)) {
                let open = |node: &&String| capacity(&self.nodes[*node]) == [0; 2];
                for node in self.nodes.keys().filter(open) {
                    self.check_leave((order, bundle), node)?;
                }
            }
        }
        Ok(())
    }

    fn check_leave(&self, (order, bundle): (&Order, &Bundle), node: &str) -> Result<(), String> {
        if bundle.lines.iter().any(|(line, _)| self.rides.contains(&(order.no, *line))) {
            return Ok(());
        }
        let line_of = |line: u16| order.allotted.iter().find(|part| part.line == line);
        let mut parts = Vec::new();
        for (line, each) in &bundle.lines {
            let Some(sku) = line_of(*line).map(|part| part.sku.clone()) else { return Ok(()) };
            let Some(pair) = self.pairs.get(&(sku, node.to_owned())) else { return Ok(()) };
            let own = pair.units_of(order.no, *line).into_iter();
            let ready: Vec<_> = own.map(|supply| pair.ready(supply)).collect();
            parts.push((pair, i64::from(*each), ready));
        }
        let channel = order.whom.channel.as_deref();
        let bundles = parts.iter().map(|(_, each, own)| count(own.len()) / each).min();
        let all = bundles.unwrap_or(0);
        let counts = |ready: &Timestamp| self.counts(*ready);
        let whole = |date: Timestamp, free: bool| {
            let of = parts.iter().map(|(pair, each, own)| {
                let own = own.iter().flatten().filter(|ready| **ready <= date && counts(ready));
                let span = self.counted_from()..=date;
                let free = if free { pair.offers(Asking::Channel(channel), &span) } else { 0 };
                (count(own.count()) + free) / each
            });
            of.min().unwrap_or(0).min(all)
        };
        let own = parts.iter().flat_map(|(.., own)| own.iter().flatten());
        let etas = parts.iter().flat_map(|(pair, ..)| pair.etas());
        let now = Timestamp::from_micros(i64::MIN);
        for date in own.copied().chain(etas).chain([now]) {
            let (has, may) = (whole(date, false), whole(date, true));
            if has < may && (may == all || !order.is_whole) {
                return Err(format!(
                    "order {} has {has} of {all} bundles {bundle:?} at {node} by {date}, and may \
                     have {may}: {parts:?}",
                    order.no
                ));
            }
        }
        Ok(())
    }
}

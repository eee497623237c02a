//! Orders that have bundles: what their lines are made of, and what is seen of it.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry::Vacant;
use std::sync::Arc;

use super::asking::{asks, promise_to};
use super::request::{LineRequest, Lines};
use crate::limits::{LINE_UNITS_MAX, ORDER_LINES_MAX};
use crate::model::{BundlePart, NodeNo, Pair, Rule, SkuNo, Supply, Text, Violation};
use crate::planning::bundled::{Supplies, There, plan_bundled};
use crate::planning::{Bundled, Draft, MadeOf, MadePart, Others, Own, Wanted, WantedLine};
use crate::sourcing::Verdict;
use crate::state::catalogue::{Catalogue, Entry};
use crate::state::stock::{Asks, StockMessage, StockReply};
use crate::transaction::asked::ask;
use crate::transaction::error::EngineError;
use crate::transaction::kernel::Kernel;

/// What lines are made of, if one of them is a bundle. Such a line has the pairs of its first
/// component from here on.
#[inline]
pub fn bundled<'a>(
    catalogue: &'a Catalogue,
    lines: &mut [WantedLine<'a>],
) -> Option<Arc<Bundled<'a>>> {
    lines.iter().any(|line| line.entry.is_bundle()).then(|| look_up(catalogue, lines))
}

#[cold]
fn look_up<'a>(catalogue: &'a Catalogue, lines: &mut [WantedLine<'a>]) -> Arc<Bundled<'a>> {
    let made_of = |line: &mut WantedLine<'a>| {
        if !line.entry.is_bundle() {
            let alone = MadePart { sku: line.sku, entry: line.entry, each: 1 };
            return MadeOf { bundle: None, parts: vec![alone] };
        }
        let part = |part: &BundlePart| MadePart {
            sku: part.sku,
            entry: catalogue.entry(part.sku),
            each: part.each,
        };
        let parts: Vec<_> = catalogue.parts(line.sku).iter().map(part).collect();
        line.entry = parts[0].entry;
        MadeOf { bundle: Some(line.sku), parts }
    };
    Arc::new(Bundled(lines.iter_mut().map(made_of).collect()))
}

/// The same, of lines that are checked.
///
/// # Errors
/// What [`bounded`] notes.
pub fn resolved<'a>(
    catalogue: &'a Catalogue,
    given: &Lines,
    lines: &mut [WantedLine<'a>],
) -> Result<Option<Arc<Bundled<'a>>>, EngineError> {
    let bundled = bundled(catalogue, lines);
    let mut found = Vec::new();
    if let Some(bundled) = &bundled {
        bounded((catalogue, bundled), (given, lines), &mut found);
    }
    if found.is_empty() { Ok(bundled) } else { Err(found.into()) }
}

/// Notes lines of so many bundles that a component has more units than a line has, and that there
/// are more lines than an order has.
pub fn bounded(
    (catalogue, bundled): (&Catalogue, &Bundled<'_>),
    (given, lines): (&Lines, &[WantedLine<'_>]),
    found: &mut Vec<Violation>,
) {
    let count: usize = bundled.0.iter().map(|made| made.parts.len()).sum();
    if count > ORDER_LINES_MAX && found.is_empty() {
        let rule = Rule::TooMany { max: ORDER_LINES_MAX };
        found.push(Violation::new("lines", count, rule));
    }
    for (at, (made, line)) in bundled.0.iter().zip(lines).enumerate() {
        let is_it = |of: &LineRequest| catalogue.sku_no(of.sku.as_str()) == Some(line.sku);
        let place = given.0.iter().position(is_it).unwrap_or(at);
        let each = made.parts.iter().map(|part| part.each).max().unwrap_or(1);
        let max = LINE_UNITS_MAX / each;
        if line.quantity > max && line.quantity <= LINE_UNITS_MAX {
            let rule = Rule::OutOfRange { min: 1, max: max.into() };
            found.push(Violation::new(format!("lines[{place}].quantity"), line.quantity, rule));
        }
    }
}

/// A component that new orders may not take, if there is one, of the lines that `takes` names.
pub fn off_sale_in<'a>(bundled: &Bundled<'a>, takes: impl Fn(usize) -> bool) -> Option<&'a Entry> {
    let lines = bundled.0.iter().enumerate().filter(|(line, _)| takes(*line));
    let mut parts = lines.flat_map(|(_, made)| &made.parts);
    parts.find(|part| part.entry.is_off_sale()).map(|part| part.entry)
}

/// Plans an order with bundles on what is there now, its own units included.
///
/// # Errors
/// What stopped the engine.
pub async fn plan_bundles(kernel: &Kernel, wanted: &Wanted<'_>) -> Result<Draft, EngineError> {
    let (mut supplies, asks) = (Supplies::new(), asks(kernel, wanted));
    for line in 0..wanted.lines.len() {
        for (sku, entry) in wanted.items_of(line) {
            if let Vacant(new) = supplies.entry(sku) {
                new.insert(look(kernel, entry, (&asks, wanted.own)).await?);
            }
        }
    }
    let network = kernel.state.network.load_full();
    let channel = wanted.channel.map(Text::as_str);
    let barred = network.barred(channel, wanted.way.service, wanted.way.pickup);
    let is_enabled = |no| network.known_terms(no).is_some_and(|terms| terms.enabled);
    let has_others = |no| wanted.own.is_none_or(|own| own.others.allow(no));
    let may_source = |no| has_others(no) && is_enabled(no) && !barred.bars(no);
    let mut homes = Vec::new();
    if let Some(own) = wanted.own {
        add_own(own, may_source, &mut supplies);
        homes = own.units.iter().map(|peg| (peg.pair.sku, peg.pair.node)).collect();
        homes.dedup();
    }
    let asked = supplies.values().flat_map(BTreeMap::values).any(|there| there.has_terms);
    Ok(Draft { asked, ..plan_bundled(&network, wanted, &supplies, (&homes, false)) })
}

/// What there is of an item, by node, as far as who asks may have it; his own units are not counted.
async fn look(
    kernel: &Kernel,
    entry: &Entry,
    (asks, own): (&Arc<Asks>, Option<&Own>),
) -> Result<BTreeMap<NodeNo, There>, EngineError> {
    let mut nodes = BTreeMap::new();
    for slot in &entry.row {
        let glance = slot.shared().glance();
        let mut there = There {
            free: glance.free.max(0).cast_unsigned(),
            short: glance.free.min(0).unsigned_abs(),
            in_flight: glance.in_flight,
            ..There::default()
        };
        if glance.has_terms && own.is_none_or(|own| own.others != Others::None) {
            let promise = promise_to(kernel, slot, asks).await?;
            there.see(&promise);
        }
        if glance.has_inbound {
            there.inbound = match ask(kernel, slot, StockMessage::ReadInbound).await? {
                StockReply::Inbound(glances) => glances,
                other => unreachable!("a read of inbound supplies is answered so, not {other:?}"),
            };
            there.in_flight |= there.inbound.iter().any(|glance| glance.in_flight);
            if there.limit == Some(Verdict::PairOffSourcing) {
                there.inbound.iter_mut().for_each(|glance| glance.free = 0);
            }
        }
        nodes.insert(slot.node, there);
    }
    Ok(nodes)
}

/// Units that the order has are free to it; where sourcing may not choose a node, nothing else is.
fn add_own(own: &Own, may_source: impl Fn(NodeNo) -> bool, supplies: &mut Supplies) {
    for (sku, nodes) in supplies {
        for (node, there) in nodes {
            let on = |supply| own.on(pair(*sku, *node), supply);
            let others = if may_source(*node) { there.free } else { 0 };
            let all = others.saturating_add(on(Supply::OnHand) + on(Supply::Supplier));
            there.free = all.saturating_sub(there.short);
            for glance in &mut there.inbound {
                glance.own = on(Supply::Inbound(glance.no));
                let others = if may_source(*node) { glance.free } else { 0 };
                glance.free = others + glance.own;
            }
        }
    }
}

const fn pair(sku: SkuNo, node: NodeNo) -> Pair {
    Pair { sku, node }
}

//! What an order sees of its SKUs, and its plan on that: what pairs publish, what is on its way
//! to them, and the units that the order has already. Pairs that say who may have their units
//! are asked what the order may have.

use super::asking::{asks, promise_to};
use super::bundles::plan_bundles;
use crate::model::{NodeNo, Pair, Pegged, Supply, Text};
use crate::planning::{self, Draft, InboundSeen, Others, Own, Seen, Wanted};
use crate::sourcing::Verdict;
use crate::state::stock::{Glance, InboundGlance, StockMessage, StockReply};
use crate::transaction::asked::ask;
use crate::transaction::error::EngineError;
use crate::transaction::kernel::Kernel;

/// Plans on what is there now. Inbound supplies are asked for only where there are
/// some. The network is read last: it knows every node at which something was seen on
/// its way.
pub async fn look_and_plan(kernel: &Kernel, wanted: &Wanted<'_>) -> Result<Draft, EngineError> {
    if wanted.bundled.is_some() {
        return Box::pin(plan_bundles(kernel, wanted)).await;
    }
    if wanted.own.is_some() {
        return Box::pin(plan_on_own(kernel, wanted)).await;
    }
    if wanted.has_closed() {
        let inbound = look_inbound(kernel, wanted).await?;
        return Box::pin(plan_by_terms(kernel, wanted, &inbound)).await;
    }
    if let Some(draft) = planning::plan(&kernel.state.network.load(), wanted, None) {
        return Ok(draft);
    }
    let inbound = look_inbound(kernel, wanted).await?;
    if wanted.lines.iter().any(|line| line.entry.row.has_terms()) {
        return Box::pin(plan_by_terms(kernel, wanted, &inbound)).await;
    }
    let draft = planning::plan(&kernel.state.network.load(), wanted, Some(&inbound));
    Ok(draft.expect("inbound supply was looked for"))
}

/// What is on its way to the pairs of an order's lines.
async fn look_inbound(kernel: &Kernel, wanted: &Wanted<'_>) -> Result<InboundSeen, EngineError> {
    let mut seen = InboundSeen::new();
    for (at, line) in wanted.lines.iter().enumerate() {
        let counts = wanted.own.is_some() || !wanted.is_closed(at);
        let slots = line.entry.row.iter().filter(|_| counts);
        for slot in slots.filter(|slot| slot.shared().glance().has_inbound) {
            let StockReply::Inbound(glances) = ask(kernel, slot, StockMessage::ReadInbound).await?
            else {
                unreachable!("a read of inbound supplies is answered with them");
            };
            let at = u16::try_from(at).expect("ORDER_LINES_MAX fits 16 bits");
            seen.push((at, slot.node, glances));
        }
    }
    Ok(seen)
}

/// Plans on what is there now, as far as the order may have it.
async fn plan_by_terms(
    kernel: &Kernel,
    wanted: &Wanted<'_>,
    inbound: &InboundSeen,
) -> Result<Draft, EngineError> {
    let mut seen = Seen::default();
    let asks = asks(kernel, wanted);
    for (at, line) in wanted.lines.iter().enumerate() {
        let mut there_is = Vec::with_capacity(line.entry.row.len());
        let is_closed = wanted.is_closed(at);
        for slot in &line.entry.row {
            let mut glance = slot.shared().glance();
            if glance.has_terms {
                let promise = promise_to(kernel, slot, &asks).await?;
                // Nothing waits at a pair that sourcing may not choose.
                seen.limits.extend(promise.limit.map(|why| (at, slot.node, why)));
                glance = Glance { in_flight: promise.in_flight, ..glance.with_free(promise.free) };
            }
            if is_closed {
                glance = Glance { in_flight: false, ..glance.with_free(0) };
            }
            there_is.push((slot.node, glance));
        }
        seen.free.push(there_is);
    }
    let wanted = wanted.that_sees(&seen);
    let draft = planning::plan(&kernel.state.network.load(), &wanted, Some(inbound));
    Ok(Draft { asked: true, ..draft.expect("inbound supply was looked for") })
}

/// Plans on what is there now, own units included.
async fn plan_on_own(kernel: &Kernel, wanted: &Wanted<'_>) -> Result<Draft, EngineError> {
    let own = wanted.own.expect("it has units");
    let mut inbound = look_inbound(kernel, wanted).await?;
    let network = kernel.state.network.load_full();
    // Where sourcing may not choose a node, nothing is free but what it has there.
    let channel = wanted.channel.map(Text::as_str);
    let barred = network.barred(channel, wanted.way.service, wanted.way.pickup);
    let is_enabled = |no| network.known_terms(no).is_some_and(|terms| terms.enabled);
    let may_source = |no| own.others.allow(no) && is_enabled(no) && !barred.bars(no);
    let mut seen = Seen::default();
    let (asks, mut asked) = (asks(kernel, wanted), false);
    for (at, line) in wanted.lines.iter().enumerate() {
        let mut there_is = Vec::with_capacity(line.entry.row.len());
        let is_closed = wanted.is_closed(at);
        for slot in &line.entry.row {
            let (node, mut glance) = (slot.node, slot.shared().glance());
            let pair = Pair { sku: line.sku, node };
            let there = [Supply::OnHand, Supply::Supplier].map(|supply| own.on(pair, supply));
            let more = i32::try_from(there[0] + there[1]).unwrap_or(i32::MAX);
            if glance.has_terms && own.others != Others::None {
                asked = true;
                let promise = promise_to(kernel, slot, &asks).await?;
                seen.limits.extend(promise.limit.map(|why| (at, node, why)));
                let free = promise.free - i64::from(promise.own);
                glance = Glance { in_flight: promise.in_flight, ..glance.with_free(free) };
            }
            let free =
                if may_source(node) && !is_closed { glance.free } else { glance.free.min(0) };
            there_is.push((node, glance.with_free(i64::from(free) + i64::from(more))));
        }
        seen.free.push(there_is);
    }
    let is_off = |line: u16, no: NodeNo| {
        seen.limits.contains(&(usize::from(line), no, Verdict::PairOffSourcing))
    };
    let is_open = |line: u16| !wanted.is_closed(usize::from(line));
    let may_have = |line, no| may_source(no) && !is_off(line, no) && is_open(line);
    add_own(own, wanted, may_have, &mut inbound);
    let line_of = |sku| wanted.lines.iter().position(|line| line.sku == sku);
    let home = |peg: &Pegged| Some((line_of(peg.pair.sku)?, peg.pair.node));
    seen.was_served = own.was_served;
    seen.homes = own.units.iter().filter_map(home).collect();
    let wanted = wanted.that_sees(&seen);
    let draft = planning::plan(&network, &wanted, Some(&inbound));
    let mut draft = Draft { asked, ..draft.expect("inbound supply was looked for") };
    // What it rests on stays its own, though nobody counts on it any more.
    draft.forget_days(|line, node, supply| {
        let there = inbound.iter().filter(|(of, no, _)| (*of, *no) == (line, node));
        let mut all = there.flat_map(|(_, _, glances)| glances);
        let counts = |of: &InboundGlance| network.counts_on(node, wanted.at, of.eta);
        all.any(|of| Supply::Inbound(of.no) == supply && !counts(of))
    });
    Ok(draft)
}

/// Own units on supplies that are on their way are free on them. A supply that was cancelled
/// since the units were read is not there; then the claim of them is refused.
fn add_own(
    own: &Own,
    wanted: &Wanted<'_>,
    may_be_chosen: impl Fn(u16, NodeNo) -> bool,
    inbound: &mut InboundSeen,
) {
    for (line, node, glances) in inbound {
        let pair = Pair { sku: wanted.lines[usize::from(*line)].sku, node: *node };
        for glance in glances {
            let units = own.on(pair, Supply::Inbound(glance.no));
            let others = if may_be_chosen(*line, *node) { glance.free } else { 0 };
            glance.free = others + units;
            glance.own = units;
        }
    }
}

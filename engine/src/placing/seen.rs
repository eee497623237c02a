//! What an order sees of its SKUs, and its plan on that: what pairs publish, what is on its way
//! to them, and the units that the order has already.

use crate::model::{NodeNo, Pair, Pegged, Supply, Text};
use crate::planning::{self, Draft, InboundSeen, Own, Seen, Wanted};
use crate::state::stock::{Glance, StockMessage, StockReply};
use crate::transaction::asked::ask;
use crate::transaction::error::EngineError;
use crate::transaction::kernel::Kernel;

/// Plans on what is there now. Inbound supplies are asked for only where there are
/// some. The network is read last: it knows every node at which something was seen on
/// its way.
pub async fn look_and_plan(kernel: &Kernel, wanted: &Wanted<'_>) -> Result<Draft, EngineError> {
    if wanted.own.is_some() {
        return Box::pin(plan_on_own(kernel, wanted)).await;
    }
    if let Some(draft) = planning::plan(&kernel.state.network.load(), wanted, None) {
        return Ok(draft);
    }
    let inbound = look_inbound(kernel, wanted).await?;
    let draft = planning::plan(&kernel.state.network.load(), wanted, Some(&inbound));
    Ok(draft.expect("inbound supply was looked for"))
}

/// What is on its way to the pairs of an order's lines.
async fn look_inbound(kernel: &Kernel, wanted: &Wanted<'_>) -> Result<InboundSeen, EngineError> {
    let mut seen = InboundSeen::new();
    for (at, line) in wanted.lines.iter().enumerate() {
        for slot in line.entry.row.iter().filter(|s| s.shared().glance().has_inbound) {
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

/// Plans on what is there now, own units included.
async fn plan_on_own(kernel: &Kernel, wanted: &Wanted<'_>) -> Result<Draft, EngineError> {
    let own = wanted.own.expect("it has units");
    let mut inbound = look_inbound(kernel, wanted).await?;
    let network = kernel.state.network.load_full();
    // Where sourcing may not choose a node, nothing is free but what it has there.
    let channel = wanted.channel.map(Text::as_str);
    let barred = network.barred(channel, wanted.way.service, wanted.way.pickup);
    let is_enabled = |no| network.known_terms(no).is_some_and(|terms| terms.enabled);
    let may_source = |no| is_enabled(no) && !barred.bars(no);
    add_own(own, wanted, may_source, &mut inbound);
    let free = wanted.lines.iter().map(|line| {
        let mut there_is = Vec::new();
        line.entry.row.glances(|node, glance| {
            let pair = Pair { sku: line.sku, node };
            let there = [Supply::OnHand, Supply::Supplier].map(|supply| own.on(pair, supply));
            let more = i32::try_from(there[0] + there[1]).unwrap_or(i32::MAX);
            let free = if may_source(node) { glance.free } else { glance.free.min(0) };
            let free = free.saturating_add(more).min(Glance::FREE_MAX);
            there_is.push((node, Glance { free, ..glance }));
        });
        there_is
    });
    let line_of = |sku| wanted.lines.iter().position(|line| line.sku == sku);
    let home = |peg: &Pegged| Some((line_of(peg.pair.sku)?, peg.pair.node));
    let homes = own.units.iter().filter_map(home).collect();
    let was_served = own.was_served;
    let seen = Seen { free: free.collect(), homes, goes_as_before: false, was_served };
    let wanted = wanted.that_sees(&seen);
    let draft = planning::plan(&network, &wanted, Some(&inbound));
    Ok(draft.expect("inbound supply was looked for"))
}

/// Own units on supplies that are on their way are free on them. A supply that was cancelled
/// since the units were read is not there; then the claim of them is refused.
fn add_own(
    own: &Own,
    wanted: &Wanted<'_>,
    may_source: impl Fn(NodeNo) -> bool,
    inbound: &mut InboundSeen,
) {
    for (line, node, glances) in inbound {
        let pair = Pair { sku: wanted.lines[usize::from(*line)].sku, node: *node };
        for glance in glances {
            let units = own.on(pair, Supply::Inbound(glance.no));
            let others = if may_source(*node) { glance.free } else { 0 };
            glance.free = others + units;
            glance.own = units;
        }
    }
}

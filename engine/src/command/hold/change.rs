//! Changing what a hold holds: other items, or other quantities of them.

use std::sync::Arc;

use minicbor::{Decode, Encode};
use serde_json::{Value, json};
use smallvec::SmallVec;

use super::{ended, in_hand, units};
use crate::model::digest::fingerprint;
use crate::model::effect::{Effect, Effects};
use crate::model::event::Event;
use crate::model::hold::by_pair;
use crate::model::order::decode_checked;
use crate::model::{
    Hold, HoldId, HoldState, Lsn, Meta, Order, OrderEffect, OrderHeader, PackedOrder, Pegged,
    Refusal, Reservation, Shortage, Sku, SkuNo, StockEffect, Timestamp, Violation,
};
use crate::placing::bundles::resolved;
use crate::placing::going::{Going, offered, said};
use crate::placing::judge::LineShortage;
use crate::placing::opening;
use crate::placing::over::{Over, pegs, plan_over};
use crate::placing::request::Lines;
use crate::placing::resolve::items;
use crate::placing::{placed, until_settled};
use crate::planning::{Bundled, Draft, Opening, Rooms, Wanted, WantedLine, Way};
use crate::state::catalogue::{Catalogue, Entry};
use crate::state::network::Network;
use crate::transaction::attempts::{Attempt, Attempts};
use crate::transaction::claims::Claims;
use crate::transaction::command::{Command, Decision, Effective, Facts};
use crate::transaction::error::EngineError;
use crate::transaction::in_flight::Transaction;
use crate::transaction::kernel::Kernel;

/// Has a hold hold something else from now on. It keeps its id, its owner and its time, and its
/// own units are free to it and to nobody else. It gets all that it wants, or stays as it is. One
/// that waits in line keeps its place, and may not want more of an item than it did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeHold {
    /// Key, origin, time.
    pub meta: Meta,
    /// The hold.
    pub hold: HoldId,
    /// All that it holds from now on.
    pub lines: Lines,
}

/// A hold holds something else from now on.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct HoldChanged {
    /// The hold, under the number that it had.
    #[cbor(n(0), decode_with = "decode_checked")]
    pub order: PackedOrder,
    /// What its units rested on.
    #[n(1)]
    pub off: Vec<Pegged>,
    /// What those that it has now rest on.
    #[n(2)]
    pub on: Vec<Pegged>,
}

impl ChangeHold {
    /// Checks the lines.
    ///
    /// # Errors
    /// All that is wrong.
    pub fn validate(&self) -> Result<(), Vec<Violation>> {
        self.lines.validate()
    }
}

impl Command for ChangeHold {
    type Event = HoldChanged;

    fn meta(&self) -> &Meta {
        &self.meta
    }

    fn fingerprint(&self) -> u64 {
        fingerprint(&("change", &self.hold, &self.lines))
    }

    fn validate(&self, _: &Facts<'_>) -> Result<(), Vec<Violation>> {
        self.validate()
    }

    async fn decide(&self, tx: &mut Transaction<'_>) -> Result<Decision<HoldChanged>, EngineError> {
        let kernel = tx.kernel();
        let mut attempts = Attempts::begin(kernel);
        loop {
            let mut claims = Claims::new(kernel);
            let held = in_hand(&mut claims, &self.hold).await?;
            let mut lines = items(&kernel.state.catalogue, &self.lines)?;
            let takes = |sku| opening::takes(&kernel.state, sku, self.meta.at);
            if !decide(&held, &lines, &kernel.state.network.load(), takes)? {
                return Ok(Decision::Nothing(held.last_lsn));
            }
            let bundled = resolved(&kernel.state.catalogue, &self.lines, &mut lines)?;
            if let Some(of) = &bundled {
                refuse_part((&held, &kernel.state.catalogue), &lines, of)?;
            }
            if let Some(entry) = bundled.as_ref().and_then(|of| off_sale(&held, &lines, of)) {
                return Err(Refusal::ItemOffSale { sku: entry.sku().clone() }.into());
            }
            if bundled.is_some() {
                // Beside bundles, own units are not told from those that nobody gets.
                lines.iter().try_for_each(|of| takes(of.sku))?;
            }
            let wanted = Wanted { bundled, ..wanted(kernel, &held, lines, self.meta.at)? };
            match plan_over(kernel, &wanted, &held).await? {
                Over::Granted(draft, off, more) => {
                    claims.take(more);
                    tx.claims.take(claims);
                    let event = changed(&held, &wanted, *draft, off);
                    return Ok(Decision::Event(event));
                }
                Over::SoldOut(shortages) => {
                    let sku = wanted.lines[usize::from(shortages[0].line)].sku;
                    let sku = kernel.state.catalogue.entry(sku).sku().clone();
                    return Err(short(&held, sku, &shortages).into());
                }
                Over::Unsettled => {
                    drop(claims);
                    until_settled(kernel, &wanted, &mut attempts).await?;
                }
                Over::Due => {
                    drop(claims);
                    attempts.end::<()>(Attempt::Overtaken).await?;
                }
            }
        }
    }
}

/// Pure: whether a hold is to hold something else.
fn decide(
    held: &Order,
    lines: &[WantedLine<'_>],
    network: &Network,
    takes: impl Fn(SkuNo) -> Result<(), Refusal>,
) -> Result<bool, Refusal> {
    let Some(hold) = held.open_hold() else { return Err(ended(held)) };
    let had = |sku: SkuNo| held.asked_for().find(|of| of.0 == sku).map_or(0, |of| of.1);
    let hold_id = || hold.id.clone();
    for line in lines.iter().filter(|line| line.quantity > had(line.sku)) {
        let sku = line.entry.sku().clone();
        if hold.state == HoldState::Waiting {
            return Err(Refusal::HoldGrows { hold_id: hold_id(), sku });
        }
        if line.entry.is_off_sale() {
            return Err(Refusal::ItemOffSale { sku });
        }
        takes(line.sku)?;
        if let Some(pickup) = held.header.destination.pickup() {
            offered(network, *pickup)?;
        }
    }
    let is_same = |line: &WantedLine<'_>| line.quantity == had(line.sku);
    Ok(lines.len() != held.asked_for().count() || !lines.iter().all(is_same))
}

/// A hold that takes a part of what it waits for holds no bundle: a part of one is none.
fn refuse_part(
    (held, catalogue): (&Order, &Catalogue),
    lines: &[WantedLine<'_>],
    Bundled(made): &Bundled<'_>,
) -> Result<(), Refusal> {
    let hold = held.open_hold().expect("it is open");
    let mut bundles = lines.iter().zip(made).filter(|(_, made)| made.bundle.is_some());
    let Some((line, _)) = bundles.next().filter(|_| hold.accepts_part) else { return Ok(()) };
    let (hold_id, sku) = (hold.id.clone(), catalogue.entry(line.sku).sku().clone());
    Err(Refusal::HoldTakesPart { hold_id, sku })
}

/// A component that is off sale, of a bundle of which the hold is to hold more.
fn off_sale<'a>(
    held: &Order,
    lines: &[WantedLine<'_>],
    Bundled(made): &Bundled<'a>,
) -> Option<&'a Entry> {
    let had = |sku: SkuNo| held.asked_for().find(|of| of.0 == sku).map_or(0, |of| of.1);
    let grown = lines.iter().zip(made).filter(|(line, _)| line.quantity > had(line.sku));
    let mut parts = grown.flat_map(|(_, made)| &made.parts);
    parts.find(|part| part.entry.is_off_sale()).map(|part| part.entry)
}

/// That a hold stays as it is, for want of units of an item.
fn short(held: &Order, sku: Sku, shortages: &[LineShortage]) -> Refusal {
    let hold = held.open_hold().expect("it is open");
    let LineShortage { short, .. } = shortages[0];
    Refusal::HoldShort { hold_id: hold.id.clone(), sku, short }
}

/// What is to be planned.
fn wanted<'a>(
    kernel: &'a Kernel,
    held: &'a Order,
    lines: SmallVec<[WantedLine<'a>; 4]>,
    at: Timestamp,
) -> Result<Wanted<'a>, EngineError> {
    let (header, network) = (&held.header, kernel.state.network.load());
    let Some(way) = Way::of(&network, &*kernel.postal, header) else {
        let to = said(&network, &header.destination);
        return Err(Vec::from_iter(Going::to(&to, &network, &*kernel.postal).unknown).into());
    };
    let today = kernel.postal.zone(way.place.zone).local_day(at);
    let of_service = network.policy.services[usize::from(header.service.0)].promise_days;
    // What was promised for the hold holds, until its day has passed.
    let is_promised = header.promise_by >= today;
    // It waits for what it waits for as before, in line or because it lost supply, while it wants
    // no more.
    let had = |sku: SkuNo| held.asked_for().find(|of| of.0 == sku).map_or(0, |of| of.1);
    let waits = lines.iter().all(|line| line.quantity <= had(line.sku));
    Ok(Wanted {
        lines,
        way,
        channel: header.channel.as_ref(),
        promise_by: if is_promised { header.promise_by } else { today.plus(of_service) },
        shortage: if waits { Shortage::Backorder } else { Shortage::Reject },
        split: header.split,
        at,
        seen: None,
        own: None,
        opening: Opening::Joined,
        rooms: Rooms::of(&kernel.state.loads),
        bundled: None,
    })
}

/// The hold as it is from now on.
fn changed(held: &Order, wanted: &Wanted<'_>, draft: Draft, off: Vec<Pegged>) -> HoldChanged {
    let on = pegs(&draft).collect();
    let hold = held.header.hold.as_deref().expect("it is found as a hold");
    let (waiting, units) =
        (draft.waiting_units(), draft.lines.iter().map(|l| u64::from(l.ordered)));
    let has_enough = waiting == 0 || (hold.accepts_part && waiting < units.sum());
    let is_offered = hold.state == HoldState::Waiting && has_enough;
    let (state, until) = if is_offered {
        let until = wanted.at.saturating_add_micros(i64::from(hold.seconds) * 1_000_000);
        (HoldState::Live, until.min(hold.until_max()))
    } else {
        (hold.state, hold.until)
    };
    let created = if hold.created == Lsn::NONE { held.placed_lsn } else { hold.created };
    let header = OrderHeader {
        promise_by: wanted.promise_by,
        decided_at: Some(wanted.at).filter(|at| *at != held.header.ordered_at),
        hold: Some(Box::new(Hold { created, until, state, ..hold.clone() })),
        ..held.header.clone()
    };
    HoldChanged { order: PackedOrder::of(&placed(held.no, header, draft)), off, on }
}

impl Effective for HoldChanged {
    fn effects(self) -> Effects {
        let Self { order, off, on } = self;
        let (no, priority) = (order.no(), order.priority());
        let off = off.iter().map(|peg| (peg.pair, peg.of(no, true)));
        let peg = |peg: &Pegged| Reservation { priority, ..peg.of(no, true) };
        let on = on.iter().map(|on| (on.pair, peg(on)));
        let pairs = by_pair(off, on).into_iter();
        let mut effects: Effects = pairs
            .map(|(pair, repeg)| Effect::Stock(pair, StockEffect::Repeg(Arc::new(repeg))))
            .collect();
        effects.push(Effect::Order(no, OrderEffect::Replace(order)));
        effects
    }
}

impl Event for HoldChanged {
    fn describe(&self) -> Value {
        let Self { order, off, on } = self;
        let hold = order.hold();
        json!({
            "hold_id": hold.as_deref().map(|hold| hold.id.as_str()), "order_no": order.no().0,
            "off": units(off), "on": units(on),
        })
    }
}

#[cfg(test)]
pub(crate) mod tests;

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
use crate::placing::over::{Over, pegs, plan_over};
use crate::placing::request::Lines;
use crate::placing::resolve::items;
use crate::placing::{placed, until_settled};
use crate::planning::{Bundled, Draft, Rooms, Wanted, WantedLine, Way};
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
            if !decide(&held, &lines, &kernel.state.network.load())? {
                return Ok(Decision::Nothing(held.last_lsn));
            }
            let bundled = resolved(&kernel.state.catalogue, &self.lines, &mut lines)?;
            if let Some(of) = &bundled {
                refuse_part((&held, &kernel.state.catalogue), &lines, of)?;
            }
            if let Some(entry) = bundled.as_ref().and_then(|of| off_sale(&held, &lines, of)) {
                return Err(Refusal::ItemOffSale { sku: entry.sku().clone() }.into());
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
fn decide(held: &Order, lines: &[WantedLine<'_>], network: &Network) -> Result<bool, Refusal> {
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
    // One that takes a part waits for the rest as before, while it wants no more.
    let had = |sku: SkuNo| held.asked_for().find(|of| of.0 == sku).map_or(0, |of| of.1);
    let grows = lines.iter().any(|line| line.quantity > had(line.sku));
    let waits = held
        .open_hold()
        .is_some_and(|hold| hold.state == HoldState::Waiting || (hold.accepts_part && !grows));
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
        rooms: Rooms::of(&kernel.state.loads),
        bundled: None,
    })
}

/// The hold as it is from now on.
fn changed(held: &Order, wanted: &Wanted<'_>, draft: Draft, off: Vec<Pegged>) -> HoldChanged {
    let on = pegs(&draft).collect();
    let hold = held.header.hold.as_deref().expect("it is found as a hold");
    let (unfilled, units) =
        (draft.unfilled_units(), draft.lines.iter().map(|l| u64::from(l.ordered)));
    let has_enough = unfilled == 0 || (hold.accepts_part && unfilled < units.sum());
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
pub(crate) mod tests {
    use super::*;
    use crate::command::fixture::{
        AT, bundle, change_hold, confirm, hold, hold_id, item, meta, node_id, off_sale, order,
        receive, release, sku, store, told,
    };
    use crate::command::{ConfirmHold, LineRequest};
    use crate::engine::tests::{NODE, one_unit, run};
    use crate::engine::{Engine, PlaceOutcome, Pump};
    use crate::model::{OrderId, PickupOffer, RefusalKind};

    /// Two units of `A` and one of `B`, of which the hold `H` has one of `A`.
    fn one_held() -> (Engine, Pump) {
        let (engine, mut pump) = one_unit();
        run(&mut pump, engine.define_item(item("B")));
        for name in ["A", "B"] {
            run(&mut pump, engine.change_stock(receive(name, NODE)));
        }
        run(&mut pump, engine.create_hold(hold("H")));
        (engine, pump)
    }

    fn to(id: &str, lines: &[(&str, u32)]) -> ChangeHold {
        let line =
            |(name, quantity): &(&str, u32)| LineRequest { sku: sku(name), quantity: *quantity };
        ChangeHold { lines: Lines(lines.iter().map(line).collect()), ..change_hold(id) }
    }

    /// The refusals of the table, whose rows are checked.
    pub(crate) fn table() -> Vec<RefusalKind> {
        let (engine, mut pump) = one_held();
        run(&mut pump, engine.create_hold(hold("R")));
        run(&mut pump, engine.create_hold(hold("W").waiting()));
        run(&mut pump, engine.release_hold(release("R")));
        // What it left went to who waited.
        run(&mut pump, engine.create_hold(hold("W2").waiting()));
        run(&mut pump, engine.define_item(off_sale("B")));
        let id = |id: &str| hold_id(id);
        let ended = Refusal::HoldEnded { hold_id: id("R"), state: HoldState::Released };
        let rows = [
            (to("X", &[("A", 1)]), Refusal::HoldNotFound { hold_id: id("X") }),
            (to("R", &[("A", 2)]), ended),
            (to("H", &[("C", 1)]), Refusal::ItemNotFound { sku: sku("C") }),
            (to("H", &[("A", 1), ("B", 1)]), Refusal::ItemOffSale { sku: sku("B") }),
            (
                to("H", &[("A", 3)]),
                Refusal::HoldShort { hold_id: id("H"), sku: sku("A"), short: 2 },
            ),
            (to("W2", &[("A", 2)]), Refusal::HoldGrows { hold_id: id("W2"), sku: sku("A") }),
        ];
        let refused = rows.map(|(command, expected)| {
            assert_eq!(told(engine.change_hold(command)), expected);
            expected.kind()
        });
        let mut refused = refused.to_vec();
        refused.extend([no_part_of_a_bundle(), collected()]);
        refused
    }

    /// The refusal of a bundle to a hold that takes a part.
    fn no_part_of_a_bundle() -> RefusalKind {
        let (engine, mut pump) = one_held();
        run(&mut pump, engine.define_item(bundle("SET", &[("A", 1), ("B", 1)])));
        run(&mut pump, engine.create_hold(hold("P").taking_a_part()));
        let expected = Refusal::HoldTakesPart { hold_id: hold_id("P"), sku: sku("SET") };
        assert_eq!(told(engine.change_hold(to("P", &[("SET", 1)]))), expected);
        expected.kind()
    }

    /// The refusal of a hold that is to be collected where that is not offered any more.
    fn collected() -> RefusalKind {
        let (engine, mut pump) = one_held();
        run(&mut pump, engine.define_node(store("S")));
        let mut wanted = hold("C");
        wanted.order.destination = node_id("S").into();
        run(&mut pump, engine.create_hold(wanted));
        let mut closed = store("S");
        closed.node.pickup = PickupOffer::NotOffered;
        run(&mut pump, engine.define_node(closed));
        let expected = Refusal::PickupNotOffered { node_id: node_id("S") };
        assert_eq!(told(engine.change_hold(to("C", &[("A", 2)]))), expected);
        run(&mut pump, engine.change_hold(to("C", &[("A", 1)])));
        expected.kind()
    }

    #[test]
    fn a_hold_that_cannot_have_what_it_is_to_hold_stays_as_it_is() {
        table();
    }

    /// A hold's state, when it lapses after it was created, and its lines.
    fn stands(engine: &Engine, pump: &mut Pump, id: &str) -> (HoldState, i64, Vec<(u32, u32)>) {
        let order = run(pump, engine.order(&OrderId::of_hold(&hold_id(id)))).order;
        let hold = order.header.hold.as_deref().expect("it is a hold");
        let until = (hold.until.as_micros() - AT.as_micros()) / 1_000_000;
        let lines = order.lines.iter().map(|line| (line.sku.0, line.ordered));
        (hold.state, until, lines.collect())
    }

    #[test]
    fn a_changed_hold_keeps_its_id_and_its_time_and_its_own_units_are_free_to_it() {
        let (engine, mut pump) = one_held();
        let created = run(&mut pump, engine.create_hold(hold("H"))).version;
        let later = Meta { at: AT.saturating_add_micros(30_000_000), ..meta() };
        let change = ChangeHold { meta: later, ..to("H", &[("A", 2), ("B", 1)]) };
        let done = run(&mut pump, engine.change_hold(change.clone()));
        let (live, all) = (HoldState::Live, vec![(0, 2), (1, 1)]);
        assert_eq!(stands(&engine, &mut pump, "H"), (live, 60, all));
        assert_eq!(run(&mut pump, engine.change_hold(change)).version, done.version, "as it is");
        // The same hold again is no other one.
        assert_eq!(run(&mut pump, engine.create_hold(hold("H"))).version, created);
        // What it holds no more is anybody's.
        run(&mut pump, engine.change_hold(to("H", &[("B", 1)])));
        let placed = run(&mut pump, engine.place_order(order()));
        assert!(matches!(placed.outcome, PlaceOutcome::Placed(_)), "{placed:?}");
        let other = OrderId::new("id", "P").expect("an id");
        run(&mut pump, engine.confirm_hold(ConfirmHold { order: other, ..confirm("H") }));
        let audit = engine.audit().expect("it ends");
        assert!(audit.is_clean() && audit.holds == 0, "{audit:?}");
        let again = run(&mut pump, engine.create_hold(hold("H")));
        assert_eq!(again.version, created, "of the event that created it");
    }

    #[test]
    fn who_waits_in_line_keeps_his_place_and_has_his_units_once_he_wants_no_more_than_there_is() {
        let (engine, mut pump) = one_unit();
        let order = |id, units| {
            let mut hold = hold(id).waiting();
            hold.order.lines.0[0].quantity = units;
            hold
        };
        run(&mut pump, engine.create_hold(order("W", 3)));
        run(&mut pump, engine.create_hold(order("V", 1)));
        let waits = |units| (HoldState::Waiting, 43_200, vec![(0, units)]);
        run(&mut pump, engine.change_hold(to("W", &[("A", 2)])));
        assert_eq!(stands(&engine, &mut pump, "W"), waits(2));
        let later = Meta { at: AT.saturating_add_micros(5_000_000), ..meta() };
        run(&mut pump, engine.change_hold(ChangeHold { meta: later, ..to("W", &[("A", 1)]) }));
        assert_eq!(stands(&engine, &mut pump, "W"), (HoldState::Live, 65, vec![(0, 1)]));
        assert_eq!(stands(&engine, &mut pump, "V"), waits(1));
        let audit = engine.audit().expect("it ends");
        assert!(audit.is_clean() && audit.holds == 2, "{audit:?}");
    }

    #[test]
    fn a_hold_is_changed_to_something() {
        let said = |lines: &[(&str, u32)]| crate::command::fixture::said(to("H", lines).validate());
        assert_eq!(said(&[]), ["lines: \"\" is required"]);
        assert_eq!(said(&[("A", 0)]), ["lines[0].quantity: \"0\" is not within 1 to 500000"]);
    }
}

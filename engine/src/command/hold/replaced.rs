//! That the units of a hold are an order's from now on, or the next hold's.

use std::sync::Arc;

use minicbor::{Decode, Encode};
use serde_json::{Value, json};

use super::units;
use crate::model::effect::{Effect, Effects};
use crate::model::event::Event;
use crate::model::hold::by_pair;
use crate::model::order::decode_checked;
use crate::model::{
    HoldState, OrderEffect, OrderId, OrderNo, PackedOrder, Pegged, Reservation, StockEffect,
};
use crate::transaction::command::Effective;

/// The units of a hold are an order's from now on, or the next hold's.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct HoldReplaced {
    /// What there is instead: the order that the hold became, or the hold that has its units.
    #[cbor(n(0), decode_with = "decode_checked")]
    pub order: PackedOrder,
    /// What the hold's units rested on.
    #[n(1)]
    pub off: Vec<Pegged>,
    /// What those of the order rest on.
    #[n(2)]
    pub on: Vec<Pegged>,
    /// The hold that ends, and what becomes of it, where the order has another number: it is
    /// taken over, or had lapsed and stays so. Else it is the same one.
    #[n(3)]
    pub ends: Option<(OrderNo, HoldState)>,
}

impl Effective for HoldReplaced {
    fn effects(self) -> Effects {
        let Self { order, off, on, ends } = self;
        let (no, id) = (order.no(), order.id());
        let hold = order.hold().expect("it began as a hold");
        let held = hold.is_open();
        let had = ends.map_or(no, |(had, _)| had);
        let off = off.iter().map(|peg| (peg.pair, peg.of(had, true)));
        let priority = order.priority();
        let peg = |peg: &Pegged| Reservation { priority, ..peg.of(no, held) };
        let on = on.iter().map(|on| (on.pair, peg(on)));
        let pairs = by_pair(off, on).into_iter();
        let mut effects: Effects = pairs
            .map(|(pair, repeg)| Effect::Stock(pair, StockEffect::Repeg(Arc::new(repeg))))
            .collect();
        let of_hold = OrderId::of_hold(&hold.id);
        let uses = order.is_priced().then(|| order.unpack().ok()?.uses_taken()).flatten();
        if let Some((had, state)) = ends {
            // One that lapsed is closed, and may have left memory.
            let ends = match state {
                HoldState::Lapsed => OrderEffect::LetGo,
                state => OrderEffect::EndHold(state),
            };
            effects.push(Effect::Order(had, ends));
            effects.push(Effect::Order(no, OrderEffect::Place(order)));
            if id != of_hold {
                effects.push(Effect::Renumber(of_hold, no));
            }
        } else {
            effects.push(Effect::Order(no, OrderEffect::Replace(order)));
        }
        effects.push(Effect::Name(id, no));
        effects.extend(uses.into_iter().flatten().map(|of| Effect::Use(Box::new(of), 1)));
        effects
    }
}

impl Event for HoldReplaced {
    fn describe(&self) -> Value {
        let Self { order, off, on, ends } = self;
        let hold = order.hold();
        let is_order = hold.as_deref().is_some_and(|hold| hold.state == HoldState::Confirmed);
        json!({
            "hold_id": hold.as_deref().map(|hold| hold.id.as_str()), "order_no": order.no().0,
            "order_id": is_order.then(|| order.id().to_string()),
            "ended_order_no": ends.map(|(no, _)| no.0),
            "ended": ends.map(|(_, state)| state.as_str()),
            "off": units(off), "on": units(on),
        })
    }
}

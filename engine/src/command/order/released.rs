//! Shipments that nodes are told to work on, one by the rule of its node or many in a wave.

use minicbor::{Decode, Encode};
use serde_json::{Value, json};

use crate::model::effect::{Effect, Effects};
use crate::model::event::Event;
use crate::model::fulfilment::Content;
use crate::model::fulfilment::table::rule;
use crate::model::{Act, Order, OrderEffect, OrderId, OrderNo, Progress, Timestamp, fulfilment};
use crate::transaction::command::Effective;
use crate::transaction::rests::Resting;

/// Nodes may work on shipments from now on.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct ShipmentsReleased {
    /// When.
    #[n(0)]
    pub at: Timestamp,
    /// Which ones: at most one of an order.
    #[n(1)]
    pub shipments: Vec<Released>,
    /// How many the wave left that it could have released; none if the rule of the node released one.
    #[n(2)]
    pub left: Option<u32>,
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Released {
    /// The order's number.
    #[n(0)]
    pub no: OrderNo,
    /// The order's id.
    #[n(1)]
    pub id: OrderId,
    /// The shipment, from 0.
    #[n(2)]
    pub shipment: u16,
}

impl Released {
    /// A shipment of an order, from 0.
    pub fn of(order: &Order, shipment: u16) -> Self {
        Self { no: order.no, id: order.header.id.clone(), shipment }
    }
}

/// From when on a shipment, from 0, can be released: its node was not told, and would be of something.
/// A node that is asked to give it back may answer before. None if it cannot be released.
pub(super) fn may_be_released_from(order: &Order, shipment: u16) -> Option<Timestamp> {
    let content = Content::of(order, shipment);
    let is_told = content.work().is_some_and(|work| work.released.is_some());
    let becomes = |state| matches!(rule(Act::Release, state), fulfilment::Rule::Becomes(_));
    let is_of_some = || {
        let mut lines = content.lines();
        lines.any(|line| content.standing(line).states().any(|(state, _)| becomes(state)))
    };
    let waits = order.waits_for_return(shipment).is_some();
    let is_paid = order.is_secured() && order.lacks_for_release(shipment).is_none();
    let is_kept = waits || order.is_on_hold() || !is_paid;
    let may_be = !is_kept && !order.was_declined(shipment) && !is_told && is_of_some();
    let asked = content.work().and_then(|work| work.recall);
    may_be.then(|| asked.map_or(Timestamp::default(), |until| until.saturating_add_micros(1)))
}

/// Whether all units of a shipment, from 0, are at its node.
pub(super) fn is_there(order: &Order, resting: &Resting, shipment: u16) -> bool {
    let of_it =
        order.allocations.iter().zip(&resting.rests).filter(|(a, _)| a.shipment == shipment);
    of_it.flat_map(|(_, rests)| rests).all(|rest| rest.supply.is_there())
}

impl Event for ShipmentsReleased {
    const CALLED: &'static [&'static str] = &["shipment_released", "wave_released"];

    fn called(&self) -> Option<&'static str> {
        Some(if self.left.is_some() { "wave_released" } else { "shipment_released" })
    }

    fn describe(&self) -> Value {
        let (at, step) = (self.at.to_string(), Act::Release.as_str());
        let one = |of: &Released| {
            json!({
                "order_id": of.id.as_str(), "order_no": of.no.0, "shipment": of.shipment,
                "at": at, "step": step,
            })
        };
        match (&self.shipments[..], self.left) {
            ([released], None) => one(released),
            (all, left) => json!({
                "at": at, "left": left, "shipments": all.iter().map(one).collect::<Vec<_>>(),
            }),
        }
    }
}

impl Effective for ShipmentsReleased {
    fn effects(self) -> Effects {
        let at = self.at;
        let effect = |Released { no, shipment, .. }: Released| {
            let progress = Progress {
                shipment,
                at,
                act: Act::Release,
                put_back: Vec::new(),
                picked: Vec::new(),
                left: Vec::new(),
                packages: Vec::new(),
                recall: None,
            };
            Effect::Order(no, OrderEffect::Progress(progress.into()))
        };
        self.shipments.into_iter().map(effect).collect()
    }
}

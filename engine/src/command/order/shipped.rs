//! That a shipment left its node whole, as older versions wrote it: read still, and written no more.

use minicbor::{Decode, Encode};
use serde_json::{Value, json};

use super::units;
use crate::model::effect::{Effect, Effects};
use crate::model::event::Event;
use crate::model::order::by_pair;
use crate::model::{AllocationUnits, Dispatch, OrderEffect, OrderId, OrderNo, StockEffect};
use crate::transaction::command::Effective;

/// A shipment left its node.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct ShipmentShipped {
    /// The order's number.
    #[n(0)]
    pub no: OrderNo,
    /// The order's id.
    #[n(1)]
    pub id: OrderId,
    /// The shipment, from 0.
    #[n(2)]
    pub shipment: u16,
    /// How it left.
    #[n(3)]
    pub dispatch: Dispatch,
    /// The units that left, allocations ascending.
    #[n(4)]
    pub units: Vec<AllocationUnits>,
}

impl Event for ShipmentShipped {
    fn describe(&self) -> Value {
        let Self { no, id, shipment, dispatch, units: left } = self;
        json!({
            "order_id": id.as_str(), "order_no": no.0, "shipment": shipment,
            "shipped_at": dispatch.at.to_string(), "carrier": dispatch.carrier.as_str(),
            "tracking": dispatch.tracking.as_str(),
            "units": units(left),
        })
    }
}

impl Effective for ShipmentShipped {
    fn effects(self) -> Effects {
        let Self { no: order, shipment, dispatch, units, .. } = self;
        let stock = by_pair(&units)
            .into_iter()
            .map(|(pair, lines)| Effect::Stock(pair, StockEffect::Ship { order, lines }));
        let mut effects: Effects = stock.collect();
        effects.push(Effect::Order(order, OrderEffect::Ship { shipment, dispatch }));
        effects
    }
}

//! That holds ended, and their units are free.

use std::collections::BTreeMap;
use std::sync::Arc;

use minicbor::{Decode, Encode};
use serde_json::{Value, json};

use super::units;
use crate::model::effect::{Effect, Effects};
use crate::model::event::Event;
use crate::model::hold::by_pair;
use crate::model::{
    HoldId, HoldState, Order, OrderEffect, OrderNo, Pair, Pegged, Repeg, Reservation, StockEffect,
};
use crate::placing::over;
use crate::transaction::attempts::Attempt;
use crate::transaction::claims::Claims;
use crate::transaction::command::Effective;
use crate::transaction::error::EngineError;
use crate::transaction::kernel::Kernel;
use crate::transaction::rests::Resting;

/// Holds were given up, or their time ran out. Their units are free.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct HoldsEnded {
    /// What became of them.
    #[n(0)]
    pub state: HoldState,
    /// The holds.
    #[n(1)]
    pub holds: Vec<EndedHold>,
}

/// A hold that ended.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct EndedHold {
    /// Its number as an order.
    #[n(0)]
    pub no: OrderNo,
    /// Its id.
    #[n(1)]
    pub id: HoldId,
    /// What its units rested on.
    #[n(2)]
    pub units: Vec<Pegged>,
}

impl EndedHold {
    /// The end of a hold that is in hand.
    ///
    /// # Errors
    /// When an actor panicked.
    pub fn of(kernel: &Kernel, order: &Order) -> Result<Self, EngineError> {
        let hold = order.open_hold().expect("it has its units");
        Ok(Self {
            no: order.no,
            id: hold.id.clone(),
            units: Resting::read(kernel, order)?.units_of(order),
        })
    }
}

impl HoldsEnded {
    /// Claims the units of the holds, which are in hand.
    ///
    /// # Errors
    /// What stopped the engine.
    pub async fn claim<'k>(
        &self,
        kernel: &'k Kernel,
    ) -> Result<Attempt<'k, Claims<'k>>, EngineError> {
        over::claim(kernel, self.by_pair(), None).await
    }

    /// What comes off the supplies of each pair.
    pub fn by_pair(&self) -> BTreeMap<Pair, Repeg> {
        by_pair(self.off(), std::iter::empty())
    }

    fn off(&self) -> impl Iterator<Item = (Pair, Reservation)> + '_ {
        let of = |hold: &EndedHold, peg: &Pegged| (peg.pair, peg.of(hold.no, true));
        self.holds.iter().flat_map(move |hold| hold.units.iter().map(move |peg| of(hold, peg)))
    }
}

impl Effective for HoldsEnded {
    fn effects(self) -> Effects {
        let pairs = self.by_pair().into_iter();
        let stock =
            pairs.map(|(pair, repeg)| Effect::Stock(pair, StockEffect::Repeg(Arc::new(repeg))));
        let end = OrderEffect::EndHold(self.state);
        let holds = self.holds.iter().map(|hold| Effect::Order(hold.no, end.clone()));
        stock.chain(holds).collect()
    }
}

impl Event for HoldsEnded {
    fn describe(&self) -> Value {
        let holds = self.holds.iter().map(|EndedHold { no, id, units: freed }| {
            json!({ "hold_id": id.as_str(), "order_no": no.0, "units": units(freed) })
        });
        json!({ "state": self.state.as_str(), "holds": holds.collect::<Vec<_>>() })
    }
}

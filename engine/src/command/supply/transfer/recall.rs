//! Taking units back that are on their way from one node to another.

use minicbor::{Decode, Encode};
use serde_json::{Value, json};

use super::{both, goes_nowhere, pairs};
use crate::limits::STOCK_UNITS_MAX;
use crate::model::check::finish;
use crate::model::digest::fingerprint;
use crate::model::effect::{Effect, Effects};
use crate::model::event::Event;
use crate::model::{
    InboundId, InboundNo, Meta, NodeId, NodeNo, Pair, Proposal, Refusal, Serves, Sku, SkuNo,
    StockChange, StockEffect, Violation,
};
use crate::transaction::attempts::Attempts;
use crate::transaction::command::{Command, Decision, Effective, Facts};
use crate::transaction::error::EngineError;
use crate::transaction::in_flight::Transaction;

/// Takes back what is still on its way of a transfer: it is on hand again where it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecallTransfer {
    /// Key, origin, time.
    pub meta: Meta,
    /// The caller's id of the transfer.
    pub id: InboundId,
    /// The item.
    pub sku: Sku,
    /// The node that the units left.
    pub from: NodeId,
    /// The node that they were to go to.
    pub to: NodeId,
}

/// Units that were on their way between two nodes are back at the first.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct TransferRecalled {
    /// The item.
    #[n(0)]
    pub sku: SkuNo,
    /// The node that they had left.
    #[n(1)]
    pub from: NodeNo,
    /// The node that they were to go to.
    #[n(2)]
    pub to: NodeNo,
    /// The number of the supply there.
    #[n(3)]
    pub no: InboundNo,
    /// How many.
    #[n(4)]
    pub quantity: u32,
}

impl Command for RecallTransfer {
    type Event = TransferRecalled;

    fn meta(&self) -> &Meta {
        &self.meta
    }

    fn fingerprint(&self) -> u64 {
        let Self { id, sku, from, to, .. } = self;
        fingerprint(&(id, sku, from, to))
    }

    fn validate(&self, _: &Facts<'_>) -> Result<(), Vec<Violation>> {
        self.validate()
    }

    async fn decide(
        &self,
        tx: &mut Transaction<'_>,
    ) -> Result<Decision<TransferRecalled>, EngineError> {
        let [from, to] = pairs(tx.state(), &self.sku, [&self.from, &self.to])?;
        let turns = Proposal::TransferTurnsBack { id: self.id.clone(), from: from.node };
        let proposals = [(from, Proposal::TransferReturns), (to, turns)];
        let mut attempts = Attempts::begin(tx.kernel());
        let changes = loop {
            let attempt = both(&mut tx.claims, &proposals).await?;
            if let Some(changes) = attempts.end(attempt).await? {
                break changes;
            }
        };
        let (no, quantity) = self.turned_back(&changes)?;
        let (sku, from, to) = (from.sku, from.node, to.node);
        Ok(Decision::Event(TransferRecalled { sku, from, to, no, quantity }))
    }
}

impl RecallTransfer {
    /// Checks the nodes.
    pub fn validate(&self) -> Result<(), Vec<Violation>> {
        finish(goes_nowhere(&self.from, &self.to).into_iter().collect())
    }

    /// What turns back, by what both pairs decided.
    pub(super) fn turned_back(
        &self,
        changes: &[Option<StockChange>; 2],
    ) -> Result<(InboundNo, u32), Refusal> {
        let [
            Some(StockChange::TransferReturned { quantity: room }),
            Some(StockChange::TransferTurnedBack { no, quantity }),
        ] = changes
        else {
            let (sku, node_id) = (self.sku.clone(), self.to.clone());
            let inbound_id = self.id.to_string();
            return Err(Refusal::InboundNotFound { sku, node_id, inbound_id });
        };
        if quantity > room {
            let max = STOCK_UNITS_MAX.into();
            return Err(Refusal::QuantityTooLarge { what: "on_hand", max });
        }
        Ok((*no, *quantity))
    }
}

impl Event for TransferRecalled {
    fn describe(&self) -> Value {
        let Self { sku, from, to, no, quantity } = self;
        json!({
            "sku_no": sku.0, "from_node_no": from.0, "to_node_no": to.0, "inbound_no": no.0,
            "quantity": quantity,
        })
    }
}

impl Effective for TransferRecalled {
    fn effects(self) -> Effects {
        let Self { sku, from, to, no, quantity } = self;
        let change = |node, change| {
            let effect = StockEffect::Change { change, serves: Serves::Backlog };
            Effect::Stock(Pair { sku, node }, effect)
        };
        vec![
            change(from, StockChange::TransferReturned { quantity }),
            change(to, StockChange::TransferTurnedBack { no, quantity }),
        ]
    }
}

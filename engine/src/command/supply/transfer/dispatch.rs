//! Sending units from one node to another.

use minicbor::{Decode, Encode};
use serde_json::{Value, json};

use super::{both, goes_nowhere, pairs};
use crate::command::supply::eta_past;
use crate::limits::STOCK_UNITS_MAX;
use crate::model::check::{finish, in_range};
use crate::model::digest::fingerprint;
use crate::model::effect::{Effect, Effects};
use crate::model::event::Event;
use crate::model::{
    InboundId, InboundNo, Meta, NodeId, NodeNo, Pair, Proposal, Serves, Sku, SkuNo, StockChange,
    StockEffect, Timestamp, TransferAnnounced, Violation,
};
use crate::transaction::attempts::{Attempt, Attempts};
use crate::transaction::command::{Command, Decision, Effective, Facts};
use crate::transaction::error::EngineError;
use crate::transaction::in_flight::Transaction;

/// Sends free units of an item from one node to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DispatchTransfer {
    /// Key, origin, time.
    pub meta: Meta,
    /// The caller's id of the transfer: that of an inbound supply where the units go to.
    pub id: InboundId,
    /// The item.
    pub sku: Sku,
    /// The node that the units leave.
    pub from: NodeId,
    /// The node that they go to.
    pub to: NodeId,
    /// Whole units, from 1.
    pub quantity: u32,
    /// When they are expected: the start of a day there, as of any inbound supply.
    pub eta: Timestamp,
}

/// Units of an item left one node for another.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct TransferDispatched {
    /// The item.
    #[n(0)]
    pub sku: SkuNo,
    /// The node that they left.
    #[n(1)]
    pub from: NodeNo,
    /// The node that they go to.
    #[n(2)]
    pub to: NodeNo,
    /// The number of the supply there.
    #[n(3)]
    pub no: InboundNo,
    /// The caller's id of it.
    #[n(4)]
    pub id: InboundId,
    /// How many.
    #[n(5)]
    pub quantity: u32,
    /// When they are expected.
    #[n(6)]
    pub eta: Timestamp,
}

impl DispatchTransfer {
    /// Checks nodes and quantity. The day is the node's, and is checked with it.
    pub fn validate(&self) -> Result<(), Vec<Violation>> {
        let mut found: Vec<_> = goes_nowhere(&self.from, &self.to).into_iter().collect();
        let (quantity, max) = (self.quantity.into(), STOCK_UNITS_MAX.into());
        in_range(&mut found, "quantity".into(), quantity, 1, max);
        finish(found)
    }
}

impl Command for DispatchTransfer {
    type Event = TransferDispatched;

    fn meta(&self) -> &Meta {
        &self.meta
    }

    fn fingerprint(&self) -> u64 {
        let Self { id, sku, from, to, quantity, eta, .. } = self;
        fingerprint(&(id, sku, from, to, quantity, eta))
    }

    fn validate(&self, facts: &Facts<'_>) -> Result<(), Vec<Violation>> {
        let mut found = self.validate().err().unwrap_or_default();
        found.extend(eta_past(facts, &self.to, self.eta));
        finish(found)
    }

    async fn decide(
        &self,
        tx: &mut Transaction<'_>,
    ) -> Result<Decision<TransferDispatched>, EngineError> {
        let kernel = tx.kernel();
        let [from, to] = pairs(tx.state(), &self.sku, [&self.from, &self.to])?;
        let entry = tx.state().catalogue.entry(from.sku);
        let (id, quantity, eta) = (&self.id, self.quantity, self.eta);
        let comes = Proposal::TransferComes { id: id.clone(), quantity, eta, from: from.node };
        let proposals = [(from, Proposal::TransferLeaves { quantity }), (to, comes)];
        let mut attempts = Attempts::begin(kernel);
        let changes = loop {
            // What came free goes to orders that wait before it leaves for another node.
            // The re-pegger needs these pairs for that: no place in their lines is kept.
            let attempt = match kernel.settled(from.sku, entry)? {
                Err(bell) => {
                    tx.claims.give_up(|_| false);
                    Attempt::InTheWay(bell)
                }
                Ok(()) => match both(&mut tx.claims, &proposals).await? {
                    Attempt::Done(_) if entry.is_unsettled() => {
                        tx.claims.give_up(|_| false);
                        Attempt::Again
                    }
                    attempt => attempt,
                },
            };
            if let Some(changes) = attempts.end(attempt).await? {
                break changes;
            }
        };
        let [_, Some(StockChange::TransferAnnounced(announced))] = changes else {
            unreachable!("the second pair announces the transfer");
        };
        let (sku, no, id) = (from.sku, announced.no, id.clone());
        let (from, to) = (from.node, to.node);
        Ok(Decision::Event(TransferDispatched { sku, from, to, no, id, quantity, eta }))
    }
}

impl Event for TransferDispatched {
    fn describe(&self) -> Value {
        let Self { sku, from, to, no, id, quantity, eta } = self;
        json!({
            "sku_no": sku.0, "from_node_no": from.0, "to_node_no": to.0, "inbound_no": no.0,
            "inbound_id": id.as_str(), "quantity": quantity, "eta": eta.to_string(),
        })
    }
}

impl Effective for TransferDispatched {
    fn effects(self) -> Effects {
        let Self { sku, from, to, no, id, quantity, eta } = self;
        let announced = TransferAnnounced { no, id, quantity, eta, from };
        let change = |node, change| {
            let effect = StockEffect::Change { change, serves: Serves::Backlog };
            Effect::Stock(Pair { sku, node }, effect)
        };
        vec![
            change(from, StockChange::TransferLeft { quantity }),
            change(to, StockChange::TransferAnnounced(Box::new(announced))),
        ]
    }
}

//! Changing the supply of a pair.

use minicbor::{Decode, Encode};
use serde_json::{Value, json};

use super::eta_past;
use crate::limits::FEED_AHEAD_MAX_MICROS;
use crate::model::check::finish;
use crate::model::digest::fingerprint;
use crate::model::effect::{Effect, Effects};
use crate::model::event::Event;
use crate::model::{
    Meta, NodeId, Pair, Proposal, Refusal, Refused, Rule, Serves, Sku, StockChange, StockEffect,
    StockOperation, Timestamp, Violation, joined,
};
use crate::state::State;
use crate::state::network::is_supplier;
use crate::state::stock::Edit;
use crate::transaction::attempts::{Attempt, Attempts};
use crate::transaction::command::{Command, Decision, Effective, Facts};
use crate::transaction::error::EngineError;
use crate::transaction::in_flight::Transaction;

/// Changes the supply of one pair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeStock {
    /// Key, origin, time.
    pub meta: Meta,
    /// The item.
    pub sku: Sku,
    /// The node.
    pub node: NodeId,
    /// How.
    pub operation: StockOperation,
}

/// The supply of a pair changed.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct StockChanged {
    /// The pair.
    #[n(0)]
    pub pair: Pair,
    /// How.
    #[n(1)]
    pub change: StockChange,
    /// Who gets what that frees. None in events of older versions: the pair.
    #[n(2)]
    pub serves: Option<Serves>,
}

impl Command for ChangeStock {
    type Event = StockChanged;

    fn meta(&self) -> &Meta {
        &self.meta
    }

    fn fingerprint(&self) -> u64 {
        let operation = match self.operation.clone() {
            // Older versions took a row that states a supply for its announcement.
            StockOperation::StateInbound { id, ordered: quantity, eta } => {
                StockOperation::AnnounceInbound { id, quantity, eta }
            }
            operation => operation,
        };
        fingerprint(&(&self.sku, &self.node, operation))
    }

    /// Checks the operation, days by the node's calendar, and instants by the engine's clock. Of a
    /// node that is not defined, only the id is at fault, and `decide` says so.
    fn validate(&self, facts: &Facts<'_>) -> Result<(), Vec<Violation>> {
        let mut found = self.operation.validate().err().unwrap_or_default();
        found.extend(self.operation.eta().and_then(|eta| eta_past(facts, &self.node, eta)));
        found.extend(self.operation.as_of().and_then(|as_of| too_far_ahead(facts, as_of)));
        finish(found)
    }

    async fn decide(
        &self,
        tx: &mut Transaction<'_>,
    ) -> Result<Decision<StockChanged>, EngineError> {
        let pair = find_pair(tx.state(), &self.sku, &self.node, &self.operation)?;
        // The pair decides in its turn, and is held for the change.
        let decided = edit(tx, pair, self.operation.clone()).await?;
        let change = decided.map_err(|refused| self.refusal(refused))?;
        Ok(Decision::Event(StockChanged { pair, change, serves: Some(Serves::Backlog) }))
    }
}

impl ChangeStock {
    /// What the pair refused, with the names that callers know it by.
    fn refusal(&self, refused: Refused) -> Refusal {
        let (sku, node_id) = (self.sku.clone(), self.node.clone());
        match refused {
            Refused::Refused(refusal) => refusal,
            Refused::UnknownInbound => {
                let inbound = self.operation.inbound();
                let inbound_id = inbound.map(ToString::to_string).unwrap_or_default();
                Refusal::InboundNotFound { sku, node_id, inbound_id }
            }
            Refused::OutdatedFeed { newest } => {
                let as_of = self.operation.as_of().unwrap_or_default();
                Refusal::VendorFeedOutdated { sku, node_id, as_of, newest }
            }
        }
    }
}

/// That a supplier's feed says of an instant which no clock shows yet, if it does.
fn too_far_ahead(facts: &Facts<'_>, as_of: Timestamp) -> Option<Violation> {
    let latest = facts.now.saturating_add_micros(FEED_AHEAD_MAX_MICROS);
    (as_of > latest).then(|| Violation::new("as_of", as_of, Rule::TooFarAhead { latest }))
}

/// Decides a change at its pair, and waits while other commands in flight stand in the
/// way.
async fn edit(
    tx: &mut Transaction<'_>,
    pair: Pair,
    operation: StockOperation,
) -> Result<Result<StockChange, Refused>, EngineError> {
    let proposal = Proposal::Operation(operation);
    let mut attempts = Attempts::begin(tx.kernel());
    loop {
        let attempt = match tx.claims.edit(pair, &proposal).await? {
            Ok(Edit::Granted(change)) => Attempt::Done(Ok(change)),
            Ok(Edit::Refused(refused)) => Attempt::Done(Err(refused)),
            Ok(Edit::InFlight | Edit::InLine) => unreachable!("they come with a bell"),
            Err(bell) => Attempt::InTheWay(bell),
        };
        if let Some(decided) = attempts.end(attempt).await? {
            return Ok(decided);
        }
    }
}

/// The pair that an operation is about, if it is for nodes of that kind.
fn find_pair(
    state: &State,
    sku: &Sku,
    node: &NodeId,
    operation: &StockOperation,
) -> Result<Pair, Refusal> {
    let sku = state.catalogue.with_stock(sku)?;
    let network = state.network.load();
    let no = network.named(node)?;
    let at_supplier = is_supplier(network.node(no).node.kind);
    let fits = match operation {
        StockOperation::SupplierFeed { .. } => at_supplier,
        StockOperation::Set { on_hand: None, unavailable: None, .. }
        | StockOperation::SetTerms(_) => true,
        StockOperation::Set { .. }
        | StockOperation::Receive { .. }
        | StockOperation::Adjust { .. }
        | StockOperation::Count { .. }
        | StockOperation::AnnounceInbound { .. }
        | StockOperation::StateInbound { .. }
        | StockOperation::ChangeInbound { .. }
        | StockOperation::Weigh { .. }
        | StockOperation::Source { .. }
        | StockOperation::ReceiveInbound { .. }
        | StockOperation::CancelInbound { .. } => !at_supplier,
    };
    match (fits, at_supplier) {
        (true, _) => Ok(Pair { sku, node: no }),
        (false, true) => Err(Refusal::NodeIsSupplier { node_id: node.clone() }),
        (false, false) => Err(Refusal::NodeNotSupplier { node_id: node.clone() }),
    }
}

impl Event for StockChanged {
    fn describe(&self) -> Value {
        let Self { pair, change, .. } = self;
        let pair = json!({ "sku_no": pair.sku.0, "node_no": pair.node.0 });
        joined(pair, change.describe())
    }

    fn is_extended(&self) -> bool {
        self.serves.is_some()
    }
}

impl Effective for StockChanged {
    fn effects(self) -> Effects {
        let (change, serves) = (self.change, self.serves.unwrap_or_default());
        vec![Effect::Stock(self.pair, StockEffect::Change { change, serves })]
    }
}

#[cfg(test)]
pub(crate) mod tests;

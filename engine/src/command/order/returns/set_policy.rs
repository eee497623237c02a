//! Setting what may come back.

use minicbor::{Decode, Encode};
use serde_json::{Value, json};

use super::with_shelves;
use crate::model::digest::fingerprint;
use crate::model::effect::{Configuration, Effect, Effects};
use crate::model::event::Event;
use crate::model::returns::ReturnPolicy;
use crate::model::{Meta, Refusal, Violation};
use crate::state::network::Network;
use crate::transaction::command::{Command, Decision, Effective, Facts};
use crate::transaction::error::EngineError;
use crate::transaction::in_flight::Transaction;

/// Sets what may come back, until when and for what fee. Returns that were granted keep their terms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetReturnPolicy {
    /// Key, origin, time.
    pub meta: Meta,
    /// What it is from now on.
    pub policy: ReturnPolicy,
}

/// What may come back was set.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct ReturnPolicySet {
    /// What it is now.
    #[n(0)]
    pub policy: Box<ReturnPolicy>,
}

impl SetReturnPolicy {
    /// Checks all rules.
    ///
    /// # Errors
    /// Every field that is wrong.
    pub fn validate(&self) -> Result<(), Vec<Violation>> {
        self.policy.check("policy")
    }
}

impl Command for SetReturnPolicy {
    type Event = ReturnPolicySet;

    fn meta(&self) -> &Meta {
        &self.meta
    }

    fn fingerprint(&self) -> u64 {
        fingerprint(&("set_return_policy", &self.policy))
    }

    fn validate(&self, _: &Facts<'_>) -> Result<(), Vec<Violation>> {
        self.validate()
    }

    async fn decide(
        &self,
        tx: &mut Transaction<'_>,
    ) -> Result<Decision<ReturnPolicySet>, EngineError> {
        tx.take_turn_at_configuring().await?;
        known(&self.policy, &tx.state().network.load())?;
        Ok(Decision::Event(ReturnPolicySet { policy: Box::new(self.policy.clone()) }))
    }
}

/// Pure: whether each node that takes returns exists, and has shelves.
fn known(policy: &ReturnPolicy, network: &Network) -> Result<(), Refusal> {
    let mut all = policy.destinations().iter();
    all.try_for_each(|of| with_shelves(network, &of.node).map(drop))
}

impl Event for ReturnPolicySet {
    fn describe(&self) -> Value {
        let (policy, nodes) = (&*self.policy, self.policy.destinations().len());
        json!({
            "rules": policy.rules.len(), "holidays": policy.holidays.len(), "destinations": nodes,
        })
    }
}

impl Effective for ReturnPolicySet {
    fn effects(self) -> Effects {
        vec![Effect::Configuration(Configuration::ReturnPolicy(self.policy))]
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::command::fixture::{check, located, node_id, set_return_policy};
    use crate::model::returns::Destination;
    use crate::model::{Lsn, Minor, NodeKind, NodeNo, RefusalKind};

    /// A policy by which these nodes take returns.
    fn to(nodes: &[&str]) -> ReturnPolicy {
        let destination = |name: &&str| Destination {
            node: node_id(name),
            ways: Vec::new(),
            categories: Vec::new(),
            unit_cost: Minor::ZERO,
        };
        let destinations = Some(nodes.iter().map(destination).collect());
        ReturnPolicy { destinations, ..set_return_policy().policy }
    }

    /// The refusals of the table, whose rows are checked.
    pub(crate) fn table() -> Vec<RefusalKind> {
        let kinds = [("W", NodeKind::Warehouse), ("S", NodeKind::Supplier)];
        let nodes = (0..).map(NodeNo).zip(kinds);
        let network = nodes.fold(Network::empty(1), |network, (no, (name, kind))| {
            network.with_node(no, located(name, kind), Lsn::FIRST)
        });
        let set = |nodes: &[&str]| known(&to(nodes), &network);
        check([
            ("W", set(&["W"]), Ok(())),
            ("S", set(&["W", "S"]), Err(Refusal::NodeIsSupplier { node_id: node_id("S") })),
            ("X", set(&["X"]), Err(Refusal::NodeNotFound { node_id: node_id("X") })),
        ])
    }

    #[test]
    fn returns_go_to_nodes_that_exist_and_have_shelves() {
        table();
    }

    #[test]
    fn what_is_wrong_with_destinations_is_told_all_at_once() {
        let mut policy = to(&["W", "W"]);
        let destinations = policy.destinations.as_mut().expect("two");
        destinations[0].unit_cost = Minor(-1);
        let found = policy.check("policy").expect_err("two faults");
        let fields: Vec<_> = found.iter().map(|of| of.field.as_str()).collect();
        assert_eq!(fields, ["policy.destinations[0].unit_cost", "policy.destinations[1].node_id"]);
    }
}

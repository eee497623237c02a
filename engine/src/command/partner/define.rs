//! Defining a partner: which nodes are its own.

use minicbor::{Decode, Encode};
use serde_json::{Value, json};

use super::in_hand;
use crate::limits::PARTNER_NODES_MAX;
use crate::model::check::{bound, finish, in_range, length};
use crate::model::digest::fingerprint;
use crate::model::effect::{Effect, Effects};
use crate::model::event::Event;
use crate::model::partner::Partner;
use crate::model::{
    DocumentEffect, DocumentKey, Meta, NodeId, PartnerId, Refusal, Rule, Violation,
};
use crate::state::network::{Network, is_supplier};
use crate::transaction::command::{Command, Decision, Effective, Facts};
use crate::transaction::error::EngineError;
use crate::transaction::in_flight::Transaction;

/// Defines a partner, or gives it other nodes. What it said stays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DefinePartner {
    /// Key, origin, time.
    pub meta: Meta,
    /// Its id.
    pub partner: PartnerId,
    /// All of its nodes.
    pub nodes: Vec<NodeId>,
}

/// A partner was defined, or got other nodes.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct PartnerDefined {
    /// Its id.
    #[n(0)]
    pub partner: PartnerId,
    /// All of its nodes, ascending.
    #[n(1)]
    pub nodes: Vec<NodeId>,
}

impl DefinePartner {
    /// Checks the list of nodes.
    ///
    /// # Errors
    /// Every field that is wrong.
    pub fn validate(&self) -> Result<(), Vec<Violation>> {
        let mut found = Vec::new();
        in_range(&mut found, "node_ids".into(), length(&self.nodes), 1, bound(PARTNER_NODES_MAX));
        if found.is_empty() {
            for (at, node) in self.nodes.iter().enumerate() {
                if self.nodes[..at].contains(node) {
                    found.push(Violation::new(format!("node_ids[{at}]"), node, Rule::Duplicate));
                }
            }
        }
        finish(found)
    }
}

impl Command for DefinePartner {
    type Event = PartnerDefined;

    fn meta(&self) -> &Meta {
        &self.meta
    }

    fn fingerprint(&self) -> u64 {
        fingerprint(&(&self.partner, &self.nodes))
    }

    fn validate(&self, _: &Facts<'_>) -> Result<(), Vec<Violation>> {
        self.validate()
    }

    async fn decide(
        &self,
        tx: &mut Transaction<'_>,
    ) -> Result<Decision<PartnerDefined>, EngineError> {
        let known = in_hand(tx, &self.partner).await?;
        let network = tx.state().network.load();
        let event = decide(&network, known.as_ref(), self)?;
        Ok(event.map_or_else(|| Decision::Nothing(tx.kernel().shown()), Decision::Event))
    }
}

/// Decides on a partner that may be there; none if it has these nodes already.
fn decide(
    network: &Network,
    known: Option<&Partner>,
    command: &DefinePartner,
) -> Result<Option<PartnerDefined>, Refusal> {
    for node_id in &command.nodes {
        let no = network.named(node_id)?;
        if is_supplier(network.node(no).node.kind) {
            return Err(Refusal::NodeIsSupplier { node_id: node_id.clone() });
        }
    }
    let Partner { id: partner, nodes, .. } =
        Partner::new(command.partner.clone(), command.nodes.clone());
    let is_so = known.is_some_and(|known| known.nodes == nodes);
    Ok((!is_so).then_some(PartnerDefined { partner, nodes }))
}

impl Event for PartnerDefined {
    fn describe(&self) -> Value {
        let nodes: Vec<&str> = self.nodes.iter().map(NodeId::as_str).collect();
        json!({ "partner_id": self.partner.as_str(), "node_ids": nodes })
    }
}

impl Effective for PartnerDefined {
    fn effects(self) -> Effects {
        let Self { partner, nodes } = self;
        let of = (DocumentKey::Partner(partner), DocumentEffect::Define { nodes });
        vec![Effect::Document(Box::new(of))]
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::command::fixture::{check, define_partner, located, node_id};
    use crate::model::{Lsn, NodeKind, NodeNo, RefusalKind};

    /// Warehouses `W` and `X`, and a supplier `S`.
    fn network() -> Network {
        let kinds = [("W", NodeKind::Warehouse), ("X", NodeKind::Store), ("S", NodeKind::Supplier)];
        (0..).map(NodeNo).zip(kinds).fold(Network::empty(1), |network, (no, (name, kind))| {
            network.with_node(no, located(name, kind), Lsn::FIRST)
        })
    }

    /// The refusals of the table, whose rows are checked.
    pub(crate) fn table() -> Vec<RefusalKind> {
        let network = network();
        let decided = |known: Option<&[&str]>, nodes: &[&str]| {
            let command = define_partner("3PL", nodes);
            let known = known.map(|nodes| {
                Partner::new(command.partner.clone(), nodes.iter().map(|id| node_id(id)).collect())
            });
            let event = decide(&network, known.as_ref(), &command)?;
            Ok(event.map(|event| event.nodes.iter().map(ToString::to_string).collect::<Vec<_>>()))
        };
        let has = |nodes: &[&str]| Ok(Some(nodes.iter().map(ToString::to_string).collect()));
        let unknown = Err(Refusal::NodeNotFound { node_id: node_id("N") });
        let supplier = Err(Refusal::NodeIsSupplier { node_id: node_id("S") });
        check([
            ("new", decided(None, &["X", "W"]), has(&["W", "X"])),
            ("one node less", decided(Some(&["W", "X"]), &["W"]), has(&["W"])),
            ("as it is", decided(Some(&["W", "X"]), &["X", "W"]), Ok(None)),
            ("an unknown node", decided(None, &["W", "N"]), unknown),
            ("a supplier", decided(None, &["S"]), supplier),
        ])
    }

    #[test]
    fn a_partner_has_the_nodes_that_are_named() {
        table();
    }

    #[test]
    fn each_node_stands_once_and_there_is_one() {
        let fields = |nodes: &[&str]| {
            let found = define_partner("3PL", nodes).validate().err().unwrap_or_default();
            found.into_iter().map(|violation| violation.field).collect::<Vec<_>>()
        };
        assert_eq!(fields(&["W", "X"]), Vec::<String>::new());
        assert_eq!(fields(&[]), ["node_ids"]);
        assert_eq!(fields(&["W", "X", "W"]), ["node_ids[2]"]);
    }
}

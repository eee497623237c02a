//! Steps of returns, as callers say them.

use crate::model::returns::{Disposition, Finding, Stray};
use crate::model::{LineUnits, NodeId, NodeNo, Refusal, Sku, Text, Timestamp};
use crate::state::State;
use crate::state::network::is_supplier;

/// A step of a return. Lines are those of the order, from 0, with units; none named is all units that can
/// take the step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReturnStep {
    /// A person grants it, or does not.
    Decide {
        /// Whether he does.
        granted: bool,
    },
    /// The customer does not send units after all.
    Cancel(LineUnits),
    /// Units are on their way.
    Send {
        /// The carrier.
        carrier: Text,
        /// The carrier's tracking number.
        tracking: Text,
        /// When they are to arrive.
        eta: Option<Timestamp>,
        /// Which units.
        lines: LineUnits,
    },
    /// A node tells all that came so far.
    Receive {
        /// A higher one replaces what a lower one said; from 1.
        revision: u32,
        /// The node, if it is another one than was known.
        node: Option<NodeId>,
        /// All units that came so far. What is beyond those that were requested is taken as well.
        lines: LineUnits,
        /// Units that came of items of no line; 0 for none after all.
        strays: Vec<(Sku, u32)>,
    },
    /// Somebody looked at units.
    Inspect {
        /// Which units.
        lines: LineUnits,
        /// What he found, and what follows.
        finding: Finding,
    },
    /// What becomes of units is decided.
    Dispose {
        /// Which units.
        lines: LineUnits,
        /// What.
        how: Disposition,
    },
    /// The carrier lost units.
    Lose(LineUnits),
    /// The customer is credited for what the carrier lost.
    GrantLost(LineUnits),
}

/// What a step names, by number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) node: Option<NodeNo>,
    pub(super) strays: Vec<Stray>,
}

impl ReturnStep {
    pub(super) fn lines(&self) -> &[(u16, u32)] {
        match self {
            Self::Decide { .. } => &[],
            Self::Cancel(lines)
            | Self::Lose(lines)
            | Self::GrantLost(lines)
            | Self::Send { lines, .. }
            | Self::Receive { lines, .. }
            | Self::Inspect { lines, .. }
            | Self::Dispose { lines, .. } => lines,
        }
    }

    /// Whether it is of some units, so that nobody knows whether it was said twice or two times. What came
    /// in is told in all, and a parcel that is on its way is known by its number.
    pub(super) fn is_of_some(&self) -> bool {
        !self.lines().is_empty() && !matches!(self, Self::Receive { .. })
    }

    /// Finds what it names.
    pub(super) fn named(&self, state: &State) -> Result<Named, Refusal> {
        let Self::Receive { node, strays, .. } = self else { return Ok(Named::default()) };
        let mut named = Named::default();
        for (sku, units) in strays {
            let sku = state.catalogue.with_stock(sku)?;
            named.strays.push(Stray { sku, units: *units });
        }
        if let Some(node_id) = node {
            let network = state.network.load();
            let no = network.named(node_id)?;
            if is_supplier(network.node(no).node.kind) {
                return Err(Refusal::NodeIsSupplier { node_id: node_id.clone() });
            }
            named.node = Some(no);
        }
        Ok(named)
    }
}

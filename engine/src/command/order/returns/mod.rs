//! Units of orders that come back: asked for, and then sent, received, looked at and disposed of.
//!
//! ```text
//!   request --> terms that stay as they were granted --> the return is a part of its order
//!   step ----> table: what becomes of the units --+--> done before: nothing
//!                                                 +--> pairs at the node: what is on hand, what is sellable
//!                                                 +--> credits --> the order is worth less --> refunds
//! ```
//! All of that is one event: what is sold again is free at the node in the event that credits it.

pub mod progress;
pub mod request;
pub mod set_policy;

use crate::model::{NodeId, NodeNo, Refusal};
use crate::state::network::{Network, is_supplier};

/// A node that a caller names, which has shelves.
///
/// # Errors
/// It does not exist, or is a supplier.
fn with_shelves(network: &Network, id: &NodeId) -> Result<NodeNo, Refusal> {
    let no = network.named(id)?;
    if is_supplier(network.node(no).node.kind) {
        return Err(Refusal::NodeIsSupplier { node_id: id.clone() });
    }
    Ok(no)
}

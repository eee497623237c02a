//! Where an order goes, as a caller says it, looked up.

use crate::geo::{PostalCodes, PostalMatch};
use crate::model::{Destination, NodeId, Pickup, Refusal, Rule, Violation};
use crate::state::network::Network;

/// Where an order goes, as a caller says it.
pub struct Going {
    /// Where that is.
    pub place: Option<PostalMatch>,
    /// That nobody knows where that is.
    pub unknown: Option<Violation>,
    /// The node where it is collected, if it is. Where that node is not defined, neither place nor
    /// violation is known.
    pub pickup: Result<Option<Pickup>, Refusal>,
}

impl Going {
    /// To there.
    pub fn to(to: &Destination<NodeId>, network: &Network, postal: &dyn PostalCodes) -> Self {
        let (field, code, pickup) = match to {
            Destination::Address(code) => ("postal_code", code, None),
            Destination::Pickup(Pickup { node, only_there }) => match network.named(node) {
                Ok(no) => {
                    let pickup = Pickup { node: no, only_there: *only_there };
                    ("pickup.node_id", &network.node(no).node.postal_code, Some(pickup))
                }
                Err(refusal) => return Self { place: None, unknown: None, pickup: Err(refusal) },
            },
        };
        let place = postal.locate(code.as_str());
        let why = || Rule::Malformed(postal.why_unknown(code.as_str()));
        let unknown = place.is_none().then(|| Violation::new(field, code, why()));
        Self { place, unknown, pickup: Ok(pickup) }
    }
}

/// Whether new orders may be collected at a node.
///
/// # Errors
/// [`Refusal::PickupNotOffered`] where they may not.
pub fn offered(network: &Network, pickup: Pickup) -> Result<(), Refusal> {
    let node = &network.node(pickup.node).node;
    if node.enabled && node.pickup.is_offered() {
        return Ok(());
    }
    Err(Refusal::PickupNotOffered { node_id: node.id.clone() })
}

/// Where an order goes that was looked up, as the order keeps it.
pub fn destination(to: &Destination<NodeId>, pickup: Option<Pickup>) -> Destination {
    let address = to.address().cloned().map(Destination::Address);
    let pickup = pickup.map(Destination::Pickup);
    pickup.or(address).expect("a node that is named was looked up")
}

/// The same, as a caller would say it.
pub fn said(network: &Network, to: &Destination) -> Destination<NodeId> {
    match to {
        Destination::Address(code) => Destination::Address(code.clone()),
        Destination::Pickup(Pickup { node, only_there }) => {
            let node = network.node(*node).node.id.clone();
            Destination::Pickup(Pickup { node, only_there: *only_there })
        }
    }
}

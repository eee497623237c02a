//! Where goods that a partner says came back belong: to a return, or to nobody yet.

use minicbor::{Decode, Encode};

use crate::model::ids::{NodeId, OrderId, ReturnId, Sku};
use crate::model::time::Timestamp;

/// Goods that came back. Those of no return are on hand at the node and cannot be sold.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Arrival {
    /// The node that has them.
    #[n(0)]
    pub node: NodeId,
    /// When they were told of first.
    #[n(1)]
    pub since: Timestamp,
    /// The return that they are of; none while nobody knows. Further revisions are of the same one.
    #[n(2)]
    pub of: Option<ArrivalOf>,
    /// Units that were let go before anybody knew whose they are, ascending by item, each once, none 0.
    #[n(3)]
    pub gone: Option<Box<[(Sku, u32)]>>,
    /// When the last of them was let go; none while some are there.
    #[n(4)]
    pub ended: Option<Timestamp>,
    /// Returns that they may be of, while they are of none: at most
    /// [`PARTNER_CANDIDATES_MAX`](crate::limits::PARTNER_CANDIDATES_MAX).
    #[n(5)]
    pub candidates: Option<Box<[ArrivalOf]>>,
}

/// A return.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct ArrivalOf {
    /// Its order.
    #[n(0)]
    pub order: OrderId,
    /// Its id.
    #[n(1)]
    pub id: ReturnId,
}

impl Arrival {
    /// Goods that came, of that return or of none.
    pub const fn new(node: NodeId, since: Timestamp, of: Option<ArrivalOf>) -> Self {
        Self { node, since, of, gone: None, ended: None, candidates: None }
    }

    /// Whether they are of no return, and some of them are there.
    pub const fn is_unmatched(&self) -> bool {
        self.of.is_none() && self.ended.is_none()
    }

    /// Units of an item that were let go.
    pub fn gone_of(&self, sku: &Sku) -> u32 {
        let gone = self.gone.as_deref().unwrap_or_default();
        let at = gone.binary_search_by(|(it, _)| it.cmp(sku));
        at.map_or(0, |at| gone[at].1)
    }

    /// More units were let go; since then none are there, if that is said.
    pub fn let_go(&mut self, lines: &[(Sku, u32)], ended: Option<Timestamp>) {
        let mut gone = self.gone.take().unwrap_or_default().into_vec();
        for (sku, units) in lines {
            match gone.binary_search_by(|(it, _)| it.cmp(sku)) {
                Ok(at) => gone[at].1 = gone[at].1.saturating_add(*units),
                Err(at) => gone.insert(at, (sku.clone(), *units)),
            }
        }
        self.gone = Some(gone.into_boxed_slice()).filter(|gone| !gone.is_empty());
        self.ended = ended;
    }
}

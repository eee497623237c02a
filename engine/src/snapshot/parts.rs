//! The parts of the state that chunks hold, as the model has them.

use crate::companions::{AssortmentChange, LearntPage};
use crate::model::{
    KeptOrder, Lsn, NodeNo, OrderNo, PackedDocument, Pair, RequestId, SkuNo, StateHash, Stock,
    UsesOf,
};
use crate::pricing::PricingChange;
use crate::state::catalogue::{Catalogue, Definition};
use crate::state::pricing::PartNo;
use crate::state::requests::Remembered;
use crate::state::uses::Counted;

/// A remembered request under its key.
pub(super) type Request = (RequestId, Remembered);

/// An item with its pairs, in the order of their coming to be.
pub(super) struct ItemState {
    pub no: SkuNo,
    pub definition: Definition,
    pub pairs: Vec<(NodeNo, Stock)>,
}

/// A part of what prices are made of, as a change of a value that has none.
#[derive(Clone, Debug)]
pub(super) struct PricingPart {
    pub no: PartNo,
    pub change: PricingChange,
    /// The event that it is of.
    pub lsn: Lsn,
}

/// A part of what is said of items and was learnt of them.
#[derive(Clone, Debug)]
pub(super) struct CompanionPart {
    /// Its number among all such parts.
    pub no: u64,
    pub of: CompanionsOf,
    /// The event that it is of; of what was learnt, the last one that was read for it.
    pub lsn: Lsn,
}

/// What it is a part of.
#[derive(Clone, Debug)]
pub(super) enum CompanionsOf {
    /// Of styles and associations, as a change of a value that has none.
    Assortment(AssortmentChange),
    /// Of what was learnt, and from which event on.
    Learnt(LearntPage, Lsn),
}

/// How often a promotion was used, by its place among all counts.
#[derive(Clone, Debug)]
pub(super) struct UsesPart {
    pub no: u64,
    pub of: UsesOf,
    pub counted: Counted,
}

/// An order under its number.
pub(super) type OrderState = (OrderNo, KeptOrder);

/// A document under its number.
pub(super) type DocumentState = (u64, PackedDocument);

impl ItemState {
    /// The hash of the item and its pairs.
    pub(super) fn hash(&self) -> StateHash {
        let mut hash = Catalogue::hash_definition(self.no, &self.definition);
        for (node, stock) in &self.pairs {
            hash.merge(stock.hash(Pair { sku: self.no, node: *node }));
        }
        hash
    }

    /// The last LSN of each part.
    pub(super) fn lsns(&self) -> impl Iterator<Item = Lsn> {
        self.pairs.iter().map(|(_, stock)| stock.last_lsn).chain([self.definition.last_lsn])
    }
}

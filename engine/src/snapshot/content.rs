//! What a chunk holds, as the model has it.

use std::sync::Arc;

use rkyv::rancor;
use rkyv::util::AlignedVec;

use super::chunk::Kind;
use super::image::{
    ArchivedCatalogueV1, ArchivedCatalogueV3, ArchivedCatalogueV7, ArchivedCatalogueV8,
    ArchivedCatalogueV9, ArchivedCatalogueV12, ArchivedCatalogueV13, ArchivedCompanionsV14,
    ArchivedDocumentsV14, ArchivedItemsV1, ArchivedItemsV5, ArchivedItemsV7, ArchivedItemsV8,
    ArchivedItemsV9, ArchivedItemsV10, ArchivedOrdersV1, ArchivedOrdersV2, ArchivedPricingV14,
    ArchivedRequestsV1, ArchivedReturnRulesV14, ArchivedUsesV14, CatalogueV1, CatalogueV3,
    CatalogueV7, CatalogueV8, CatalogueV9, CatalogueV12, CatalogueV13, CompanionsV14, DocumentsV14,
    ImageError, ItemsV1, ItemsV5, ItemsV7, ItemsV8, ItemsV9, ItemsV10, OrdersV2, PricingV14,
    RequestsV1, ReturnRulesV14, UsesV14, access, are_off_sale, differs_by_weekday,
    have_confidences, have_dated_feeds, have_holds, have_openings, have_paces, have_pauses,
    have_picked, have_priorities, have_reliabilities, have_supplies, is_newest, need_version_8,
    restricts,
};
use super::manifest::Counts;
use super::parts::{
    CompanionPart, CompanionsOf, DocumentState, ItemState, OrderState, PricingPart, Request,
    UsesPart,
};
use crate::model::{Lsn, StateHash};
use crate::state::assortment::hash_part as hash_assortment;
use crate::state::network::Network;
use crate::state::pricing::hash_part;
use crate::state::requests::hash_request;
use crate::state::return_rules::ReturnRules;
use crate::state::uses::hash_of;

/// The parts of the state in one chunk, ascending by number or LSN.
pub(super) enum Content {
    Catalogue(Arc<Network>),
    Items(Vec<ItemState>),
    Orders(Vec<OrderState>),
    Requests(Vec<Request>),
    Pricing(Vec<PricingPart>),
    Documents(Vec<DocumentState>),
    ReturnRules(Arc<ReturnRules>),
    Companions(Vec<CompanionPart>),
    Uses(Vec<UsesPart>),
}

impl Content {
    pub(super) fn kind(&self) -> Kind {
        match self {
            Self::Catalogue(_) => Kind::Catalogue,
            Self::Items(_) => Kind::Items,
            Self::Orders(_) => Kind::Orders,
            Self::Requests(_) => Kind::Requests,
            Self::Pricing(_) => Kind::Pricing,
            Self::Documents(_) => Kind::Documents,
            Self::ReturnRules(_) => Kind::ReturnRules,
            Self::Companions(_) => Kind::Companions,
            Self::Uses(_) => Kind::Uses,
        }
    }

    /// The version of the format that these parts are written in: the oldest one that can say
    /// all of them, 2 or later.
    pub(super) fn version(&self) -> u16 {
        match self {
            // Without documents nothing is written of them, and no version is needed for it.
            Self::Documents(documents) if !documents.is_empty() => 14,
            Self::Pricing(_) | Self::ReturnRules(_) | Self::Companions(_) | Self::Uses(_) => 14,
            Self::Catalogue(network) if have_pauses(network) => 13,
            Self::Catalogue(network) if have_paces(network) => 12,
            Self::Catalogue(network) if have_reliabilities(network) => 9,
            Self::Catalogue(network) if is_newest(network) => 8,
            Self::Catalogue(network) if restricts(network) => 7,
            Self::Catalogue(network) if differs_by_weekday(network) => 3,
            Self::Orders(orders)
                if orders.iter().any(|(_, kept)| kept.packed.needs_version_14()) =>
            {
                14
            }
            Self::Orders(orders)
                if orders.iter().any(|(_, kept)| kept.packed.needs_version_13()) =>
            {
                13
            }
            Self::Orders(orders)
                if orders.iter().any(|(_, kept)| kept.packed.needs_version_12()) =>
            {
                12
            }
            Self::Orders(orders)
                if orders.iter().any(|(_, kept)| kept.packed.needs_version_11()) =>
            {
                11
            }
            Self::Orders(orders)
                if orders.iter().any(|(_, kept)| kept.packed.needs_version_10()) =>
            {
                10
            }
            Self::Orders(orders)
                if orders.iter().any(|(_, kept)| kept.packed.needs_version_8()) =>
            {
                8
            }
            Self::Orders(orders) if orders.iter().any(|(_, kept)| kept.packed.is_featured()) => 7,
            Self::Orders(orders) if orders.iter().any(|(_, kept)| kept.packed.is_held()) => 6,
            Self::Items(items) if have_dated_feeds(items) || have_picked(items) => 10,
            Self::Items(items) if have_openings(items) => 9,
            Self::Items(items) if need_version_8(items) => 8,
            Self::Items(items)
                if have_confidences(items) || have_priorities(items) || are_off_sale(items) =>
            {
                7
            }
            Self::Items(items) if have_holds(items) => 6,
            Self::Orders(orders) if orders.iter().any(|(_, kept)| kept.packed.is_repegged()) => 4,
            Self::Items(items) if have_supplies(items) => 5,
            _ => 2,
        }
    }

    /// The archive of these parts, in their [version](Self::version).
    pub(super) fn encode(&self) -> Result<AlignedVec, ImageError> {
        let bytes = match self {
            Self::Catalogue(network) if self.version() == 13 => {
                rkyv::to_bytes(&CatalogueV13::from(&**network))
            }
            Self::Catalogue(network) if self.version() == 12 => {
                rkyv::to_bytes(&CatalogueV12::from(&**network))
            }
            Self::Catalogue(network) if self.version() == 9 => {
                rkyv::to_bytes(&CatalogueV9::from(&**network))
            }
            Self::Catalogue(network) if self.version() == 8 => {
                rkyv::to_bytes(&CatalogueV8::from(&**network))
            }
            Self::Catalogue(network) if self.version() == 7 => {
                rkyv::to_bytes(&CatalogueV7::from(&**network))
            }
            Self::Catalogue(network) if self.version() == 3 => {
                rkyv::to_bytes(&CatalogueV3::from(&**network))
            }
            Self::Catalogue(network) => rkyv::to_bytes(&CatalogueV1::from(&**network)),
            Self::Items(items) if self.version() >= 10 => rkyv::to_bytes(&ItemsV10::from(&**items)),
            Self::Items(items) if self.version() >= 9 => rkyv::to_bytes(&ItemsV9::from(&**items)),
            Self::Items(items) if self.version() >= 8 => rkyv::to_bytes(&ItemsV8::from(&**items)),
            Self::Items(items) if self.version() >= 7 => rkyv::to_bytes(&ItemsV7::from(&**items)),
            Self::Items(items) if self.version() >= 5 => rkyv::to_bytes(&ItemsV5::from(&**items)),
            Self::Items(items) => {
                rkyv::to_bytes(&ItemsV1 { items: items.iter().map(Into::into).collect() })
            }
            Self::Orders(orders) => {
                rkyv::to_bytes(&OrdersV2 { orders: orders.iter().map(Into::into).collect() })
            }
            Self::Requests(requests) => {
                rkyv::to_bytes(&RequestsV1 { requests: requests.iter().map(Into::into).collect() })
            }
            Self::Pricing(parts) => rkyv::to_bytes(&PricingV14::from(&**parts)),
            Self::Companions(parts) => rkyv::to_bytes(&CompanionsV14::from(&**parts)),
            Self::Documents(documents) => {
                let documents = documents.iter().map(Into::into).collect();
                rkyv::to_bytes(&DocumentsV14 { documents })
            }
            Self::ReturnRules(rules) => rkyv::to_bytes(&ReturnRulesV14::from(&**rules)),
            Self::Uses(parts) => rkyv::to_bytes(&UsesV14::from(&**parts)),
        };
        bytes.map_err(|error: rancor::Error| ImageError::Archive(error.to_string()))
    }

    /// Reads an archive of that version. `postal_codes` is the size of the table
    /// that a network is made for.
    pub(super) fn decode(
        kind: Kind,
        version: u16,
        payload: &[u8],
        postal_codes: usize,
    ) -> Result<Self, ImageError> {
        Ok(match kind {
            Kind::Manifest => {
                return Err(ImageError::Code { what: "kind of chunk", value: kind as u64 });
            }
            Kind::Catalogue if version >= 13 => {
                let archive = access::<ArchivedCatalogueV13>(payload)?;
                Self::Catalogue(Arc::new(archive.network(postal_codes)?))
            }
            Kind::Catalogue if version >= 12 => {
                let archive = access::<ArchivedCatalogueV12>(payload)?;
                Self::Catalogue(Arc::new(archive.network(postal_codes)?))
            }
            Kind::Catalogue if version >= 9 => {
                let archive = access::<ArchivedCatalogueV9>(payload)?;
                Self::Catalogue(Arc::new(archive.network(postal_codes)?))
            }
            Kind::Catalogue if version == 8 => {
                let archive = access::<ArchivedCatalogueV8>(payload)?;
                Self::Catalogue(Arc::new(archive.network(postal_codes)?))
            }
            Kind::Catalogue if version == 7 => {
                let archive = access::<ArchivedCatalogueV7>(payload)?;
                Self::Catalogue(Arc::new(archive.network(postal_codes)?))
            }
            Kind::Catalogue if version == 3 => {
                let archive = access::<ArchivedCatalogueV3>(payload)?;
                Self::Catalogue(Arc::new(archive.network(postal_codes)?))
            }
            Kind::Catalogue => {
                let archive = access::<ArchivedCatalogueV1>(payload)?;
                Self::Catalogue(Arc::new(archive.network(postal_codes)?))
            }
            Kind::Items if version >= 10 => {
                Self::Items(access::<ArchivedItemsV10>(payload)?.states()?)
            }
            Kind::Items if version == 9 => {
                Self::Items(access::<ArchivedItemsV9>(payload)?.states()?)
            }
            Kind::Items if version == 8 => {
                Self::Items(access::<ArchivedItemsV8>(payload)?.states()?)
            }
            Kind::Items if version >= 7 => {
                Self::Items(access::<ArchivedItemsV7>(payload)?.states()?)
            }
            Kind::Items if version >= 5 => {
                Self::Items(access::<ArchivedItemsV5>(payload)?.states()?)
            }
            Kind::Items => Self::Items(access::<ArchivedItemsV1>(payload)?.states()?),
            Kind::Orders if version == 1 => {
                let orders = access::<ArchivedOrdersV1>(payload)?.orders.iter();
                Self::Orders(orders.map(TryInto::try_into).collect::<Result<_, _>>()?)
            }
            Kind::Orders => {
                let orders = access::<ArchivedOrdersV2>(payload)?.orders.iter();
                Self::Orders(orders.map(TryInto::try_into).collect::<Result<_, _>>()?)
            }
            Kind::Requests => {
                let requests = access::<ArchivedRequestsV1>(payload)?.requests.iter();
                Self::Requests(requests.map(TryInto::try_into).collect::<Result<_, _>>()?)
            }
            Kind::Pricing => Self::Pricing(access::<ArchivedPricingV14>(payload)?.parts()?),
            Kind::Companions => {
                Self::Companions(access::<ArchivedCompanionsV14>(payload)?.parts()?)
            }
            Kind::Documents => {
                let documents = access::<ArchivedDocumentsV14>(payload)?.documents.iter();
                Self::Documents(documents.map(TryInto::try_into).collect::<Result<_, _>>()?)
            }
            Kind::ReturnRules => {
                let archive = access::<ArchivedReturnRulesV14>(payload)?;
                Self::ReturnRules(Arc::new(archive.rules()?))
            }
            Kind::Uses => Self::Uses(access::<ArchivedUsesV14>(payload)?.parts()?),
        })
    }

    /// The hash of all parts, as that version of the format has it.
    pub(super) fn hash_of(&self, version: u16) -> StateHash {
        match self {
            Self::Orders(orders) if version == 1 => {
                let mut hash = StateHash::default();
                for (_, kept) in orders {
                    hash.add(kept.order().hash_v1());
                }
                hash
            }
            _ => self.hash(),
        }
    }

    /// The hash of all parts.
    pub(super) fn hash(&self) -> StateHash {
        let mut hash = StateHash::default();
        match self {
            Self::Catalogue(network) => hash.merge(network.hash()),
            Self::Items(items) => items.iter().for_each(|item| hash.merge(item.hash())),
            Self::Orders(orders) => orders.iter().for_each(|(_, kept)| hash.add(kept.hash())),
            Self::Requests(requests) => {
                for (id, done) in requests {
                    hash.add(hash_request(id, *done));
                }
            }
            Self::Pricing(parts) => {
                for part in parts {
                    hash.merge(hash_part(&part.change, part.lsn));
                }
            }
            Self::Companions(parts) => {
                for part in parts {
                    // What was learnt is behind the state, and no part of its hash.
                    if let CompanionsOf::Assortment(change) = &part.of {
                        hash.merge(hash_assortment(change));
                    }
                }
            }
            Self::Documents(documents) => {
                for (_, document) in documents {
                    hash.add(document.hash());
                }
            }
            Self::ReturnRules(rules) => hash.merge(rules.hash()),
            Self::Uses(parts) => {
                for part in parts {
                    hash.merge(hash_of(&part.of, part.counted));
                }
            }
        }
        hash
    }

    /// How many parts of each kind there are.
    pub(super) fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        match self {
            Self::Catalogue(network) => counts.nodes = network.nodes.len() as u64,
            Self::Items(items) => {
                counts.items = items.len() as u64;
                counts.pairs = items.iter().map(|item| item.pairs.len() as u64).sum();
            }
            Self::Orders(orders) => counts.orders = orders.len() as u64,
            Self::Requests(requests) => counts.requests = requests.len() as u64,
            // A manifest counts them by its chunks.
            Self::Pricing(_)
            | Self::Documents(_)
            | Self::ReturnRules(_)
            | Self::Companions(_)
            | Self::Uses(_) => {}
        }
        counts
    }

    /// The numbers of the parts, ascending when the chunk is well made.
    pub(super) fn numbers(&self) -> Vec<u64> {
        match self {
            Self::Catalogue(_) | Self::ReturnRules(_) => vec![0],
            Self::Items(items) => items.iter().map(|item| item.no.0.into()).collect(),
            Self::Orders(orders) => orders.iter().map(|(no, _)| no.0).collect(),
            Self::Requests(requests) => requests.iter().map(|(_, done)| done.lsn.get()).collect(),
            Self::Pricing(parts) => parts.iter().map(|part| part.no.number()).collect(),
            Self::Companions(parts) => parts.iter().map(|part| part.no).collect(),
            Self::Documents(documents) => documents.iter().map(|(no, _)| *no).collect(),
            Self::Uses(parts) => parts.iter().map(|part| part.no).collect(),
        }
    }

    /// The first and the last LSN of all parts.
    pub(super) fn lsns(&self) -> (Lsn, Lsn) {
        match self {
            Self::Catalogue(network) => {
                let nodes = network.nodes.iter().map(|node| node.last_lsn);
                span(nodes.chain([network.policy_lsn]))
            }
            Self::Items(items) => span(items.iter().flat_map(ItemState::lsns)),
            Self::Orders(orders) => span(orders.iter().map(|(_, kept)| kept.last_lsn)),
            Self::Requests(requests) => span(requests.iter().map(|(_, done)| done.lsn)),
            Self::Pricing(parts) => span(parts.iter().map(|part| part.lsn)),
            Self::Companions(parts) => span(parts.iter().map(|part| part.lsn)),
            Self::Documents(documents) => span(documents.iter().map(|(_, it)| it.last_lsn)),
            Self::ReturnRules(rules) => (rules.lsn(), rules.lsn()),
            Self::Uses(parts) => span(parts.iter().map(|part| part.counted.lsn)),
        }
    }
}

fn span(lsns: impl Iterator<Item = Lsn>) -> (Lsn, Lsn) {
    let fold = |span: Option<(Lsn, Lsn)>, lsn: Lsn| match span {
        None => Some((lsn, lsn)),
        Some((first, last)) => Some((first.min(lsn), last.max(lsn))),
    };
    lsns.fold(None, fold).unwrap_or_default()
}

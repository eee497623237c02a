//! Images: the state's parts as a snapshot stores them. Version 2 has orders as they
//! are packed; all else is as in version 1. Version 3 has what differs by weekday in its
//! catalogue; version 4 has orders whose units came to rest on other supply; version 5 has
//! what arrived of supplies, beside their items; version 6 has holds; version 7 has orders
//! that nodes answered, or that are served before others, supplies of which not all counts, whom
//! nodes serve, and items that are off sale; version 8 has what bounds nodes, how many may wait for
//! items, who may have the units of pairs, where customers collect, bundles, and orders that are
//! collected or have bundles; version 9 has openings of sales, what they drew, and how reliable
//! suppliers are; version 10 has when suppliers stated what they have, and orders that nodes worked
//! on; version 11 has orders with features that came later; version 12 has how nodes pace their work,
//! and orders of which packages wait until an instant; version 13 has nodes that take no new work until
//! then; version 14 has what prices are made of, and documents. Each is written only where
//! there is such a thing, so that all other snapshots are read by older builds as well.
//!
//! An image is plain data with explicit numbers for what the model has enums
//! for, and with neither hash tables nor shared pointers. Fields are never
//! changed once released: a change makes version 2 types beside these, and these
//! stay, so that old snapshots can be read.
//!
//! Invariant `IMAGE_EXACT`: what is read back from an image has the hash of what
//! the image was made from. Reading back refuses what no model value could be,
//! and never panics.

mod access;
mod bundle;
mod codes;
mod companions;
mod confidence;
mod documents;
mod error;
mod items_v10;
mod items_v8;
mod items_v9;
mod network;
mod order;
mod pricing;
mod return_rules;
mod stock;
mod supply;
mod terms;
mod uses;

pub(super) use access::access;
pub(super) use companions::{ArchivedCompanionsV14, CompanionsV14};
pub(super) use confidence::{ArchivedItemsV7, ItemsV7, have_confidences};
pub(super) use documents::{ArchivedDocumentsV14, DocumentsV14};
pub use error::ImageError;
pub(super) use items_v8::{ArchivedItemsV8, ItemsV8, need_version_8};
pub(super) use items_v9::{ArchivedItemsV9, ItemsV9, have_openings};
pub(super) use items_v10::{ArchivedItemsV10, ItemsV10, have_dated_feeds};
pub(super) use network::{
    ArchivedCatalogueV1, ArchivedCatalogueV3, ArchivedCatalogueV7, ArchivedCatalogueV8,
    ArchivedCatalogueV9, ArchivedCatalogueV12, ArchivedCatalogueV13, CatalogueV1, CatalogueV3,
    CatalogueV7, CatalogueV8, CatalogueV9, CatalogueV12, CatalogueV13, differs_by_weekday,
    have_paces, have_pauses, have_reliabilities, is_newest, restricts,
};
pub(super) use order::{ArchivedOrdersV1, ArchivedOrdersV2, OrdersV2};
pub(super) use pricing::{ArchivedPricingV14, PricingV14};
pub(super) use return_rules::{ArchivedReturnRulesV14, ReturnRulesV14};
pub(super) use stock::{
    ArchivedItemsV1, ItemsV1, are_off_sale, have_holds, have_picked, have_priorities,
};
pub(super) use supply::{ArchivedItemsV5, ItemsV5, have_supplies};
pub(super) use uses::{ArchivedUsesV14, UsesV14};

use rkyv::{Archive, Serialize};

use super::parts::Request;
use crate::model::{Lsn, OrderNo, RequestId};
use crate::state::requests::Remembered;

/// A chunk of remembered requests, ascending by LSN.
#[derive(Archive, Serialize)]
pub(super) struct RequestsV1 {
    pub requests: Vec<RequestImageV1>,
}

/// One remembered request.
#[derive(Archive, Serialize)]
pub(super) struct RequestImageV1 {
    pub id: String,
    pub fingerprint: u64,
    pub lsn: u64,
    /// The order that it placed; 0 for none, orders being numbered from 1.
    pub order: u64,
}

impl From<&Request> for RequestImageV1 {
    fn from((id, done): &Request) -> Self {
        Self {
            id: id.as_str().to_owned(),
            fingerprint: done.fingerprint,
            lsn: done.lsn.get(),
            order: done.order.map_or(0, |no| no.0),
        }
    }
}

impl TryFrom<&ArchivedRequestImageV1> for Request {
    type Error = ImageError;

    fn try_from(image: &ArchivedRequestImageV1) -> Result<Self, ImageError> {
        let id = RequestId::new("request", image.id.as_str())?;
        let order = image.order.to_native();
        let done = Remembered {
            fingerprint: image.fingerprint.to_native(),
            lsn: Lsn::new(image.lsn.to_native()),
            order: (order != 0).then_some(OrderNo(order)),
        };
        Ok((id, done))
    }
}

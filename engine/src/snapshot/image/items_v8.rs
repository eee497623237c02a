//! Images of what items and their pairs have that came after version 7, beside what that version
//! has of them.

use rkyv::{Archive, Serialize};

use super::bundle::{self, BundleImageV8};
use super::confidence::ItemsV7;
use super::error::ImageError;
use super::terms::{TermsImageV8, have_terms, terms_images};
use crate::model::{Inbound, Item, SupplySource};
use crate::snapshot::parts::ItemState;

/// A chunk of items with their pairs.
#[derive(Archive, Serialize)]
pub(in crate::snapshot) struct ItemsV8 {
    all_else: ItemsV7,
    /// Of the items for which not any number of units may wait, in their order.
    waiting: Vec<WaitingImageV8>,
    /// The open supplies that are returns, in their order.
    returns: Vec<SupplyPlaceV8>,
    /// Of the pairs that say who may have their units, in their order.
    terms: Vec<TermsImageV8>,
    /// Those of them that are bundles.
    pub(super) bundles: Vec<BundleImageV8>,
}

/// One open supply.
#[derive(Archive, Serialize)]
struct SupplyPlaceV8 {
    /// The item, by its place in the chunk.
    item: u32,
    /// The pair, by its place at the item.
    pair: u32,
    /// The supply, by its place at the pair.
    open: u32,
}

/// How many units may wait for an item.
#[derive(Archive, Serialize)]
struct WaitingImageV8 {
    /// The item, by its place in the chunk.
    item: u32,
    most: u32,
}

/// Whether version 7 cannot say all of these items.
pub(in crate::snapshot) fn need_version_8(items: &[ItemState]) -> bool {
    let says_more = |item: &Item| item.waiting_max.is_some() || item.components.is_bundle();
    items.iter().any(|item| says_more(&item.definition.item))
        || have_returns(items)
        || have_terms(items)
}

fn have_returns(items: &[ItemState]) -> bool {
    let pairs = items.iter().flat_map(|item| &item.pairs);
    pairs.flat_map(|(_, stock)| stock.inbound()).any(is_return)
}

fn is_return(open: &Inbound) -> bool {
    open.source == SupplySource::Return
}

fn returns(items: &[ItemState]) -> Vec<SupplyPlaceV8> {
    let mut returns = Vec::new();
    for (item, state) in (0..).zip(items) {
        for (pair, (_, stock)) in (0..).zip(&state.pairs) {
            let open = (0..).zip(stock.inbound()).filter(|(_, open)| is_return(open));
            returns.extend(open.map(|(open, _)| SupplyPlaceV8 { item, pair, open }));
        }
    }
    returns
}

impl From<&[ItemState]> for ItemsV8 {
    fn from(items: &[ItemState]) -> Self {
        let image = |(item, state): (u32, &ItemState)| {
            let most = state.definition.item.waiting_max?;
            Some(WaitingImageV8 { item, most })
        };
        let waiting = (0..).zip(items).filter_map(image).collect();
        let (returns, terms, bundles) =
            (returns(items), terms_images(items), bundle::images(items));
        Self { all_else: items.into(), waiting, returns, terms, bundles }
    }
}

impl ArchivedItemsV8 {
    /// The items, with all that is known of them.
    pub(in crate::snapshot) fn states(&self) -> Result<Vec<ItemState>, ImageError> {
        let mut items = self.all_else.states()?;
        for image in self.waiting.iter() {
            let item = items.get_mut(image.item.to_native() as usize);
            let item = item.ok_or(ImageError::inconsistent("waiting", "of no item"))?;
            let mut definition = (*item.definition.item).clone();
            definition.waiting_max = Some(image.most.to_native());
            item.definition.item = definition.into();
        }
        for place in self.returns.iter() {
            let item = items.get_mut(place.item.to_native() as usize);
            let pair = item.and_then(|item| item.pairs.get_mut(place.pair.to_native() as usize));
            let extras = pair.and_then(|(_, stock)| stock.extras.as_mut());
            let open = extras.and_then(|e| e.inbound.get_mut(place.open.to_native() as usize));
            let open = open.ok_or(ImageError::inconsistent("returns", "of no supply"))?;
            open.source = SupplySource::Return;
        }
        for image in self.terms.iter() {
            image.put_on(&mut items)?;
        }
        self.bundles.iter().try_for_each(|bundle| bundle.restore(&mut items))?;
        Ok(items)
    }
}

//! Images of who may have the units of pairs.

use rkyv::{Archive, Serialize};

use super::error::ImageError;
use crate::model::{PairTerms, Stock};
use crate::snapshot::parts::ItemState;

/// Who may have the units of one pair.
#[derive(Archive, Serialize)]
pub(super) struct TermsImageV8 {
    /// The item, by its place in the chunk.
    item: u32,
    /// The pair, by its place at the item.
    pair: u32,
    /// As the journal has it.
    terms: Vec<u8>,
}

/// Whether pairs of these items say who may have their units.
pub(super) fn have_terms(items: &[ItemState]) -> bool {
    items.iter().flat_map(|item| &item.pairs).any(|(_, stock)| stock.terms().is_some())
}

/// Of the pairs that say it, in their order.
pub(super) fn terms_images(items: &[ItemState]) -> Vec<TermsImageV8> {
    let mut images = Vec::new();
    for (item, state) in (0..).zip(items) {
        let image = |(pair, (_, stock)): (u32, &(_, Stock))| {
            let terms = minicbor::to_vec(stock.terms()?).expect("memory grows");
            Some(TermsImageV8 { item, pair, terms })
        };
        images.extend((0..).zip(&state.pairs).filter_map(image));
    }
    images
}

impl ArchivedTermsImageV8 {
    /// Gives the pair its terms.
    pub(super) fn put_on(&self, items: &mut [ItemState]) -> Result<(), ImageError> {
        let item = items.get_mut(self.item.to_native() as usize);
        let pair = item.and_then(|item| item.pairs.get_mut(self.pair.to_native() as usize));
        let (_, stock) = pair.ok_or(ImageError::inconsistent("terms", "they are of no pair"))?;
        let terms: PairTerms = minicbor::decode(&self.terms)
            .map_err(|_| ImageError::inconsistent("terms", "they cannot be read"))?;
        stock.extras.get_or_insert_default().terms = Some(Box::new(terms));
        Ok(())
    }
}

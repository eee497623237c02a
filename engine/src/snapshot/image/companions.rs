//! Images of styles and associations, and of what was learnt from orders, from version 14 on.

use minicbor::{Decode, Encode};
use rkyv::{Archive, Serialize};

use super::error::ImageError;
use crate::companions::{AssortmentChange, LearntPage};
use crate::model::Lsn;
use crate::snapshot::parts::{CompanionPart, CompanionsOf};

/// A chunk of parts, ascending by number.
#[derive(Archive, Serialize)]
pub(in crate::snapshot) struct CompanionsV14 {
    parts: Vec<CompanionImageV14>,
}

/// One part.
#[derive(Archive, Serialize)]
struct CompanionImageV14 {
    /// The event that it is of.
    lsn: u64,
    no: u64,
    /// An encoded `CompanionContent`.
    content: Vec<u8>,
}

#[derive(Encode, Decode)]
enum CompanionContent {
    #[n(0)]
    Assortment(#[n(0)] AssortmentChange),
    #[n(1)]
    Learnt(#[n(0)] LearntPage, #[n(1)] Lsn),
}

impl From<&[CompanionPart]> for CompanionsV14 {
    fn from(parts: &[CompanionPart]) -> Self {
        let image = |part: &CompanionPart| {
            let content = match &part.of {
                CompanionsOf::Assortment(change) => CompanionContent::Assortment(change.clone()),
                CompanionsOf::Learnt(page, since) => CompanionContent::Learnt(page.clone(), *since),
            };
            let content = minicbor::to_vec(content).expect("model types encode without errors");
            CompanionImageV14 { lsn: part.lsn.get(), no: part.no, content }
        };
        Self { parts: parts.iter().map(image).collect() }
    }
}

impl ArchivedCompanionsV14 {
    /// The parts.
    ///
    /// # Errors
    /// When a part is none.
    pub(in crate::snapshot) fn parts(&self) -> Result<Vec<CompanionPart>, ImageError> {
        let part = |image: &ArchivedCompanionImageV14| {
            let content = minicbor::decode(&image.content)
                .map_err(|error| ImageError::inconsistent("companions", error.to_string()))?;
            let of = match content {
                CompanionContent::Assortment(change) => CompanionsOf::Assortment(change),
                CompanionContent::Learnt(page, since) => CompanionsOf::Learnt(page, since),
            };
            let (no, lsn) = (image.no.to_native(), Lsn::new(image.lsn.to_native()));
            Ok(CompanionPart { no, of, lsn })
        };
        self.parts.iter().map(part).collect()
    }
}

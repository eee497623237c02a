//! Images of what prices are made of, from version 14 on: each part as events have it.

use rkyv::{Archive, Serialize};

use super::error::ImageError;
use crate::model::Lsn;
use crate::pricing::PricingChange;
use crate::snapshot::parts::PricingPart;
use crate::state::pricing::PartNo;

/// A chunk of parts, ascending by number.
#[derive(Archive, Serialize)]
pub(in crate::snapshot) struct PricingV14 {
    parts: Vec<PartImageV14>,
}

/// One part.
#[derive(Archive, Serialize)]
struct PartImageV14 {
    lsn: u64,
    /// A [`PricingChange`] as events encode it.
    change: Vec<u8>,
}

impl From<&[PricingPart]> for PricingV14 {
    fn from(parts: &[PricingPart]) -> Self {
        let image = |part: &PricingPart| PartImageV14 {
            lsn: part.lsn.get(),
            change: minicbor::to_vec(&part.change).expect("model types encode without errors"),
        };
        Self { parts: parts.iter().map(image).collect() }
    }
}

impl ArchivedPricingV14 {
    /// The parts.
    ///
    /// # Errors
    /// When a part is none.
    pub(in crate::snapshot) fn parts(&self) -> Result<Vec<PricingPart>, ImageError> {
        let part = |image: &ArchivedPartImageV14| {
            let change: PricingChange = minicbor::decode(&image.change)
                .map_err(|error| ImageError::inconsistent("prices", error.to_string()))?;
            let (no, lsn) = (PartNo::of(&change), Lsn::new(image.lsn.to_native()));
            Ok(PricingPart { no, change, lsn })
        };
        self.parts.iter().map(part).collect()
    }
}

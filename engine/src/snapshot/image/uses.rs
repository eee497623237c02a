//! Images of how often promotions were used, from version 14 on.

use rkyv::{Archive, Serialize};

use super::error::ImageError;
use crate::model::{Lsn, UsesOf};
use crate::snapshot::parts::UsesPart;
use crate::state::uses::Counted;

/// A chunk of counts, ascending by number.
#[derive(Archive, Serialize)]
pub(in crate::snapshot) struct UsesV14 {
    counts: Vec<CountImageV14>,
}

/// One count.
#[derive(Archive, Serialize)]
struct CountImageV14 {
    no: u64,
    lsn: u64,
    times: u32,
    /// A [`UsesOf`] as events encode it.
    of: Vec<u8>,
}

impl From<&[UsesPart]> for UsesV14 {
    fn from(parts: &[UsesPart]) -> Self {
        let image = |part: &UsesPart| CountImageV14 {
            no: part.no,
            lsn: part.counted.lsn.get(),
            times: part.counted.times,
            of: minicbor::to_vec(&part.of).expect("model types encode without errors"),
        };
        Self { counts: parts.iter().map(image).collect() }
    }
}

impl ArchivedUsesV14 {
    /// The counts.
    ///
    /// # Errors
    /// When a count is of nothing.
    pub(in crate::snapshot) fn parts(&self) -> Result<Vec<UsesPart>, ImageError> {
        let part = |image: &ArchivedCountImageV14| {
            let of: UsesOf = minicbor::decode(&image.of)
                .map_err(|error| ImageError::inconsistent("uses", error.to_string()))?;
            let (times, lsn) = (image.times.to_native(), Lsn::new(image.lsn.to_native()));
            Ok(UsesPart { no: image.no.to_native(), of, counted: Counted { times, lsn } })
        };
        self.counts.iter().map(part).collect()
    }
}

//! Orders that left memory, read again from the chunks that have them.
//!
//! A closed order that a generation holds as it is may leave memory: its actor keeps
//! the order's hash and last LSN. Every later generation names a chunk again that has it,
//! or takes the order over into the chunk that it writes, so that each is whole by
//! itself. Chunks are found by their keys and not by a manifest, which is long: an order
//! that has the hash is the order, whichever generation wrote it.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::chunk::{self, Kind};
use super::content::Content;
use super::error::{SnapshotError, StoredFault};
use super::limits::{ORDERS_PER_CHUNK, RECALL_TRIES_MAX};
use super::parts::OrderState;
use super::store::{ChunkKey, SnapshotStore, StoreError};
use crate::model::{ArchivedOrder, OrderNo};

/// The store that orders which left memory are read from.
pub trait ArchivedIn: Sync {
    /// The store that has them.
    ///
    /// # Errors
    /// When it cannot be opened.
    fn store(&self) -> Result<Arc<dyn SnapshotStore>, StoreError>;

    /// Whether closed orders stay out of memory when a generation is loaded.
    fn leaves_out_closed(&self) -> bool;
}

/// The number of the first order in the chunk that `no` is in.
pub(crate) fn chunk_of(no: OrderNo) -> u64 {
    no.0 / ORDERS_PER_CHUNK * ORDERS_PER_CHUNK
}

/// Reads orders of one chunk, ascending.
///
/// # Errors
/// When the store fails, or one of them is in no chunk that can be read.
pub(crate) fn recall(
    store: &dyn SnapshotStore,
    wanted: &[(OrderNo, ArchivedOrder)],
) -> Result<Vec<OrderState>, SnapshotError> {
    let mut search = Search { missing: wanted.iter().copied().collect(), ..Search::default() };
    let Some(from) = wanted.first().map(|(no, _)| chunk_of(*no)) else { return Ok(Vec::new()) };
    // A snapshot that ends meanwhile lets chunks go that were just listed: what was in
    // them is in its own.
    for _ in 0..RECALL_TRIES_MAX {
        for generation in store.chunk_generations(Kind::Orders, from)?.into_iter().rev() {
            if search.missing.is_empty() {
                break;
            }
            let key = ChunkKey { kind: Kind::Orders, from, generation };
            let looked = match store.chunk(key) {
                Ok(bytes) => bytes.map_or(Ok(()), |bytes| search.look_in(&bytes)),
                Err(error) if error.is_damage() => Err(StoredFault::Unreadable(error)),
                Err(error) => return Err(error.into()),
            };
            // An older chunk may have it as well.
            looked.unwrap_or_else(|fault| search.fault = Some((key, fault)));
        }
    }
    match (search.missing.first_key_value(), search.fault) {
        (None, _) => {
            search.found.sort_unstable_by_key(|(no, _)| *no);
            Ok(search.found)
        }
        (Some(_), Some((key, fault))) => Err(SnapshotError::Chunk { key, fault }),
        (Some((no, _)), None) => Err(SnapshotError::NotArchived(*no)),
    }
}

#[derive(Default)]
struct Search {
    missing: BTreeMap<OrderNo, ArchivedOrder>,
    found: Vec<OrderState>,
    /// What was wrong with a chunk, told when something stays missing.
    fault: Option<(ChunkKey, StoredFault)>,
}

impl Search {
    fn look_in(&mut self, bytes: &[u8]) -> Result<(), StoredFault> {
        let frame = chunk::open(bytes)?;
        let content = Content::decode(Kind::Orders, frame.version, &frame.payload, 0)?;
        let Content::Orders(orders) = content else {
            return Err(StoredFault::Differs("kind"));
        };
        for (no, kept) in orders {
            if self.missing.get(&no).is_some_and(|known| *known == ArchivedOrder::from(&kept)) {
                self.missing.remove(&no);
                self.found.push((no, kept));
            }
        }
        Ok(())
    }
}

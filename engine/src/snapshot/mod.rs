//! Snapshots: images of applied state, taken without a pause, kept by generation.
//!
//! ```text
//!           S                            E                      journal
//!  ---------|============================|---------------------> LSN
//!           |  every actor is copied in a turn of its own, so  |
//!           |  an image is from some LSN between S and E       |
//!           v                                                  v
//!   take: S, chunks, E and hash, sync, manifest, sync, verify, prune
//!   load: images, then replay from S+1; each actor skips what it has;
//!         at E the state hash is the manifest's
//! ```
//! A chunk holds some thousand actors. A generation is a manifest that names
//! chunks; those that did not change are named by the generation after the next, so
//! that two that follow each other share nothing.
//!
//! Invariant `MANIFEST_LAST`: a manifest is written when all its chunks are on
//! stable storage, and nothing without a manifest is ever read.
//! Invariant `VERIFIED_BEFORE_CUT`: the LSN up to which the journal may go is
//! answered only after both generations that stay were read back whole.
//! Invariant `ONE_TIMELINE`: all generations of a store are from one journal.
//! Before the journal's tail is cut off, the generations past the cut are dropped.

pub mod archive;
mod archived;
mod chunk;
mod content;
mod database;
mod error;
mod export;
mod half;
mod image;
mod layout;
mod limits;
mod load;
mod manifest;
mod pace;
mod parts;
mod prune;
mod report;
mod sled_store;
pub mod snapshots;
mod source;
mod store;
mod sync;
mod take;
#[cfg(test)]
mod tests;
mod tree;
mod verify;
mod workers;

pub use archived::ArchivedIn;
pub(crate) use archived::{chunk_of, recall};
pub use chunk::{FORMAT_VERSION, FrameError, Kind};
pub(crate) use database::Library;
pub use error::{SnapshotError, StoredFault};
pub use export::{
    END_MARK_BYTES, ExportError, Exported, FileFault, export, export_to, import, is_end_mark,
    verify_file,
};
pub use image::ImageError;
pub use load::{Damaged, Loaded, Recovered, load_newest};
pub use manifest::{ChunkRef, Counts, Manifest};
pub use pace::Pace;
pub(crate) use report::manifests;
pub use report::{GenerationReport, StoreReport, TakeReport, examine, list};
pub use sled_store::SledStore;
pub use source::Source;
pub use store::{ChunkKey, MemoryStore, SnapshotStore, StoreError};
pub use take::{take, take_at};
pub use verify::{VerifyReport, read_manifest, verify};

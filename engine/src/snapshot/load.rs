//! Loading the newest good generation into an engine without state.

use std::panic::resume_unwind;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

use super::content::Content;
use super::error::SnapshotError;
use super::limits::LOADERS_MAX;
use super::manifest::{ChunkRef, Manifest};
use super::report::list;
use super::source::{RestoreError, Source};
use super::store::SnapshotStore;
use super::verify::read_chunk;
use crate::actor::ActorPanicked;
use crate::model::{Lsn, StateHash};
use crate::progress::Progress;
use crate::state::Applied;
use crate::state::order::{OrderMessage, OrderReply};
use crate::state::orders::Orders;

/// A generation that was loaded. Replay goes on from `manifest.start`.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// What was loaded.
    pub manifest: Manifest,
    /// How long it took.
    pub took: Duration,
}

impl Loaded {
    /// Checks the state that replay has come to. Call it when the record at
    /// `manifest.end` is applied (at once, when that is `manifest.start`). Before
    /// that LSN the hash is of no single moment, and nothing is checked.
    ///
    /// # Errors
    /// [`SnapshotError::StateHash`] when the journal and the snapshot do not
    /// belong together, or one of them is wrong.
    pub fn check_at(&self, applied: Applied, orders: &Orders) -> Result<(), SnapshotError> {
        if applied.lsn != self.manifest.end {
            return Ok(());
        }
        let found = match self.manifest.version {
            1 => hash_v1(applied.hash, orders)?,
            _ => applied.hash,
        };
        let expected = self.manifest.state_hash;
        if found != expected {
            return Err(SnapshotError::StateHash { lsn: applied.lsn, expected, found });
        }
        Ok(())
    }
}

/// A state hash as version 1 of the format has it: orders were hashed field by field.
/// Asks every order, once in the life of a data directory.
fn hash_v1(hash: StateHash, orders: &Orders) -> Result<StateHash, ActorPanicked> {
    let mut hash = hash;
    for (_, cell) in orders.iter() {
        if let OrderReply::Resident(kept) = cell.ask(OrderMessage::Read).wait()? {
            hash.remove(kept.hash());
            hash.add(kept.order().hash_v1());
        }
    }
    Ok(hash)
}

/// A generation that could not be loaded.
#[derive(Debug)]
pub struct Damaged {
    /// Which one.
    pub generation: u64,
    /// Why.
    pub error: SnapshotError,
}

/// An engine's state, with what a store had of it.
pub struct Recovered<C> {
    /// The state.
    pub state: C,
    /// What was loaded into it; none when it is without state, and the journal
    /// has to be replayed from its first record.
    pub loaded: Option<Loaded>,
    /// Newer generations that were passed over.
    pub damaged: Vec<Damaged>,
}

/// Loads the newest generation that is whole into what `make` makes, which is
/// called again for each generation tried.
///
/// With `until`, generations that end later are passed over: their images may hold
/// later events. A caller that replays the journal only up to an event before
/// `manifest.end` has to name that event here.
///
/// # Errors
/// When the store fails, or a newer build wrote a generation: an older one would
/// do, and then this build would go on where the newer one had been. A damaged
/// generation is reported, and the next older one is tried; the journal reaches
/// back to it.
pub fn load_newest<C>(
    store: &dyn SnapshotStore,
    until: Option<Lsn>,
    mut make: impl FnMut() -> C,
) -> Result<Recovered<C>, SnapshotError>
where
    for<'a> Source<'a>: From<&'a C>,
{
    let mut damaged = Vec::new();
    let mut reports = list(store)?.into_iter();
    while let Some(report) = reports.next() {
        let generation = report.generation;
        let state = make();
        let loaded = match report.manifest {
            Ok(manifest) if until.is_some_and(|until| manifest.end > until) => continue,
            Ok(manifest) => {
                let mut older = reports.as_slice().iter().filter_map(|r| r.manifest.as_ref().ok());
                let held_from = older.next().map_or(manifest.end, |older| older.start);
                load(Source::from(&state), store, manifest, held_from)
            }
            Err(error) => Err(error),
        };
        match loaded {
            Ok(loaded) => return Ok(Recovered { state, loaded: Some(loaded), damaged }),
            Err(SnapshotError::Store(error)) => return Err(error.into()),
            Err(error) if error.is_newer() => return Err(error),
            Err(error) => {
                tracing::warn!(generation, %error, "a generation cannot be loaded");
                damaged.push(Damaged { generation, error });
            }
        }
    }
    Ok(Recovered { state: make(), loaded: None, damaged })
}

/// Loads one generation. Orders that were closed by the event at `held_from` stay out of
/// memory: the generation before has them as well, if there is one. After an error the
/// state is of no use.
fn load(
    source: Source<'_>,
    store: &dyn SnapshotStore,
    manifest: Manifest,
    held_from: Lsn,
) -> Result<Loaded, SnapshotError> {
    let begun = Instant::now();
    // At its end, a generation of version 1 is compared by a hash of whole orders.
    let leaves_out_closed = manifest.version > 1 && source.archived_in.leaves_out_closed();
    let closed_by = if leaves_out_closed { held_from } else { Lsn::NONE };
    let hash = load_chunks(source, store, &manifest, closed_by)?;
    source.state.order_last.fetch_max(manifest.order_last, Ordering::Relaxed);
    *source.state.gate.lock() = Applied { lsn: manifest.start, hash };
    Ok(Loaded { manifest, took: begun.elapsed() })
}

/// Loads all chunks; answers with the hash of the images.
///
/// Loaders stand in a ring and take the chunks in turn. Each reads and checks its
/// chunk, waits for the token, puts back what has to be in order, passes the token
/// on, and puts back the rest. A loader that fails keeps the token, and all others
/// end.
fn load_chunks(
    source: Source<'_>,
    store: &dyn SnapshotStore,
    manifest: &Manifest,
    closed_by: Lsn,
) -> Result<StateHash, SnapshotError> {
    let loaders = available_parallelism().map_or(1, usize::from).min(LOADERS_MAX);
    let (mut passes, mut tokens): (Vec<_>, Vec<_>) = (0..loaders).map(|_| sync_channel(1)).unzip();
    passes[0].send(()).expect("the first loader did not begin yet");
    // Each passes on what the next one waits for.
    passes.rotate_left(1);
    let progress = &Progress::new("loading a snapshot's chunks", manifest.chunks.len() as u64, 1);
    std::thread::scope(|scope| {
        let ring = passes.drain(..).zip(tokens.drain(..)).enumerate();
        let loaders: Vec<_> = ring
            .map(|(first, (pass, token))| {
                let loader = Loader { source, store, manifest, closed_by, progress, token, pass };
                let chunks = manifest.chunks.iter().skip(first).step_by(loaders);
                scope.spawn(move || loader.run(chunks))
            })
            .collect();
        let mut hash = StateHash::default();
        for loader in loaders {
            let loaded = loader.join().unwrap_or_else(|panic| resume_unwind(panic));
            hash.merge(loaded?);
        }
        Ok(hash)
    })
}

/// One of the threads that load a generation.
struct Loader<'a> {
    source: Source<'a>,
    store: &'a dyn SnapshotStore,
    manifest: &'a Manifest,
    /// Orders that were closed by this event stay out of memory.
    closed_by: Lsn,
    progress: &'a Progress,
    /// Comes when all chunks before are in place as far as order counts.
    token: Receiver<()>,
    pass: SyncSender<()>,
}

impl Loader<'_> {
    /// Loads these chunks; answers with the hash of what it put back, which is not
    /// all when another one failed.
    fn run<'c>(
        &self,
        chunks: impl Iterator<Item = &'c ChunkRef>,
    ) -> Result<StateHash, SnapshotError> {
        let mut hash = StateHash::default();
        for chunk in chunks {
            let content = read_chunk(self.store, chunk, self.source.postal_codes);
            if self.token.recv().is_err() {
                // The loader that kept the token says why.
                break;
            }
            hash.merge(self.restore(chunk, content?)?);
            self.progress.step();
        }
        Ok(hash)
    }

    fn restore(&self, chunk: &ChunkRef, content: Content) -> Result<StateHash, SnapshotError> {
        let error = |error| match error {
            RestoreError::OutOfPlace(fault) => SnapshotError::Chunk { key: chunk.key, fault },
            RestoreError::Panicked(panicked) => panicked.into(),
        };
        let requests_from = self.manifest.requests_from;
        let rest = self.source.restore_in_order(content, chunk.hash, requests_from);
        let rest = rest.map_err(error)?;
        // After the last chunk, or a failure, no loader takes it.
        let _ = self.pass.send(());
        self.source.restore_rest(rest, self.closed_by).map_err(error)
    }
}

//! Taking a snapshot: fuzzy, chunk by chunk, while the engine goes on.

use std::time::{Duration, Instant};

use super::chunk::{self, HEADER_BYTES, Header, Kind};
use super::content::Content;
use super::error::SnapshotError;
use super::limits::{
    COMPANION_PARTS_PER_CHUNK, DOCUMENTS_PER_CHUNK, GENERATIONS_KEPT, ITEMS_PER_CHUNK,
    ORDERS_PER_CHUNK, PRICING_PARTS_PER_CHUNK, REQUEST_PIECES_MAX, REQUESTS_PER_CHUNK,
    TAKE_TRIES_MAX, USES_PER_CHUNK,
};
use super::manifest::{ChunkRef, Counts, Manifest};
use super::pace::Pace;
use super::prune::{Pruned, is_apart, prune};
use super::report::{TakeReport, manifests};
use super::source::{Begin, OrdersCopy, Source};
use super::store::{ChunkKey, SnapshotStore, are_kept_together};
use super::verify::verify_at;
use crate::limits::SNAPSHOT_SYNC_BYTES;
use crate::model::{Lsn, Timestamp};

/// Takes a snapshot, reads it back, and lets old generations go.
///
/// Blocks its thread and holds one chunk in memory at a time; the engine goes
/// on. A chunk that an older generation wrote and that turns out damaged is written
/// anew from memory, except for orders that left memory.
///
/// # Errors
/// When the store fails, an actor panicked, the store is ahead of the state, or
/// what was written cannot be read back. The journal may then not be cut; older
/// generations are as they were.
pub fn take(
    source: Source<'_>,
    store: &dyn SnapshotStore,
    created_at: Timestamp,
) -> Result<TakeReport, SnapshotError> {
    take_at(&mut Pace::unhurried(), source, store, created_at)
}

/// As [`take`], making way for commands between two chunks.
///
/// # Errors
/// As [`take`], and when the engine is shutting down.
pub fn take_at(
    pace: &mut Pace<'_>,
    source: Source<'_>,
    store: &dyn SnapshotStore,
    created_at: Timestamp,
) -> Result<TakeReport, SnapshotError> {
    let begun = Instant::now();
    // What failed since the last one.
    store.mend()?;
    let mut taken = take_once(pace, source, store, created_at);
    for _ in 1..TAKE_TRIES_MAX {
        match &taken {
            Err(error) if error.is_of_the_store() && store.mend()? => {
                tracing::warn!(%error, "a snapshot failed, and is taken again");
            }
            _ => break,
        }
        taken = take_once(pace, source, store, created_at);
    }
    let (taken, took_copying, took_verifying, Pruned { kept, dropped, held }) = taken?;
    if let Some(Err(error)) = held.map(|held| store.compact_if_sparse(&held)) {
        tracing::warn!(%error, "the snapshot store was not compacted");
    }
    tracing::info!(
        generation = taken.manifest.generation,
        written = taken.written,
        reused = taken.reused,
        took = ?begun.elapsed(),
        "took a snapshot"
    );
    // Two that one fault may take are no better than one.
    let fallback = kept.last().filter(|oldest| is_apart(oldest, &taken.manifest));
    Ok(TakeReport {
        journal_from: fallback.map(|oldest| oldest.start.next()),
        manifest: taken.manifest,
        chunks_written: taken.written,
        bytes_written: taken.bytes_written,
        chunks_reused: taken.reused,
        pruned: dropped,
        took_copying,
        took_verifying,
        took_resting: pace.rested(),
    })
}

/// A generation that was taken and read back, how long both took, and what was let go.
type TakenOnce = (Taken, Duration, Duration, Pruned);

fn take_once(
    pace: &mut Pace<'_>,
    source: Source<'_>,
    store: &dyn SnapshotStore,
    created_at: Timestamp,
) -> Result<TakenOnce, SnapshotError> {
    let earlier = Earlier::of(store)?;
    let first = attempt(source, store, created_at, &earlier, pace);
    let (taken, took_copying, took_verifying) = match first {
        Err(SnapshotError::Chunk { key, .. }) if earlier.has_written(key) => {
            let earlier = Earlier { named: None, ..earlier };
            attempt(source, store, created_at, &earlier, pace)?
        }
        other => other?,
    };
    Ok((taken, took_copying, took_verifying, prune(pace, store)?))
}

/// The generations whose manifests can be read, as far as the next one has to know.
#[derive(Default)]
struct Earlier {
    /// The next one may not end before this one.
    newest: Option<Manifest>,
    /// The generation whose chunks the next one may name. It goes when the next one is
    /// there. So the generations that stay share no chunk, and damage of one is never
    /// damage of another.
    named: Option<Manifest>,
}

impl Earlier {
    /// A generation that a newer build wrote is an error: nothing is put on top of it.
    fn of(store: &dyn SnapshotStore) -> Result<Self, SnapshotError> {
        let (whole, damaged) = manifests(store)?;
        for damaged in damaged {
            tracing::warn!(%damaged, "a generation cannot be read");
        }
        let mut whole = whole.into_iter();
        let newest = whole.next();
        Ok(Self { newest, named: whole.nth(GENERATIONS_KEPT - 2) })
    }

    /// Whether a chunk is from before the next generation.
    fn has_written(&self, key: ChunkKey) -> bool {
        self.newest.as_ref().is_some_and(|newest| key.generation <= newest.generation)
    }
}

type Attempt = (Taken, Duration, Duration);

/// Writes a generation and reads it back; one that cannot be read back is let go.
fn attempt(
    source: Source<'_>,
    store: &dyn SnapshotStore,
    created_at: Timestamp,
    earlier: &Earlier,
    pace: &mut Pace<'_>,
) -> Result<Attempt, SnapshotError> {
    let begun = Instant::now();
    let generation = next_generation(store, earlier)?;
    let taken = match write(source, store, generation, created_at, earlier, pace) {
        // A shutdown does not wait for cleaning up; the next snapshot lets the unfinished
        // one go.
        Err(error) if !matches!(error, SnapshotError::Closing) => {
            forget(store, generation);
            return Err(error);
        }
        taken => taken?,
    };
    let took_copying = begun.elapsed();
    match verify_at(pace, store, taken.manifest.generation) {
        Ok(report) => Ok((taken, took_copying, report.took)),
        // It stays: what was read so far is good, and loading it reads all of it.
        Err(SnapshotError::Closing) => Err(SnapshotError::Closing),
        Err(damaged) => {
            tracing::warn!(%damaged, "a snapshot cannot be read back");
            forget(store, generation);
            Err(damaged)
        }
    }
}

/// The number of the next generation, which is kept apart from the newest one. Chunks
/// of a snapshot that was never finished count as well: their keys are not used again.
fn next_generation(store: &dyn SnapshotStore, earlier: &Earlier) -> Result<u64, SnapshotError> {
    let of_chunks = store.chunk_keys()?.into_iter().map(|key| key.generation).max();
    let of_manifests = store.generations()?.into_iter().max();
    let next = of_chunks.max(of_manifests).unwrap_or(0) + 1;
    let newest = earlier.newest.as_ref().map(|newest| newest.generation);
    Ok(next + u64::from(newest.is_some_and(|newest| are_kept_together(newest, next))))
}

/// Lets go of a generation that could not be finished: tries that fail one after the other
/// would fill the disk. `MANIFEST_LAST`: its manifest goes before what it names.
fn forget(store: &dyn SnapshotStore, generation: u64) {
    let forget = || -> Result<(), SnapshotError> {
        store.remove_manifest(generation)?;
        store.sync()?;
        for key in store.chunk_keys()?.into_iter().filter(|key| key.generation == generation) {
            store.remove_chunk(key)?;
        }
        Ok(store.sync()?)
    };
    if let Err(error) = forget() {
        tracing::warn!(%error, generation, "what a failed snapshot wrote stays for now");
    }
}

/// A generation that is on stable storage and not read back yet.
struct Taken {
    manifest: Manifest,
    written: usize,
    bytes_written: u64,
    reused: usize,
}

fn write(
    source: Source<'_>,
    store: &dyn SnapshotStore,
    generation: u64,
    created_at: Timestamp,
    earlier: &Earlier,
    pace: &mut Pace<'_>,
) -> Result<Taken, SnapshotError> {
    let begin = source.begin();
    if let Some(ahead) = earlier.newest.as_ref().filter(|newest| newest.end > begin.start) {
        let (generation, end) = (ahead.generation, ahead.end);
        return Err(SnapshotError::Ahead { generation, end, applied: begin.start });
    }
    let mut writer = Writer::new(store, generation, earlier.named.as_ref(), pace);
    writer.network(source)?;
    writer.items(source, begin)?;
    writer.orders(source, begin)?;
    let requests_from = writer.requests(source)?;
    writer.put_all(source.copy_pricing(PRICING_PARTS_PER_CHUNK))?;
    writer.documents(source, begin)?;
    writer.return_rules(source)?;
    writer.companions(source, begin)?;
    writer.put_all(source.copy_uses(USES_PER_CHUNK))?;
    store.sync()?;
    // `FUZZY`: all copies are made by now, so none is newer than this.
    let end = source.end();
    let manifest = Manifest {
        version: writer.version,
        generation: writer.generation,
        start: begin.start,
        end: end.lsn,
        state_hash: end.hash,
        order_last: begin.order_last,
        requests_from,
        created_at,
        counts: writer.counts,
        chunks: writer.chunks,
    };
    let frame = manifest.encode().map_err(SnapshotError::Unwritable)?;
    store.put_manifest(manifest.generation, &frame)?;
    store.sync()?;
    Ok(Taken {
        manifest,
        written: writer.written,
        bytes_written: writer.bytes_written,
        reused: writer.reused,
    })
}

/// Writes the chunks of one generation, one after the other.
struct Writer<'a, 'p> {
    store: &'a dyn SnapshotStore,
    named: Option<&'a Manifest>,
    pace: &'a mut Pace<'p>,
    /// Bytes written since the last sync.
    unsynced: u64,
    generation: u64,
    /// The newest format that a chunk needs.
    version: u16,
    chunks: Vec<ChunkRef>,
    counts: Counts,
    written: usize,
    bytes_written: u64,
    reused: usize,
}

impl<'a, 'p> Writer<'a, 'p> {
    fn new(
        store: &'a dyn SnapshotStore,
        generation: u64,
        named: Option<&'a Manifest>,
        pace: &'a mut Pace<'p>,
    ) -> Self {
        Self {
            store,
            named,
            pace,
            unsynced: 0,
            generation,
            version: 0,
            chunks: Vec::new(),
            counts: Counts::default(),
            written: 0,
            bytes_written: 0,
            reused: 0,
        }
    }

    fn network(&mut self, source: Source<'_>) -> Result<(), SnapshotError> {
        self.put(0, 0, &source.copy_network())
    }

    fn items(&mut self, source: Source<'_>, begin: Begin) -> Result<(), SnapshotError> {
        for from in (0..begin.items).step_by(ITEMS_PER_CHUNK as usize) {
            let to = begin.items.min(from.saturating_add(ITEMS_PER_CHUNK));
            let items = source.copy_items(from, to)?;
            self.put(from.into(), u64::from(to) - 1, &items)?;
        }
        Ok(())
    }

    fn orders(&mut self, source: Source<'_>, begin: Begin) -> Result<(), SnapshotError> {
        for chunk in 0..=begin.order_last / ORDERS_PER_CHUNK {
            let from = chunk * ORDERS_PER_CHUNK;
            let to = from + ORDERS_PER_CHUNK - 1;
            let copy = source.copy_orders(from, to)?;
            // Orders that left memory are read again only where another order of the chunk
            // changed.
            match self.same_orders(from, to, &copy) {
                Some(known) => {
                    self.counts.orders += copy.len() as u64;
                    self.reuse(&known);
                    self.pace.rest()?;
                }
                None => self.put(from, to, &source.complete(copy)?)?,
            }
        }
        Ok(())
    }

    /// Documents that were there when copying began. What is newer comes to be again by the journal,
    /// under the same numbers.
    fn documents(&mut self, source: Source<'_>, begin: Begin) -> Result<(), SnapshotError> {
        for from in (1..=begin.documents).step_by(DOCUMENTS_PER_CHUNK) {
            let to = begin.documents.min(from + DOCUMENTS_PER_CHUNK as u64 - 1);
            self.put(from, to, &source.copy_documents(from, to))?;
        }
        Ok(())
    }

    /// Writes nothing where no styles were ever defined and nothing was learnt. What was learnt is as of one event, and of
    /// none before the start, from which on the journal is kept.
    fn companions(&mut self, source: Source<'_>, begin: Begin) -> Result<(), SnapshotError> {
        let max = COMPANION_PARTS_PER_CHUNK;
        for content in source.copy_assortment(max) {
            self.put_parts(&content)?;
        }
        source.state.companions.reach(begin.start);
        let _turn = source.state.companions.turn().lock();
        for from in (0..).step_by(max) {
            let Some(content) = source.copy_learnt(from, max) else { break };
            self.put_parts(&content)?;
        }
        Ok(())
    }

    /// The chunk to name again, if it has these very orders.
    fn same_orders(&self, from: u64, to: u64, copy: &OrdersCopy) -> Option<ChunkRef> {
        let known = self.known(Kind::Orders, from)?;
        let is_same = self.is_unchanged(&known, copy.last_lsn(), copy.len() as u64, to)
            && known.hash == copy.hash();
        is_same.then_some(known)
    }

    /// A chunk that may be named again.
    fn known(&self, kind: Kind, from: u64) -> Option<ChunkRef> {
        self.named?.chunk(kind, from).copied().filter(|chunk| self.may_name(chunk))
    }

    /// An older build named chunks of any generation.
    fn may_name(&self, chunk: &ChunkRef) -> bool {
        are_kept_together(chunk.key.generation, self.generation)
    }

    /// Copies what is remembered, piece by piece, and answers from which LSN on
    /// the copies count: the older ones were forgotten meanwhile. What is left
    /// is exactly what was remembered when the last piece was copied.
    ///
    /// A request never changes once it is remembered, so that the full chunks of
    /// the generation to name are good for as long as any of it is remembered.
    fn requests(&mut self, source: Source<'_>) -> Result<Lsn, SnapshotError> {
        let oldest = source.copy_requests(Lsn::NONE, 0).oldest.unwrap_or(Lsn::FIRST);
        let mut after = self.reuse_requests(oldest).unwrap_or(oldest.previous());
        for piece_no in 0.. {
            let is_bound = piece_no == REQUEST_PIECES_MAX;
            let max = if is_bound { usize::MAX } else { REQUESTS_PER_CHUNK };
            let piece = source.copy_requests(after, max);
            if let (Some((_, first)), Some((_, last))) =
                (piece.requests.first(), piece.requests.last())
            {
                let (from, to) = (first.lsn.get(), last.lsn.get());
                after = last.lsn;
                self.put(from, to, &Content::Requests(piece.requests))?;
            }
            if piece.is_last {
                return Ok(piece.oldest.unwrap_or(Lsn::FIRST));
            }
        }
        unreachable!("the piece at the bound takes all that is left")
    }

    /// Writes nothing where there is nothing of a kind.
    fn put_all(&mut self, contents: Vec<Content>) -> Result<(), SnapshotError> {
        for content in contents {
            self.put_parts(&content)?;
        }
        Ok(())
    }

    /// Writes nothing where no policy was ever set.
    fn return_rules(&mut self, source: Source<'_>) -> Result<(), SnapshotError> {
        source.copy_return_rules().map_or(Ok(()), |content| self.put(0, 0, &content))
    }

    fn put_parts(&mut self, content: &Content) -> Result<(), SnapshotError> {
        let numbers = content.numbers();
        match (numbers.first(), numbers.last()) {
            (Some(from), Some(to)) => self.put(*from, *to, content),
            _ => Ok(()),
        }
    }

    /// Names the full chunks again of which something is still remembered;
    /// answers with the LSN up to which they reach.
    fn reuse_requests(&mut self, oldest: Lsn) -> Option<Lsn> {
        let known = self.named?.chunks_of(Kind::Requests);
        let mut reach = None;
        for chunk in known.iter().skip_while(|chunk| chunk.last_lsn < oldest) {
            let is_full = chunk.count as usize >= REQUESTS_PER_CHUNK;
            if !is_full || !self.may_name(chunk) {
                break;
            }
            self.reuse(chunk);
            self.counts.requests += u64::from(chunk.count);
            reach = Some(chunk.last_lsn);
        }
        reach
    }

    /// Writes a chunk, or names the one that has the very same parts. Then makes way.
    fn put(&mut self, from: u64, to: u64, content: &Content) -> Result<(), SnapshotError> {
        self.write_or_reuse(from, to, content)?;
        if self.unsynced >= SNAPSHOT_SYNC_BYTES {
            self.store.sync()?;
            self.unsynced = 0;
        }
        self.pace.rest()
    }

    fn write_or_reuse(
        &mut self,
        from: u64,
        to: u64,
        content: &Content,
    ) -> Result<(), SnapshotError> {
        self.version = self.version.max(content.version());
        let counts = content.counts();
        self.counts.add(counts);
        let header = Self::header(from, to, content);
        if header.count == 0 && header.kind != Kind::Catalogue {
            return Ok(());
        }
        let hash = content.hash();
        if let Some(known) = self.known(header.kind, from)
            && self.is_unchanged(&known, header.last_lsn, header.count.into(), header.to)
            && known.hash == hash
        {
            self.reuse(&known);
            return Ok(());
        }
        let payload = content.encode().map_err(SnapshotError::Unwritable)?;
        let frame = chunk::seal(content.version(), &header, &payload);
        let key = ChunkKey { kind: header.kind, from, generation: self.generation };
        self.store.put_chunk(key, &frame)?;
        self.written += 1;
        self.bytes_written += frame.len() as u64;
        self.unsynced += frame.len() as u64;
        self.chunks.push(ChunkRef {
            key,
            to,
            count: header.count,
            last_lsn: header.last_lsn,
            bytes: frame.len() as u64,
            checksum: chunk::recorded_checksum(&frame[..HEADER_BYTES]),
            hash,
        });
        Ok(())
    }

    fn header(from: u64, to: u64, content: &Content) -> Header {
        let (first_lsn, last_lsn) = content.lsns();
        let count = u32::try_from(content.numbers().len()).expect("a chunk has thousands of parts");
        Header { kind: content.kind(), count, from, to, first_lsn, last_lsn }
    }

    /// A part's last LSN tells its state, and parts never go. So when no part's
    /// is past the start of the generation to name, all were then as they are now,
    /// and its copies, which are from after its start, show just that.
    fn is_unchanged(&self, known: &ChunkRef, last_lsn: Lsn, count: u64, to: u64) -> bool {
        let start = self.named.map_or(Lsn::NONE, |named| named.start);
        last_lsn <= start && u64::from(known.count) == count && known.to == to
    }

    fn reuse(&mut self, chunk: &ChunkRef) {
        self.chunks.push(*chunk);
        self.reused += 1;
    }
}

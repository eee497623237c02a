//! A generation's manifest: what makes it exist.

use rkyv::{Archive, Serialize, rancor};

use super::chunk::{self, Header, Kind};
use super::error::StoredFault;
use super::image::{ImageError, access};
use super::store::ChunkKey;
use crate::model::{Lsn, StateHash, Timestamp};

/// How many parts of each kind a generation holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Nodes.
    pub nodes: u64,
    /// Items.
    pub items: u64,
    /// Pairs that an event ever touched.
    pub pairs: u64,
    /// Orders.
    pub orders: u64,
    /// Remembered requests.
    pub requests: u64,
}

impl Counts {
    pub(super) fn add(&mut self, more: Self) {
        self.nodes += more.nodes;
        self.items += more.items;
        self.pairs += more.pairs;
        self.orders += more.orders;
        self.requests += more.requests;
    }
}

/// A chunk as a manifest names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChunkRef {
    /// Its kind, its first part's number, and the generation that wrote it.
    pub key: ChunkKey,
    /// The number of the last part that may be in it.
    pub to: u64,
    /// Parts in it.
    pub count: u32,
    /// The last LSN of its parts.
    pub last_lsn: Lsn,
    /// Its bytes on disk, header included.
    pub bytes: u64,
    /// Its checksum.
    pub checksum: u32,
    /// The state hash of its parts.
    pub hash: StateHash,
}

/// A generation. Shape: chunks ascend by kind and number, and do not overlap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// The format that it was written in, the newest of its chunks: says how its state hash
    /// was made, and which builds can read it.
    pub version: u16,
    /// Its number; newer ones are higher.
    pub generation: u64,
    /// All events up to here, inclusive, are in it. Replay starts after it.
    pub start: Lsn,
    /// No event past this one is in it. At this LSN the state hash is known.
    pub end: Lsn,
    /// The state hash at `end`.
    pub state_hash: StateHash,
    /// No order placed up to `start` has a higher number.
    pub order_last: u64,
    /// Requests of earlier events were forgotten while the snapshot was taken.
    pub requests_from: Lsn,
    /// When it was taken.
    pub created_at: Timestamp,
    /// What it holds.
    pub counts: Counts,
    /// Its chunks.
    pub chunks: Vec<ChunkRef>,
}

#[derive(Archive, Serialize)]
struct ManifestV1 {
    generation: u64,
    start_lsn: u64,
    end_lsn: u64,
    state_hash: u64,
    order_last: u64,
    requests_from_lsn: u64,
    created_at_us: i64,
    nodes: u64,
    items: u64,
    pairs: u64,
    orders: u64,
    requests: u64,
    chunks: Vec<ChunkRefV1>,
}

#[derive(Archive, Serialize)]
struct ChunkRefV1 {
    from: u64,
    to: u64,
    generation: u64,
    last_lsn: u64,
    bytes: u64,
    hash: u64,
    count: u32,
    checksum: u32,
    kind: u8,
}

impl Manifest {
    /// Bytes of all chunks, those that other generations name as well included.
    pub fn bytes(&self) -> u64 {
        self.chunks.iter().map(|chunk| chunk.bytes).sum()
    }

    /// The chunks of one kind, ascending.
    pub fn chunks_of(&self, kind: Kind) -> &[ChunkRef] {
        let from = self.chunks.partition_point(|chunk| chunk.key.kind < kind);
        let to = self.chunks.partition_point(|chunk| chunk.key.kind <= kind);
        &self.chunks[from..to]
    }

    /// The chunk of that kind that begins at `from`.
    pub fn chunk(&self, kind: Kind, from: u64) -> Option<&ChunkRef> {
        let chunks = self.chunks_of(kind);
        chunks.binary_search_by_key(&from, |chunk| chunk.key.from).ok().map(|at| &chunks[at])
    }

    /// The manifest as a frame.
    pub(super) fn encode(&self) -> Result<Vec<u8>, ImageError> {
        let payload = rkyv::to_bytes(&ManifestV1::from(self))
            .map_err(|error: rancor::Error| ImageError::Archive(error.to_string()))?;
        let header = Header {
            kind: Kind::Manifest,
            count: u32::try_from(self.chunks.len()).map_err(|_| {
                ImageError::inconsistent("manifest", "more chunks than 32 bits count")
            })?,
            from: self.generation,
            to: self.generation,
            first_lsn: self.start,
            last_lsn: self.end,
        };
        // A manifest that moves keeps its version: it says how the state hash was made, and
        // which builds can read all chunks.
        Ok(chunk::seal(self.version, &header, &payload))
    }

    /// Reads the manifest of `generation` and checks that it makes sense.
    pub(super) fn decode(generation: u64, frame: &[u8]) -> Result<Self, StoredFault> {
        let frame = chunk::open(frame)?;
        if frame.header.kind != Kind::Manifest {
            return Err(StoredFault::Kind(frame.header.kind));
        }
        let manifest = Self::read(frame.version, &frame.payload)?;
        manifest.validate()?;
        if manifest.generation != generation {
            let found = manifest.generation;
            return Err(StoredFault::Generation { expected: generation, found });
        }
        Ok(manifest)
    }

    /// Reads a manifest whose generation its frame tells.
    pub(super) fn decode_any(frame: &[u8]) -> Result<Self, StoredFault> {
        let generation = chunk::open(frame)?.header.from;
        Self::decode(generation, frame)
    }

    fn read(version: u16, payload: &[u8]) -> Result<Self, ImageError> {
        let image = access::<ArchivedManifestV1>(payload)?;
        Ok(Self {
            version,
            generation: image.generation.to_native(),
            start: Lsn::new(image.start_lsn.to_native()),
            end: Lsn::new(image.end_lsn.to_native()),
            state_hash: StateHash::from_value(image.state_hash.to_native()),
            order_last: image.order_last.to_native(),
            requests_from: Lsn::new(image.requests_from_lsn.to_native()),
            created_at: Timestamp::from_micros(image.created_at_us.to_native()),
            counts: Counts {
                nodes: image.nodes.to_native(),
                items: image.items.to_native(),
                pairs: image.pairs.to_native(),
                orders: image.orders.to_native(),
                requests: image.requests.to_native(),
            },
            chunks: image.chunks.iter().map(TryInto::try_into).collect::<Result<_, _>>()?,
        })
    }

    fn validate(&self) -> Result<(), StoredFault> {
        if self.start > self.end {
            return Err(StoredFault::Lsns { start: self.start, end: self.end });
        }
        let overlaps = |a: &ChunkRef, b: &ChunkRef| {
            (a.key.kind, a.key.from) >= (b.key.kind, b.key.from)
                || (a.key.kind == b.key.kind && a.to >= b.key.from)
        };
        if self.chunks.array_windows().any(|[a, b]| overlaps(a, b)) {
            return Err(StoredFault::Chunks("they overlap"));
        }
        let bad = |c: &ChunkRef| {
            c.key.from > c.to || c.key.generation > self.generation || c.last_lsn > self.end
        };
        if self.chunks.iter().any(bad) {
            return Err(StoredFault::Chunks("one is from after the manifest"));
        }
        if self.chunks_of(Kind::Catalogue).len() != 1 {
            return Err(StoredFault::Chunks("not one of them is the catalogue"));
        }
        let parts = |kind| self.chunks_of(kind).iter().map(|c| u64::from(c.count)).sum::<u64>();
        let counts = &self.counts;
        let kinds = [
            (Kind::Items, counts.items),
            (Kind::Orders, counts.orders),
            (Kind::Requests, counts.requests),
        ];
        if kinds.into_iter().any(|(kind, count)| parts(kind) != count) {
            return Err(StoredFault::Chunks("their parts are not as many as it counts"));
        }
        Ok(())
    }
}

impl From<&Manifest> for ManifestV1 {
    fn from(manifest: &Manifest) -> Self {
        Self {
            generation: manifest.generation,
            start_lsn: manifest.start.get(),
            end_lsn: manifest.end.get(),
            state_hash: manifest.state_hash.value(),
            order_last: manifest.order_last,
            requests_from_lsn: manifest.requests_from.get(),
            created_at_us: manifest.created_at.as_micros(),
            nodes: manifest.counts.nodes,
            items: manifest.counts.items,
            pairs: manifest.counts.pairs,
            orders: manifest.counts.orders,
            requests: manifest.counts.requests,
            chunks: manifest.chunks.iter().map(Into::into).collect(),
        }
    }
}

impl From<&ChunkRef> for ChunkRefV1 {
    fn from(chunk: &ChunkRef) -> Self {
        Self {
            from: chunk.key.from,
            to: chunk.to,
            generation: chunk.key.generation,
            last_lsn: chunk.last_lsn.get(),
            bytes: chunk.bytes,
            hash: chunk.hash.value(),
            count: chunk.count,
            checksum: chunk.checksum,
            kind: chunk.key.kind as u8,
        }
    }
}

impl TryFrom<&ArchivedChunkRefV1> for ChunkRef {
    type Error = ImageError;

    fn try_from(image: &ArchivedChunkRefV1) -> Result<Self, ImageError> {
        let kind = match Kind::from_code(image.kind) {
            Some(kind) if kind != Kind::Manifest => kind,
            _ => return Err(ImageError::Code { what: "kind of chunk", value: image.kind.into() }),
        };
        let (from, generation) = (image.from.to_native(), image.generation.to_native());
        Ok(Self {
            key: ChunkKey { kind, from, generation },
            to: image.to.to_native(),
            count: image.count.to_native(),
            last_lsn: Lsn::new(image.last_lsn.to_native()),
            bytes: image.bytes.to_native(),
            checksum: image.checksum.to_native(),
            hash: StateHash::from_value(image.hash.to_native()),
        })
    }
}

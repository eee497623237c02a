//! A flipped bit or a missing end is found wherever it is, and never served.

use rustix::io::Errno;

use super::golden;
use super::watched::Watched;
use super::world::{Run, World};
use crate::model::Timestamp;
use crate::snapshot::FORMAT_VERSION;
use crate::snapshot::chunk::{self, FrameError, HEADER_BYTES};
use crate::snapshot::manifest::Manifest;
use crate::snapshot::verify::open_chunk;
use crate::snapshot::{
    ChunkKey, ExportError, FileFault, Kind, MemoryStore, SnapshotStore, Source, StoreError, export,
    import, list, load_newest, take, verify,
};

const AT: Timestamp = Timestamp::from_micros(1_764_000_000_000_000);

/// A store with one small generation.
fn small_store() -> MemoryStore {
    let store = MemoryStore::default();
    take(Source::from(&golden::weekday_world()), &store, AT).unwrap();
    store
}

/// Every variant of `bytes` with one bit flipped.
fn flipped(bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    (0..bytes.len()).map(|at| {
        let mut flipped = bytes.to_vec();
        flipped[at] ^= 1 << (at % 8);
        flipped
    })
}

#[test]
fn a_flipped_bit_in_a_chunk_is_found_at_every_byte() {
    let store = small_store();
    let manifest = list(&store).unwrap().remove(0).manifest.unwrap();
    for chunk in &manifest.chunks {
        let bytes = store.chunk(chunk.key).unwrap().unwrap();
        open_chunk(chunk, &bytes, 0).unwrap();
        for (at, flipped) in flipped(&bytes).enumerate() {
            assert!(open_chunk(chunk, &flipped, 0).is_err(), "{} byte {at}", chunk.key);
        }
        for length in 0..bytes.len() {
            assert!(open_chunk(chunk, &bytes[..length], 0).is_err(), "{length} bytes");
        }
    }
}

#[test]
fn a_flipped_bit_in_a_manifest_is_found_at_every_byte() {
    let store = small_store();
    let generation = store.generations().unwrap()[0];
    let bytes = store.manifest(generation).unwrap().unwrap();
    Manifest::decode(generation, &bytes).unwrap();
    for (at, flipped) in flipped(&bytes).enumerate() {
        assert!(Manifest::decode(generation, &flipped).is_err(), "byte {at}");
    }
    for length in 0..bytes.len() {
        assert!(Manifest::decode(generation, &bytes[..length]).is_err(), "{length} bytes");
    }
    assert!(Manifest::decode(generation + 1, &bytes).is_err(), "of another generation");
}

/// With the checksum right, what bytecheck and the images say is all there is.
#[test]
fn damage_under_a_right_checksum_is_refused_and_never_panics() {
    let store = small_store();
    let manifest = list(&store).unwrap().remove(0).manifest.unwrap();
    for known in &manifest.chunks {
        let bytes = store.chunk(known.key).unwrap().unwrap();
        let frame = chunk::open(&bytes).unwrap();
        for payload in flipped(&frame.payload) {
            let forged = chunk::seal(frame.version, &frame.header, &payload);
            let mut known = *known;
            known.checksum = chunk::recorded_checksum(&forged);
            // Bytes that nothing refers to may differ without harm: all else is
            // refused by the archive, the image, or the hash.
            if let Ok(content) = open_chunk(&known, &forged, 0) {
                assert_eq!(content.hash(), known.hash);
            }
        }
    }
}

#[test]
fn a_newer_version_has_an_error_of_its_own() {
    let store = small_store();
    let key = store.chunk_keys().unwrap()[0];
    let mut bytes = store.chunk(key).unwrap().unwrap();
    let newer = FORMAT_VERSION + 1;
    bytes[8..10].copy_from_slice(&newer.to_le_bytes());
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&bytes[..HEADER_BYTES - 4]);
    hasher.update(&bytes[HEADER_BYTES..]);
    bytes[HEADER_BYTES - 4..HEADER_BYTES].copy_from_slice(&hasher.finalize().to_le_bytes());
    let error = chunk::open(&bytes).map(|_| ()).unwrap_err();
    assert_eq!(error, FrameError::NewerVersion { found: newer });
}

#[test]
fn a_missing_chunk_is_found() {
    let store = small_store();
    let generation = store.generations().unwrap()[0];
    store.remove_chunk(store.chunk_keys().unwrap()[1]).unwrap();
    assert!(verify(&store, generation).is_err());
}

#[test]
fn an_exported_generation_comes_back_the_same() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("one.snapshot");
    let run = Run::new(77);
    run.go_on(400);
    let store = MemoryStore::default();
    let taken = take(Source::from(&run.world), &store, AT).unwrap();
    let exported = export(&store, &*no_records(), taken.manifest.generation, &file).unwrap();
    assert_eq!(exported.bytes, std::fs::metadata(&file).unwrap().len());
    let fresh = MemoryStore::default();
    assert_eq!(import(&file, &fresh, |_, _| Ok(())).unwrap(), exported);
    assert_eq!(fresh.chunk_keys().unwrap(), store.chunk_keys().unwrap());
    let again = import(&file, &fresh, |_, _| Ok(())).unwrap_err();
    assert!(matches!(again, ExportError::NotEmpty(1)), "{again}");
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1, "no partial file");
}

#[test]
fn a_damaged_or_truncated_export_is_refused_and_leaves_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("one.snapshot");
    let store = small_store();
    export(&store, &*no_records(), store.generations().unwrap()[0], &file).unwrap();
    let bytes = std::fs::read(&file).unwrap();
    let refused = |bytes: &[u8]| {
        std::fs::write(&file, bytes).unwrap();
        let fresh = MemoryStore::default();
        let error = import(&file, &fresh, |_, _| Ok(())).unwrap_err();
        assert_eq!(fresh.bytes_on_disk().unwrap(), 0, "{error}");
        assert!(error.to_string().starts_with(file.to_str().unwrap()), "{error}");
        match error {
            ExportError::Content { fault, .. } => fault,
            other => panic!("{other}"),
        }
    };
    flipped(&bytes).for_each(|flipped| drop(refused(&flipped)));
    for length in 16..bytes.len() {
        let error = refused(&bytes[..length]);
        assert!(matches!(error, FileFault::Truncated(_)), "{length} bytes: {error}");
    }
    assert!(matches!(refused(b"PK\x03\x04, some archive"), FileFault::Foreign));
    assert!(matches!(refused(b"PK\x03\x04"), FileFault::Foreign));
    assert!(matches!(refused(&[&bytes[..], b"x"].concat()), FileFault::Damaged));
    let mut newer = bytes.clone();
    newer[8] = 2;
    assert!(matches!(refused(&newer), FileFault::NewerVersion(2)));
}

#[test]
fn an_export_of_a_damaged_generation_leaves_no_file() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("one.snapshot");
    let store = small_store();
    store.put_chunk(store.chunk_keys().unwrap()[1], b"nonsense").unwrap();
    assert!(export(&store, &*no_records(), store.generations().unwrap()[0], &file).is_err());
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
}

/// A journal without a record: exports of a resting state need none.
fn no_records() -> std::sync::Arc<dyn crate::journal::History> {
    use crate::journal::Log as _;
    let disk = std::sync::Arc::new(crate::disk::SimulatedDisk::new());
    let directory = std::path::Path::new("/journal");
    let options = crate::journal::Options::default();
    crate::journal::SegmentLog::open(disk, directory, options).unwrap().history()
}

/// As the database says of a value whose checksum, its own, is wrong.
fn found_by_the_database(key: ChunkKey, damaged: ChunkKey) -> Result<(), StoreError> {
    let corrupt = StoreError::Database(sled::Error::Corruption { at: None, bt: () });
    if key == damaged { Err(corrupt) } else { Ok(()) }
}

/// What cannot be read now may be read the next time.
#[test]
fn a_fallback_that_cannot_be_read_for_the_moment_stays() {
    let path = || std::path::PathBuf::from("odd-1");
    let lost = || StoreError::Lost { directory: path(), cause: String::new() };
    let no_files = || StoreError::File { path: path(), source: Errno::MFILE.into() };
    for passing in [&lost as &(dyn Fn() -> StoreError + Sync), &no_files] {
        let (store, run) = (MemoryStore::default(), Run::new(42));
        run.go_on(300);
        let older = take(Source::from(&run.world), &store, AT).unwrap().manifest;
        let fails = |key: ChunkKey| {
            if key.generation == older.generation { Err(passing()) } else { Ok(()) }
        };
        let watched = Watched { store: &store, on_write: &|| {}, on_read: &fails };
        take(Source::from(&run.world), &watched, AT).unwrap_err();
        assert!(store.generations().unwrap().contains(&older.generation), "{}", passing());
        verify(&store, older.generation).unwrap();
        let taken = take(Source::from(&run.world), &store, AT).unwrap();
        assert!(taken.journal_from.is_some(), "{}", passing());
    }
}

#[test]
fn damage_that_the_database_finds_is_damage_of_the_chunk() {
    let (store, run) = (MemoryStore::default(), Run::new(41));
    run.go_on(300);
    let older = take(Source::from(&run.world), &store, AT).unwrap();
    run.go_on(300);
    let newer = take(Source::from(&run.world), &store, AT).unwrap();
    let chunk = newer.manifest.chunks_of(Kind::Orders)[0].key;
    assert_eq!(chunk.generation, newer.manifest.generation);
    let on_read = |key| found_by_the_database(key, chunk);
    let watched = Watched { store: &store, on_write: &|| {}, on_read: &on_read };
    let recovered = load_newest(&watched, None, || World::new(50)).unwrap();
    assert_eq!(recovered.loaded.unwrap().manifest.generation, older.manifest.generation);
    assert_eq!(recovered.damaged.len(), 1);
    // The next one does not name it again, and can be read back.
    let taken = take(Source::from(&run.world), &watched, AT).unwrap();
    assert!(taken.manifest.chunks.iter().all(|named| named.key != chunk));
}

//! What an engine finds when part of its data directory is gone or damaged.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use backstock_engine::disk::{Disk, RealDisk};
use backstock_engine::engine::{
    Engine, OpenError, OpenOptions, RestoreError, RestoreOptions, Restored, Until,
    journal_directory, mark_file, restore, snapshot_directory,
};
use backstock_engine::journal::{
    Batch, Known, Log as _, LogError, Mark, Marked, Options, Payload, SegmentLog, SegmentReport,
    SegmentState, inspect,
};
use backstock_engine::model::{Lsn, NodeKind, Shortage, StateHash};
use backstock_tests::fixture::*;
use backstock_tests::seed::{Random, seeds};

/// A data directory that was left in order.
struct Left {
    root: tempfile::TempDir,
    /// Where the snapshot is from, and the state there.
    snapshot: (Lsn, StateHash),
    /// The last event, and the state there.
    last: (Lsn, StateHash),
}

impl Left {
    /// With so many orders before a snapshot and after it.
    async fn new(before: u32, after: u32) -> Self {
        let root = tempfile::tempdir().expect("a directory");
        let (engine, _) = open(&root.path().join("data")).await;
        define_nodes(&engine, &[node("N", NodeKind::Warehouse, 1)]).await;
        define_items(&engine, &["A"]).await;
        set(&engine, "A", "N", 10_000).await;
        let buy = async |name: String| {
            let wanted = order(&name, &[("A", 1)], Shortage::Reject);
            place(&engine, wanted).await.expect("it is placed");
        };
        for no in 0..before {
            buy(format!("before {no}")).await;
        }
        engine.take_snapshot(NOW).await.expect("a snapshot");
        let snapshot = stand(&engine);
        for no in 0..after {
            buy(format!("after {no}")).await;
        }
        let last = stand(&engine);
        engine.shut_down().await;
        Self { root, snapshot, last }
    }

    fn data(&self) -> PathBuf {
        self.root.path().join("data")
    }

    fn restore(&self, until: Option<Until>) -> Result<Restored, RestoreError> {
        let disk = Arc::new(RealDisk) as Arc<dyn Disk>;
        let options = RestoreOptions { data: self.data(), from: None, until, dry_run: false };
        restore(&options, &disk, &(Arc::new(Line) as _), NOW)
    }
}

fn stand(engine: &Engine) -> (Lsn, StateHash) {
    let status = engine.status();
    (status.applied, status.state_hash)
}

/// The state that an engine finds in a directory.
async fn found(data: &Path) -> Result<(Lsn, StateHash), OpenError> {
    let opened = Engine::open(&options(data), Arc::new(RealDisk), Arc::new(Line)).await;
    let (engine, recovered) = opened?;
    let audit = engine.audit().expect("the audit runs");
    // A snapshot that a trial took away is told of; the state is sound without it.
    let unsound: Vec<_> = audit.breaches.iter().filter(|b| b.name != "SNAPSHOTS_WHOLE").collect();
    assert!(unsound.is_empty(), "{unsound:?}");
    engine.shut_down().await;
    Ok((recovered.last, recovered.state_hash))
}

fn segments(data: &Path) -> Vec<PathBuf> {
    let directory = journal_directory(data);
    let names = RealDisk.list(&directory).expect("a journal").into_iter();
    names.filter(|name| name.ends_with(".journal")).map(|name| directory.join(name)).collect()
}

fn mark(data: &Path) -> Marked {
    Mark::read(&RealDisk, &mark_file(data)).expect("of this version")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_journal_that_is_gone_is_refused_and_salvage_says_what_is_lost() {
    let left = Left::new(20, 30).await;
    for file in segments(&left.data()) {
        std::fs::remove_file(file).expect("removed");
    }
    let (missing, last) = (left.snapshot.0.next(), left.last.0);
    let error = found(&left.data()).await.expect_err("events are missing");
    let OpenError::Journal(LogError::Lost { from, to, .. }) = &error else { panic!("{error}") };
    assert_eq!((*from, *to), (missing, last));
    for part in [missing.to_string(), last.to_string(), "restore --salvage".into()] {
        assert!(error.to_string().contains(&part), "{error}");
    }
    for until in [None, Some(Until::Time(NOW))] {
        let refused = left.restore(until);
        let told =
            matches!(&refused, Err(RestoreError::Open(OpenError::Journal(LogError::Lost { .. }))));
        assert!(told, "{until:?}: {refused:?}");
    }
    let salvaged = left.restore(Some(Until::Damage)).expect("what the snapshot has");
    let lost = salvaged.lost.expect("it says so");
    assert_eq!((lost.from, salvaged.state_hash), (missing, left.snapshot.1));
    assert_eq!(mark(&left.data()), Marked::Closed(left.snapshot.0), "the mark is made anew");
    assert_eq!(found(&left.data()).await.expect("it opens"), left.snapshot);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_journal_that_is_gone_is_not_missed_when_a_snapshot_has_it_all() {
    let left = Left::new(20, 0).await;
    std::fs::remove_dir_all(journal_directory(&left.data())).expect("removed");
    assert_eq!(found(&left.data()).await.expect("it opens"), left.last);
}

/// A record without a key and an origin, of an event that has the number 9999.
const OF_A_NEWER_VERSION: [u8; 9] = [0x84, 0, 0xf6, 0xf6, 0x82, 0x19, 0x27, 0x0f, 0x80];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_of_a_newer_version_is_refused_by_its_number() {
    let left = Left::new(0, 1).await;
    let (data, disk) = (left.data(), Arc::new(RealDisk) as Arc<dyn Disk>);
    let mark = Mark::open(Arc::clone(&disk), &mark_file(&data)).expect("of this version");
    let log = SegmentLog::open(disk, &journal_directory(&data), Options::default());
    let mut log = log.expect("it opens").marking(mark);
    let mut batch = Batch::starting_at(left.last.0.next());
    let newer = batch.push(Payload::new(&OF_A_NEWER_VERSION).expect("it is short"));
    log.append(&batch).expect("it is written");
    drop(log);
    let opened = found(&data).await.map_err(RestoreError::Open).map(|_| ());
    let restored = left.restore(Some(Until::Time(NOW))).map(|_| ());
    for refused in [opened, restored] {
        let error = refused.expect_err("nothing is passed over");
        let RestoreError::Open(OpenError::UnknownEvent { lsn, .. }) = &error else {
            panic!("{error}")
        };
        assert_eq!(*lsn, newer);
        assert!(error.to_string().contains("9999"), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_directory_of_an_older_version_without_a_mark_is_taken_up() {
    let left = Left::new(20, 30).await;
    std::fs::remove_file(mark_file(&left.data())).expect("it is there");
    assert_eq!(found(&left.data()).await.expect("it opens"), left.last);
    let (engine, _) = open(&left.data()).await;
    set(&engine, "A", "N", 20_000).await;
    engine.shut_down().await;
    assert_eq!(mark(&left.data()), Marked::Closed(left.last.0.next()));
}

/// Whatever a restore makes: the snapshot in it is not all there is to tell what was there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restored_directory_has_a_segment_and_a_mark_where_it_ends() {
    let left = Left::new(20, 30).await;
    let (engine, _) = open(&left.data()).await;
    let file = left.root.path().join("export");
    engine.export_snapshot(1, &file).expect("it is exported");
    engine.shut_down().await;
    let middle = left.last.0.previous();
    for (name, from, until, last) in [
        ("data", None, Some(Until::Lsn(middle)), middle),
        ("data", None, None, middle),
        ("new", Some(file), None, left.snapshot.0),
    ] {
        let data = left.root.path().join(name);
        let disk = Arc::new(RealDisk) as Arc<dyn Disk>;
        let options = RestoreOptions { data: data.clone(), from, until, dry_run: false };
        restore(&options, &disk, &(Arc::new(Line) as _), NOW).expect("it is restored");
        assert_eq!(mark(&data), Marked::Closed(last), "{name} {until:?}");
        assert_eq!(found(&data).await.expect("it opens").0, last, "{name} {until:?}");
        let copy = left.root.path().join("copy");
        copy_files(&data, &copy);
        std::fs::remove_dir_all(snapshot_directory(&copy)).expect("removed");
        let error = found(&copy).await.expect_err("it does not begin anew");
        assert!(matches!(error, OpenError::Missing { .. }), "{name} {until:?}: {error}");
        std::fs::remove_dir_all(&copy).expect("removed");
    }
}

/// Small, so that the snapshots lie in segments of their own.
const SEGMENT_BYTES: u32 = 4 << 10;

/// A record, or a seal, in a segment.
struct Frame {
    /// Offset in the file of its end, in bytes.
    end: usize,
    /// The record; none for a seal.
    lsn: Option<Lsn>,
}

/// The frames of a segment, in order.
fn frames(content: &[u8]) -> Vec<Frame> {
    let number = |at: usize| u32::from_le_bytes(content[at..at + 4].try_into().expect("4 bytes"));
    let (mut frames, mut at) = (Vec::new(), 32);
    while at + 24 <= content.len() && number(at) > 0 {
        let lsn = u64::from_le_bytes(content[at + 8..at + 16].try_into().expect("8 bytes"));
        let is_record = content[at + 21] == 1;
        at += number(at) as usize;
        frames.push(Frame { end: at, lsn: is_record.then_some(Lsn::new(lsn)) });
    }
    frames
}

/// A directory as a kill leaves it: two snapshots and events before, between, and after.
struct Worn {
    root: tempfile::TempDir,
    /// The state at each event from the older snapshot on.
    states: BTreeMap<Lsn, StateHash>,
    /// Up to where the older and the newer snapshot have all events.
    covered: [Lsn; 2],
}

impl Worn {
    async fn new() -> Self {
        let root = tempfile::tempdir().expect("a directory");
        let (live, data) = (root.path().join("live"), root.path().join("data"));
        let engine = open_small(&live).await.expect("it opens");
        define_nodes(&engine, &[node("N", NodeKind::Warehouse, 1)]).await;
        define_items(&engine, &["A"]).await;
        set(&engine, "A", "N", 10_000).await;
        let (mut states, mut covered) = (BTreeMap::new(), Vec::new());
        for no in 0..450 {
            let wanted = order(&format!("order {no}"), &[("A", 1)], Shortage::Reject);
            place(&engine, wanted).await.expect("it is placed");
            states.extend([stand(&engine)]);
            if no == 150 || no == 300 {
                let report = engine.take_snapshot(NOW).await.expect("a snapshot");
                covered.push(report.manifest.end);
            }
        }
        copy_files(&live, &data);
        engine.shut_down().await;
        let covered = covered.try_into().expect("two snapshots");
        let there = segments(&data).len();
        assert!(there > 3, "{there} segments");
        Self { root, states, covered }
    }

    fn last(&self) -> (Lsn, StateHash) {
        self.states.last_key_value().map(|(lsn, hash)| (*lsn, *hash)).expect("events")
    }
}

async fn open_small(data: &Path) -> Result<Engine, OpenError> {
    let options = OpenOptions { segment_bytes: SEGMENT_BYTES.into(), ..options(data) };
    Engine::open(&options, Arc::new(RealDisk), Arc::new(Line)).await.map(|(engine, _)| engine)
}

/// The segment that the newer snapshot is from is the last one that is there, and is not
/// whole: what it has behind the snapshot is kept, and no damage keeps from the snapshot.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn salvage_takes_a_last_segment_of_which_anything_is_missing() {
    let worn = Worn::new().await;
    let covered = worn.covered[1];
    for (what, behind) in [("cut", 2), ("cut", 0), ("torn", 0), ("zeroed", 0), ("empty", 0)] {
        let root = tempfile::tempdir().expect("a directory");
        let data = root.path().join("data");
        copy_files(&worn.root.path().join("data"), &data);
        let kept = Lsn::new(covered.get() + behind);
        let name = |lsn: Lsn| journal_directory(&data).join(format!("{:020}.journal", lsn.get()));
        let files = segments(&data);
        let later = files.iter().position(|file| *file > name(covered)).expect("it is older");
        files[later..].iter().for_each(|file| std::fs::remove_file(file).expect("removed"));
        let file = &files[later - 1];
        let bytes = std::fs::read(file).expect("it is read");
        let frames = frames(&bytes);
        let end = frames.iter().find(|frame| frame.lsn == Some(kept)).map(|frame| frame.end);
        let end = end.expect("it is in the segment");
        let left = match what {
            "cut" => bytes[..end].to_vec(),
            "torn" => [&bytes[..end - 1], &[0; 1000]].concat(),
            "zeroed" => vec![0; bytes.len()],
            _ => Vec::new(),
        };
        std::fs::write(file, left).expect("it is written");
        let disk = Arc::new(RealDisk) as Arc<dyn Disk>;
        let options = RestoreOptions {
            data: data.clone(),
            from: None,
            until: Some(Until::Damage),
            dry_run: false,
        };
        let salvaged = restore(&options, &disk, &(Arc::new(Line) as _), NOW);
        let salvaged = salvaged.unwrap_or_else(|error| panic!("{what}, {behind}: {error}"));
        assert_eq!((salvaged.last, salvaged.state_hash), (kept, worn.states[&kept]), "{what}");
        assert_eq!(salvaged.lost.map(|lost| lost.from), Some(kept.next()), "{what}");
        assert_eq!(found(&data).await.expect("it opens").0, kept, "{what}");
    }
}

/// What is missing at the journal's end is left out as well as what is there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restore_to_a_point_counts_what_is_missing_among_what_it_leaves_out() {
    let worn = Worn::new().await;
    let data = worn.root.path().join("data");
    let files = segments(&data);
    let name = |file: &Path| file.file_stem().expect("a name").to_string_lossy().into_owned();
    let gone: u64 = name(files.last().expect("a segment")).parse().expect("an LSN");
    std::fs::remove_file(files.last().expect("a segment")).expect("removed");
    for until in [worn.covered[1].next(), Lsn::new(gone).previous()] {
        let options = RestoreOptions {
            data: data.clone(),
            from: None,
            until: Some(Until::Lsn(until)),
            dry_run: true,
        };
        let disk = Arc::new(RealDisk) as Arc<dyn Disk>;
        let told = restore(&options, &disk, &(Arc::new(Line) as _), NOW).expect("it is there");
        assert_eq!((told.last, told.state_hash), (until, worn.states[&until]));
        let dropped = told.dropped.expect("something is left out");
        assert_eq!((dropped.first.lsn, dropped.last.lsn), (until.next(), worn.last().0));
    }
}

/// However much of the journal is gone, and whatever tells where it ended.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restore_to_the_one_moment_of_a_snapshot_needs_no_journal() {
    let left = Left::new(20, 5).await;
    for file in segments(&left.data()) {
        let bytes = std::fs::read(&file).expect("it is read").len();
        std::fs::write(&file, vec![0; bytes]).expect("written");
    }
    std::fs::remove_file(mark_file(&left.data())).expect("removed");
    let behind = left.restore(Some(Until::Lsn(left.snapshot.0.next())));
    assert!(matches!(behind, Err(RestoreError::Open(OpenError::Journal(_)))), "{behind:?}");
    let restored = left.restore(Some(Until::Lsn(left.snapshot.0))).expect("a snapshot has it");
    assert_eq!((restored.last, restored.state_hash), left.snapshot);
    assert_eq!(found(&left.data()).await.expect("it opens"), left.snapshot);
}

/// A power cut may leave a mark behind that names any event before the last one, as the
/// one that a snapshot begins with: then it does not say that nothing came after.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_loss_behind_a_snapshot_is_noticed_whatever_mark_a_power_cut_left() {
    let root = tempfile::tempdir().expect("a directory");
    let (live, cut) = (root.path().join("live"), root.path().join("cut"));
    let (engine, _) = open(&live).await;
    define_nodes(&engine, &[node("N", NodeKind::Warehouse, 1)]).await;
    engine.take_snapshot(NOW).await.expect("a snapshot");
    let snapshot = stand(&engine);
    let at_start = std::fs::read(mark_file(&live)).expect("a mark");
    define_items(&engine, &["A"]).await;
    copy_files(&live, &cut);
    engine.shut_down().await;
    std::fs::write(mark_file(&cut), at_start).expect("written");
    assert_eq!(mark(&cut), Marked::At(snapshot.0));
    for (what, is_left) in [("zeroed", true), ("removed", false)] {
        for file in segments(&cut) {
            let bytes = std::fs::read(&file).expect("it is read").len();
            std::fs::write(&file, vec![0; bytes]).expect("written");
            if !is_left {
                std::fs::remove_file(file).expect("removed");
            }
        }
        let error = found(&cut).await.expect_err(what);
        assert!(error.to_string().contains("restore --salvage"), "{what}: {error}");
    }
    let until = Some(Until::Damage);
    let options = RestoreOptions { data: cut.clone(), from: None, until, dry_run: false };
    let disk = Arc::new(RealDisk) as Arc<dyn Disk>;
    let salvaged = restore(&options, &disk, &(Arc::new(Line) as _), NOW).expect("the snapshot");
    assert_eq!(salvaged.lost.map(|lost| lost.from), Some(snapshot.0.next()));
    assert_eq!(found(&cut).await.expect("it opens"), snapshot);
}

/// What was done to a file of the journal.
struct Wear {
    what: String,
    /// The first record that is not there any more and that is later than what is covered.
    lost: Option<Lsn>,
    /// Whether nothing but what it leaves behind could tell of a loss.
    may_be_refused: bool,
    /// Whether there is a trace of it at all.
    leaves_a_trace: bool,
}

/// Flips a bit of a segment or of the mark.
fn flip(data: &Path, random: &mut Random, covered: Lsn) -> Wear {
    let files = segments(data);
    let file = if random.percent(10) { mark_file(data) } else { random.pick(&files).clone() };
    let mut bytes = std::fs::read(&file).expect("it is read");
    let written = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    let at = random.within(0..u32::try_from(written).expect("a small file")) as usize;
    let is_segment = files.contains(&file);
    let frames = if is_segment { frames(&bytes) } else { Vec::new() };
    let hit = frames.iter().find(|frame| at >= 32 && at < frame.end).and_then(|frame| frame.lsn);
    bytes[at] ^= 1 << random.within(0..8);
    std::fs::write(&file, bytes).expect("it is written");
    Wear {
        what: format!("byte {at} of {} is flipped", file.display()),
        lost: hit.filter(|lsn| *lsn > covered),
        may_be_refused: false,
        leaves_a_trace: is_segment,
    }
}

/// Removes a segment, or cuts it short.
fn lose(data: &Path, random: &mut Random, covered: Lsn) -> Wear {
    let files = segments(data);
    let file = random.pick(&files);
    let bytes = std::fs::read(file).expect("it is read");
    let kept = random.percent(50).then(|| random.within(0..SEGMENT_BYTES) as usize);
    match kept {
        Some(kept) => std::fs::write(file, &bytes[..kept]).expect("it is written"),
        None => std::fs::remove_file(file).expect("it is removed"),
    }
    let gone = frames(&bytes).into_iter().filter(|frame| frame.end > kept.unwrap_or(0));
    let is_last = Some(file) == files.last();
    Wear {
        what: format!("{} is {kept:?} bytes long", file.display()),
        lost: gone.filter_map(|frame| frame.lsn).find(|lsn| *lsn > covered),
        // A cut of the last segment may have taken records that neither a snapshot nor the
        // mark names.
        may_be_refused: is_last && kept.is_some(),
        // A journal that begins later is one that was cut.
        leaves_a_trace: kept.is_some() || Some(file) != files.first(),
    }
}

/// One file of the journal is damaged, and in some trials the newer snapshot is gone as
/// well. What is lost is what no path leads to: the best snapshot that is left, and the
/// whole records behind it. `BACKSTOCK_RUNS=1800` is 1,500 flips and 300 files.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn damage_of_the_journal_loses_nothing_that_a_path_leads_to() {
    let worn = Worn::new().await;
    let (mut opened, mut refused) = (0, 0);
    for seed in seeds("damage_of_the_journal_loses_nothing_that_a_path_leads_to", 24) {
        let mut random = Random::new(seed);
        let root = tempfile::tempdir().expect("a directory");
        let data = root.path().join("data");
        copy_files(&worn.root.path().join("data"), &data);
        let newer_is_gone = random.percent(25);
        if newer_is_gone {
            std::fs::remove_dir_all(snapshot_directory(&data).join("even-1")).expect("removed");
        }
        let covered = worn.covered[usize::from(!newer_is_gone)];
        let wear = if seed % 6 == 0 { lose } else { flip }(&data, &mut random, covered);
        let what = format!("seed {seed}, newer gone {newer_is_gone}: {}", wear.what);
        let known = Known { marked: mark(&data), ..Known::default() };
        let told = inspect(&RealDisk, &journal_directory(&data), known).expect("it is listed");
        let is_sound = |report: &SegmentReport| matches!(report.state, SegmentState::Sound(_));
        let is_told = told.missing.is_some() || !told.segments.iter().all(is_sound);
        assert!(is_told || !wear.leaves_a_trace, "{what}: no trace");
        match found(&data).await {
            Ok(state) => {
                assert_eq!((state, wear.lost), (worn.last(), None), "{what}");
                opened += 1;
            }
            // With its first segment and the newer snapshot, it begins too late.
            Err(error @ (OpenError::Journal(_) | OpenError::Missing { .. })) => {
                assert!(wear.lost.is_some() || wear.may_be_refused, "{what}: {error}");
                let until = Some(Until::Damage);
                let options =
                    RestoreOptions { data: data.clone(), from: None, until, dry_run: false };
                let disk = Arc::new(RealDisk) as Arc<dyn Disk>;
                let salvaged = restore(&options, &disk, &(Arc::new(Line) as _), NOW);
                let salvaged = salvaged.unwrap_or_else(|error| panic!("{what}: {error}"));
                let kept = wear.lost.map_or(worn.last().0, Lsn::previous);
                assert_eq!(salvaged.last, kept, "{what}");
                assert_eq!(salvaged.state_hash, worn.states[&kept], "{what}");
                assert_eq!(salvaged.lost.map(|lost| lost.from), Some(kept.next()), "{what}");
                assert_eq!(found(&data).await.expect("it opens").0, kept, "{what}");
                refused += 1;
            }
            Err(error) => panic!("{what}: {error}"),
        }
    }
    eprintln!("{opened} opened as they were, {refused} salvaged");
}

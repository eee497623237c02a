use super::*;
use crate::disk::is_full;

const DIR: &str = "/data";

fn path(name: &str) -> PathBuf {
    Path::new(DIR).join(name)
}

fn disk() -> SimulatedDisk {
    let disk = SimulatedDisk::new();
    disk.create_dir_all(Path::new(DIR)).unwrap();
    disk
}

/// A disk with one durable file of `bytes` bytes of 1, and a handle to it.
fn disk_with_ones(bytes: usize) -> (SimulatedDisk, Box<dyn DiskFile>) {
    let disk = disk();
    disk.put(&path("file"), &vec![1; bytes]);
    let file = disk.open(&path("file"), Access::Write).unwrap();
    (disk, file)
}

#[test]
fn synced_bytes_survive_every_crash() {
    for seed in 0..200 {
        let (disk, file) = disk_with_ones(2000);
        file.write_at(&[2; 1000], 700).unwrap();
        file.sync_data().unwrap();
        let content = disk.crash(seed).contents(&path("file")).unwrap();
        assert!(content[700..1700].iter().all(|byte| *byte == 2), "seed {seed}");
    }
}

#[test]
fn unsynced_bytes_are_kept_lost_or_torn_and_nothing_else_changes() {
    let (mut kept, mut lost, mut torn) = (0, 0, 0);
    for seed in 0..200 {
        let (disk, file) = disk_with_ones(4000);
        file.write_at(&[2; 2000], 700).unwrap();
        let content = disk.crash(seed).contents(&path("file")).unwrap();
        let written: u32 = content[700..2700].iter().map(|byte| u32::from(*byte - 1)).sum();
        assert!(content[..700].iter().chain(&content[2700..]).all(|byte| *byte == 1));
        match written {
            2000 => kept += 1,
            0 => lost += 1,
            _ => torn += 1,
        }
    }
    assert!(kept > 20 && lost > 20 && torn > 20, "{kept} kept, {lost} lost, {torn} torn");
}

#[test]
fn one_seed_is_one_outcome() {
    let outcome = |seed| {
        let (disk, file) = disk_with_ones(4000);
        file.write_at(&[2; 2000], 700).unwrap();
        disk.crash(seed).contents(&path("file"))
    };
    assert!((0..50).all(|seed| outcome(seed) == outcome(seed)));
}

#[test]
fn names_change_for_good_only_when_the_directory_is_synced() {
    let outcome = |synced: bool, seed: u64| {
        let disk = disk();
        disk.put(&path("old"), b"old");
        disk.put(&path("gone"), b"gone");
        disk.open(&path("made"), Access::Create).unwrap();
        disk.rename(&path("old"), &path("new")).unwrap();
        disk.remove(&path("gone")).unwrap();
        if synced {
            disk.sync_dir(Path::new(DIR)).unwrap();
        }
        disk.crash(seed).list(Path::new(DIR)).unwrap()
    };
    let mut seen = BTreeSet::new();
    for seed in 0..100 {
        assert_eq!(outcome(true, seed), ["made", "new"]);
        seen.insert(outcome(false, seed));
    }
    assert_eq!(seen.len(), 8, "each of three changes by itself: {seen:?}");
}

#[test]
fn a_restart_loses_nothing_and_makes_nothing_durable() {
    let (disk, file) = disk_with_ones(100);
    file.write_at(&[2; 100], 0).unwrap();
    let restarted = disk.restart();
    assert_eq!(restarted.contents(&path("file")).unwrap(), [2; 100]);
    let lost =
        (0..50).any(|seed| restarted.crash(seed).contents(&path("file")) == Some(vec![1; 100]));
    assert!(lost, "some crash must lose what no sync has made durable");
}

#[test]
fn a_crashed_disk_answers_nothing_more() {
    let (disk, file) = disk_with_ones(100);
    disk.crash_at(2);
    file.write_at(&[2; 10], 0).unwrap();
    file.write_at(&[3; 10], 0).unwrap_err();
    file.read_at(&mut [0; 10], 0).unwrap_err();
    let error = disk.list(Path::new(DIR)).unwrap_err();
    assert_eq!(error.to_string(), Crashed.to_string());
}

#[test]
fn after_a_failed_sync_the_next_one_succeeds_and_helps_nothing() {
    let (disk, file) = disk_with_ones(100);
    disk.fail(Operation::Sync, 1);
    file.write_at(&[2; 100], 0).unwrap();
    file.sync_data().unwrap_err();
    file.sync_data().unwrap();
    assert_eq!(disk.contents(&path("file")).unwrap(), [2; 100]);
    assert!((0..20).all(|seed| disk.crash(seed).contents(&path("file")) == Some(vec![1; 100])));
}

#[test]
fn the_nth_write_fails_and_no_other() {
    let (disk, file) = disk_with_ones(10);
    disk.fail(Operation::Write, 2);
    let outcomes: Vec<bool> = (0..4).map(|_| file.write_at(&[2], 0).is_ok()).collect();
    assert_eq!(outcomes, [true, false, true, true]);
}

#[test]
fn a_full_disk_takes_no_more_until_there_is_room() {
    let (disk, file) = disk_with_ones(100);
    disk.set_capacity(Some(150));
    assert!(is_full(&file.preallocate(200).unwrap_err()));
    assert!(is_full(&file.write_at(&[0; 100], 100).unwrap_err()));
    file.write_at(&[0; 100], 0).unwrap();
    disk.set_capacity(Some(200));
    file.preallocate(200).unwrap();
    assert_eq!(disk.used(), 200);
}

#[test]
fn a_file_without_its_name_is_still_read_and_keeps_its_room() {
    let (disk, file) = disk_with_ones(5);
    disk.remove(&path("file")).unwrap();
    let mut read = [0; 5];
    assert_eq!(file.read_at(&mut read, 0).unwrap(), 5);
    assert!(disk.open(&path("file"), Access::Read).is_err());
    assert_eq!(disk.used(), 5);
    drop(file);
    assert_eq!(disk.used(), 0);
}

#[test]
fn a_lock_is_released_with_its_guard() {
    let disk = disk();
    let held = disk.lock(&path("LOCK")).unwrap();
    assert_eq!(disk.lock(&path("LOCK")).err().unwrap().kind(), io::ErrorKind::WouldBlock);
    drop(held);
    disk.lock(&path("LOCK")).unwrap();
}

#[test]
fn an_exchange_of_directories_happens_whole_or_not_at_all() {
    let (mut kept, mut lost) = (0, 0);
    let (one, other) = (Path::new("/p/one"), Path::new("/p/other"));
    for seed in 0..50 {
        let disk = SimulatedDisk::new();
        disk.put(&one.join("a"), b"one");
        disk.put(&other.join("b/c"), b"other");
        disk.exchange(one, other).unwrap();
        assert_eq!(disk.contents(&one.join("b/c")).unwrap(), b"other");
        assert!(disk.is_dir(&one.join("b")) && !disk.is_dir(&other.join("b")));
        let crashed = disk.crash(seed);
        let new = crashed.contents(&one.join("b/c")).is_some();
        assert_eq!(crashed.contents(&other.join("a")).is_some(), new, "seed {seed}");
        assert_eq!(crashed.contents(&one.join("a")).is_some(), !new, "seed {seed}");
        *(if new { &mut kept } else { &mut lost }) += 1;
    }
    assert!(kept > 5 && lost > 5, "{kept} kept, {lost} lost");
}

#[test]
fn a_directory_is_renamed_and_removed_with_all_in_it() {
    let disk = SimulatedDisk::new();
    disk.put(Path::new("/p/one/a"), b"a");
    disk.rename(Path::new("/p/one"), Path::new("/p/two")).unwrap();
    assert_eq!(disk.list(Path::new("/p/two")).unwrap(), ["a"]);
    assert!(!disk.is_dir(Path::new("/p/one")));
    disk.remove_dir_all(Path::new("/p/two")).unwrap();
    assert!(!disk.is_dir(Path::new("/p/two")));
    assert_eq!(disk.used(), 0);
}

//! Operators' work with the real program: snapshots, the journal, audits and
//! restores, of a live server and of what it left.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use backstock_engine::engine::{journal_directory, snapshot_directory};
use backstock_engine::model::{StateHash, Timestamp};
use backstock_engine::snapshot::{FORMAT_VERSION, SledStore, SnapshotStore as _};
use backstock_proto::v1::{GetStatusRequest, admin_service_client::AdminServiceClient};
use serde_json::Value;

use super::program::{Ran, Server, program, run, run_in};
use super::{Files, shown};

const NODES: &str = "\
node_id,kind,postal_code,time_zone,working_days,cut_off
NYC,store,10001,America/New_York,mon tue wed thu fri sat,13:00
";
const ITEMS: &str = "sku,title\nSCARF,Silk scarf\n";
const STOCK: &str = "sku,node_id,on_hand\nSCARF,NYC,100\n";

/// Where a server stood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stand {
    pub(super) lsn: u64,
    pub(super) hash: String,
}

pub(super) fn stand(server: &Server) -> Stand {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let client = AdminServiceClient::connect(format!("http://{}", server.addr)).await;
        let status = client.expect("a server").get_status(GetStatusRequest {}).await;
        let status = status.expect("a status").into_inner();
        let hash = status.state_hash[..].try_into().expect("64 bits");
        let hash = StateHash::from_value(u64::from_be_bytes(hash)).to_string();
        Stand { lsn: status.applied_lsn, hash }
    })
}

fn import(server: &Server, files: &Files, name: &str, content: &str) {
    let path = files.write(name, content);
    let imported = server.run(&["import", &path]);
    assert_eq!(imported.code, 0, "{imported:?}");
}

/// Places ten orders of one scarf.
fn order(server: &Server, files: &Files, name: &str) -> Stand {
    let header = "order_id,destination_postal_code,sku,quantity".to_owned();
    let orders = (0..10).map(|no| format!("{name}-{no},10001,SCARF,1"));
    let rows: Vec<String> = std::iter::once(header).chain(orders).collect();
    import(server, files, &format!("{name}-orders.csv"), &rows.join("\n"));
    stand(server)
}

pub(super) fn now() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("now is after 1970");
    Timestamp::from_micros(since.as_micros().try_into().expect("of this age")).to_string()
}

/// What a server left: a stand, a snapshot of it, a later stand, an instant after
/// that, and the last one.
pub(super) struct Left {
    pub(super) files: Files,
    pub(super) first: Stand,
    pub(super) second: Stand,
    pub(super) after_second: String,
    pub(super) last: Stand,
}

impl Left {
    pub(super) fn new() -> Self {
        let files = Files::new();
        let server = Server::start(&files.data());
        for (name, content) in [("nodes.csv", NODES), ("items.csv", ITEMS), ("stock.csv", STOCK)] {
            import(&server, &files, name, content);
        }
        let first = order(&server, &files, "A");
        assert_eq!(server.run(&["snapshot", "take"]).code, 0);
        let second = order(&server, &files, "B");
        std::thread::sleep(Duration::from_millis(5));
        let after_second = now();
        std::thread::sleep(Duration::from_millis(5));
        let last = order(&server, &files, "C");
        assert_eq!(server.terminate().code(), Some(0), "a drained server ends well");
        Self { files, first, second, after_second, last }
    }

    pub(super) fn data(&self) -> String {
        shown(&self.files.data())
    }

    /// Another path beside the data directory.
    pub(super) fn beside(&self, name: &str) -> PathBuf {
        self.files.directory.path().join(name)
    }

    /// A command on the data directory, for a script.
    pub(super) fn run(&self, args: &[&str]) -> Ran {
        run(&[args, &["--data", &self.data(), "--json"]].concat())
    }

    /// The stand of a restored directory: as told, as an audit finds it, and as a
    /// server does.
    pub(super) fn check_restored(&self, restored: &Ran, data: &Path, expected: &Stand) {
        assert_eq!(restored.code, 0, "{restored:?}");
        let told = restored.json();
        assert_eq!(told["last_lsn"], expected.lsn, "{told}");
        assert_eq!(told["state_hash"], expected.hash, "{told}");
        let audit = run(&["audit", "--data", &shown(data), "--json"]);
        assert_eq!((audit.code, &audit.json()["state_hash"]), (0, &expected.hash.clone().into()));
        assert_eq!(stand(&Server::start(data)), *expected);
        assert!(!self.beside("data.restoring").exists(), "nothing half made is left");
    }

    pub(super) fn export(&self, to: &Path) {
        let exported = self.run(&["snapshot", "export", "--to", &shown(to)]);
        assert_eq!(exported.code, 0, "{exported:?}");
    }
}

/// Every file under a directory with its content, except the locks.
pub(super) fn contents(directory: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(directory).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(contents(&path));
        } else if path.file_name().is_some_and(|name| name != "LOCK") {
            found.insert(path.clone(), std::fs::read(&path).expect("a file"));
        }
    }
    found
}

pub(super) fn copy(from: &Path, to: &Path) {
    for (path, content) in contents(from) {
        let target = to.join(path.strip_prefix(from).expect("it lies within"));
        std::fs::create_dir_all(target.parent().expect("a parent")).expect("a directory");
        std::fs::write(target, content).expect("a file");
    }
}

/// The newest segment of a journal.
pub(super) fn segment(data: &Path) -> PathBuf {
    let files = contents(&journal_directory(data)).into_keys();
    files.filter(|path| path.extension().is_some_and(|e| e == "journal")).max().expect("a segment")
}

fn change(path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut content = std::fs::read(path).expect("a file");
    change(&mut content);
    std::fs::write(path, content).expect("a file");
}

/// Flips a bit of the record `lsn` in the newest segment of a journal.
pub(super) fn damage_record(data: &Path, lsn: u64) {
    change(&segment(data), |bytes| {
        let number = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().expect("4 bytes"));
        let mut at = 32;
        while u64::from(number(at + 8)) != lsn {
            assert!(number(at) > 0, "there is no record {lsn}");
            at += number(at) as usize;
        }
        bytes[at + 24] ^= 1;
    });
}

/// CRC-32, as zlib has it.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xedb8_8320 * (crc & 1)))
    })
}

#[test]
fn what_is_told_of_a_live_server_is_told_of_what_it_leaves() {
    let files = Files::new();
    let server = Server::start(&files.data());
    let data = shown(&files.data());
    assert_eq!(
        server.run(&["snapshot", "list", "--json"]).json()["snapshots"],
        Value::Array(vec![])
    );
    let none = server.run(&["snapshot", "verify"]);
    for (name, content) in [("nodes.csv", NODES), ("items.csv", ITEMS), ("stock.csv", STOCK)] {
        import(&server, &files, name, content);
    }
    let last = order(&server, &files, "A");
    let taken = server.run(&["snapshot", "take", "--json"]).json();
    assert_eq!(taken["snapshots"][0]["state_hash"], last.hash);
    let commands = [&["snapshot", "list", "--json"][..], &["snapshot", "verify", "--json"]];
    let live = commands.map(|command| server.run(command));
    let audit = server.run(&["audit", "--json"]).json();
    let exported = shown(&files.directory.path().join("live.snapshot"));
    assert_eq!(server.run(&["snapshot", "export", "--to", &exported]).code, 0);
    assert_eq!(server.terminate().code(), Some(0));

    for (command, live) in commands.into_iter().zip(live) {
        let left = run(&[command, &["--data", &data]].concat());
        assert_eq!((left.code, left.json()), (live.code, live.json()), "{command:?}");
        assert_eq!(left.code, 0, "{command:?}");
    }
    let left = run(&["audit", "--json", "--data", &data]).json();
    for (field, told) in audit.as_object().expect("an object") {
        assert_eq!(&left[field], told, "{field}");
    }
    assert_eq!(left["state_hash"], last.hash);
    let offline = run(&["snapshot", "verify", "99", "--data", &data]);
    assert_eq!((offline.code, none.code), (9, 9), "{offline:?} {none:?}");

    let verified = run(&["journal", "verify", "--data", &data]);
    assert_eq!(verified.code, 0, "{verified:?}");
    let inspected = run(&["journal", "inspect", "--json", "--data", &data]);
    let events: Vec<Value> =
        inspected.stdout.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(events.last().expect("events")["lsn"], last.lsn);
    let placed = events.iter().filter(|event| event["kind"] == "order_placed");
    assert_eq!(placed.map(|event| &event["event"]["order_id"]).next(), Some(&"A-0".into()));
}

#[test]
fn a_restored_directory_has_the_same_state_and_the_old_one_is_kept() {
    let left = Left::new();
    let before = contents(&journal_directory(&left.files.data()));
    let restored = left.run(&["restore"]);
    let aside = PathBuf::from(restored.json()["set_aside"].as_str().expect("a path"));
    assert!(aside.ends_with("data.before-restore-1"), "{aside:?}");
    let kept = contents(&journal_directory(&aside)).into_values();
    assert!(kept.eq(before.into_values()), "the old journal is as it was");
    left.check_restored(&restored, &left.files.data(), &left.last);
}

/// `.` has no name beside which another one could be made.
#[test]
fn the_directory_that_one_is_in_can_be_restored() {
    let left = Left::new();
    for path in [".", "./"] {
        let restored = run_in(&left.files.data(), &["restore", "--data", path, "--json"]);
        left.check_restored(&restored, &left.files.data(), &left.last);
    }
    assert!(left.beside("data.before-restore-2").is_dir());
}

#[test]
fn a_restore_stops_at_an_event_or_an_instant() {
    let left = Left::new();
    let pristine = left.beside("pristine");
    copy(&left.files.data(), &pristine);
    let restored = left.run(&["restore", "--until", &left.second.lsn.to_string()]);
    left.check_restored(&restored, &left.files.data(), &left.second);
    let data = shown(&pristine);
    let restored = run(&["restore", "--data", &data, "--json", "--until", &left.after_second]);
    left.check_restored(&restored, &pristine, &left.second);
}

#[test]
fn a_point_that_is_not_there_is_refused_and_nothing_changes() {
    let left = Left::new();
    let before = contents(&journal_directory(&left.files.data()));
    for (until, told) in
        [("2001-01-01T00:00:00Z", "too far back"), ("0", "too far back"), ("999999", "no event")]
    {
        let refused = left.run(&["restore", "--until", until]);
        assert_eq!(refused.code, 2, "{refused:?}");
        assert!(refused.stderr.contains(told), "{refused:?}");
    }
    assert_eq!(contents(&journal_directory(&left.files.data())), before);
    assert!(!left.beside("data.before-restore-1").exists());

    // A restored directory has a snapshot and no event before it: what was then is unknown.
    assert_eq!(left.run(&["restore"]).code, 0);
    let refused = left.run(&["restore", "--until", &left.after_second]);
    assert_eq!(refused.code, 2, "{refused:?}");
    let restored = left.run(&["restore", "--until", &now()]);
    left.check_restored(&restored, &left.files.data(), &left.last);
}

#[test]
fn an_exported_snapshot_is_restored_elsewhere() {
    let left = Left::new();
    let (file, elsewhere) = (left.beside("one.snapshot"), left.beside("far/away"));
    left.export(&file);
    let args = ["restore", "--json", "--from", &shown(&file), "--data", &shown(&elsewhere)];
    let restored = run(&args);
    left.check_restored(&restored, &elsewhere, &left.first);
    let again = run(&args);
    assert_eq!(again.code, 2, "{again:?}");
    assert!(again.stderr.contains("is not empty"), "{again:?}");
}

#[test]
fn a_bad_file_restores_nothing_and_says_what_is_wrong_with_it() {
    let left = Left::new();
    let file = left.beside("bad.snapshot");
    left.export(&file);
    let whole = std::fs::read(&file).expect("a file");
    let newer = [&whole[..8], &[9], &whole[9..]].concat();
    let cases: [(&[u8], i32, &str); 4] = [
        (&whole[..whole.len() / 2], 5, "in the middle"),
        (b"PK\x03\x04, an archive of something", 5, "not an exported snapshot"),
        (&[&whole[..], b"more"].concat(), 5, "damaged"),
        (&newer, 11, "version 9 is newer"),
    ];
    let empty = left.beside("empty");
    std::fs::create_dir(&empty).expect("a directory");
    for (content, code, told) in cases {
        std::fs::write(&file, content).expect("a file");
        for data in [left.beside("new"), empty.clone()] {
            let refused = run(&["restore", "--from", &shown(&file), "--data", &shown(&data)]);
            assert_eq!(refused.code, code, "{refused:?}");
            assert!(refused.stderr.contains(told), "{refused:?}");
            assert!(refused.stderr.contains("bad.snapshot"), "{refused:?}");
        }
    }
    assert!(!left.beside("new").exists() && empty.is_dir());
    assert!(!left.beside("new.restoring").exists());
    let missing = run(&["restore", "--from", "no/such.file", "--data", &shown(&empty)]);
    assert_eq!(missing.code, 2, "{missing:?}");
}

#[test]
fn a_directory_that_a_server_has_is_in_use_for_everybody_else() {
    for with_store in [false, true] {
        let files = Files::new();
        let server = Server::start(&files.data());
        if with_store {
            assert_eq!(server.run(&["snapshot", "take"]).code, 0);
        }
        let data = shown(&files.data());
        for command in [
            &["audit"][..],
            &["restore"],
            &["snapshot", "list"],
            &["snapshot", "verify"],
            &["snapshot", "export", "--to", "never.snapshot"],
            &["serve", "--listen", "127.0.0.1:0", "--metrics-listen", "off"],
        ] {
            let refused = run(&[command, &["--data", &data]].concat());
            assert_eq!(refused.code, 4, "{command:?}, store {with_store}: {refused:?}");
            assert!(refused.stderr.contains("is in use"), "{refused:?}");
        }
    }
}

#[test]
fn a_mistyped_directory_is_a_wrong_argument_and_is_not_made() {
    let files = Files::new();
    let typo = files.directory.path().join("typo");
    let empty = files.directory.path().join("empty");
    std::fs::create_dir(&empty).expect("a directory");
    for data in [&typo, &empty] {
        for command in [
            &["audit"][..],
            &["restore"],
            &["restore", "--salvage"],
            &["journal", "inspect"],
            &["journal", "verify"],
            &["snapshot", "list"],
            &["snapshot", "verify"],
        ] {
            let refused = run(&[command, &["--data", &shown(data)]].concat());
            assert_eq!(refused.code, 2, "{command:?}: {refused:?}");
            assert!(refused.stderr.contains("is not a data directory"), "{refused:?}");
        }
    }
    assert_eq!(std::fs::read_dir(files.directory.path()).expect("a directory").count(), 1);
    assert_eq!(std::fs::read_dir(&empty).expect("a directory").count(), 0);
}

#[test]
fn a_damaged_store_is_left_alone_by_those_who_only_read() {
    let left = Left::new();
    let store = snapshot_directory(&left.files.data());
    std::fs::write(store.join("odd-1/conf"), b"not what the store wrote there").expect("a file");
    for command in [&["snapshot", "verify"][..], &["snapshot", "list"], &["audit"]] {
        let refused = left.run(command);
        assert_eq!(refused.code, 5, "{command:?}: {refused:?}");
    }
    assert!(store.join("odd-1/conf").exists());
    // The journal is whole: nothing is lost without the store.
    let restored = left.run(&["restore"]);
    assert!(restored.stderr.contains("the journal alone"), "{restored:?}");
    left.check_restored(&restored, &left.files.data(), &left.last);
    // Now the store is all there is.
    std::fs::write(store.join("odd-1/conf"), b"not what the store wrote there").expect("a file");
    assert_eq!(left.run(&["restore"]).code, 5);
    let refused = run(&["serve", "--listen", "127.0.0.1:0", "--data", &left.data()]);
    assert_eq!(refused.code, 5, "{refused:?}");
    assert!(store.join("odd-1/conf").exists(), "a server does not begin anew without it");
}

#[test]
fn what_a_newer_program_wrote_is_told_apart_from_damage() {
    let left = Left::new();
    let path = left.beside("newer-journal");
    copy(&left.files.data(), &path);
    change(&segment(&path), |bytes| {
        bytes[8] = 9;
        bytes[12..16].fill(0);
        let checksum = crc32(&bytes[..32]);
        bytes[12..16].copy_from_slice(&checksum.to_le_bytes());
    });
    for command in [&["audit"][..], &["restore"], &["journal", "verify"], &["restore", "--salvage"]]
    {
        let refused = run(&[command, &["--data", &shown(&path)]].concat());
        assert_eq!(refused.code, 11, "{command:?}: {refused:?}");
    }
    let store = SledStore::open(&snapshot_directory(&left.files.data())).expect("a store");
    let generation = store.generations().expect("generations")[0];
    let mut manifest = store.manifest(generation).expect("readable").expect("a manifest");
    let newer = FORMAT_VERSION + 1;
    manifest[8] = u8::try_from(newer).expect("a small number");
    let covered = [&manifest[..60], &manifest[64..]].concat();
    manifest[60..64].copy_from_slice(&crc32(&covered).to_le_bytes());
    store.put_manifest(generation, &manifest).expect("writable");
    store.sync().expect("synced");
    drop(store);
    let serve = ["serve", "--listen", "127.0.0.1:0", "--metrics-listen", "off"];
    for command in [&["audit"][..], &["restore"], &["snapshot", "verify"], &serve] {
        let refused = run(&[command, &["--data", &left.data()]].concat());
        assert_eq!(refused.code, 11, "{command:?}: {refused:?}");
        let told = format!("version {newer} is newer than {FORMAT_VERSION}");
        assert!(refused.stderr.contains(&told), "{refused:?}");
    }
}

#[test]
fn what_comes_before_damage_is_salvaged_and_the_rest_is_named() {
    let left = Left::new();
    let pristine = left.beside("pristine");
    copy(&left.files.data(), &pristine);
    change(&segment(&left.files.data()), |bytes| {
        let end = bytes.iter().rposition(|byte| *byte != 0).expect("a record");
        bytes[end - 600] ^= 1;
    });
    assert_eq!(left.run(&["journal", "verify"]).code, 1);
    let refused = left.run(&["restore"]);
    assert_eq!(refused.code, 5, "{refused:?}");
    assert!(refused.stderr.contains("restore --salvage"), "{refused:?}");
    let salvaged = left.run(&["restore", "--salvage"]);
    assert_eq!(salvaged.code, 0, "{salvaged:?}");
    let told = salvaged.json();
    let lost = told["lost_from_lsn"].as_u64().expect("something is lost");
    assert!(left.first.lsn < lost && lost <= left.last.lsn, "{told}");
    let until = (lost - 1).to_string();
    let expected = run(&["restore", "--json", "--data", &shown(&pristine), "--until", &until]);
    let expected = expected.json()["state_hash"].as_str().expect("a hash").to_owned();
    left.check_restored(&salvaged, &left.files.data(), &Stand { lsn: lost - 1, hash: expected });
}

#[test]
fn damage_that_a_snapshot_makes_good_is_listed_and_serves_all_the_same() {
    let left = Left::new();
    change(&segment(&left.files.data()), |bytes| {
        let second = 32 + u32::from_le_bytes([bytes[32], bytes[33], bytes[34], bytes[35]]) as usize;
        let third = second + u32::from_le_bytes([bytes[second], bytes[second + 1], 0, 0]) as usize;
        bytes[40] ^= 1;
        bytes[third + 8] ^= 1;
    });
    let verified = left.run(&["journal", "verify"]);
    assert_eq!(verified.code, 1, "{verified:?}");
    for event in ["LSN 1 should be", "LSN 3 should be"] {
        assert!(verified.stdout.contains(event), "{verified:?}");
    }
    let audit = left.run(&["audit"]);
    assert_eq!((audit.code, audit.json()["breach_count"].as_u64()), (1, Some(0)), "{audit:?}");
    assert!(audit.stderr.contains("journal verify"), "{audit:?}");
    let server = Server::start(&left.files.data());
    assert_eq!(stand(&server), left.last);
}

#[test]
fn a_journal_that_is_gone_is_told_by_every_command() {
    let left = Left::new();
    std::fs::remove_file(segment(&left.files.data())).expect("it is removed");
    let serve = ["serve", "--listen", "127.0.0.1:0", "--metrics-listen", "off"];
    for (command, code) in
        [(&serve[..], 5), (&["audit"], 5), (&["restore"], 5), (&["journal", "verify"], 1)]
    {
        let refused = run(&[command, &["--data", &left.data()]].concat());
        assert_eq!(refused.code, code, "{command:?}: {refused:?}");
        let told = format!("{}{}", refused.stdout, refused.stderr);
        assert!(told.contains(&format!("LSN {} was acknowledged", left.last.lsn)), "{refused:?}");
    }
    let salvaged = left.run(&["restore", "--salvage"]);
    assert_eq!(salvaged.code, 0, "{salvaged:?}");
    assert!(salvaged.json()["lost_from_lsn"].as_u64().is_some(), "{salvaged:?}");
}

#[test]
fn a_torn_tail_is_warned_of_and_an_audit_leaves_it() {
    let files = Files::new();
    let server = Server::start(&files.data());
    import(&server, &files, "nodes.csv", NODES);
    let expected = stand(&server);
    drop(server);
    change(&segment(&files.data()), |bytes| {
        let end = bytes.iter().rposition(|byte| *byte != 0).expect("a record") + 1;
        bytes[end + 40..end + 45].fill(0xff);
    });
    let before = contents(&files.data());
    let audit = run(&["audit", "--json", "--data", &shown(&files.data())]);
    assert_eq!((audit.code, &audit.json()["state_hash"]), (0, &expected.hash.clone().into()));
    assert!(audit.stderr.contains("torn tail"), "{audit:?}");
    assert_eq!(contents(&files.data()), before);
    assert_eq!(stand(&Server::start(&files.data())), expected);
}

#[test]
fn who_stops_reading_ends_a_command_quietly() {
    let left = Left::new();
    for command in [
        &["journal", "inspect", "--json"][..],
        &["journal", "verify"],
        &["audit"],
        &["snapshot", "list"],
    ] {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let child = program()
            .args(command)
            .args(["--data", &left.data()])
            .stdout(writer)
            .stderr(Stdio::piped())
            .spawn();
        let ran: Ran = child.expect("the program starts").wait_with_output().expect("ends").into();
        assert_eq!((ran.code, &*ran.stderr), (0, ""), "{command:?}");
    }
}

#[test]
fn a_port_in_use_and_an_unknown_key_have_exit_codes_of_their_own() {
    let files = Files::new();
    let data = shown(&files.data());
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("its number").to_string();
    let serve = ["serve", "--metrics-listen", "off", "--data", &data];
    let refused = run(&[&serve[..], &["--listen", &address]].concat());
    assert_eq!(refused.code, 7, "{refused:?}");

    let config = files.write("backstock.toml", "listen = '127.0.0.1:0'\nlisten_on = 'x'\n");
    let refused = run(&[&serve[..], &["--config", &config]].concat());
    assert_eq!(refused.code, 3, "{refused:?}");
    assert!(refused.stderr.contains("listen_on"), "{refused:?}");

    // Kubernetes sets such ones.
    let mut unknown = program();
    unknown.args(serve).arg("--print-config").env("BACKSTOCK_PORT", "tcp://10.0.0.7:7411");
    let passed: Ran = unknown.output().expect("the program starts").into();
    assert_eq!(passed.code, 0, "{passed:?}");
    assert!(passed.stdout.contains("BACKSTOCK_PORT is no setting: ignored"), "{passed:?}");

    let too_long = run(&[&serve[..], &["--journal-segment-bytes", "4294967296"]].concat());
    assert_eq!(too_long.code, 3, "{too_long:?}");
    assert!(too_long.stderr.contains("to 1073741824"), "{too_long:?}");
    assert!(!files.data().exists(), "nothing was made");
}

#[test]
fn a_restore_that_was_stopped_keeps_a_server_from_beginning_anew() {
    let left = Left::new();
    // As a file system without an exchange may be left.
    std::fs::rename(left.files.data(), left.beside("data.before-restore-1")).expect("renamed");
    let fresh = left.beside("data.restoring");
    std::fs::create_dir_all(snapshot_directory(&fresh)).expect("a directory");
    let refused = run(&["serve", "--listen", "127.0.0.1:0", "--data", &left.data()]);
    assert_eq!(refused.code, 5, "{refused:?}");
    assert!(refused.stderr.contains("data.restoring"), "{refused:?}");
    assert!(!left.files.data().exists());
}

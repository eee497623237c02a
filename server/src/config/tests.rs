//! Precedence, unknown keys, bounds, and where each value came from.

use std::path::PathBuf;

use super::*;

fn env(vars: &[(&str, &str)]) -> Vec<(String, String)> {
    vars.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect()
}

fn flags(flags: &[(&'static str, &str)]) -> Vec<(&'static str, Option<String>)> {
    flags.iter().map(|(key, value)| (*key, Some((*value).into()))).collect()
}

/// A configuration file in a directory that goes away with it.
fn file(text: &str) -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("backstock.toml");
    std::fs::write(&path, text).unwrap();
    (dir, path)
}

fn load_flags(given: &[(&'static str, &str)]) -> Result<Loaded, ConfigError> {
    load(Sources { flags: flags(given), ..Sources::default() })
}

fn invalid(result: Result<Loaded, ConfigError>) -> Vec<InvalidValue> {
    match result {
        Err(ConfigError::Invalid(values)) => values,
        other => panic!("expected invalid values, got {other:?}"),
    }
}

#[test]
fn the_defaults_need_nothing_but_a_data_directory() {
    let loaded = load_flags(&[("data", "d")]).unwrap();
    assert_eq!(loaded.config.data, PathBuf::from("d"));
    assert_eq!(loaded.config.listen.to_string(), "127.0.0.1:7411");
    assert_eq!(loaded.config.commands_in_flight_max, 65_536);
    assert_eq!(loaded.origin("listen"), Some(&Origin::Default));

    let missing = invalid(load_flags(&[]));
    assert_eq!(missing.len(), 1);
    assert_eq!(missing[0].to_string(), "`data` is not set; it has to be the path of a directory");
}

#[test]
fn flags_win_over_environment_over_file_over_defaults() {
    let (_dir, path) = file(
        "data = 'from-file'\nlisten = '127.0.0.1:1'\nlog_format = 'json'\n\
         drain_seconds_max = 7",
    );
    let loaded = load(Sources {
        file: Some(path.clone()),
        env: env(&[
            ("BACKSTOCK_LISTEN", "127.0.0.1:2"),
            ("BACKSTOCK_LOG_FORMAT", "pretty"),
            ("PATH", "/bin"),
        ]),
        flags: flags(&[("listen", "127.0.0.1:3")]),
    })
    .unwrap();

    let origin = |key| loaded.origin(key).unwrap().clone();
    assert_eq!(loaded.config.listen.to_string(), "127.0.0.1:3");
    assert_eq!(origin("listen"), Origin::Flag("--listen".into()));
    assert_eq!(loaded.config.log_format, LogFormat::Pretty);
    assert_eq!(origin("log_format"), Origin::Env("BACKSTOCK_LOG_FORMAT".into()));
    assert_eq!(loaded.config.drain_max, Duration::from_secs(7));
    assert_eq!(origin("drain_seconds_max"), Origin::File(path));
    assert_eq!(origin("metrics_listen"), Origin::Default);
}

#[test]
fn an_unknown_key_is_named_with_the_file_that_has_it() {
    let (_dir, path) = file("data = 'd'\nlissten = '127.0.0.1:1'");
    let error = load(Sources { file: Some(path.clone()), ..Sources::default() }).unwrap_err();
    let wanted = UnknownKey { key: "lissten".into(), origin: Origin::File(path.clone()) };
    assert!(matches!(&error, ConfigError::UnknownKeys(keys) if *keys == [wanted]), "{error}");
    let message = error.to_string();
    assert!(message.contains("lissten") && message.contains(path.to_str().unwrap()), "{message}");
}

/// As Kubernetes sets them in the pods beside a service `backstock`.
const OF_KUBERNETES: [(&str, &str); 4] = [
    ("BACKSTOCK_SERVICE_HOST", "10.0.0.7"),
    ("BACKSTOCK_SERVICE_PORT", "7411"),
    ("BACKSTOCK_PORT", "tcp://10.0.0.7:7411"),
    ("BACKSTOCK_PORT_7411_TCP_PROTO", "tcp"),
];

#[test]
fn variables_that_are_no_settings_are_passed_over_and_named() {
    let ours = [("BACKSTOCK_DATA", "d"), ("BACKSTOCK_SERVER", "127.0.0.1:7411"), ("PATH", "/bin")];
    let vars = env(&[&ours[..], &OF_KUBERNETES, &[("BACKSTOCK_lISTEN", "x")]].concat());
    let loaded = load(Sources { env: vars, ..Sources::default() }).unwrap();
    let mut names: Vec<_> = OF_KUBERNETES.iter().map(|(name, _)| *name).collect();
    names.push("BACKSTOCK_lISTEN");
    names.sort_unstable();
    assert_eq!(loaded.ignored, names);
    assert_eq!(loaded.config.data, PathBuf::from("d"));
    assert_eq!(loaded.origin("listen"), Some(&Origin::Default));
    assert!(loaded.to_string().contains("# BACKSTOCK_PORT is no setting: ignored"), "{loaded}");
}

#[test]
fn bytes_and_seconds_may_have_units_and_hosts_names() {
    let (_dir, path) = file("data = 'd'\nrequest_bytes_max = '64MiB'\nlisten = 'localhost:7411'");
    let flags = flags(&[("snapshot_interval_seconds", "1h"), ("drain_seconds_max", "90s")]);
    let config = load(Sources { file: Some(path), flags, ..Sources::default() }).unwrap().config;
    assert_eq!(config.request_bytes_max, 64 << 20);
    assert_eq!(config.snapshot_interval, Some(Duration::from_hours(1)));
    assert_eq!(config.drain_max, Duration::from_secs(90));
    assert_eq!(config.listen.to_string(), "localhost:7411");
    for (key, value) in [("commands_in_flight_max", "1h"), ("request_bytes_max", "1h")] {
        invalid(load_flags(&[("data", "d"), (key, value)]));
    }
}

#[test]
fn the_environment_can_name_the_file() {
    let (_dir, path) = file("data = 'from-file'");
    let env = env(&[(CONFIG_ENV, path.to_str().unwrap())]);
    let loaded = load(Sources { env, ..Sources::default() }).unwrap();
    assert_eq!(loaded.config.data, PathBuf::from("from-file"));
}

#[test]
fn every_value_beyond_its_bounds_is_named_at_once_with_value_and_limit() {
    let errors = invalid(load_flags(&[
        ("data", ""),
        ("listen", "nowhere"),
        ("metrics_listen", "on"),
        ("log_format", "xml"),
        ("log_level", "backstock=loud"),
        ("commands_in_flight_max", "0"),
        ("drain_seconds_max", "601"),
        ("journal_segment_bytes", "many"),
    ]));
    assert_eq!(errors.len(), 8, "{errors:#?}");
    let drain = errors.iter().find(|error| error.key == "drain_seconds_max").unwrap();
    assert_eq!(
        drain.to_string(),
        "`drain_seconds_max` is `601` (flag --drain-seconds-max); \
         it has to be a number from 1 to 600, in seconds or as 10min or 1h"
    );
}

#[test]
fn a_value_of_another_type_in_the_file_is_an_error_not_a_panic() {
    let (_dir, path) = file("data = 'd'\nlisten = ['127.0.0.1:1']\nlog_level = true");
    let errors = invalid(load(Sources { file: Some(path), ..Sources::default() }));
    assert_eq!(errors.iter().map(|e| e.key).collect::<Vec<_>>(), ["listen", "log_level"]);
}

#[test]
fn a_switch_is_true_or_false_in_every_source() {
    let (_dir, path) = file("data = 'd'\ncreate = false");
    let loaded = load(Sources { file: Some(path.clone()), ..Sources::default() }).unwrap();
    assert!(!loaded.config.create);
    assert!(loaded.to_string().contains("create = false # file"), "{loaded}");
    let env = env(&[("BACKSTOCK_CREATE", "true")]);
    let loaded = load(Sources { file: Some(path), env, ..Sources::default() }).unwrap();
    assert!(loaded.config.create);
    let errors = invalid(load_flags(&[("data", "d"), ("create", "maybe")]));
    assert!(errors[0].to_string().ends_with("it has to be true or false"), "{}", errors[0]);
}

#[test]
fn both_ends_of_every_range_are_allowed() {
    for (key, range) in [
        ("commands_in_flight_max", limits::COMMANDS_IN_FLIGHT),
        ("connections_max", limits::CONNECTIONS),
        ("connection_idle_seconds_max", limits::CONNECTION_IDLE_SECONDS),
        ("request_bytes_max", limits::REQUEST_BYTES),
        ("journal_segment_bytes", limits::JOURNAL_SEGMENT_BYTES),
        ("snapshot_interval_seconds", limits::SNAPSHOT_INTERVAL_SECONDS),
        ("snapshot_journal_bytes", limits::SNAPSHOT_JOURNAL_BYTES),
        ("archive_after_seconds", limits::ARCHIVE_AFTER_SECONDS),
        ("feed_kept_bytes_max", limits::FEED_KEPT_BYTES),
        ("drain_seconds_max", limits::DRAIN_SECONDS),
    ] {
        for good in [range.start(), range.end()] {
            assert!(load_flags(&[("data", "d"), (key, &good.to_string())]).is_ok(), "{key} {good}");
        }
        // Where 0 is allowed, it says something else.
        let below = (*range.start() > 1).then(|| range.start() - 1);
        for bad in below.into_iter().chain([range.end() + 1]) {
            assert!(load_flags(&[("data", "d"), (key, &bad.to_string())]).is_err(), "{key} {bad}");
        }
    }
}

#[test]
fn zero_turns_snapshots_by_time_and_by_size_and_archiving_off() {
    let config = load_flags(&[("data", "d")]).unwrap().config;
    assert_eq!(config.snapshot_interval, Some(Duration::from_hours(1)));
    assert_eq!(config.snapshot_journal_bytes, Some(4 << 30));
    assert_eq!(config.archive_after, Some(Duration::from_hours(24)));
    let off = ["snapshot_interval_seconds", "snapshot_journal_bytes", "archive_after_seconds"];
    let off: Vec<_> = off.map(|key| (key, "0")).into_iter().chain([("data", "d")]).collect();
    let config = load_flags(&off).unwrap().config;
    assert_eq!((config.snapshot_interval, config.snapshot_journal_bytes), (None, None));
    assert_eq!(config.archive_after, None);
}

#[test]
fn what_is_printed_is_a_file_that_gives_the_same_configuration() {
    let first = load_flags(&[("data", "with \"quotes\""), ("metrics_listen", "off")]).unwrap();
    assert!(first.to_string().contains("metrics_listen = \"off\" # flag --metrics-listen"));
    let (_dir, path) = file(&first.to_string());
    let second = load(Sources { file: Some(path), ..Sources::default() }).unwrap();
    assert_eq!(first.config, second.config);
}

#[test]
fn a_file_that_is_missing_or_no_toml_is_named() {
    let missing = Sources { file: Some("no/such.toml".into()), ..Sources::default() };
    assert!(matches!(load(missing), Err(ConfigError::Unreadable { path, .. })
        if path.ends_with("such.toml")));
    let (_dir, path) = file("data = ");
    let broken = Sources { file: Some(path.clone()), ..Sources::default() };
    assert!(matches!(load(broken), Err(ConfigError::Syntax { path: named, .. }) if named == path));
}

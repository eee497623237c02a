//! The one list of settings: key, default and meaning. Flags, environment,
//! file and `--print-config` all go by it.

/// A setting as it is named and explained.
#[derive(Debug)]
pub struct Setting {
    /// Key in the TOML file; the flag and the environment variable follow it.
    pub key: &'static str,
    /// Value when it is not set; `None` if it has to be set.
    pub default: Option<&'static str>,
    /// One line for a person.
    pub help: &'static str,
}

impl Setting {
    /// Whether it is on or off.
    pub(super) fn is_switch(&self) -> bool {
        matches!(self.default, Some("true" | "false"))
    }
}

const fn setting(key: &'static str, default: &'static str, help: &'static str) -> Setting {
    Setting { key, default: Some(default), help }
}

/// Every setting there is, in the order in which they are printed.
pub const SETTINGS: &[Setting] = &[
    Setting { key: "data", default: None, help: "directory of the journal and the snapshots" },
    setting("create", "true", "whether to begin an empty store where no data is"),
    setting("listen", "127.0.0.1:7411", "address of the gRPC services"),
    setting("metrics_listen", "127.0.0.1:7412", "address of /metrics, or off"),
    setting("log_format", "pretty", "pretty or json"),
    setting("log_level", "info", "a level, or directives as in info,backstock_engine=debug"),
    setting("commands_in_flight_max", "65536", "commands admitted at once; more are refused"),
    setting("connections_max", "10000", "connections at a time; more are closed at once"),
    setting("connection_idle_seconds_max", "3600", "seconds that a connection may ask for nothing"),
    setting("request_bytes_max", "4194304", "bytes of one request"),
    setting("journal_segment_bytes", "268435456", "bytes of one journal segment"),
    setting("snapshot_interval_seconds", "3600", "seconds between two snapshots, or 0"),
    setting("snapshot_journal_bytes", "4294967296", "bytes of journal between two, or 0"),
    setting("archive_after_seconds", "86400", "seconds that closed orders stay in memory, or 0"),
    setting("feed_kept_bytes_max", "8589934592", "bytes of journal kept for the feed, or 0"),
    setting("learn_suggestions", "true", "whether suggestions are learnt from orders"),
    setting("webhook_allow_http", "false", "whether webhooks may be sent without TLS"),
    setting(
        "webhook_allow_private_addresses",
        "false",
        "whether webhooks may be sent to private networks and to this machine",
    ),
    setting("drain_seconds_max", "30", "seconds that a shutdown waits for what has begun"),
];

/// Whether there is a setting of that key.
pub(super) fn is_setting(key: &str) -> bool {
    SETTINGS.iter().any(|setting| setting.key == key)
}

/// The flag of a setting: `--metrics-listen` for `metrics_listen`.
pub(super) fn flag_name(key: &str) -> String {
    format!("--{}", key.replace('_', "-"))
}

/// The environment variable of a setting: `BACKSTOCK_LISTEN` for `listen`.
pub(super) fn env_name(key: &str) -> String {
    format!("{}{}", super::ENV_PREFIX, key.to_ascii_uppercase())
}

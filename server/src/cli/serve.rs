//! `serve` and `demo`.

use std::path::PathBuf;

use clap::Args;

use crate::clock::ClockKind;
use crate::config::Sources;

const SERVE_EXAMPLES: &str = "\
Examples:
  backstock serve --data /var/lib/backstock
  backstock serve --data ./data --listen 0.0.0.0:7411 --metrics-listen off
  backstock serve --config /etc/backstock.toml --print-config

Every flag is also a key of the file (`metrics_listen`) and a variable
(`BACKSTOCK_METRICS_LISTEN`). Flags win over variables, variables over the file.
Bytes may be written as `64MiB`, seconds as `10min` or `1h`.";

/// Arguments of `serve`. A flag that is not given leaves its setting to the
/// environment, the file or the default, so none has a default of its own.
#[derive(Args, Debug, Default, Clone, PartialEq, Eq)]
#[command(after_help = SERVE_EXAMPLES)]
pub struct ServeArgs {
    /// Configuration file (TOML) [env: `BACKSTOCK_CONFIG`].
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// Print the configuration and where each value came from, and end.
    #[arg(long)]
    pub print_config: bool,

    /// Directory of the journal and the snapshots.
    #[arg(long, value_name = "DIR")]
    pub data: Option<String>,

    /// Whether to begin an empty store where no data is: true or false [default: true].
    #[arg(long, value_name = "BOOL")]
    pub create: Option<String>,

    /// Address of the gRPC services [default: 127.0.0.1:7411].
    #[arg(long, value_name = "ADDR")]
    pub listen: Option<String>,

    /// Address of /metrics, or `off` [default: 127.0.0.1:7412].
    #[arg(long, value_name = "ADDR")]
    pub metrics_listen: Option<String>,

    /// How log lines look: pretty or json [default: pretty].
    #[arg(long, value_name = "FORMAT")]
    pub log_format: Option<String>,

    /// A level, or directives as in `info,backstock_engine=debug` [default: info].
    #[arg(long, value_name = "LEVEL")]
    pub log_level: Option<String>,

    /// Commands admitted at once; more are refused [default: 65536].
    #[arg(long, value_name = "COUNT")]
    pub commands_in_flight_max: Option<String>,

    /// Connections at a time; more are closed at once [default: 10000].
    #[arg(long, value_name = "COUNT")]
    pub connections_max: Option<String>,

    /// Seconds that a connection may ask for nothing [default: 3600].
    #[arg(long, value_name = "SECONDS")]
    pub connection_idle_seconds_max: Option<String>,

    /// Bytes of one request [default: 4194304].
    #[arg(long, value_name = "BYTES")]
    pub request_bytes_max: Option<String>,

    /// Bytes of one journal segment [default: 268435456].
    #[arg(long, value_name = "BYTES")]
    pub journal_segment_bytes: Option<String>,

    /// Seconds between two snapshots, or 0 for none [default: 3600].
    #[arg(long, value_name = "SECONDS")]
    pub snapshot_interval_seconds: Option<String>,

    /// Bytes of journal between two snapshots, or 0 for none [default: 4294967296].
    #[arg(long, value_name = "BYTES")]
    pub snapshot_journal_bytes: Option<String>,

    /// Seconds that closed orders stay in memory, or 0 for ever [default: 86400].
    #[arg(long, value_name = "SECONDS")]
    pub archive_after_seconds: Option<String>,

    /// Bytes of journal that are kept for consumers of the feed beyond what snapshots need, or 0
    /// [default: 8589934592].
    #[arg(long, value_name = "BYTES")]
    pub feed_kept_bytes_max: Option<String>,

    /// Whether it is learnt from orders what goes with what: true or false [default: true].
    #[arg(long, value_name = "LEARN")]
    pub learn_suggestions: Option<String>,

    /// Whether webhooks may be sent without TLS, by http: true or false [default: false].
    #[arg(long, value_name = "ALLOW")]
    pub webhook_allow_http: Option<String>,

    /// Whether webhooks may be sent to private networks and to this machine: true or false
    /// [default: false].
    #[arg(long, value_name = "ALLOW")]
    pub webhook_allow_private_addresses: Option<String>,

    /// Seconds that a shutdown waits for what has begun [default: 30].
    #[arg(long, value_name = "SECONDS")]
    pub drain_seconds_max: Option<String>,

    /// What time it is: system, or replay:TIMESTAMP for imports of the past.
    #[arg(long, value_name = "CLOCK", default_value = "system", hide = true)]
    pub clock: ClockKind,
}

impl ServeArgs {
    /// Where the configuration of this call is read from, given the process's
    /// environment.
    pub fn sources(self, env: Vec<(String, String)>) -> Sources {
        let flags = vec![
            ("data", self.data),
            ("create", self.create),
            ("listen", self.listen),
            ("metrics_listen", self.metrics_listen),
            ("log_format", self.log_format),
            ("log_level", self.log_level),
            ("commands_in_flight_max", self.commands_in_flight_max),
            ("connections_max", self.connections_max),
            ("connection_idle_seconds_max", self.connection_idle_seconds_max),
            ("request_bytes_max", self.request_bytes_max),
            ("journal_segment_bytes", self.journal_segment_bytes),
            ("snapshot_interval_seconds", self.snapshot_interval_seconds),
            ("snapshot_journal_bytes", self.snapshot_journal_bytes),
            ("archive_after_seconds", self.archive_after_seconds),
            ("feed_kept_bytes_max", self.feed_kept_bytes_max),
            ("learn_suggestions", self.learn_suggestions),
            ("webhook_allow_http", self.webhook_allow_http),
            ("webhook_allow_private_addresses", self.webhook_allow_private_addresses),
            ("drain_seconds_max", self.drain_seconds_max),
        ];
        Sources { file: self.config, env, flags }
    }
}

const DEMO_EXAMPLES: &str = "\
Examples:
  backstock demo
  backstock demo --exit";

/// Arguments of `demo`.
#[derive(Args, Debug, Clone, Copy, PartialEq, Eq)]
#[command(after_help = DEMO_EXAMPLES)]
pub struct DemoArgs {
    /// End when the demo is over instead of serving on.
    #[arg(long)]
    pub exit: bool,
}

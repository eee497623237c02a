//! The server's configuration: flags over environment over a TOML file over
//! defaults, each value with the place that it came from.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

mod address;
mod error;
mod layer;
pub mod limits;
mod quantity;
mod read;
mod settings;
#[cfg(test)]
mod tests;

pub use address::{Address, BadAddress};
pub use error::{ConfigError, InvalidValue, UnknownKey};
use layer::Layer;
pub use layer::Origin;
use read::Reader;
pub use settings::{SETTINGS, Setting};

use crate::webhooks::WebhookPolicy;

/// What the environment variables of settings begin with.
pub const ENV_PREFIX: &str = "BACKSTOCK_";

/// Names the configuration file.
pub const CONFIG_ENV: &str = "BACKSTOCK_CONFIG";

/// Names the server that the client commands talk to.
pub const SERVER_ENV: &str = "BACKSTOCK_SERVER";

/// Names who makes the calls of other commands than `serve`.
pub const ACTOR_ENV: &str = "BACKSTOCK_ACTOR";

/// Names the channel through which what other commands than `serve` do was asked.
pub const VIA_ENV: &str = "BACKSTOCK_VIA";

/// Where Prometheus may scrape, if at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MetricsListen {
    /// Nowhere.
    Off,
    /// At `/metrics` of this address.
    At(Address),
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For a person.
    Pretty,
    /// One JSON object a line.
    Json,
}

/// A checked configuration: every value is within its [`limits`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Directory of the journal and the snapshots.
    pub data: PathBuf,
    /// Whether an empty store is begun where no data is.
    pub create: bool,
    /// Address of the gRPC services.
    pub listen: Address,
    /// Where Prometheus may scrape.
    pub metrics_listen: MetricsListen,
    /// How log lines look.
    pub log_format: LogFormat,
    /// What is logged, in the directives of `EnvFilter`.
    pub log_level: String,
    /// Commands admitted at once; more are refused with `RESOURCE_EXHAUSTED`.
    pub commands_in_flight_max: usize,
    /// Connections at a time; more are closed at once. There are fewer when the limit of
    /// open files leaves room for fewer.
    pub connections_max: usize,
    /// How long a connection may ask for nothing.
    pub connection_idle_max: Duration,
    /// Bytes of one request.
    pub request_bytes_max: usize,
    /// Bytes of one journal segment.
    pub journal_segment_bytes: u64,
    /// Time between two snapshots; none for no snapshot by time.
    pub snapshot_interval: Option<Duration>,
    /// Bytes of journal between two snapshots, if they come before the time; none
    /// for no snapshot by size.
    pub snapshot_journal_bytes: Option<u64>,
    /// How long a closed order stays in memory; none for ever.
    pub archive_after: Option<Duration>,
    /// Bytes of journal that are kept for consumers of the feed beyond what snapshots need.
    pub feed_kept_bytes_max: u64,
    /// Whether it is learnt from orders what goes with what.
    pub learn_suggestions: bool,
    /// Where webhooks may be sent.
    pub webhook_policy: WebhookPolicy,
    /// How long a shutdown waits for what has begun.
    pub drain_max: Duration,
}

/// Where a configuration is read from. The environment is handed in, so that
/// loading reads nothing but these and the file.
#[derive(Debug, Default)]
pub struct Sources {
    /// The file; if `None`, the one that [`CONFIG_ENV`] names, if any.
    pub file: Option<PathBuf>,
    /// Environment variables, other programs' too.
    pub env: Vec<(String, String)>,
    /// Flags by the key of their setting; those not given are `None`.
    pub flags: Vec<(&'static str, Option<String>)>,
}

/// A configuration, and what set each of its values.
#[derive(Debug)]
pub struct Loaded {
    /// The configuration.
    pub config: Config,
    /// Variables that begin with [`ENV_PREFIX`] and are no settings. Other programs set
    /// such ones: of a service `backstock`, Kubernetes sets `BACKSTOCK_PORT`.
    pub ignored: Vec<String>,
    values: Vec<ShownValue>,
}

/// One value as it was read.
#[derive(Debug)]
struct ShownValue {
    key: &'static str,
    /// `None` if it is of a type that no setting has.
    text: Option<String>,
    origin: Origin,
}

impl Loaded {
    /// What set `key`; `None` if there is no such setting.
    pub fn origin(&self, key: &str) -> Option<&Origin> {
        self.values.iter().find(|value| value.key == key).map(|value| &value.origin)
    }
}

/// The configuration as a TOML file that would give it again, with the origin
/// of each value beside it, and what was passed over.
impl fmt::Display for Loaded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for ShownValue { key, text, origin } in &self.values {
            let text = text.as_deref().unwrap_or_default();
            let value = match text.parse() {
                Ok(number) if *key != "data" => toml::Value::Integer(number),
                _ => match text.parse() {
                    Ok(switch) if *key != "data" => toml::Value::Boolean(switch),
                    _ => toml::Value::String(text.to_owned()),
                },
            };
            writeln!(f, "{key} = {value} # {origin}")?;
        }
        self.ignored.iter().try_for_each(|name| writeln!(f, "# {name} is no setting: ignored"))
    }
}

/// Reads, merges and checks a configuration.
pub fn load(sources: Sources) -> Result<Loaded, ConfigError> {
    let file = sources.file.or_else(|| {
        let named = sources.env.iter().find(|(name, _)| name == CONFIG_ENV);
        named.map(|(_, path)| PathBuf::from(path))
    });
    let mut layers = vec![Layer::defaults()];
    if let Some(path) = file {
        layers.push(Layer::file(&path)?);
    }
    let (env, ignored) = Layer::env(sources.env, &[CONFIG_ENV, SERVER_ENV, ACTOR_ENV, VIA_ENV]);
    layers.push(env);
    layers.push(Layer::flags(sources.flags));

    let unknown: Vec<_> = layers.iter().flat_map(Layer::unknown_keys).collect();
    if !unknown.is_empty() {
        return Err(ConfigError::UnknownKeys(unknown));
    }
    Ok(Loaded { ignored, ..Reader::new(&layers).read()? })
}

//! From merged text to a checked [`Config`], with all that is wrong at once.

use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use figment::Figment;
use tracing_subscriber::EnvFilter;

use super::layer::{self, Layer};
use super::quantity::{self, Unit};
use super::{
    Config, ConfigError, InvalidValue, Loaded, LogFormat, MetricsListen, SETTINGS, ShownValue,
    limits,
};
use crate::webhooks::WebhookPolicy;

/// Turns merged values into a [`Config`], and keeps all that is wrong.
pub(super) struct Reader {
    values: Vec<ShownValue>,
    invalid: Vec<InvalidValue>,
}

impl Reader {
    pub(super) fn new(layers: &[Layer]) -> Self {
        let merged = layers.iter().cloned().fold(Figment::new(), Figment::merge);
        let values = SETTINGS.iter().map(|setting| ShownValue {
            key: setting.key,
            text: merged
                .find_value(setting.key)
                .map_or_else(|_| Some(String::new()), |value| text_of(value, setting.is_switch())),
            origin: layer::origin_in(layers, setting.key),
        });
        Self { values: values.collect(), invalid: Vec::new() }
    }

    pub(super) fn read(mut self) -> Result<Loaded, ConfigError> {
        let data = self.parse("data", "the path of a directory", non_empty_path);
        let create = self.switch("create");
        let listen = self.parse("listen", ADDRESS, |text| text.parse().ok());
        let metrics_listen =
            self.parse("metrics_listen", "a host and a port, or off", parse_metrics_listen);
        let log_format = self.parse("log_format", "pretty or json", parse_log_format);
        let log_level = self.parse("log_level", "a level or log directives", parse_log_level);
        let commands = self.count("commands_in_flight_max", &limits::COMMANDS_IN_FLIGHT);
        let connections = self.count("connections_max", &limits::CONNECTIONS);
        let idle = self.seconds("connection_idle_seconds_max", &limits::CONNECTION_IDLE_SECONDS);
        let request_bytes = self.bytes("request_bytes_max", &limits::REQUEST_BYTES);
        let segment_bytes = self.bytes("journal_segment_bytes", &limits::JOURNAL_SEGMENT_BYTES);
        let seconds = &limits::SNAPSHOT_INTERVAL_SECONDS;
        let interval = self.number_or_0("snapshot_interval_seconds", seconds, Unit::Seconds);
        let bytes = &limits::SNAPSHOT_JOURNAL_BYTES;
        let between = self.number_or_0("snapshot_journal_bytes", bytes, Unit::Bytes);
        let seconds = &limits::ARCHIVE_AFTER_SECONDS;
        let archive = self.number_or_0("archive_after_seconds", seconds, Unit::Seconds);
        let kept = self.number_or_0("feed_kept_bytes_max", &limits::FEED_KEPT_BYTES, Unit::Bytes);
        let learns = self.switch("learn_suggestions");
        let allow_http = self.switch("webhook_allow_http");
        let allow_private_addresses = self.switch("webhook_allow_private_addresses");
        let drain = self.seconds("drain_seconds_max", &limits::DRAIN_SECONDS);

        let config = (|| {
            Some(Config {
                data: data?,
                create: create?,
                listen: listen?,
                metrics_listen: metrics_listen?,
                log_format: log_format?,
                log_level: log_level?,
                commands_in_flight_max: usize::try_from(commands?).ok()?,
                connections_max: usize::try_from(connections?).ok()?,
                connection_idle_max: Duration::from_secs(idle?),
                request_bytes_max: usize::try_from(request_bytes?).ok()?,
                journal_segment_bytes: segment_bytes?,
                snapshot_interval: interval?.map(Duration::from_secs),
                snapshot_journal_bytes: between?,
                archive_after: archive?.map(Duration::from_secs),
                feed_kept_bytes_max: kept?.unwrap_or(0),
                learn_suggestions: learns?,
                webhook_policy: WebhookPolicy {
                    allow_http: allow_http?,
                    allow_private_addresses: allow_private_addresses?,
                },
                drain_max: Duration::from_secs(drain?),
            })
        })();
        match config {
            Some(config) if self.invalid.is_empty() => {
                Ok(Loaded { config, values: self.values, ignored: Vec::new() })
            }
            _ => Err(ConfigError::Invalid(self.invalid)),
        }
    }

    /// Reads one value, or notes that it is not `expected`.
    fn parse<T>(
        &mut self,
        key: &'static str,
        expected: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let shown = self.values.iter().find(|value| value.key == key)?;
        let value = shown.text.as_deref().and_then(parse);
        if value.is_none() {
            let text = shown.text.clone().unwrap_or_else(|| "not text or a whole number".into());
            let (value, origin) = (text, shown.origin.clone());
            self.invalid.push(InvalidValue { key, value, limit: expected.into(), origin });
        }
        value
    }

    fn switch(&mut self, key: &'static str) -> Option<bool> {
        self.parse(key, "true or false", |text| text.parse().ok())
    }

    fn count(&mut self, key: &'static str, range: &RangeInclusive<u64>) -> Option<u64> {
        self.number(key, range, Unit::Count)
    }

    fn bytes(&mut self, key: &'static str, range: &RangeInclusive<u64>) -> Option<u64> {
        self.number(key, range, Unit::Bytes)
    }

    fn seconds(&mut self, key: &'static str, range: &RangeInclusive<u64>) -> Option<u64> {
        self.number(key, range, Unit::Seconds)
    }

    fn number(
        &mut self,
        key: &'static str,
        range: &RangeInclusive<u64>,
        unit: Unit,
    ) -> Option<u64> {
        let hint = unit.hint();
        let expected = format!("a number from {} to {}{hint}", range.start(), range.end());
        let in_range = |text: &str| quantity::parse(text, unit).filter(|n| range.contains(n));
        self.parse(key, &expected, in_range)
    }

    /// Reads a number that 0 turns off; the outer option is none when it is wrong.
    #[expect(clippy::option_option, reason = "none: a violation; some none: turned off")]
    fn number_or_0(
        &mut self,
        key: &'static str,
        range: &RangeInclusive<u64>,
        unit: Unit,
    ) -> Option<Option<u64>> {
        let hint = unit.hint();
        let expected = format!("0 or a number from {} to {}{hint}", range.start(), range.end());
        self.parse(key, &expected, |text| match quantity::parse(text, unit)? {
            0 => Some(None),
            number => range.contains(&number).then_some(Some(number)),
        })
    }
}

const ADDRESS: &str = "a host and a port, as localhost:7411";

/// A value as a person wrote it; `None` if it is neither text nor a whole
/// number, which no other setting than a switch takes.
fn text_of(value: figment::value::Value, is_switch: bool) -> Option<String> {
    let number = value.to_i128().map(|number| number.to_string());
    let switch = value.to_bool().filter(|_| is_switch).map(|switch| switch.to_string());
    number.or(switch).or_else(|| value.into_string())
}

fn non_empty_path(text: &str) -> Option<PathBuf> {
    (!text.is_empty()).then(|| text.into())
}

fn parse_metrics_listen(text: &str) -> Option<MetricsListen> {
    match text {
        "off" => Some(MetricsListen::Off),
        address => address.parse().ok().map(MetricsListen::At),
    }
}

fn parse_log_format(text: &str) -> Option<LogFormat> {
    match text {
        "pretty" => Some(LogFormat::Pretty),
        "json" => Some(LogFormat::Json),
        _ => None,
    }
}

fn parse_log_level(text: &str) -> Option<String> {
    (!text.is_empty() && EnvFilter::try_new(text).is_ok()).then(|| text.into())
}

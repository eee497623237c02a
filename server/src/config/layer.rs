//! Where values come from, and one layer of them.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use figment::value::{Dict, Map, Value};
use figment::{Metadata, Profile, Provider};

use super::settings::{SETTINGS, env_name, flag_name, is_setting};
use super::{ConfigError, ENV_PREFIX, UnknownKey};

/// What set a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Nothing: it is the default.
    Default,
    /// The configuration file.
    File(PathBuf),
    /// An environment variable.
    Env(String),
    /// A flag of the command line.
    Flag(String),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path) => write!(f, "file {}", path.display()),
            Self::Env(name) => write!(f, "environment variable {name}"),
            Self::Flag(name) => write!(f, "flag {name}"),
        }
    }
}

/// What kind of layer it is; each key of it has an [`Origin`].
#[derive(Debug, Clone)]
enum Kind {
    Defaults,
    File(PathBuf),
    Env,
    Flags,
}

/// Values from one place, by the key of the setting. A value from a flag or
/// the environment is text; a file says its types itself.
#[derive(Debug, Clone)]
pub(super) struct Layer {
    kind: Kind,
    values: BTreeMap<String, Value>,
}

impl Layer {
    /// The defaults of all settings that have one.
    pub(super) fn defaults() -> Self {
        let values = SETTINGS.iter().filter_map(|s| Some((s.key.into(), s.default?.into())));
        Self { kind: Kind::Defaults, values: values.collect() }
    }

    /// The values of a TOML file.
    pub(super) fn file(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ConfigError::Unreadable { path: path.into(), source })?;
        let values = toml::from_str(&text).map_err(|source| ConfigError::Syntax {
            path: path.into(),
            source: Box::new(source),
        })?;
        Ok(Self { kind: Kind::File(path.into()), values })
    }

    /// The settings of an environment, and the names of what begins like one and is none.
    /// Those in `known` are neither: they mean something else.
    pub(super) fn env(vars: Vec<(String, String)>, known: &[&str]) -> (Self, Vec<String>) {
        let (mut values, mut ignored) = (BTreeMap::new(), Vec::new());
        for (name, value) in vars {
            let Some(key) = name.strip_prefix(ENV_PREFIX).map(str::to_ascii_lowercase) else {
                continue;
            };
            if is_setting(&key) && name == env_name(&key) {
                values.insert(key, value.into());
            } else if !known.contains(&name.as_str()) {
                ignored.push(name);
            }
        }
        ignored.sort();
        (Self { kind: Kind::Env, values }, ignored)
    }

    /// The flags that were given.
    pub(super) fn flags(flags: impl IntoIterator<Item = (&'static str, Option<String>)>) -> Self {
        let given = flags.into_iter().filter_map(|(key, value)| Some((key.into(), value?.into())));
        Self { kind: Kind::Flags, values: given.collect() }
    }

    /// What set `key`, given that this layer has it.
    fn origin(&self, key: &str) -> Origin {
        match &self.kind {
            Kind::Defaults => Origin::Default,
            Kind::File(path) => Origin::File(path.clone()),
            Kind::Env => Origin::Env(env_name(key)),
            Kind::Flags => Origin::Flag(flag_name(key)),
        }
    }

    /// The keys of this layer that are no settings.
    pub(super) fn unknown_keys(&self) -> impl Iterator<Item = UnknownKey> {
        let unknown = self.values.keys().filter(|key| !is_setting(key));
        unknown.map(|key| UnknownKey { key: key.clone(), origin: self.origin(key) })
    }
}

/// What set `key`: the last of `layers` that has it.
pub(super) fn origin_in(layers: &[Layer], key: &str) -> Origin {
    let last = layers.iter().rev().find(|layer| layer.values.contains_key(key));
    last.map_or(Origin::Default, |layer| layer.origin(key))
}

impl Provider for Layer {
    fn metadata(&self) -> Metadata {
        Metadata::named("backstock settings")
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        Ok(Profile::Default.collect(self.values.clone()))
    }
}

//! What can be wrong with a configuration.

use std::fmt;
use std::io;
use std::path::PathBuf;

use super::Origin;

/// Why the server cannot start with this configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read configuration file {}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The file is not TOML.
    #[error("configuration file {} is not valid TOML", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// Where and why not.
        source: Box<toml::de::Error>,
    },
    /// A layer sets keys that do not exist.
    #[error("unknown setting: {}", join(.0))]
    UnknownKeys(Vec<UnknownKey>),
    /// Values of the wrong form or beyond their bounds: all of them.
    #[error("invalid setting: {}", join(.0))]
    Invalid(Vec<InvalidValue>),
}

/// A key that does not exist, and where it was set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownKey {
    /// The key as written.
    pub key: String,
    /// Who set it.
    pub origin: Origin,
}

impl fmt::Display for UnknownKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` ({})", self.key, self.origin)
    }
}

/// A value that a setting cannot have, and where it was set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidValue {
    /// The setting.
    pub key: &'static str,
    /// The value as written; empty if there is none.
    pub value: String,
    /// What it has to be.
    pub limit: String,
    /// Who set it.
    pub origin: Origin,
}

impl fmt::Display for InvalidValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { key, value, limit, origin } = self;
        if *origin == Origin::Default {
            return write!(f, "`{key}` is not set; it has to be {limit}");
        }
        write!(f, "`{key}` is `{value}` ({origin}); it has to be {limit}")
    }
}

fn join<T: fmt::Display>(parts: &[T]) -> String {
    parts.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

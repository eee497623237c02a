//! Arguments that several commands share.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::Args;

use crate::client::{Client, ClientError, Name, Says};
use crate::config::{ACTOR_ENV, SERVER_ENV, VIA_ENV};

/// Where `serve` listens by default.
const DEFAULT_SERVER: &str = "127.0.0.1:7411";

/// How results are printed.
#[derive(Args, Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutputArgs {
    /// Print JSON for scripts instead of a table.
    #[arg(long)]
    pub json: bool,
}

/// Which server to talk to.
#[derive(Args, Debug, Clone, PartialEq, Eq)]
pub struct ServerArgs {
    /// Server to talk to.
    #[arg(long, value_name = "ADDR", env = SERVER_ENV, default_value = DEFAULT_SERVER)]
    pub server: ServerAddr,

    /// Give up after this long, as 30s or 5m [default: never].
    #[arg(long, value_name = "TIME")]
    pub timeout: Option<Timeout>,

    /// Who does it: timelines and the feed tell it.
    #[arg(long, value_name = "NAME", env = ACTOR_ENV)]
    pub actor: Option<Name>,

    /// The channel through which it was asked, as phone.
    #[arg(long, value_name = "NAME", env = VIA_ENV)]
    pub via: Option<Name>,
}

impl ServerArgs {
    /// Connects to it.
    ///
    /// # Errors
    /// [`ClientError::Unreachable`].
    pub async fn connect(&self) -> Result<Client, ClientError> {
        let says = Says::of(self.actor.as_ref(), self.via.as_ref());
        Client::connect_for(&self.server, says).await
    }
}

/// A live server, or a data directory that no server uses.
#[derive(Args, Debug, Default, Clone, PartialEq, Eq)]
pub struct TargetArgs {
    /// Work on this data directory instead of a live server.
    #[arg(long, value_name = "DIR", conflicts_with = "server")]
    pub data: Option<PathBuf>,

    // The variable is not left to clap, because it would then be in conflict
    // with `--data` wherever it is set.
    /// Server to talk to [env: `BACKSTOCK_SERVER`] [default: 127.0.0.1:7411].
    #[arg(long, value_name = "ADDR")]
    pub server: Option<ServerAddr>,

    /// Give up on the server after this long, as 30s or 5m [default: never].
    #[arg(long, value_name = "TIME", conflicts_with = "data")]
    pub timeout: Option<Timeout>,
}

/// What a command works on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A data directory that no server uses.
    Data(PathBuf),
    /// A live server.
    Server(ServerAddr),
}

impl TargetArgs {
    /// What the arguments name; `env` is the value of [`SERVER_ENV`], if set.
    ///
    /// # Errors
    /// `env` decides and is no address.
    pub fn target(&self, env: Option<&str>) -> Result<Target, BadServerAddr> {
        if let Some(data) = &self.data {
            return Ok(Target::Data(data.clone()));
        }
        if let Some(server) = &self.server {
            return Ok(Target::Server(server.clone()));
        }
        env.unwrap_or(DEFAULT_SERVER).parse().map(Target::Server)
    }
}

/// Where a server listens: host and port, with or without a scheme.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerAddr(String);

impl ServerAddr {
    /// The address as a URI that a gRPC channel connects to.
    pub fn uri(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ServerAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a text is no server address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected HOST:PORT or http://HOST:PORT")]
pub struct BadServerAddr;

impl FromStr for ServerAddr {
    type Err = BadServerAddr;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let with_scheme =
            if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
        let uri: tonic::transport::Uri = with_scheme.parse().map_err(|_| BadServerAddr)?;
        let complete = uri.scheme_str() == Some("http") && uri.port_u16().is_some();
        if complete { Ok(Self(with_scheme)) } else { Err(BadServerAddr) }
    }
}

/// A snapshot to check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Checked {
    /// One that is kept, by its generation.
    Generation(u64),
    /// One that was exported.
    File(PathBuf),
}

impl Checked {
    /// The generation, if it is one that is kept.
    pub fn generation(self) -> Option<u64> {
        match self {
            Self::Generation(generation) => Some(generation),
            Self::File(_) => None,
        }
    }
}

impl From<&str> for Checked {
    fn from(text: &str) -> Self {
        text.parse().map_or_else(|_| Self::File(text.into()), Self::Generation)
    }
}

/// How long a command may take. Never zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeout(pub Duration);

/// Why a text is no such time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected a time, as 30s, 5m or 500ms; a number by itself is of seconds")]
pub struct BadTimeout;

impl FromStr for Timeout {
    type Err = BadTimeout;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let seconds = text.parse().map(Duration::from_secs);
        let time = seconds.or_else(|_| {
            let time: jiff::SignedDuration = text.parse().map_err(|_| BadTimeout)?;
            Duration::try_from(time).map_err(|_| BadTimeout)
        })?;
        if time.is_zero() { Err(BadTimeout) } else { Ok(Self(time)) }
    }
}

/// How far to replay the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// Up to this LSN, inclusive.
    Lsn(u64),
    /// Up to this instant, inclusive.
    Time(jiff::Timestamp),
}

/// Why a text is no point to replay to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected an LSN, as 18204, or an instant, as 2026-11-21T10:03:05Z")]
pub struct BadUntil;

impl FromStr for Until {
    type Err = BadUntil;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let lsn = text.parse().map(Self::Lsn);
        lsn.or_else(|_| text.parse().map(Self::Time)).map_err(|_| BadUntil)
    }
}

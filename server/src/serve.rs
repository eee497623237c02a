//! Serving: from a data directory and a listener to a drained end.
//!
//! ```text
//!   open --> serve ---- draining ----> transport closed --> engine shut down --> done
//!                  \--- halted ------> ended with what failed
//!                  \--- cut short ---> ended before it had drained
//! ```

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use backstock_engine::disk::RealDisk;
use backstock_engine::engine::{Engine, Halt, OpenError, OpenOptions};
use tokio::net::TcpListener;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic_health::ServingStatus;

use crate::cli::Exit;
use crate::cli::exit::exit_of_open;
use crate::clock::{Clock, ClockKind};
use crate::config::Config;
use crate::grpc::{Api, ApiOptions, Router, SERVICE_NAMES};
use crate::housekeeping;
pub use crate::housekeeping::SnapshotSchedule;
use crate::reference::UsPostalCodes;
use crate::shutdown::Shutdown;

/// Streams of one connection at a time. A connection of a checkout farm carries
/// its peak; the engine's admission is the bound that counts.
const STREAMS_PER_CONNECTION_MAX: u32 = 4_096;

/// Bytes that a connection and a stream may have on the way before they are
/// read: several of the largest batches of orders.
const WINDOW_BYTES: u32 = 4 << 20;

/// What health calls the server as a whole.
const WHOLE_SERVER: &str = "";

/// How a server serves.
#[derive(Debug, Clone)]
pub struct ServeOptions {
    /// The engine's data directory. Snapshots that are being sent lie there.
    pub data: PathBuf,
    /// Bytes of one request.
    pub request_bytes_max: usize,
    /// Commands admitted at once.
    pub commands_in_flight_max: usize,
    /// How long a drain may take.
    pub drain_max: Duration,
    /// When snapshots are taken.
    pub snapshots: SnapshotSchedule,
    /// What time it is.
    pub clock: ClockKind,
}

impl ServeOptions {
    /// As the configuration says.
    pub fn new(config: &Config, clock: ClockKind) -> Self {
        Self {
            data: config.data.clone(),
            request_bytes_max: config.request_bytes_max,
            commands_in_flight_max: config.commands_in_flight_max,
            drain_max: config.drain_max,
            snapshots: SnapshotSchedule {
                interval: config.snapshot_interval,
                journal_bytes: config.snapshot_journal_bytes,
            },
            clock,
        }
    }
}

/// Why a server ended otherwise than drained.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The data directory cannot be opened.
    #[error("cannot open the data directory")]
    Open(#[from] OpenError),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the operating system says.
        source: io::Error,
    },
    /// Reflection cannot describe the services.
    #[error("cannot describe the services")]
    Reflection(#[from] tonic_reflection::server::Error),
    /// The transport failed.
    #[error("the transport failed")]
    Transport(#[from] tonic::transport::Error),
    /// The engine stopped for good.
    #[error("the engine has stopped")]
    Halted(#[source] Halt),
    /// A second signal, or the time for draining was over.
    #[error("the shutdown was cut short before it had drained")]
    DrainCut,
    /// The process could not be set up: a runtime, logs, metrics, signals.
    #[error("cannot start")]
    Start(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl ServeError {
    /// The exit code that tells of it.
    pub fn exit(&self) -> Exit {
        match self {
            Self::Open(error) => exit_of_open(error),
            Self::Listen { source, .. } if source.kind() == io::ErrorKind::AddrInUse => {
                Exit::PortInUse
            }
            Self::Listen { .. } | Self::Reflection(_) | Self::Transport(_) | Self::Start(_) => {
                Exit::Failure
            }
            Self::Halted(Halt::Disk(_)) => Exit::DiskFailure,
            Self::Halted(Halt::Program(_)) => Exit::Failure,
            Self::DrainCut => Exit::DrainCut,
        }
    }
}

/// Opens the engine of a configuration, on the current runtime.
pub async fn open(config: &Config) -> Result<Engine, ServeError> {
    let options = OpenOptions {
        segment_bytes: config.journal_segment_bytes,
        in_flight_max: config.commands_in_flight_max,
        archive_after: config.archive_after,
        create: config.create,
        ..OpenOptions::new(&config.data)
    };
    let postal = Arc::new(UsPostalCodes::shared());
    let (engine, recovered) = Engine::open(&options, Arc::new(RealDisk), postal).await?;
    if recovered.began_empty {
        tracing::warn!(
            data = %config.data.display(),
            "THERE WAS NO DATA: AN EMPTY STORE BEGINS. Is the path right, and the volume mounted? \
             `backstock init` begins one without this warning, `create = false` refuses to"
        );
    }
    tracing::info!(
        last = %recovered.last,
        replayed = recovered.replayed,
        torn_bytes = recovered.torn_bytes,
        took = ?recovered.took,
        "recovered"
    );
    Ok(engine)
}

/// Listens on an address; port 0 takes a free one.
pub async fn listen(address: SocketAddr) -> Result<TcpListener, ServeError> {
    let bound = TcpListener::bind(address).await;
    bound.map_err(|source| ServeError::Listen { address, source })
}

/// Serves an engine until `shutdown` drains, and then shuts the engine down.
pub async fn serve(
    engine: Engine,
    listener: TcpListener,
    options: ServeOptions,
    shutdown: Shutdown,
) -> Result<(), ServeError> {
    let clock = Arc::new(Clock::start(options.clock));
    remove_old_exports(&options.data);
    let kept = housekeeping::start(&engine, &clock, &options.data, options.snapshots);
    let drain_max = options.drain_max;
    let served = tokio::select! {
        served = transport(&engine, listener, clock, options, &shutdown) => served,
        halt = engine.halted() => {
            housekeeping::note_halt(Some(&halt));
            Err(ServeError::Halted(halt))
        }
        () = shutdown.cut_short(drain_max) => Err(ServeError::DrainCut),
    };
    drop(kept);
    engine.shut_down().await;
    served
}

/// Removes what a process that was killed left of snapshots that it was sending.
fn remove_old_exports(data: &Path) {
    let directory = exports_directory(data);
    match std::fs::remove_dir_all(&directory) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            tracing::warn!(%error, directory = %directory.display(), "old exports stay");
        }
        Ok(()) | Err(_) => {}
    }
}

/// Where snapshots lie while they are being sent.
fn exports_directory(data: &Path) -> PathBuf {
    data.join("exports")
}

async fn transport(
    engine: &Engine,
    listener: TcpListener,
    clock: Arc<Clock>,
    options: ServeOptions,
    shutdown: &Shutdown,
) -> Result<(), ServeError> {
    let api = Api::new(ApiOptions {
        engine: engine.clone(),
        clock,
        shutdown: shutdown.clone(),
        commands_in_flight_max: options.commands_in_flight_max,
        exports: exports_directory(&options.data),
    });
    let (mut reporter, health) = tonic_health::server::health_reporter();
    for name in SERVICE_NAMES {
        reporter.set_service_status(name, ServingStatus::Serving).await;
    }
    let reflection = tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(backstock_proto::FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        .build_v1()?;
    let router = Router::new(&api, options.request_bytes_max, health, reflection);
    let draining = async {
        shutdown.draining().await;
        for name in SERVICE_NAMES.into_iter().chain([WHOLE_SERVER]) {
            reporter.set_service_status(name, ServingStatus::NotServing).await;
            // Whoever watches is told that, and that no more follows. A watch that
            // stays open would keep the drain from ending.
            reporter.clear_service_status(name).await;
        }
    };
    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
    Server::builder()
        .max_concurrent_streams(STREAMS_PER_CONNECTION_MAX)
        .initial_connection_window_size(WINDOW_BYTES)
        .initial_stream_window_size(WINDOW_BYTES)
        .serve_with_incoming_shutdown(router, incoming, draining)
        .await?;
    Ok(())
}

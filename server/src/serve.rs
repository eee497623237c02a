//! Serving: from a data directory and a listener to a drained end.
//!
//! ```text
//!   open --> serve ---- draining ----> transport closed --> engine shut down --> done
//!                  \--- halted ------> ended with what failed
//!                  \--- cut short ---> ended before it had drained
//! ```

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use backstock_engine::disk::RealDisk;
use backstock_engine::engine::{Engine, OpenError, OpenOptions};
use metrics::gauge;
use tokio::net::TcpListener;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic_health::ServingStatus;

use crate::cli::Exit;
use crate::cli::exit::exit_of_open;
use crate::clock::{Clock, ClockKind};
use crate::config::Config;
use crate::grpc::{Api, Router, SERVICE_NAMES};
use crate::observability::names;
use crate::reference::UsPostalCodes;
use crate::shutdown::Shutdown;

/// Streams of one connection at a time. A connection of a checkout farm carries
/// its peak; the engine's admission is the bound that counts.
const STREAMS_PER_CONNECTION_MAX: u32 = 4_096;

/// Bytes that a connection and a stream may have on the way before they are
/// read: several of the largest batches of orders.
const WINDOW_BYTES: u32 = 4 << 20;

/// How often what the engine knows of itself becomes metrics.
const GAUGES_INTERVAL: Duration = Duration::from_secs(1);

/// How a server serves.
#[derive(Debug, Clone, Copy)]
pub struct ServeOptions {
    /// Bytes of one request.
    pub request_bytes_max: usize,
    /// Commands admitted at once.
    pub commands_in_flight_max: usize,
    /// How long a drain may take.
    pub drain_max: Duration,
    /// What time it is.
    pub clock: ClockKind,
}

impl ServeOptions {
    /// As the configuration says.
    pub fn new(config: &Config, clock: ClockKind) -> Self {
        Self {
            request_bytes_max: config.request_bytes_max,
            commands_in_flight_max: config.commands_in_flight_max,
            drain_max: config.drain_max,
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
    #[error("the engine has stopped: {0}")]
    Halted(String),
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
            Self::Halted(_) => Exit::DiskFailure,
            Self::DrainCut => Exit::DrainCut,
        }
    }
}

/// Opens the engine of a configuration, on the current runtime.
pub async fn open(config: &Config) -> Result<Engine, ServeError> {
    let options = OpenOptions {
        segment_bytes: config.journal_segment_bytes,
        in_flight_max: config.commands_in_flight_max,
        ..OpenOptions::new(&config.data)
    };
    let postal = Arc::new(UsPostalCodes::shared());
    let (engine, recovered) = Engine::open(&options, Arc::new(RealDisk), postal).await?;
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
    let gauges = tokio::spawn(keep_gauges(engine.clone()));
    let served = tokio::select! {
        served = transport(&engine, listener, options, &shutdown) => served,
        cause = engine.halted() => Err(ServeError::Halted(cause)),
        () = shutdown.cut_short(options.drain_max) => Err(ServeError::DrainCut),
    };
    gauges.abort();
    engine.shut_down().await;
    served
}

async fn transport(
    engine: &Engine,
    listener: TcpListener,
    options: ServeOptions,
    shutdown: &Shutdown,
) -> Result<(), ServeError> {
    let clock = Clock::start(options.clock);
    let limit = options.commands_in_flight_max;
    let api = Api::new(engine.clone(), clock, shutdown.clone(), limit);
    let (reporter, health) = tonic_health::server::health_reporter();
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
        reporter.set_service_status("", ServingStatus::NotServing).await;
        for name in SERVICE_NAMES {
            reporter.set_service_status(name, ServingStatus::NotServing).await;
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

/// Turns what the engine knows of itself into metrics, for ever.
async fn keep_gauges(engine: Engine) {
    let mut tick = tokio::time::interval(GAUGES_INTERVAL);
    loop {
        tick.tick().await;
        let status = engine.status();
        // Metrics are floats; what is counted here stays far below 2^52.
        #[expect(clippy::cast_precision_loss, reason = "a metric, and far below 2^52")]
        let set = |name: &'static str, value: u64| gauge!(name).set(value as f64);
        // What is applied is durable; what is durable is applied at once.
        set(names::DURABLE_LSN, status.applied.get());
        set(names::APPLIED_LSN, status.applied.get());
        set(names::COMMANDS_IN_FLIGHT, status.in_flight as u64);
        set(names::PAIRS, status.pairs as u64);
        set(names::ORDERS_IN_MEMORY, status.orders as u64);
    }
}

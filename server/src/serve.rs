//! Serving: from a data directory and a listener to a drained end.
//!
//! ```text
//!   listen --> serve ---------- draining ----> transport closed --> engine shut down --> done
//!                \      |  \--- halted ------> ended with what failed
//!                 \     |   \-- cut short ---> ended before it had drained
//!                  open-+
//! ```
//! The port answers from the start: health says that the server opens, and requests wait
//! for a moment. A shutdown does not wait for what is being opened: until then nothing was
//! taken, and recovery is safe to be cut off, as a crash in it is.

use std::hash::{BuildHasher, RandomState};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use backstock_engine::disk::RealDisk;
use backstock_engine::engine::{Engine, Halt, OpenError, OpenOptions};
use backstock_engine::model::DrawKey;
use tokio::net::TcpListener;
use tonic::transport::Server;

use crate::cli::Exit;
use crate::cli::exit::exit_of_open;
use crate::clock::{Clock, ClockKind};
use crate::config::{Address, Config};
use crate::connections::{Door, Patience, Places};
use crate::grpc::{Api, ApiOptions, Generated, Opening, Router};
use crate::health::Health;
use crate::housekeeping;
pub use crate::housekeeping::SnapshotSchedule;
use crate::reference::UsPostalCodes;
use crate::shutdown::{Phase, Shutdown};
use crate::webhooks::{WebhookOptions, Webhooks};

/// Streams of one connection at a time. A connection of a checkout farm carries
/// its peak; the engine's admission is the bound that counts.
const STREAMS_PER_CONNECTION_MAX: u32 = 4_096;

/// Bytes that a connection and a stream may have on the way before they are
/// read: several of the largest batches of orders.
const WINDOW_BYTES: u32 = 4 << 20;

/// Bytes of the headers of a request. Callers' tokens and traces are some kilobytes; all
/// of it is in memory before anything of the request is looked at.
const HEADER_BYTES_MAX: u32 = 16 << 10;

/// How often a connection is asked whether its peer is there, and how long the answer may
/// take: a connection whose peer went without a word holds a place.
const KEEPALIVE_INTERVAL: Duration = Duration::from_mins(1);
/// See [`KEEPALIVE_INTERVAL`].
const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(20);

/// How long a request waits for a server that opens. Most are open by then, and a
/// caller that started the server, or meets its restart, need not know that it opens.
pub const OPENING_WAIT_MAX: Duration = Duration::from_secs(5);

/// How a server serves.
#[derive(Debug, Clone)]
pub struct ServeOptions {
    /// The engine's data directory. Snapshots that are being sent lie there.
    pub data: PathBuf,
    /// Bytes of one request.
    pub request_bytes_max: usize,
    /// Commands admitted at once.
    pub commands_in_flight_max: usize,
    /// Connections at a time, as far as the limit of open files leaves room for them.
    pub connections_max: usize,
    /// How long a connection may ask for nothing.
    pub connection_idle_max: Duration,
    /// How long a request waits for a server that opens.
    pub opening_wait_max: Duration,
    /// How long a drain may take.
    pub drain_max: Duration,
    /// When snapshots are taken.
    pub snapshots: SnapshotSchedule,
    /// How webhooks are sent.
    pub webhooks: WebhookOptions,
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
            connections_max: config.connections_max,
            connection_idle_max: config.connection_idle_max,
            opening_wait_max: OPENING_WAIT_MAX,
            drain_max: config.drain_max,
            snapshots: SnapshotSchedule {
                interval: config.snapshot_interval,
                journal_bytes: config.snapshot_journal_bytes,
            },
            webhooks: WebhookOptions { policy: config.webhook_policy, ..WebhookOptions::default() },
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
        address: Address,
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

/// The key of this process for draws: what the operating system's chance makes of two numbers.
fn draw_key() -> DrawKey {
    let chance = RandomState::new();
    DrawKey::new([chance.hash_one(0), chance.hash_one(1)])
}

/// Opens the engine of a configuration, on the current runtime.
pub async fn open(config: &Config) -> Result<Engine, ServeError> {
    let options = OpenOptions {
        segment_bytes: config.journal_segment_bytes,
        in_flight_max: config.commands_in_flight_max,
        archive_after: config.archive_after,
        feed_kept_bytes_max: config.feed_kept_bytes_max,
        create: config.create,
        learns: config.learn_suggestions,
        draw_key: draw_key(),
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
pub async fn listen(address: Address) -> Result<TcpListener, ServeError> {
    let bound = async { TcpListener::bind(&*address.resolve().await?).await };
    bound.await.map_err(|source| ServeError::Listen { address, source })
}

/// Serves an engine until `shutdown` drains, and then shuts the engine down.
pub async fn serve(
    engine: Engine,
    listener: TcpListener,
    options: ServeOptions,
    shutdown: Shutdown,
) -> Result<(), ServeError> {
    serve_when_open(async { Ok(engine) }, listener, options, shutdown, || Ok(())).await
}

/// Answers from now on, and serves an engine once it `opens`; that is `announced` then.
/// Ends as [`serve`] does, or when the engine cannot be opened or announced.
pub async fn serve_when_open(
    opens: impl Future<Output = Result<Engine, ServeError>>,
    listener: TcpListener,
    options: ServeOptions,
    shutdown: Shutdown,
    announced: impl FnOnce() -> io::Result<()>,
) -> Result<(), ServeError> {
    let opening = Opening::new(shutdown.clone(), options.opening_wait_max);
    let (health, health_service) = Health::opening().await;
    let server = Serving {
        places: Places::new(options.connections_max),
        options,
        opening: opening.clone(),
        health,
        shutdown: shutdown.clone(),
        webhooks: OnceLock::new(),
    };
    let served = tokio::select! {
        // An engine that is there already is served before any request is read.
        biased;
        failed = server.live(opens, announced) => Err(failed),
        served = server.serve_and_send(listener, health_service) => served,
        () = shutdown.cut_short(server.options.drain_max) => Err(ServeError::DrainCut),
    };
    if let Some(engine) = opening.opened() {
        engine.shut_down().await;
    }
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

/// What the parts of a server share while it serves.
struct Serving {
    options: ServeOptions,
    opening: Opening,
    places: Places,
    health: Health,
    shutdown: Shutdown,
    /// Once the engine is open.
    webhooks: OnceLock<Webhooks>,
}

impl Serving {
    /// Opens the engine and looks after it; answers with why that ended.
    async fn live(
        &self,
        opens: impl Future<Output = Result<Engine, ServeError>>,
        announced: impl FnOnce() -> io::Result<()>,
    ) -> ServeError {
        let engine = match opens.await {
            Ok(engine) => engine,
            Err(error) => return error,
        };
        let Self { options, places, .. } = self;
        let clock = Arc::new(Clock::start(options.clock));
        remove_old_exports(&options.data);
        let (data, snapshots) = (&options.data, options.snapshots);
        // They end with this.
        engine.tell_time(clock.now());
        let _kept = housekeeping::start(&engine, &clock, places, data, snapshots);
        let webhooks = Webhooks::start(&engine, options.webhooks.clone()).await;
        let webhooks = self.webhooks.get_or_init(|| webhooks);
        self.opening.open(&self.api(&engine, clock, webhooks), options.request_bytes_max);
        // A server that drains already must not be sent anything.
        if self.shutdown.phase() == Phase::Running {
            self.health.is_open().await;
            if let Err(error) = announced() {
                return ServeError::Start(Box::new(error));
            }
        }
        tokio::select! {
            halt = engine.halted() => {
                housekeeping::note_halt(Some(&halt));
                ServeError::Halted(halt)
            }
            never = self.health.follow(&engine) => match never {},
        }
    }

    fn api(&self, engine: &Engine, clock: Arc<Clock>, webhooks: &Webhooks) -> Api {
        Api::new(ApiOptions {
            engine: engine.clone(),
            clock,
            shutdown: self.shutdown.clone(),
            commands_in_flight_max: self.options.commands_in_flight_max,
            webhooks: webhooks.clone(),
            exports: exports_directory(&self.options.data),
        })
    }

    /// Lets callers in until the server has drained, and waits for webhooks that are on their way.
    async fn serve_and_send(
        &self,
        listener: TcpListener,
        health: impl Generated + Clone + Send + Sync + 'static,
    ) -> Result<(), ServeError> {
        let drained = async {
            self.shutdown.draining().await;
            if let Some(webhooks) = self.webhooks.get() {
                webhooks.drain().await;
            }
        };
        let served = async {
            let served = self.transport(listener, health).await;
            // A transport that failed ends all.
            if served.is_err() {
                self.shutdown.drain();
            }
            served
        };
        tokio::join!(served, drained).0
    }

    /// Lets callers in until the server has drained.
    async fn transport(
        &self,
        listener: TcpListener,
        health: impl Generated + Clone + Send + Sync + 'static,
    ) -> Result<(), ServeError> {
        let (v1, v1alpha) = (reflection().build_v1()?, reflection().build_v1alpha()?);
        let router = Router::new(self.opening.clone(), health, v1, v1alpha);
        let patience = Patience::Callers {
            shutdown: self.shutdown.clone(),
            idle_max: self.options.connection_idle_max,
            unread_max: self.options.drain_max / 2,
        };
        let connections = Door::new(listener, self.places.clone(), patience).connections();
        let draining = async {
            self.shutdown.draining().await;
            self.health.ends().await;
        };
        Server::builder()
            .max_concurrent_streams(STREAMS_PER_CONNECTION_MAX)
            .initial_connection_window_size(WINDOW_BYTES)
            .initial_stream_window_size(WINDOW_BYTES)
            .http2_max_header_list_size(HEADER_BYTES_MAX)
            .http2_keepalive_interval(Some(KEEPALIVE_INTERVAL))
            .http2_keepalive_timeout(Some(KEEPALIVE_TIMEOUT))
            .serve_with_incoming_shutdown(router, connections, draining)
            .await?;
        Ok(())
    }
}

/// What the services and their messages are, and those of the details of an error.
fn reflection() -> tonic_reflection::server::Builder<'static> {
    tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(backstock_proto::FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_types::pb::FILE_DESCRIPTOR_SET)
}

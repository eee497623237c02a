//! A server in this process, and clients that are connected to it.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use backstock::clock::ClockKind;
use backstock::serve::{
    OPENING_WAIT_MAX, ServeError, ServeOptions, SnapshotSchedule, listen, serve,
};
use backstock::shutdown::Shutdown;
use backstock_engine::engine::Engine;
use tokio::task::JoinHandle;
use tonic::transport::{Channel, Endpoint};

use super::error::LoadError;

/// Bytes on their way in each direction, as the server has it.
const WINDOW_BYTES: u32 = 4 << 20;
/// As the server's default.
const REQUEST_BYTES_MAX: usize = 4 << 20;
/// As the server's default.
const COMMANDS_IN_FLIGHT_MAX: usize = 65_536;

/// A server on a free port of the loopback.
pub struct Loopback {
    endpoint: Endpoint,
    shutdown: Shutdown,
    serving: JoinHandle<Result<(), ServeError>>,
}

impl Loopback {
    /// Starts it over an engine whose data is there.
    pub async fn start(engine: Engine, data: &Path) -> Result<Self, LoadError> {
        let listener = listen(SocketAddr::from(([127, 0, 0, 1], 0)).into()).await?;
        let address = listener
            .local_addr()
            .map_err(|source| LoadError::File { path: "the loopback".into(), source })?;
        let endpoint = Channel::from_shared(format!("http://{address}")).expect("an address");
        let endpoint = endpoint
            .initial_connection_window_size(WINDOW_BYTES)
            .initial_stream_window_size(WINDOW_BYTES)
            .tcp_nodelay(true);
        let options = ServeOptions {
            data: data.to_owned(),
            request_bytes_max: REQUEST_BYTES_MAX,
            commands_in_flight_max: COMMANDS_IN_FLIGHT_MAX,
            connections_max: 1_000,
            connection_idle_max: Duration::from_hours(1),
            opening_wait_max: OPENING_WAIT_MAX,
            drain_max: Duration::from_secs(10),
            snapshots: SnapshotSchedule::default(),
            clock: ClockKind::System,
        };
        let shutdown = Shutdown::default();
        let serving = tokio::spawn(serve(engine, listener, options, shutdown.clone()));
        Ok(Self { endpoint, shutdown, serving })
    }

    /// A connection of its own.
    pub async fn connect(&self) -> Result<Channel, LoadError> {
        Ok(self.endpoint.connect().await?)
    }

    /// Drains it, and shuts the engine down with it.
    pub async fn stop(self) -> Result<(), LoadError> {
        self.shutdown.drain();
        Ok(self.serving.await.expect("no panic")?)
    }
}

//! A server in this process, and clients that are connected to it.

use std::net::SocketAddr;
use std::path::Path;

use backstock::serve::{ServeError, listen, serve};
use backstock::shutdown::Shutdown;
use backstock_engine::engine::Engine;
use tokio::task::JoinHandle;
use tonic::transport::{Channel, Endpoint};

use super::error::LoadError;
use crate::transport::{WINDOW_BYTES, options};

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
        let shutdown = Shutdown::default();
        let serving = tokio::spawn(serve(engine, listener, options(data), shutdown.clone()));
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

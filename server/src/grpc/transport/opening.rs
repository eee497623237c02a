//! From a port that answers to services that do: recovery takes as long as there is
//! data.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use backstock_engine::engine::Engine;
use tokio::sync::watch;
use tonic::Status;

use super::router::Services;
use crate::grpc::{Api, errors};
use crate::shutdown::Shutdown;

/// The services, once there is an engine. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct Opening(Arc<Shared>);

struct Shared {
    opened: OnceLock<Opened>,
    is_open: watch::Sender<bool>,
    shutdown: Shutdown,
    wait_max: Duration,
}

/// What there is once it is open.
struct Opened {
    engine: Engine,
    services: Services,
}

impl Opening {
    /// No engine is there yet. A request that waits for it is refused after
    /// `wait_max`, or when `shutdown` drains.
    pub fn new(shutdown: Shutdown, wait_max: Duration) -> Self {
        let (opened, is_open) = (OnceLock::new(), watch::Sender::new(false));
        Self(Arc::new(Shared { opened, is_open, shutdown, wait_max }))
    }

    /// It is open: `api` takes requests of up to `request_bytes_max` bytes. The first
    /// one stays.
    pub fn open(&self, api: &Api, request_bytes_max: usize) {
        let services = Services::new(api, request_bytes_max);
        self.0.opened.get_or_init(|| Opened { engine: api.engine().clone(), services });
        self.0.is_open.send_replace(true);
    }

    /// The shutdown, which ends every wait for the engine.
    pub(super) fn shutdown(&self) -> &Shutdown {
        &self.0.shutdown
    }

    /// The engine, if it is open.
    pub fn opened(&self) -> Option<&Engine> {
        self.0.opened.get().map(|opened| &opened.engine)
    }

    /// The services, if it is open.
    pub(super) fn services(&self) -> Option<&Services> {
        self.0.opened.get().map(|opened| &opened.services)
    }

    /// The services, if it is open soon enough.
    ///
    /// # Errors
    /// It is not, or the server drains.
    pub(super) async fn soon(&self) -> Result<&Services, Status> {
        tokio::select! {
            opened = self.opened_later() => Ok(&opened.services),
            () = tokio::time::sleep(self.0.wait_max) => Err(errors::opening()),
            () = self.0.shutdown.draining() => Err(errors::closed_before_open()),
        }
    }

    async fn opened_later(&self) -> &Opened {
        loop {
            if let Some(opened) = self.0.opened.get() {
                return opened;
            }
            let mut is_open = self.0.is_open.subscribe();
            // An error would mean that the sender is gone, but `self` holds it.
            let _ = is_open.wait_for(|is_open| *is_open).await;
        }
    }
}

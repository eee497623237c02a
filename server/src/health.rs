//! What health says of the server and of each service.
//!
//! ```text
//!   opening --> open <--> disk full --> draining: no more is said
//!   not serving   |         |            not serving
//!               serving   not serving, but for AdminService, FeedService and WebhookService
//! ```

use std::convert::Infallible;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use backstock_engine::engine::Engine;
use tonic_health::ServingStatus::{self, NotServing, Serving};
use tonic_health::pb::health_server::{Health as HealthService, HealthServer};
use tonic_health::server::HealthReporter;

use crate::grpc::{SERVICE_NAMES, TAKE_NO_COMMANDS};

/// What health calls the server as a whole.
const WHOLE_SERVER: &str = "";

/// How often it is looked whether the disk is full, or has room again: balancers ask
/// every few seconds.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);

/// Says how the server is.
pub(crate) struct Health {
    reporter: HealthReporter,
    /// The last word is spoken.
    has_ended: AtomicBool,
}

impl Health {
    /// The server opens; with the service that tells of it.
    pub(crate) async fn opening() -> (Self, HealthServer<impl HealthService>) {
        let (reporter, service) = tonic_health::server::health_reporter();
        let health = Self { reporter, has_ended: AtomicBool::new(false) };
        health.say(NotServing, |_| true).await;
        (health, service)
    }

    /// The server is open.
    pub(crate) async fn is_open(&self) {
        self.say(Serving, |_| true).await;
    }

    /// Says whether commands are taken, as the disk fills up and gets room again.
    pub(crate) async fn follow(&self, engine: &Engine) -> Infallible {
        let mut was_full = false;
        let mut tick = tokio::time::interval(LOOK_INTERVAL);
        loop {
            tick.tick().await;
            // Callers that heed health send no command that would make the journal look for
            // room.
            let is_full = engine.look_for_room();
            if is_full && engine.give_up_kept().await {
                tracing::warn!("the disk is full: what was kept for consumers of the feed is gone");
            }
            if is_full != was_full {
                was_full = is_full;
                self.takes_commands(!is_full).await;
            }
        }
    }

    async fn takes_commands(&self, taken: bool) {
        let status = if taken {
            tracing::info!("the disk has room again: commands are taken");
            Serving
        } else {
            tracing::error!("the disk has no room for the journal: no command is taken");
            NotServing
        };
        self.say(status, |name| !TAKE_NO_COMMANDS.contains(&name)).await;
    }

    /// The server drains. Callers that watch health are told so, and their watches end:
    /// an open watch would keep the drain from ending.
    pub(crate) async fn ends(&self) {
        self.say(NotServing, |_| true).await;
        self.has_ended.store(true, Ordering::Relaxed);
        for name in names() {
            self.reporter.clone().clear_service_status(name).await;
        }
    }

    async fn say(&self, status: ServingStatus, of: impl Fn(&str) -> bool) {
        for name in names().filter(|name| of(name)) {
            if !self.has_ended.load(Ordering::Relaxed) {
                self.reporter.set_service_status(name, status).await;
            }
        }
    }
}

fn names() -> impl Iterator<Item = &'static str> {
    SERVICE_NAMES.into_iter().chain([WHOLE_SERVER])
}

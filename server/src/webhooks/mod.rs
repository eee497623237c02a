//! Webhooks: the feed, sent to those who cannot read it. By the specification of Standard Webhooks
//! 1.0, with events as `CloudEvents` in JSON.
//!
//! ```text
//!   feed --read--> queue --in order for each order--> attempt --POST--> receiver
//!     ^            bounded                              |
//!     |              ^------- failed: due again --------+ delivered
//!     +-- consumer `webhook:ID`, before the oldest that was not delivered <-- written each second
//! ```
//! | file | what |
//! |---|---|
//! | `queue` | what waits and what may be tried next: pure state |
//! | `delivery` | the task of one endpoint |
//! | `attempt`, `message`, `secret` | one try, what is sent, how it is signed |
//! | `connect`, `target`, `addresses` | where it may be sent |
//! | `schedule`, `limits` | when it is tried again, what bounds it all |
//!
//! - **Invariant, at least once.** What was not delivered is tried until it is, or until a caller says
//!   otherwise. After a crash, what was delivered in the last second is sent again, with the same
//!   `webhook-id`: receivers know by it that they have it.

mod addresses;
mod attempt;
mod connect;
mod delivery;
pub mod limits;
mod message;
mod queue;
mod schedule;
pub mod secret;
mod target;

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use backstock_engine::engine::{Engine, EngineError};
use backstock_engine::feed::endpoints::{
    Endpoint, EndpointState, Progress, consumer_of, not_found,
};
use backstock_engine::model::{EndpointId, Lsn, Refusal, Timestamp};
use tokio::sync::{Mutex, Semaphore, watch};
use tokio::task::JoinHandle;

use self::attempt::{Outcome, attempt};
pub(crate) use self::connect::{Sender, sender};
use self::delivery::Delivery;
pub use self::schedule::Schedule;
pub use self::target::BadUrl;
use crate::observability::names;

/// Tests of endpoints at a time.
const TESTS_MAX: usize = 4;

/// Where requests may be sent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct WebhookPolicy {
    /// Whether a URL may be http.
    pub allow_http: bool,
    /// Whether addresses of private networks and of this machine are connected to.
    pub allow_private_addresses: bool,
}

/// How webhooks are sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookOptions {
    /// Where.
    pub policy: WebhookPolicy,
    /// When a delivery that failed is tried again.
    pub schedule: Schedule,
    /// How long one try may take.
    pub attempt_max: Duration,
}

impl Default for WebhookOptions {
    fn default() -> Self {
        let (policy, schedule) = (WebhookPolicy::default(), Schedule::default());
        Self { policy, schedule, attempt_max: limits::ATTEMPT_MAX }
    }
}

/// How a delivery is to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stop {
    /// Not yet.
    No,
    /// Once the tries that began have ended: the server drains.
    WhenTried,
    /// At once: the endpoint changes.
    Now,
}

/// A delivery that runs, or has ended by itself.
struct Running {
    stop: watch::Sender<Stop>,
    ended: JoinHandle<()>,
}

/// What deliveries share.
struct Shared {
    engine: Engine,
    options: WebhookOptions,
    /// None where the system has no certificates of authorities.
    sender: io::Result<Sender>,
    /// One change at a time; none once the server drains.
    running: Mutex<Option<BTreeMap<EndpointId, Running>>>,
    tests: Semaphore,
}

/// Sends the feed to endpoints. Cheap to clone.
#[derive(Clone)]
pub struct Webhooks(Arc<Shared>);

/// Why an endpoint could not be tested.
#[derive(Debug)]
pub enum TestFailed {
    /// The engine's answer.
    Engine(EngineError),
    /// As many tests as may be are running.
    Busy,
}

/// What came of a test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tested {
    /// Whether the receiver took the message.
    pub is_delivered: bool,
    /// The HTTP status of its answer; 0 if there was none.
    pub status: u16,
    /// Why it was not delivered; empty if it was.
    pub why: String,
}

impl Webhooks {
    /// Sends to the endpoints that there are.
    pub async fn start(engine: &Engine, options: WebhookOptions) -> Self {
        // Dashboards see the 0 that they begin with.
        for outcome in ["delivered", "failed", "gone"] {
            metrics::counter!(names::WEBHOOK_ATTEMPTS, "outcome" => outcome).increment(0);
        }
        let sender = sender(options.policy);
        if let Err(error) = &sender {
            tracing::warn!(%error, "no certificates of authorities: no webhook can be sent");
        }
        let (engine, tests) = (engine.clone(), Semaphore::new(TESTS_MAX));
        let running = Mutex::new(Some(BTreeMap::new()));
        let webhooks = Self(Arc::new(Shared { engine, options, sender, running, tests }));
        let endpoints = webhooks.0.engine.endpoints().all();
        if let Some(running) = &mut *webhooks.0.running.lock().await {
            for (id, endpoint) in &*endpoints {
                webhooks.run(running, id, endpoint.clone());
            }
        }
        webhooks
    }

    /// Checks a URL that an endpoint is to have.
    ///
    /// # Errors
    /// See [`BadUrl`].
    pub fn check_url(&self, url: &str) -> Result<(), BadUrl> {
        target::target(url, self.0.options.policy).map(drop)
    }

    /// Changes an endpoint; one that is new is made of nothing if `allow_missing` says so, and is sent
    /// what comes from now on.
    ///
    /// # Errors
    /// An unknown endpoint, what `change` refuses, an endpoint or a consumer too many, what the disk
    /// answers.
    pub async fn put(
        &self,
        id: EndpointId,
        allow_missing: bool,
        change: impl FnOnce(Option<Endpoint>) -> Result<Endpoint, Refusal> + Send + 'static,
    ) -> Result<Endpoint, EngineError> {
        self.changing(id, move |engine, id| {
            if engine.endpoints().get(id).is_ok() {
                return engine.endpoints().put(id, change);
            }
            if !allow_missing {
                return Err(not_found(id).into());
            }
            // From now on, also where an earlier endpoint of the id left its consumer.
            let newest = Some(engine.version());
            let consumer = engine.put_consumer(&consumer_of(id), (newest, true), now())?;
            let looked_through = consumer.position.acknowledged;
            let progress = Progress { looked_through, ..Progress::default() };
            let made = |_| change(None).map(|endpoint| Endpoint { progress, ..endpoint });
            engine.endpoints().put(id, made).inspect_err(|_| {
                // Nothing is kept for an endpoint that there is not.
                let _ = engine.delete_consumer(&consumer_of(id));
            })
        })
        .await
    }

    /// Has an endpoint sent to again, from where it stood, or from a version on.
    ///
    /// # Errors
    /// An unknown endpoint, a version that is not there or is not kept any more, what the disk
    /// answers.
    pub async fn resume(&self, id: EndpointId, from: Option<Lsn>) -> Result<Endpoint, EngineError> {
        self.changing(id, move |engine, id| {
            engine.endpoints().get(id)?;
            let before = from.map(|from| from.max(Lsn::FIRST).previous());
            engine.put_consumer(&consumer_of(id), (before, true), now())?;
            engine.endpoints().put(id, |endpoint| {
                let endpoint = endpoint.ok_or_else(|| not_found(id))?;
                let progress = before.map_or_else(
                    || afresh(&endpoint.progress),
                    |looked_through| Progress { looked_through, ..Progress::default() },
                );
                Ok(Endpoint { progress, state: EndpointState::Active, ..endpoint })
            })
        })
        .await
    }

    /// Forgets an endpoint.
    ///
    /// # Errors
    /// An unknown endpoint, and what the disk answers.
    pub async fn delete(&self, id: EndpointId) -> Result<(), EngineError> {
        self.changing(id, |engine, id| {
            engine.endpoints().delete(id)?;
            match engine.delete_consumer(&consumer_of(id)) {
                Err(EngineError::Refused(Refusal::ConsumerNotFound { .. })) => Ok(()),
                deleted => deleted,
            }
        })
        .await
    }

    /// Sends a message that is no event, once.
    ///
    /// # Errors
    /// An unknown endpoint, and too many tests at a time.
    pub async fn test(&self, id: &EndpointId) -> Result<Tested, TestFailed> {
        let endpoint = self.0.engine.endpoints().get(id).map_err(TestFailed::Engine)?;
        let _place = self.0.tests.try_acquire().map_err(|_| TestFailed::Busy)?;
        let body = message::test_body(now());
        let message_id = message::message_id(&endpoint, format_args!("test_{}", now().as_micros()));
        let tried = self.0.try_once(&endpoint, (&message_id, &body)).await;
        Ok(match tried {
            Outcome::Delivered(status) => Tested { is_delivered: true, status, why: String::new() },
            Outcome::Gone => {
                Tested { is_delivered: false, status: 410, why: "the receiver is gone".into() }
            }
            Outcome::Failed { status, why, .. } => Tested { is_delivered: false, status, why },
        })
    }

    /// Ends: tries that began are waited for, and nothing is sent after that.
    pub async fn drain(&self) {
        let Some(running) = self.0.running.lock().await.take() else { return };
        for of in running.values() {
            of.stop.send_replace(Stop::WhenTried);
        }
        for (_, of) in running {
            // A task that panicked is told of by the runtime.
            let _ = of.ended.await;
        }
    }

    /// Stops the delivery of an endpoint, changes it, and goes on by what it is then. All of it, also
    /// if the caller does not wait for it.
    async fn changing<T: Send + 'static>(
        &self,
        id: EndpointId,
        change: impl FnOnce(&Engine, &EndpointId) -> Result<T, EngineError> + Send + 'static,
    ) -> Result<T, EngineError> {
        let webhooks = self.clone();
        let changing = tokio::spawn(async move {
            let mut running = webhooks.0.running.lock().await;
            let running = running.as_mut().ok_or(EngineError::Closing)?;
            if let Some(of) = running.remove(&id) {
                of.stop.send_replace(Stop::Now);
                // A task that panicked is told of by the runtime.
                let _ = of.ended.await;
            }
            let (engine, of) = (webhooks.0.engine.clone(), id.clone());
            let changed = tokio::task::spawn_blocking(move || change(&engine, &of)).await;
            let changed = changed.map_err(|_| EngineError::Closing)?;
            if let Ok(endpoint) = webhooks.0.engine.endpoints().get(&id) {
                webhooks.run(running, &id, endpoint);
            }
            changed
        });
        // The runtime ends.
        changing.await.map_err(|_| EngineError::Closing)?
    }

    /// Begins to send to an endpoint, if it is to be sent anything.
    fn run(
        &self,
        running: &mut BTreeMap<EndpointId, Running>,
        id: &EndpointId,
        endpoint: Endpoint,
    ) {
        if endpoint.state != EndpointState::Active {
            return;
        }
        let (stop, stopped) = watch::channel(Stop::No);
        let delivery = Delivery::new(Arc::clone(&self.0), id.clone(), endpoint);
        let ended = tokio::spawn(delivery.run(stopped));
        running.insert(id.clone(), Running { stop, ended });
    }
}

impl Shared {
    /// Tries to deliver one message.
    async fn try_once(&self, endpoint: &Endpoint, message: (&str, &bytes::Bytes)) -> Outcome {
        let no_try = |why: String| Outcome::Failed { status: 0, why, retry_after: None };
        let sender = match &self.sender {
            Ok(sender) => sender,
            Err(error) => return no_try(format!("no certificates of authorities: {error}")),
        };
        match target::target(&endpoint.url, self.options.policy) {
            Ok(target) => {
                let request = message::request(&target, endpoint, message, now());
                attempt(sender, request, self.options.attempt_max).await
            }
            Err(error) => no_try(format!("the URL {error}")),
        }
    }
}

/// What is left of what was looked through, due now, with all tries before it.
fn afresh(progress: &Progress) -> Progress {
    let mut progress = progress.clone();
    for of in &mut progress.undelivered {
        (of.failures, of.due) = (0, Timestamp::from_micros(0));
    }
    progress
}

/// What time it is in the world: receivers look whether a message is old. A server that replays the
/// past sends now.
pub(crate) fn now() -> Timestamp {
    Timestamp::from_micros(jiff::Timestamp::now().as_microsecond())
}

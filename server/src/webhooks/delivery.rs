//! The task that sends to one endpoint.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use backstock_engine::engine::{EngineError, Feed, Filter, SubjectFilter, Told};
use backstock_engine::feed::endpoints::{Endpoint, EndpointState, Failure, Progress, consumer_of};
use backstock_engine::model::{EndpointId, Lsn};
use bytes::Bytes;
use metrics::counter;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};

use super::attempt::Outcome;
use super::limits::{PAUSE_DEFAULT, PAUSE_MAX, REST, RETRY_AFTER_MAX, SAVE_INTERVAL};
use super::message::{body, message_id};
use super::queue::{Queue, after};
use super::{Shared, Stop, now};
use crate::observability::names;

/// HTTP's word for being asked too often.
const TOO_MANY_REQUESTS: u16 = 429;

/// What was read of the feed, and the place behind it.
type Read = Result<(Feed, Vec<Told>), EngineError>;

/// Sends to one endpoint until it is told to stop, or the endpoint is parked.
pub(super) struct Delivery {
    shared: Arc<Shared>,
    id: EndpointId,
    endpoint: Arc<Endpoint>,
    filter: Arc<Filter>,
    queue: Queue,
    /// What was read and has no room yet, and the place behind it.
    read: VecDeque<Told>,
    feed: Option<Feed>,
    reading: Option<Pin<Box<dyn Future<Output = Read> + Send>>>,
    trying: JoinSet<(Lsn, Outcome)>,
    /// What is written of it.
    saved: Saved,
    last_failure: Option<Failure>,
}

/// What is written of how far it is, and when it is looked at again.
struct Saved {
    progress: Progress,
    failure: Option<Failure>,
    next: Instant,
}

/// What came of writing how far it is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Written {
    /// It is written.
    Current,
    /// A caller changed the endpoint: what is sent to the earlier one has no say any more.
    Overtaken,
    /// The disk refused.
    Not,
}

impl Delivery {
    pub(super) fn new(shared: Arc<Shared>, id: EndpointId, endpoint: Endpoint) -> Self {
        let subjects = endpoint.subjects.iter().map(SubjectFilter::new).collect();
        let filter = Arc::new(Filter { names: endpoint.names.clone(), subjects });
        let saved = Saved {
            progress: endpoint.progress.clone(),
            failure: endpoint.last_failure.clone(),
            next: Instant::now() + SAVE_INTERVAL,
        };
        Self {
            shared,
            id,
            filter,
            queue: Queue::new(&endpoint.progress),
            read: VecDeque::new(),
            feed: None,
            reading: None,
            trying: JoinSet::new(),
            saved,
            last_failure: endpoint.last_failure.clone(),
            endpoint: Arc::new(endpoint),
        }
    }

    /// Sends, until there is a reason not to. Then it is written how far it came, and why it ended.
    pub(super) async fn run(mut self, mut stop: watch::Receiver<Stop>) {
        let mut state = self.send(&mut stop).await;
        if *stop.borrow() != Stop::Now {
            while let Some(tried) = self.trying.join_next().await {
                let ended = self.note(tried.ok());
                // The first reason to send no more is the one that is told.
                if state == EndpointState::Active {
                    state = ended.unwrap_or(state);
                }
            }
        }
        self.trying.abort_all();
        while self.save(state).await == Written::Not && state != EndpointState::Active {
            tokio::select! {
                biased;
                _ = stop.wait_for(|stop| *stop != Stop::No) => return,
                () = sleep_until(self.saved.next) => {}
            }
        }
    }

    /// What the endpoint is when this ends.
    async fn send(&mut self, stop: &mut watch::Receiver<Stop>) -> EndpointState {
        match self.shared.engine.feed_of(&consumer_of(&self.id)).await {
            Ok(feed) => self.feed = Some(feed),
            Err(error) => return self.unread(&error),
        }
        loop {
            self.take_in();
            self.begin();
            if self.saved.next <= Instant::now()
                && self.save(EndpointState::Active).await == Written::Overtaken
            {
                return EndpointState::Active;
            }
            let wakes = self.wakes();
            let ends = tokio::select! {
                biased;
                _ = stop.wait_for(|stop| *stop != Stop::No) => Some(EndpointState::Active),
                Some(tried) = self.trying.join_next() => self.note(tried.ok()),
                read = reading(&mut self.reading) => self.note_read(read),
                () = sleep_until(wakes) => None,
            };
            if let Some(state) = ends {
                return state;
            }
        }
    }

    /// Puts what was read in the queue, as far as there is room, and has more read once all of it is.
    fn take_in(&mut self) {
        while let Some(told) = self.read.front() {
            let version = told.version;
            if !self.queue.wants(version) {
                self.read.pop_front();
                continue;
            }
            if !self.queue.has_room_for(version) {
                return;
            }
            if let Some(told) = self.read.pop_front() {
                let subjects = told.subjects.clone();
                self.queue.push(version, &subjects, body(told));
            }
        }
        if let Some(feed) = self.feed.take() {
            self.queue.passed(feed.next().previous());
            let (shared, filter) = (Arc::clone(&self.shared), Arc::clone(&self.filter));
            self.reading = Some(Box::pin(read_next(shared, feed, filter)));
        }
    }

    /// Begins the tries that are due.
    fn begin(&mut self) {
        while let Some((version, body)) = self.queue.start(now()) {
            let (shared, endpoint) = (Arc::clone(&self.shared), Arc::clone(&self.endpoint));
            self.trying
                .spawn(async move { (version, tried(&shared, &endpoint, version, body).await) });
        }
    }

    /// When there is something to do though nothing happens.
    fn wakes(&self) -> Instant {
        let due = self.queue.next_due().map(|due| Instant::now() + due.since(now()));
        due.map_or(self.saved.next, |due| due.min(self.saved.next))
    }

    fn note_read(&mut self, read: Read) -> Option<EndpointState> {
        self.reading = None;
        match read {
            Ok((feed, told)) => {
                self.feed = Some(feed);
                self.read = told.into();
                None
            }
            Err(error) => Some(self.unread(&error)),
        }
    }

    /// The feed cannot be read. What was read is not lost: a caller says from where to go on.
    fn unread(&mut self, error: &EngineError) -> EndpointState {
        match error {
            EngineError::VersionDropped { .. }
            | EngineError::JournalUnreadable(_)
            | EngineError::Refused(_) => {
                let version = self.queue.progress().delivered().next();
                self.fail(version, 0, error.to_string());
                self.park()
            }
            // The engine ends.
            _ => EndpointState::Active,
        }
    }

    /// Notes what came of a try. A state, if the endpoint is not sent to any more.
    fn note(&mut self, tried: Option<(Lsn, Outcome)>) -> Option<EndpointState> {
        // A try that panicked is told of by the runtime, and made again after the next start.
        let (version, outcome) = tried?;
        counter!(names::WEBHOOK_ATTEMPTS, "outcome" => word(&outcome)).increment(1);
        match outcome {
            Outcome::Delivered(_) => {
                self.queue.delivered(version);
                None
            }
            Outcome::Gone => {
                self.fail(version, 410, "the receiver is gone".into());
                tracing::warn!(endpoint = %self.id, "the receiver is gone: nothing is sent to it");
                Some(EndpointState::Gone)
            }
            Outcome::Failed { status, why, retry_after } => {
                self.fail(version, status, why);
                self.put_off(version, status, retry_after)
            }
        }
    }

    /// Has an event that failed tried again, if there is a next try.
    fn put_off(
        &mut self,
        version: Lsn,
        status: u16,
        retry_after: Option<Duration>,
    ) -> Option<EndpointState> {
        let failures = self.queue.failed(version);
        let Some(pause) = self.shared.options.schedule.after(failures) else {
            return Some(self.park());
        };
        let wanted = retry_after.unwrap_or_default().min(RETRY_AFTER_MAX);
        let now = now();
        self.queue.try_again(version, after(now, pause.max(wanted)));
        if status == TOO_MANY_REQUESTS {
            let pause = retry_after.unwrap_or(PAUSE_DEFAULT).min(PAUSE_MAX);
            self.queue.pause(now, pause);
        }
        None
    }

    fn park(&self) -> EndpointState {
        let why = self.last_failure.as_ref().map(|failure| &*failure.why);
        tracing::warn!(endpoint = %self.id, why, "an endpoint is parked: nothing is sent to it until \
            it is resumed");
        EndpointState::Parked
    }

    fn fail(&mut self, version: Lsn, status: u16, why: String) {
        tracing::debug!(endpoint = %self.id, %version, status, why, "an event was not delivered");
        self.last_failure = Some(Failure { at: now(), version, status, why });
    }

    /// Writes how far it came.
    async fn save(&mut self, state: EndpointState) -> Written {
        self.saved.next = Instant::now() + SAVE_INTERVAL;
        let (progress, failure) = (self.queue.progress(), self.last_failure.clone());
        let is_saved = progress == self.saved.progress && failure == self.saved.failure;
        if is_saved && state == EndpointState::Active {
            return Written::Current;
        }
        let written = self.write(progress.clone(), failure.clone(), state).await;
        match written {
            Ok(is_current) => {
                (self.saved.progress, self.saved.failure) = (progress, failure);
                if is_current { Written::Current } else { Written::Overtaken }
            }
            Err(error) => {
                tracing::warn!(endpoint = %self.id, %error, "it was not written what was delivered");
                Written::Not
            }
        }
    }

    /// First what is left, and then that nothing before it is needed.
    async fn write(
        &mut self,
        progress: Progress,
        failure: Option<Failure>,
        state: EndpointState,
    ) -> Result<bool, EngineError> {
        let (shared, id) = (Arc::clone(&self.shared), self.id.clone());
        let revision = self.endpoint.revision;
        let writing = tokio::task::spawn_blocking(move || {
            let engine = &shared.engine;
            let up_to = progress.delivered();
            let is_current = engine.endpoints().note(&id, revision, |endpoint| {
                endpoint.progress = progress;
                endpoint.last_failure = failure;
                endpoint.state = state;
            })?;
            if is_current {
                match engine.acknowledge(&consumer_of(&id), up_to, now()) {
                    // It is parked when it reads again.
                    Ok(_) | Err(EngineError::Refused(_)) => {}
                    Err(error) => return Err(error),
                }
            }
            Ok(is_current)
        });
        writing.await.map_err(|_| EngineError::Closing)?
    }
}

/// What is read next, if anything is being read.
async fn reading(reading: &mut Option<Pin<Box<dyn Future<Output = Read> + Send>>>) -> Read {
    match reading {
        Some(reading) => reading.await,
        None => std::future::pending().await,
    }
}

/// Waits for events behind a place, and reads them.
async fn read_next(shared: Arc<Shared>, feed: Feed, filter: Arc<Filter>) -> Read {
    let engine = &shared.engine;
    if feed.next() > engine.version() {
        engine.newer_than(feed.next().previous()).await?;
        sleep(REST).await;
    }
    engine.read_feed(feed, filter).await
}

/// Tries once to deliver an event.
async fn tried(shared: &Shared, endpoint: &Endpoint, version: Lsn, body: Bytes) -> Outcome {
    shared.try_once(endpoint, (&message_id(endpoint, version), &body)).await
}

/// An outcome for metrics.
const fn word(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Delivered(_) => "delivered",
        Outcome::Gone => "gone",
        Outcome::Failed { .. } => "failed",
    }
}

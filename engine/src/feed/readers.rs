//! Those who read the feed: where they begin, and how far they have come.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use super::consumers::Consumers;
use super::endpoints::Endpoints;
use super::filter::Filter;
use super::position::Position;
use super::reader::{Feed, Told};
use super::retention::Retention;
use super::threads::Threads;
use super::times::Times;
use crate::command::AnyEvent;
use crate::journal::History;
use crate::model::{ConsumerId, Lsn, Record, Timestamp};
use crate::transaction::error::EngineError;
use crate::transaction::kernel::Kernel;

/// A consumer of the feed, and how far it is behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consumer {
    /// Its id.
    pub id: ConsumerId,
    /// How far it has come.
    pub position: Position,
    /// Events that it did not acknowledge.
    pub events_behind: u64,
    /// How long ago the first of them came about, or a little less than a second longer; of those
    /// that are kept, if it is parked.
    pub behind: Duration,
    /// Whether the event that it would read next is not kept any more.
    pub is_parked: bool,
}

/// Those who read the feed of an engine.
pub struct Readers {
    kernel: Arc<Kernel>,
    history: Arc<dyn History>,
    consumers: Arc<Consumers>,
    endpoints: Endpoints,
    retention: Arc<Retention>,
    times: Arc<Times>,
    threads: Threads,
}

impl Readers {
    /// Those of an engine that nothing runs yet.
    pub fn new(
        kernel: &Arc<Kernel>,
        history: Arc<dyn History>,
        (consumers, endpoints): (Arc<Consumers>, Endpoints),
        retention: Retention,
    ) -> Self {
        let (kernel, retention) = (Arc::clone(kernel), Arc::new(retention));
        let (times, threads) = (Arc::default(), Threads::default());
        Self { kernel, history, consumers, endpoints, retention, times, threads }
    }

    /// Those whom the feed is sent to.
    pub const fn endpoints(&self) -> &Endpoints {
        &self.endpoints
    }

    /// What is kept for them.
    pub const fn retention(&self) -> &Arc<Retention> {
        &self.retention
    }

    /// What comes next comes about now, or later.
    pub fn tell_time(&self, now: Timestamp) {
        self.times.note(self.kernel.watermark.applied().next(), now);
    }

    /// A place before the event of a version that is there, or is the next one.
    ///
    /// # Errors
    /// [`EngineError::VersionDropped`].
    pub fn at(&self, from: Lsn) -> Result<Feed, EngineError> {
        self.refuse_dropped(from)?;
        let (kernel, times) = (Arc::clone(&self.kernel), Arc::clone(&self.times));
        Ok(Feed::new(kernel, self.history.cursor(from), times))
    }

    /// Reads what follows a place, on a thread that may wait for the disk and makes way for orders.
    ///
    /// # Errors
    /// As [`Feed::read`].
    pub async fn read(
        &self,
        feed: Feed,
        filter: Arc<Filter>,
    ) -> Result<(Feed, Vec<Told>), EngineError> {
        self.threads.read(feed, filter).await
    }

    /// How far a consumer has come.
    ///
    /// # Errors
    /// [`Refusal::ConsumerNotFound`](crate::model::Refusal::ConsumerNotFound).
    pub fn position(&self, id: &ConsumerId) -> Result<Position, EngineError> {
        Ok(self.consumers.get(id)?)
    }

    /// Moves a consumer forward, to a version that is there.
    ///
    /// # Errors
    /// [`EngineError::VersionAhead`], an unknown consumer, what the disk answers.
    pub fn acknowledge(
        &self,
        id: &ConsumerId,
        version: Lsn,
        now: Timestamp,
    ) -> Result<Position, EngineError> {
        self.refuse_ahead(version)?;
        self.consumers.acknowledge(id, version, now)
    }

    /// Puts a consumer behind a version: forward or back, or a new one if `create` says so. Where
    /// no version is named, one that is there stays, and a new one stands behind the newest.
    ///
    /// # Errors
    /// [`EngineError::VersionAhead`], [`EngineError::VersionDropped`], an unknown consumer, one too
    /// many, what the disk answers.
    pub fn seek(
        &self,
        id: &ConsumerId,
        (version, create): (Option<Lsn>, bool),
        now: Timestamp,
    ) -> Result<Position, EngineError> {
        let version = match (version, self.consumers.get(id)) {
            (Some(version), _) => version,
            (None, Ok(position)) => return Ok(position),
            (None, Err(_)) => self.kernel.watermark.applied(),
        };
        self.refuse_ahead(version)?;
        self.refuse_dropped(version.next())?;
        self.consumers.seek(id, (version, create), now)
    }

    /// Forgets a consumer.
    ///
    /// # Errors
    /// An unknown consumer, what the disk answers.
    pub fn delete(&self, id: &ConsumerId) -> Result<(), EngineError> {
        self.consumers.delete(id)
    }

    /// All consumers, by id, and how far they are behind at `now`.
    pub fn all(&self, now: Timestamp) -> Vec<Consumer> {
        let positions = self.consumers.all();
        positions.iter().map(|(id, position)| self.consumer(id, *position, now)).collect()
    }

    /// A consumer that stands at a position, and how far it is behind at `now`.
    pub fn consumer(&self, id: &ConsumerId, position: Position, now: Timestamp) -> Consumer {
        let newest = self.kernel.watermark.applied();
        let events_behind = newest.get().saturating_sub(position.acknowledged.get());
        let since = (events_behind > 0).then(|| self.time_of(position.acknowledged.next()));
        let behind =
            since.flatten().map_or(0, |since| now.as_micros().saturating_sub(since.as_micros()));
        Consumer {
            id: id.clone(),
            position,
            events_behind,
            behind: Duration::from_micros(u64::try_from(behind).unwrap_or(0)),
            is_parked: position.is_parked(self.history.first()),
        }
    }

    /// When a version came about, or the first after it that is kept. It is read where nothing
    /// is known of the time before it.
    fn time_of(&self, version: Lsn) -> Option<Timestamp> {
        let version = version.max(self.history.first());
        let known = self.times.of(version);
        if known.is_some() {
            return known;
        }
        let mut found = None;
        let read = self.history.cursor(version).read(&mut |lsn, payload| {
            let record: Result<Record<AnyEvent>, _> = minicbor::decode(payload);
            found = record.ok().map(|record| (lsn, record.at));
            ControlFlow::Break(())
        });
        let (lsn, at) = read.ok().and(found)?;
        self.times.note(lsn, at);
        Some(at)
    }

    fn refuse_dropped(&self, from: Lsn) -> Result<(), EngineError> {
        let first = self.history.first();
        if from < first {
            return Err(EngineError::VersionDropped { wanted: from, first });
        }
        Ok(())
    }

    fn refuse_ahead(&self, version: Lsn) -> Result<(), EngineError> {
        let newest = self.kernel.watermark.applied();
        if version > newest {
            return Err(EngineError::VersionAhead { wanted: version, newest });
        }
        Ok(())
    }
}

//! The feed of the engine.

use std::sync::Arc;

use super::{Consumer, Engine, EngineError, Feed, Filter, Told};
use crate::feed::endpoints::Endpoints;
use crate::model::{ConsumerId, Lsn, Timestamp};

/// The feed. What acknowledges, seeks, deletes and lists blocks its thread.
impl Engine {
    /// A place in the feed before the event of version `from`, 0 standing for 1: the first one
    /// there was. Waits for the event before it, if that is on its way.
    ///
    /// # Errors
    /// [`EngineError::VersionAhead`] where that event is not there, and
    /// [`EngineError::VersionDropped`] where `from` is not kept any more.
    pub async fn feed(&self, from: Lsn) -> Result<Feed, EngineError> {
        let from = from.max(Lsn::FIRST);
        self.at_least(from.previous()).await?;
        self.readers.at(from)
    }

    /// The place in the feed behind what a consumer acknowledged.
    ///
    /// # Errors
    /// As [`feed`](Self::feed), and an unknown consumer.
    pub async fn feed_of(&self, consumer: &ConsumerId) -> Result<Feed, EngineError> {
        let position = self.readers.position(consumer)?;
        self.feed(position.acknowledged.next()).await
    }

    /// Reads what follows a place in the feed, on a thread that may wait for the disk and makes way
    /// for orders.
    ///
    /// # Errors
    /// As [`Feed::read`].
    pub async fn read_feed(
        &self,
        feed: Feed,
        filter: Arc<Filter>,
    ) -> Result<(Feed, Vec<Told>), EngineError> {
        self.readers.read(feed, filter).await
    }

    /// Says that a consumer has done its work up to a version. One that had before stays where
    /// it is. Answered once it is on stable storage.
    ///
    /// # Errors
    /// An unknown consumer, [`EngineError::VersionAhead`], [`EngineError::DiskFull`] and
    /// [`EngineError::ConsumersUnwritable`].
    pub fn acknowledge(
        &self,
        consumer: &ConsumerId,
        version: Lsn,
        now: Timestamp,
    ) -> Result<Consumer, EngineError> {
        let position = self.readers.acknowledge(consumer, version, now)?;
        Ok(self.readers.consumer(consumer, position, now))
    }

    /// Puts a consumer behind a version, wherever it was, or, if `create` says so, a new one.
    /// Without a version, one that is there stays, and a new one stands behind the newest.
    ///
    /// # Errors
    /// As [`acknowledge`](Self::acknowledge), [`EngineError::VersionDropped`], and one consumer too
    /// many.
    pub fn put_consumer(
        &self,
        consumer: &ConsumerId,
        (version, create): (Option<Lsn>, bool),
        now: Timestamp,
    ) -> Result<Consumer, EngineError> {
        let position = self.readers.seek(consumer, (version, create), now)?;
        Ok(self.readers.consumer(consumer, position, now))
    }

    /// Forgets a consumer: nothing is kept for it any more.
    ///
    /// # Errors
    /// An unknown consumer, and what the disk answers.
    pub fn delete_consumer(&self, consumer: &ConsumerId) -> Result<(), EngineError> {
        self.readers.delete(consumer)
    }

    /// All consumers of the feed, by id, and how far they are behind.
    pub fn consumers(&self, now: Timestamp) -> Vec<Consumer> {
        self.readers.all(now)
    }

    /// Those whom the feed is sent to. What changes them blocks its thread.
    pub fn endpoints(&self) -> &Endpoints {
        self.readers.endpoints()
    }

    /// The first version that the feed has.
    pub fn first_kept(&self) -> Lsn {
        self.history.first()
    }

    /// Gives up what of the journal is kept for consumers alone, who are parked then: the disk
    /// is full. Whether there was any.
    pub async fn give_up_kept(&self) -> bool {
        let readers = Arc::clone(&self.readers);
        let given = tokio::task::spawn_blocking(move || readers.retention().give_up());
        match given.await {
            Ok(Ok(was_any)) => was_any,
            Ok(Err(error)) => {
                tracing::warn!(%error, "the journal was not cut");
                false
            }
            // The runtime ends.
            Err(_) => false,
        }
    }
}

//! `Read`: events from a version on, as fast as they are read.
//!
//! ```text
//!   version moved --> a few hundred records --> told --> room in bytes --> transport --> reader
//!      ^              on a thread that may      by callers' ids                            |
//!      |              wait for the disk                                                    |
//!      +------------------------- there is room again <------------------------------------+
//! ```
//! What a reader has not read is in the journal, and not here.

use std::sync::Arc;

use backstock_engine::engine::{EngineError, Feed, Filter, Told};
use backstock_engine::model::Lsn;
use backstock_proto::v1;
use prost::Message as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep_until, timeout_at};
use tonic::{Request, Status};

use super::event::event;
use super::wanted::{self, From};
use crate::grpc::limits::{FEED_PROGRESS, FEED_RESPONSE_BYTES, FEED_REST, FEEDS_MAX};
use crate::grpc::transport::streams::{self, Answering, Answers, Gone};
use crate::grpc::{Api, errors, plain};
use crate::status::Violations;

type Response = v1::ReadResponse;

/// Readers of the feed that may come yet.
pub(in crate::grpc) struct Feeds(Arc<Semaphore>);

impl Default for Feeds {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(FEEDS_MAX)))
    }
}

/// One reader.
struct Reading {
    api: Api,
    filter: Arc<Filter>,
    follows: bool,
    /// What the reader was told that he has: all up to this version.
    told: Lsn,
    told_at: Instant,
    _place: OwnedSemaphorePermit,
}

/// Why a stream ends.
enum End {
    Gone,
    Failed(Status),
}

/// Begins to read, if there is a place.
pub(super) async fn start(
    api: &Api,
    request: Request<v1::ReadRequest>,
) -> Result<Answers<Response>, Status> {
    let (_, extensions, message) = request.into_parts();
    let v1::ReadRequest { from_version, follow, types, subjects, consumer_id } = message;
    let mut found = Violations::default();
    let filter = wanted::filter(&mut found, "", &types, subjects);
    let from = wanted::from(&mut found, from_version, &consumer_id);
    let (filter, from) = found.converted(filter.zip(from))?;
    let place = Arc::clone(&api.0.feeds.0).try_acquire_owned();
    let place = place.map_err(|_| errors::too_many_feeds())?;
    let feed = match from {
        From::Version(version) => api.engine().feed(version).await,
        From::Consumer(id) => api.engine().feed_of(&id).await,
    };
    let feed = feed.map_err(plain)?;
    let (answering, answers) = streams::answers(&extensions, &api.0.streams.read);
    let reading = Reading {
        api: api.clone(),
        filter: Arc::new(filter),
        follows: follow,
        told: feed.next().previous(),
        told_at: Instant::now(),
        _place: place,
    };
    tokio::spawn(reading.run(feed, answering));
    Ok(answers)
}

impl Reading {
    async fn run(mut self, feed: Feed, mut answering: Answering<Response>) {
        let shutdown = self.api.0.shutdown.clone();
        let end = tokio::select! {
            biased;
            () = shutdown.draining() => Err(End::Failed(errors::feed_drained())),
            end = self.tell_all(feed, &mut answering) => end,
        };
        match end {
            Ok(()) => answering.end(Ok(())),
            Err(End::Failed(status)) => answering.end(Err(status)),
            Err(End::Gone) => {}
        }
    }

    /// Tells all events, or those up to the newest for a reader who does not follow.
    async fn tell_all(
        &mut self,
        mut feed: Feed,
        answering: &mut Answering<Response>,
    ) -> Result<(), End> {
        loop {
            let began = Instant::now();
            let newest = self.api.engine().version();
            if feed.next() > newest {
                if !self.follows {
                    return self.progress(newest, answering).await;
                }
                self.wait(newest, answering).await?;
                continue;
            }
            // Nothing is read for a reader who has not read what he was sent.
            answering.ready().await?;
            let filter = Arc::clone(&self.filter);
            let (read, events) = self.api.engine().read_feed(feed, filter).await?;
            feed = read;
            self.tell(events, feed.next().previous(), answering).await?;
            if feed.next() > newest && self.follows {
                sleep_until(began + FEED_REST).await;
            }
        }
    }

    /// Tells of events, and of all up to `passed`, if there is anything to be told.
    async fn tell(
        &mut self,
        events: Vec<Told>,
        passed: Lsn,
        answering: &mut Answering<Response>,
    ) -> Result<(), End> {
        if events.is_empty() {
            if self.told_at + FEED_PROGRESS <= Instant::now() {
                self.progress(passed, answering).await?;
            }
            return Ok(());
        }
        let (mut response, mut bytes) = (Response::default(), 0);
        for told in events {
            if bytes >= FEED_RESPONSE_BYTES {
                self.send(std::mem::take(&mut response), answering).await?;
                bytes = 0;
            }
            response.version = told.version.get();
            let event = event(told);
            bytes += event.encoded_len();
            response.events.push(event);
        }
        response.version = passed.get();
        self.send(response, answering).await
    }

    /// Says that nothing up to `passed` is to be told that was not.
    async fn progress(
        &mut self,
        passed: Lsn,
        answering: &mut Answering<Response>,
    ) -> Result<(), End> {
        let version = passed.max(self.told).get();
        self.send(Response { version, ..Response::default() }, answering).await
    }

    async fn send(
        &mut self,
        mut response: Response,
        answering: &mut Answering<Response>,
    ) -> Result<(), End> {
        response.newest_version = self.api.version();
        self.told = Lsn::new(response.version);
        let bytes = response.encoded_len();
        answering.send(response, bytes).await?;
        self.told_at = Instant::now();
        Ok(())
    }

    /// Waits for an event after `newest`. What was passed over meanwhile is told of after a while.
    async fn wait(&mut self, newest: Lsn, answering: &mut Answering<Response>) -> Result<(), End> {
        let api = self.api.clone();
        let newer = api.engine().newer_than(newest);
        if self.told >= newest {
            return until_gone(newer, answering).await;
        }
        let soon = timeout_at(self.told_at + FEED_PROGRESS, newer);
        let told = async { soon.await.map_or(Ok(false), |newer| newer.map(|()| true)) };
        if !until_gone(told, answering).await? {
            self.progress(newest, answering).await?;
        }
        Ok(())
    }
}

/// What is waited for, unless the reader goes.
async fn until_gone<T>(
    waited: impl Future<Output = Result<T, EngineError>>,
    answering: &Answering<Response>,
) -> Result<T, End> {
    tokio::select! {
        waited = waited => Ok(waited?),
        () = answering.gone() => Err(End::Gone),
    }
}

impl std::convert::From<Gone> for End {
    fn from(_: Gone) -> Self {
        Self::Gone
    }
}

impl std::convert::From<EngineError> for End {
    fn from(error: EngineError) -> Self {
        Self::Failed(plain(error))
    }
}

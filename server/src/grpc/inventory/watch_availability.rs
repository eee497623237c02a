//! `WatchAvailability`: what can be promised of some SKUs, told again whenever it changed.
//!
//! ```text
//!   version moved --> stamps: who changed? --> read and written --> other bytes? --> told
//!      ^                                                                              |
//!      +--- rest ---- the response before was taken by the transport <----------------+
//! ```
//! Nothing is queued: what is told is read when there is room for it. A SKU that changed often
//! meanwhile is told once.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hasher};

use backstock_engine::engine::{EngineError, Stamp};
use backstock_engine::model::{Lsn, Rule, Sku};
use backstock_proto::{Encoded, undecodable, v1};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, sleep_until, timeout_at};
use tonic::{Request, Status};

use super::availability::{AVAILABILITY_BYTES, Asked};
use crate::grpc::limits::{SKUS_MAX, WATCH_BYTES, WATCH_CLOSELY, WATCH_REST};
use crate::grpc::transport::streams::{self, Answering, Answers, Gone};
use crate::grpc::{Api, errors, plain, wire};
use crate::status::Violations;

type Response = Encoded<v1::WatchAvailabilityResponse>;

/// A SKU that is watched.
struct Watched {
    sku: Sku,
    /// As it was read last.
    stamp: Stamp,
    /// The digest of what was told last; none before the first time.
    told: Option<u64>,
}

/// One watch.
struct Watch {
    api: Api,
    asked: Asked,
    skus: Vec<Watched>,
    /// When all of it was read last, whether it had changed or not.
    read_all: Option<Instant>,
    _place: OwnedSemaphorePermit,
}

/// Why a watch ends.
enum End {
    Gone,
    Failed(Status),
}

/// Begins a watch, if there is a place.
pub(super) async fn start(
    api: &Api,
    request: Request<Encoded<v1::WatchAvailabilityRequest>>,
) -> Result<Answers<Response>, Status> {
    let message = request.get_ref().decode().map_err(|error| undecodable(&error))?;
    let (skus, asked) = read(api, &message)?;
    api.reach(message.min_version).await?;
    asked.check(api.engine())?;
    skus.iter().try_for_each(|sku| api.engine().item(sku).map(drop)).map_err(plain)?;
    let place = api.0.watches.clone().try_acquire_owned();
    let place = place.map_err(|_| errors::too_many_watches())?;
    let meter = &api.0.streams.watch_availability;
    let (answering, answers) = streams::answers(request.extensions(), meter);
    let watched = |sku| Watched { sku, stamp: Stamp::default(), told: None };
    let skus = skus.into_iter().map(watched).collect();
    let watch = Watch { api: api.clone(), asked, skus, read_all: None, _place: place };
    tokio::spawn(watch.run(answering));
    Ok(answers)
}

fn read(api: &Api, request: &v1::WatchAvailabilityRequest) -> Result<(Vec<Sku>, Asked), Status> {
    let mut found = Violations::default();
    let skus = skus(&mut found, &request.skus);
    let whom = (request.channel.as_str(), request.service.as_str());
    let asked = Asked::read(&mut found, &request.node_ids, None, whom, api.0.clock.now());
    found.converted(skus.zip(asked))
}

fn skus(found: &mut Violations, skus: &[String]) -> Option<Vec<Sku>> {
    let count = skus.len();
    if !(1..=SKUS_MAX).contains(&count) {
        found.add("skus", format!("{count} SKUs; 1 to {SKUS_MAX} in a request"));
        return None;
    }
    let mut known = HashSet::new();
    let taken = skus.iter().enumerate().map(|(at, sku)| {
        let path = format!("skus[{at}]");
        if !known.insert(sku) {
            found.breaks(&path, sku, Rule::Duplicate);
            return None;
        }
        found.taken(path, Sku::new("sku", sku.as_str()))
    });
    // Collected first, so that every bad one is noted.
    taken.collect::<Vec<_>>().into_iter().collect()
}

impl Watch {
    async fn run(mut self, mut answering: Answering<Response>) {
        let shutdown = self.api.0.shutdown.clone();
        let end = tokio::select! {
            biased;
            () = shutdown.draining() => End::Failed(errors::watch_drained()),
            end = self.tell_for_ever(&mut answering) => end,
        };
        if let End::Failed(status) = end {
            answering.end(Err(status));
        }
    }

    async fn tell_for_ever(&mut self, answering: &mut Answering<Response>) -> End {
        loop {
            let (version, began) = (self.api.engine().version(), Instant::now());
            let told = match self.tell(answering, began).await {
                Ok(is_sure) => self.rest(answering, (version, is_sure), began).await,
                Err(end) => return end,
            };
            if let Err(end) = told {
                return end;
            }
        }
    }

    /// Looks at all SKUs, and tells of those that changed. Whether all of them were seen as they
    /// stay until the next event.
    async fn tell(
        &mut self,
        answering: &mut Answering<Response>,
        began: Instant,
    ) -> Result<bool, End> {
        self.asked.at(self.api.0.clock.now());
        let is_close = self.read_all.is_none_or(|last| began >= last + WATCH_CLOSELY);
        let (mut next, mut is_sure) = (0, true);
        while next < self.skus.len() {
            let room = answering.alone().await?;
            let mut out = Vec::new();
            let version = self.api.engine().version();
            while next < self.skus.len() && out.len() < WATCH_BYTES {
                is_sure &= self.look(next, is_close, &mut out).await?;
                next += 1;
            }
            if !out.is_empty() {
                wire::number(&mut out, 2, version.get());
                answering.send_alone(room, Encoded::new(out))?;
            }
        }
        if is_close {
            self.read_all = Some(began);
        }
        Ok(is_sure)
    }

    /// Writes what can be promised of a SKU, if it is not what was told last. Whether it stays so
    /// until the next event.
    async fn look(
        &mut self,
        at: usize,
        is_close: bool,
        out: &mut Vec<u8>,
    ) -> Result<bool, EngineError> {
        let (engine, watched) = (self.api.engine(), &mut self.skus[at]);
        // Before it is read: what changes meanwhile has another stamp.
        let stamp = engine.stamp(&watched.sku)?;
        if stamp == watched.stamp && !stamp.is_in_flight() && !is_close {
            return Ok(true);
        }
        let from = out.len();
        if from == 0 {
            out.reserve(AVAILABILITY_BYTES);
        }
        self.asked.answer(engine, &watched.sku, out).await?;
        let told = Some(digest(&out[from..]));
        if told == watched.told {
            out.truncate(from);
        }
        (watched.stamp, watched.told) = (stamp, told);
        // A claim that was made before it was read may be given back without an event.
        let is_same = engine.stamp(&watched.sku)? == stamp;
        Ok(is_same && !stamp.is_in_flight())
    }

    /// Rests, and waits until there may be something to tell.
    async fn rest(
        &self,
        answering: &Answering<Response>,
        (version, is_sure): (Lsn, bool),
        began: Instant,
    ) -> Result<(), End> {
        let waits = async {
            sleep_until(began + WATCH_REST).await;
            if is_sure {
                let newer = self.api.engine().newer_than(version);
                // When nothing is new for long, all of it is read.
                return timeout_at(began + WATCH_CLOSELY, newer).await.unwrap_or(Ok(()));
            }
            Ok(())
        };
        tokio::select! {
            waited = waits => waited.map_err(End::from),
            () = answering.gone() => Err(End::Gone),
        }
    }
}

fn digest(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(bytes);
    hasher.finish()
}

impl From<Gone> for End {
    fn from(_: Gone) -> Self {
        Self::Gone
    }
}

impl From<EngineError> for End {
    fn from(error: EngineError) -> Self {
        Self::Failed(plain(error))
    }
}

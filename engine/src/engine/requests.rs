//! Idempotency keys: the same key gives the same answer, also after a restart.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};

use dashmap::DashMap;
use dashmap::mapref::entry::Entry;
use parking_lot::Mutex;

use crate::model::digest::{Part, PartHash, hash_bytes};
use crate::model::{Lsn, OrderNo, Refusal, Request, RequestId, StateHash};

/// What is remembered of a request that was carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Remembered {
    /// Tells the same command sent again from another one.
    pub fingerprint: u64,
    /// The event that it became: the version that was answered.
    pub lsn: Lsn,
    /// The order that it placed.
    pub order: Option<OrderNo>,
}

/// How a request begins.
#[derive(Debug)]
pub enum Begin {
    /// Nobody used the key; it is the asker's, to remember or to abandon.
    Fresh,
    /// The same request was carried out before.
    Repeat(Remembered),
    /// The same key is in flight.
    Wait,
}

#[derive(Clone, Copy, Debug)]
enum Slot {
    InFlight,
    Done(Remembered),
}

/// All keys in flight, and the newest of those carried out.
///
/// Which keys are forgotten is durable state as well: the oldest by LSN, as soon
/// as there are more than the bound.
#[derive(Debug)]
pub struct Requests {
    slots: DashMap<RequestId, Slot, foldhash::fast::RandomState>,
    /// Keys carried out, the oldest first.
    order: Mutex<VecDeque<RequestId>>,
    /// The last LSN remembered: what is replayed up to it is here, or forgotten.
    newest: AtomicU64,
    kept_max: usize,
}

/// Some of what is remembered, as of one moment.
#[derive(Debug)]
pub struct Piece {
    /// Ascending by LSN.
    pub requests: Vec<(RequestId, Remembered)>,
    /// The oldest LSN remembered at that moment; none when nothing is.
    pub oldest: Option<Lsn>,
    /// Whether nothing newer was remembered at that moment.
    pub is_last: bool,
}

impl Requests {
    /// Remembers up to `kept_max` requests.
    pub fn new(kept_max: usize) -> Self {
        Self {
            slots: DashMap::default(),
            order: Mutex::default(),
            newest: AtomicU64::new(0),
            kept_max,
        }
    }

    /// Takes a key, or says what is known of it.
    pub fn begin(&self, request: &Request) -> Result<Begin, Refusal> {
        match self.slots.entry(request.id.clone()) {
            Entry::Vacant(vacant) => {
                vacant.insert(Slot::InFlight);
                Ok(Begin::Fresh)
            }
            Entry::Occupied(slot) => match *slot.get() {
                Slot::InFlight => Ok(Begin::Wait),
                Slot::Done(done) if done.fingerprint == request.fingerprint => {
                    Ok(Begin::Repeat(done))
                }
                Slot::Done(_) => Err(Refusal::RequestReused(request.id.clone())),
            },
        }
    }

    /// Remembers a request that became durable; answers by how much the state
    /// hash moves. A request that is remembered already is left as it is.
    pub fn remember(&self, id: RequestId, done: Remembered) -> StateHash {
        let mut hash = StateHash::default();
        // Recovery replays from before the moment at which requests were copied.
        // One that is new to it and not newer was forgotten by then.
        if self.newest.fetch_max(done.lsn.get(), Ordering::Relaxed) >= done.lsn.get() {
            return hash;
        }
        let before = self.slots.insert(id.clone(), Slot::Done(done));
        if let Some(Slot::Done(before)) = before {
            hash.remove(hash_request(&id, before));
            hash.add(hash_request(&id, done));
            return hash;
        }
        hash.add(hash_request(&id, done));
        let mut order = self.order.lock();
        order.push_back(id);
        if order.len() > self.kept_max
            && let Some(oldest) = order.pop_front()
            && let Some((id, Slot::Done(forgotten))) = self.slots.remove(&oldest)
        {
            hash.remove(hash_request(&id, forgotten));
        }
        hash
    }

    /// What is remembered of a request, if it was carried out.
    pub fn done(&self, id: &RequestId) -> Option<Remembered> {
        match self.slots.get(id).as_deref() {
            Some(Slot::Done(done)) => Some(*done),
            Some(Slot::InFlight) | None => None,
        }
    }

    /// Lets go of a key whose event never became durable.
    pub fn abandon(&self, id: &RequestId) {
        self.slots.remove_if(id, |_, slot| matches!(slot, Slot::InFlight));
    }

    /// The remembered requests, the oldest first: what a snapshot keeps.
    pub fn remembered(&self) -> Vec<(RequestId, Remembered)> {
        let order = self.order.lock();
        let done = |id: &RequestId| match self.slots.get(id).as_deref() {
            Some(Slot::Done(done)) => Some((id.clone(), *done)),
            Some(Slot::InFlight) | None => None,
        };
        order.iter().filter_map(done).collect()
    }

    /// At most `max` of the requests remembered from events after `after`.
    pub fn copy_after(&self, after: Lsn, max: usize) -> Piece {
        let order = self.order.lock();
        let done = |id: &RequestId| match self.slots.get(id).as_deref() {
            Some(Slot::Done(done)) => *done,
            _ => unreachable!("a key in the order is done until both are forgotten"),
        };
        let from = order.partition_point(|id| done(id).lsn <= after);
        let requests: Vec<_> =
            order.iter().skip(from).take(max).map(|id| (id.clone(), done(id))).collect();
        let oldest = order.front().map(|id| done(id).lsn);
        let is_last = from + requests.len() == order.len();
        Piece { requests, oldest, is_last }
    }

    /// The hash of all that is remembered, from scratch.
    pub fn hash(&self) -> StateHash {
        let mut hash = StateHash::default();
        for (id, done) in self.remembered() {
            hash.add(hash_request(&id, done));
        }
        hash
    }

    /// How many requests are remembered.
    pub fn len(&self) -> usize {
        self.order.lock().len()
    }
}

/// The hash of one remembered request.
pub fn hash_request(id: &RequestId, done: Remembered) -> PartHash {
    let mut bytes = Vec::with_capacity(96);
    bytes.extend_from_slice(&done.fingerprint.to_le_bytes());
    bytes.extend_from_slice(&done.lsn.get().to_le_bytes());
    bytes.extend_from_slice(&done.order.map_or(0, |no| no.0).to_le_bytes());
    bytes.extend_from_slice(id.as_str().as_bytes());
    hash_bytes(Part::Request, &bytes)
}

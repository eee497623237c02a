//! Idempotency keys: the same key gives the same answer, also after a restart.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};

use dashmap::DashMap;
use dashmap::mapref::entry::Entry;
use parking_lot::{Mutex, MutexGuard};

use crate::limits::REQUESTS_PER_LOCK;
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
    /// The key was not used; it is the asker's, to remember or to abandon.
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
    /// Keys carried out.
    order: Mutex<Order>,
    /// The last LSN remembered: what is replayed up to it is here, or forgotten.
    newest: AtomicU64,
    kept_max: usize,
}

/// Keys carried out, and how far their summing up is.
#[derive(Debug, Default)]
struct Order {
    /// The oldest first.
    ids: VecDeque<RequestId>,
    sum: Sum,
}

/// The hash of what was remembered at one moment, summed up from the oldest on.
#[derive(Debug, Default)]
struct Sum {
    hash: StateHash,
    /// Keys at the front that it has.
    done: usize,
    /// Keys behind them that it has not yet.
    left: usize,
}

impl Sum {
    /// The oldest key is forgotten. If it was not summed up yet, it is now.
    fn forget(&mut self, forgotten: PartHash) {
        if self.done > 0 {
            self.done -= 1;
        } else if self.left > 0 {
            self.left -= 1;
            self.hash.add(forgotten);
        }
    }
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
                Slot::Done(_) => Err(Refusal::RequestIdReused { request_id: request.id.clone() }),
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
        order.ids.push_back(id);
        if order.ids.len() > self.kept_max
            && let Some(oldest) = order.ids.pop_front()
            && let Some((id, Slot::Done(forgotten))) = self.slots.remove(&oldest)
        {
            let forgotten = hash_request(&id, forgotten);
            hash.remove(forgotten);
            order.sum.forget(forgotten);
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

    /// Lets go of a key: its event was not written.
    pub fn abandon(&self, id: &RequestId) {
        self.slots.remove_if(id, |_, slot| matches!(slot, Slot::InFlight));
    }

    /// At most `max` of the requests remembered from events after `after`.
    pub fn copy_after(&self, after: Lsn, max: usize) -> Piece {
        let order = self.order.lock();
        let ids = &order.ids;
        let done = |id: &RequestId| self.in_order(id);
        let from = ids.partition_point(|id| done(id).lsn <= after);
        let requests: Vec<_> =
            ids.iter().skip(from).take(max).map(|id| (id.clone(), done(id))).collect();
        let oldest = ids.front().map(|id| done(id).lsn);
        let is_last = from + requests.len() == ids.len();
        Piece { requests, oldest, is_last }
    }

    /// Begins to sum up, from scratch, the hash of what is remembered at this moment.
    pub fn begin_hash(&self) {
        let mut order = self.order.lock();
        order.sum = Sum { left: order.ids.len(), ..Sum::default() };
    }

    /// Goes on summing up, for some requests; answers the hash once it has all. Only one
    /// reader sums up at a time.
    pub fn hash_some(&self) -> Option<StateHash> {
        let mut order = self.order.lock();
        let Order { ids, sum } = &mut *order;
        let some = sum.left.min(REQUESTS_PER_LOCK);
        for id in ids.range(sum.done..sum.done + some) {
            sum.hash.add(hash_request(id, self.in_order(id)));
        }
        (sum.done, sum.left) = (sum.done + some, sum.left - some);
        let hash = (sum.left == 0).then_some(sum.hash);
        // The applier comes first, were it to wait: this would be back before it woke up.
        MutexGuard::unlock_fair(order);
        hash
    }

    /// What is remembered of a key in the order, which is locked.
    fn in_order(&self, id: &RequestId) -> Remembered {
        match self.slots.get(id).as_deref() {
            Some(Slot::Done(done)) => *done,
            _ => unreachable!("a key in the order is done until both are forgotten"),
        }
    }

    /// How many requests are remembered.
    pub(crate) fn len(&self) -> usize {
        self.order.lock().ids.len()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_that_of_the_moment_at_which_it_was_begun() {
        let kept = 3 * REQUESTS_PER_LOCK;
        let requests = Requests::new(kept);
        let mut running = StateHash::default();
        let mut last = Lsn::NONE;
        let mut remember = |count: usize| {
            for _ in 0..count {
                last = last.next();
                let id = RequestId::new("request_id", last.to_string()).expect("a key");
                let done = Remembered { fingerprint: last.get() * 7, lsn: last, order: None };
                running.merge(requests.remember(id, done));
            }
            running
        };
        // Forgotten: what was not summed up, what was, and beyond that again what was not.
        for forgotten in [[0, 0], [1, 0], [100, 100], [100, REQUESTS_PER_LOCK + 9], [kept, kept]] {
            let then = remember(kept);
            requests.begin_hash();
            remember(forgotten[0]);
            let mut hash = requests.hash_some();
            remember(forgotten[1]);
            while hash.is_none() {
                hash = requests.hash_some();
            }
            assert_eq!(hash, Some(then), "{forgotten:?}");
        }
    }
}

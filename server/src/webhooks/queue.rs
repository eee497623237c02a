//! What waits to be delivered to an endpoint, and what may be tried next.
//!
//! ```text
//!   lane orders/A   7 --> 9 --> 12        7 failed, and is due again: 9 and 12 wait behind it
//!   lane orders/B   8                     8 may be tried
//!   lane orders/C  10 --> 12              10 may be tried; 12 is about both, and waits for both
//! ```
//! - **Invariant, in order.** An event is tried once all earlier ones about the same order were
//!   delivered. One that fails keeps back what is about its order, and nothing else.
//! - **Invariant, bounded.** There are no more events than [`ENDPOINT_UNDELIVERED_MAX`], and, but for
//!   the last one, no more bytes than [`WAITING_BYTES_MAX`].
//!
//! Pure state: whoever has it says what time it is.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use backstock_engine::feed::endpoints::{Progress, Undelivered};
use backstock_engine::limits::ENDPOINT_UNDELIVERED_MAX;
use backstock_engine::model::{Lsn, Timestamp};
use bytes::Bytes;

use super::limits::{ATTEMPTS_AT_ONCE, WAITING_BYTES_MAX};

/// What lanes are of, where an event is about one: the rest of what it is about has no order.
const LANES: [&str; 2] = ["orders/", "holds/"];

/// An event that is not delivered yet.
#[derive(Debug)]
struct Waiting {
    body: Bytes,
    lanes: Vec<Arc<str>>,
    /// Lanes in which others are before it.
    behind: usize,
    failures: u32,
    due: Timestamp,
    is_tried: bool,
}

/// What waits to be delivered to an endpoint.
#[derive(Debug)]
pub(super) struct Queue {
    waiting: BTreeMap<Lsn, Waiting>,
    lanes: HashMap<Arc<str>, VecDeque<Lsn>>,
    /// What may be tried once it is due.
    next: BTreeSet<(Timestamp, Lsn)>,
    tried: usize,
    bytes: usize,
    /// Nothing is tried before.
    paused_until: Timestamp,
    /// All events up to this one were looked at.
    looked_through: Lsn,
    /// What an earlier run left, and was not read again yet.
    left: BTreeMap<Lsn, Undelivered>,
}

impl Queue {
    /// Goes on where an endpoint stood.
    pub(super) fn new(progress: &Progress) -> Self {
        Self {
            waiting: BTreeMap::new(),
            lanes: HashMap::new(),
            next: BTreeSet::new(),
            tried: 0,
            bytes: 0,
            paused_until: Timestamp::from_micros(i64::MIN),
            looked_through: progress.looked_through,
            left: progress.undelivered.iter().map(|of| (of.version, *of)).collect(),
        }
    }

    /// Whether an event is to be taken that was read: it is new, or an earlier run left it.
    pub(super) fn wants(&self, version: Lsn) -> bool {
        version > self.looked_through || self.left.contains_key(&version)
    }

    /// Whether an event may be taken. One that an earlier run left has its place.
    pub(super) fn has_room_for(&self, version: Lsn) -> bool {
        let count = self.waiting.len() + self.left.len();
        let has_place = self.left.contains_key(&version) || count < ENDPOINT_UNDELIVERED_MAX;
        has_place && self.bytes < WAITING_BYTES_MAX
    }

    /// Takes an event that is later than all that were taken.
    pub(super) fn push(&mut self, version: Lsn, subjects: &[String], body: Bytes) {
        let left = self.left.remove(&version);
        self.bytes += body.len();
        let lanes = lanes(subjects);
        let mut behind = 0;
        for lane in &lanes {
            let lane = self.lanes.entry(Arc::clone(lane)).or_default();
            behind += usize::from(!lane.is_empty());
            lane.push_back(version);
        }
        let (failures, due) =
            left.map_or((0, Timestamp::from_micros(0)), |left| (left.failures, left.due));
        if behind == 0 {
            self.next.insert((due, version));
        }
        let waiting = Waiting { body, lanes, behind, failures, due, is_tried: false };
        self.waiting.insert(version, waiting);
        self.looked_through = self.looked_through.max(version);
    }

    /// Notes that all events up to `version` were looked at. What an earlier run left of them, and
    /// was not read again, is not wanted any more.
    pub(super) fn passed(&mut self, version: Lsn) {
        self.looked_through = self.looked_through.max(version);
        self.left = self.left.split_off(&version.next());
    }

    /// The next event to try, with its body; it is being tried then.
    pub(super) fn start(&mut self, now: Timestamp) -> Option<(Lsn, Bytes)> {
        let (due, version) = *self.next.first()?;
        if due > now || self.paused_until > now || self.tried >= ATTEMPTS_AT_ONCE {
            return None;
        }
        self.next.remove(&(due, version));
        let waiting = self.waiting.get_mut(&version)?;
        waiting.is_tried = true;
        self.tried += 1;
        Some((version, waiting.body.clone()))
    }

    /// When something may be tried, if no try ends before; none if a try has to end first.
    pub(super) fn next_due(&self) -> Option<Timestamp> {
        let (due, _) = self.next.first()?;
        (self.tried < ATTEMPTS_AT_ONCE).then(|| (*due).max(self.paused_until))
    }

    /// Notes that an event that was tried is delivered.
    pub(super) fn delivered(&mut self, version: Lsn) {
        let Some(delivered) = self.waiting.remove(&version) else { return };
        self.tried -= usize::from(delivered.is_tried);
        self.bytes -= delivered.body.len();
        for lane in &delivered.lanes {
            self.leave(lane);
        }
    }

    /// Takes the first event out of a lane.
    fn leave(&mut self, lane: &Arc<str>) {
        let Some(queue) = self.lanes.get_mut(lane) else { return };
        queue.pop_front();
        let Some(first) = queue.front().copied() else {
            self.lanes.remove(lane);
            return;
        };
        if let Some(waiting) = self.waiting.get_mut(&first) {
            waiting.behind -= 1;
            if waiting.behind == 0 {
                self.next.insert((waiting.due, first));
            }
        }
    }

    /// Counts a failure of an event that was tried: how many it has now.
    pub(super) fn failed(&mut self, version: Lsn) -> u32 {
        let Some(waiting) = self.waiting.get_mut(&version) else { return 0 };
        waiting.failures += 1;
        waiting.failures
    }

    /// Has an event that failed tried again.
    pub(super) fn try_again(&mut self, version: Lsn, due: Timestamp) {
        let Some(waiting) = self.waiting.get_mut(&version) else { return };
        (waiting.due, waiting.is_tried) = (due, false);
        self.tried -= 1;
        self.next.insert((due, version));
    }

    /// Has nothing tried for a while.
    pub(super) fn pause(&mut self, now: Timestamp, pause: Duration) {
        self.paused_until = self.paused_until.max(after(now, pause));
    }

    /// How far it is, for the next run.
    pub(super) fn progress(&self) -> Progress {
        let waiting = self.waiting.iter().map(|(version, of)| Undelivered {
            version: *version,
            failures: of.failures,
            due: of.due,
        });
        // What was left is later than all that was read again.
        let undelivered = waiting.chain(self.left.values().copied()).collect();
        Progress { looked_through: self.looked_through, undelivered }
    }
}

/// The instant that is so long after another one.
pub(super) fn after(now: Timestamp, pause: Duration) -> Timestamp {
    now.saturating_add_micros(i64::try_from(pause.as_micros()).unwrap_or(i64::MAX))
}

/// The lanes of an event: the orders and holds that it is about, or else all that it is about.
fn lanes(subjects: &[String]) -> Vec<Arc<str>> {
    let is_lane = |subject: &&String| LANES.iter().any(|lane| subject.starts_with(lane));
    let of: Vec<_> = subjects.iter().filter(is_lane).map(|subject| (**subject).into()).collect();
    if of.is_empty() { subjects.iter().map(|subject| (**subject).into()).collect() } else { of }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_micros(1_000_000);

    fn lsn(version: u64) -> Lsn {
        Lsn::new(version)
    }

    fn queue(events: &[(u64, &[&str])]) -> Queue {
        let mut queue = Queue::new(&Progress::default());
        for (version, subjects) in events {
            push(&mut queue, *version, subjects);
        }
        queue
    }

    fn push(queue: &mut Queue, version: u64, subjects: &[&str]) {
        let subjects: Vec<_> = subjects.iter().map(|subject| (*subject).to_owned()).collect();
        queue.push(lsn(version), &subjects, Bytes::from_static(b"x"));
    }

    fn started(queue: &mut Queue, now: Timestamp) -> Vec<u64> {
        std::iter::from_fn(|| queue.start(now)).map(|(version, _)| version.get()).collect()
    }

    fn undelivered(queue: &Queue) -> Vec<u64> {
        queue.progress().undelivered.iter().map(|of| of.version.get()).collect()
    }

    #[test]
    fn an_event_waits_for_earlier_ones_about_the_same_order_and_for_no_others() {
        let (a, b, both) = (["orders/A"], ["orders/B"], ["orders/A", "orders/B", "stock/S/N"]);
        let mut queue =
            queue(&[(1, &a), (2, &a), (3, &b), (4, &both), (5, &b), (6, &["stock/S/N"])]);
        assert_eq!(started(&mut queue, NOW), [1, 3, 6]);
        queue.delivered(lsn(3));
        assert_eq!(started(&mut queue, NOW), [0; 0], "4 is about A as well");
        queue.delivered(lsn(1));
        assert_eq!(started(&mut queue, NOW), [2]);
        queue.delivered(lsn(2));
        assert_eq!(started(&mut queue, NOW), [4]);
        queue.delivered(lsn(4));
        assert_eq!(started(&mut queue, NOW), [5]);
        assert_eq!(undelivered(&queue), [5, 6]);
    }

    #[test]
    fn what_fails_keeps_back_its_order_alone_until_it_is_due() {
        let mut queue = queue(&[(1, &["orders/A"]), (2, &["orders/A"]), (3, &["orders/B"])]);
        assert_eq!(started(&mut queue, NOW), [1, 3]);
        assert_eq!(queue.failed(lsn(1)), 1);
        let due = after(NOW, Duration::from_secs(5));
        queue.try_again(lsn(1), due);
        queue.delivered(lsn(3));
        push(&mut queue, 4, &["orders/B"]);
        assert_eq!(started(&mut queue, NOW), [4]);
        queue.delivered(lsn(4));
        assert_eq!(queue.next_due(), Some(due));
        assert_eq!(started(&mut queue, due), [1]);
        assert_eq!(queue.failed(lsn(1)), 2);
        queue.delivered(lsn(1));
        assert_eq!(started(&mut queue, due), [2]);
    }

    #[test]
    fn no_more_are_tried_at_once_than_may_be_and_none_while_it_pauses() {
        let mut queue = Queue::new(&Progress::default());
        for version in 1..=20 {
            push(&mut queue, version, &[&format!("orders/{version}")]);
        }
        queue.pause(NOW, Duration::from_secs(1));
        assert_eq!(started(&mut queue, NOW), [0; 0]);
        let later = after(NOW, Duration::from_secs(1));
        assert_eq!(queue.next_due(), Some(later));
        assert_eq!(started(&mut queue, later).len(), ATTEMPTS_AT_ONCE);
        assert_eq!(queue.next_due(), None);
        queue.delivered(lsn(1));
        assert_eq!(started(&mut queue, later).len(), 1);
    }

    #[test]
    fn there_is_room_for_so_many_events_and_so_many_bytes() {
        let mut queue = Queue::new(&Progress::default());
        let mut version = 1;
        while queue.has_room_for(lsn(version)) {
            push(&mut queue, version, &["orders/A"]);
            version += 1;
        }
        assert_eq!(queue.progress().undelivered.len(), ENDPOINT_UNDELIVERED_MAX);
        let mut queue = Queue::new(&Progress::default());
        queue.push(lsn(1), &[], Bytes::from(vec![0; WAITING_BYTES_MAX]));
        assert!(!queue.has_room_for(lsn(2)));
        queue.delivered(lsn(1));
        assert!(queue.has_room_for(lsn(2)));
    }

    #[test]
    fn the_next_run_goes_on_with_what_was_left_and_when_it_is_due() {
        let a = ["orders/A"];
        let mut first = queue(&[(1, &a), (2, &["orders/B"]), (3, &a), (4, &["orders/C"])]);
        assert_eq!(started(&mut first, NOW), [1, 2, 4]);
        first.failed(lsn(1));
        let due = after(NOW, Duration::from_secs(5));
        first.try_again(lsn(1), due);
        first.delivered(lsn(2));
        first.passed(lsn(9));
        let progress = first.progress();
        assert_eq!(progress.delivered(), Lsn::NONE);

        let mut second = Queue::new(&progress);
        let wanted = (1..12).filter(|version| second.wants(lsn(*version)));
        assert_eq!(wanted.collect::<Vec<_>>(), [1, 3, 4, 10, 11]);
        push(&mut second, 1, &a);
        assert_eq!(second.progress(), progress, "what was not read again is not lost");
        push(&mut second, 3, &a);
        assert_eq!(started(&mut second, NOW), [0; 0], "1 failed, and is not due");
        assert_eq!(started(&mut second, due), [1]);
        second.delivered(lsn(1));
        assert_eq!(second.progress().delivered(), lsn(2));
        // The filter changed, and 4 is not told any more.
        second.passed(lsn(5));
        assert_eq!(undelivered(&second), [3]);
        started(&mut second, due);
        second.delivered(lsn(3));
        assert_eq!(second.progress().delivered(), lsn(9));
    }
}

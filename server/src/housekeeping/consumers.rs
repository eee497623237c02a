//! Tells metrics how far the consumers of the feed are behind.

use std::collections::BTreeSet;

use backstock_engine::engine::Consumer;
use metrics::gauge;

use crate::observability::names;

/// Consumers that metrics tell of, those that were forgotten since included: a metric never forgets
/// a label. Four times as many as there may be at a time.
const LABELS_MAX: usize = 256;

/// The consumers that metrics were told of.
#[derive(Debug, Default)]
pub(super) struct ConsumerGauges(BTreeSet<String>);

impl ConsumerGauges {
    /// Tells how far each is behind; of those that are gone, that they are not.
    pub(super) fn tell(&mut self, consumers: &[Consumer]) {
        let gone = |id: &&String| !consumers.iter().any(|of| of.id.as_str() == **id);
        for id in self.0.iter().filter(gone) {
            set(id, 0.0, 0.0, 0.0);
        }
        for consumer in consumers {
            let id = consumer.id.as_str();
            if self.0.len() >= LABELS_MAX && !self.0.contains(id) {
                continue;
            }
            self.0.insert(id.to_owned());
            let parked = if consumer.is_parked { 1.0 } else { 0.0 };
            set(id, events(consumer), consumer.behind.as_secs_f64(), parked);
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a metric, and far below 2^52")]
const fn events(consumer: &Consumer) -> f64 {
    consumer.events_behind as f64
}

fn set(id: &str, events: f64, seconds: f64, parked: f64) {
    gauge!(names::FEED_EVENTS_BEHIND, "consumer" => id.to_owned()).set(events);
    gauge!(names::FEED_SECONDS_BEHIND, "consumer" => id.to_owned()).set(seconds);
    gauge!(names::FEED_PARKED, "consumer" => id.to_owned()).set(parked);
}

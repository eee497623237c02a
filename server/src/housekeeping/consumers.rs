//! Tells metrics how far the consumers of the feed are behind.

use backstock_engine::engine::Consumer;
use metrics::gauge;

use super::labels::Labels;
use crate::observability::names;

/// The consumers that metrics were told of.
#[derive(Debug, Default)]
pub(super) struct ConsumerGauges(Labels);

impl ConsumerGauges {
    /// Tells how far each is behind; of those that are gone, that they are not.
    pub(super) fn tell(&mut self, consumers: &[Consumer]) {
        let there: Vec<_> = consumers.iter().map(|of| of.id.as_str()).collect();
        for id in self.0.gone(&there) {
            set(id, 0.0, 0.0, 0.0);
        }
        for consumer in consumers {
            let id = consumer.id.as_str();
            if !self.0.lets_in(id) {
                continue;
            }
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

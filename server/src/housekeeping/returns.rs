//! Metrics of returns that somebody waits for, and of refunds that their customers wait for.

use backstock_engine::engine::{Ageing, ReturnsAgeing};
use backstock_engine::model::Timestamp;
use metrics::gauge;

use super::set;
use crate::observability::names;

/// Tells how many there are, and how old the oldest of them are.
#[expect(clippy::cast_precision_loss, reason = "a gauge is a float, and exact up to 2^53")]
pub(super) fn note(ageing: &ReturnsAgeing, now: Timestamp) {
    for (stage, of) in &ageing.stages {
        let (count, seconds) = (of.count as f64, seconds(*of, now) as f64);
        gauge!(names::RETURNS_OPEN, "stage" => stage.as_str()).set(count);
        gauge!(names::RETURNS_SECONDS_OPEN, "stage" => stage.as_str()).set(seconds);
    }
    set(names::REFUNDS_DUE, ageing.refunds.count);
    set(names::REFUNDS_SECONDS_DUE, seconds(ageing.refunds, now));
}

/// How long ago the oldest of them began to wait; 0 where there is none.
fn seconds(of: Ageing, now: Timestamp) -> u64 {
    let micros = of.oldest.map_or(0, |oldest| now.as_micros().saturating_sub(oldest.as_micros()));
    u64::try_from(micros / 1_000_000).unwrap_or(0)
}

//! Tells metrics how far the endpoints of webhooks are. How far they are behind is told of their
//! consumers.

use backstock_engine::feed::endpoints::{EndpointList, EndpointState};
use backstock_engine::model::EndpointId;
use metrics::gauge;

use super::labels::Labels;
use crate::observability::names;

/// The endpoints that metrics were told of.
#[derive(Debug, Default)]
pub(super) struct EndpointGauges(Labels);

impl EndpointGauges {
    /// Tells how many events wait for each; of those that are gone, that none do.
    pub(super) fn tell(&mut self, endpoints: &EndpointList) {
        let there: Vec<_> = endpoints.keys().map(EndpointId::as_str).collect();
        for id in self.0.gone(&there) {
            set(id, 0, false);
        }
        for (id, endpoint) in endpoints {
            if self.0.lets_in(id.as_str()) {
                let is_parked =
                    matches!(endpoint.state, EndpointState::Parked | EndpointState::Gone);
                set(id.as_str(), endpoint.progress.undelivered.len(), is_parked);
            }
        }
    }
}

fn set(id: &str, waiting: usize, is_parked: bool) {
    let waiting = f64::from(u32::try_from(waiting).unwrap_or(u32::MAX));
    gauge!(names::WEBHOOK_EVENTS_WAITING, "endpoint" => id.to_owned()).set(waiting);
    let parked = if is_parked { 1.0 } else { 0.0 };
    gauge!(names::WEBHOOK_PARKED, "endpoint" => id.to_owned()).set(parked);
}

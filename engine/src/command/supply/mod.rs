//! Commands on supply: of one pair, and between two nodes.

pub mod change_stock;
pub mod transfer;

use crate::limits::INBOUND_OVERDUE_DAYS_MAX;
use crate::model::{NodeId, Rule, Timestamp, Violation};
use crate::transaction::command::Facts;

/// That a supply is expected at a node too long ago, if it is. Days are the node's.
fn eta_past(facts: &Facts<'_>, node: &NodeId, eta: Timestamp) -> Option<Violation> {
    let no = facts.network.node_no(node)?;
    let zone = facts.network.node(no).calendar.zone();
    let earliest = zone.local_day(facts.now).minus(INBOUND_OVERDUE_DAYS_MAX);
    let day = zone.day_that_starts_near(eta);
    (day < earliest).then(|| Violation::new("eta", day, Rule::InThePast { earliest }))
}

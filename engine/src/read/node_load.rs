//! What is planned to leave a node, day by day.

use std::sync::Arc;

use crate::limits::LOAD_DAYS_READ_MAX;
use crate::model::{Day, Lsn, Node, NodeDay, NodeId, Rule, Violation};
use crate::transaction::error::EngineError;
use crate::transaction::kernel::Kernel;

/// What is planned to leave a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeLoad {
    /// The node.
    pub node: Arc<Node>,
    /// Its local days, ascending without a gap.
    pub days: Vec<DayLoad>,
    /// A version that all of it is at least as new as.
    pub version: Lsn,
}

/// What is planned to leave a node on one day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DayLoad {
    /// The local day.
    pub day: Day,
    /// None of a node without a capacity, whose days are not counted.
    pub planned: Option<Planned>,
}

/// What is planned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Planned {
    /// Units.
    pub units: u64,
    /// Shipments.
    pub shipments: u64,
}

/// Reads so many days of a node, from its local day on: the one that it is there when none is
/// named.
///
/// # Errors
/// A number of days that is not within 1 to [`LOAD_DAYS_READ_MAX`], an unknown node, and what
/// stopped the engine.
pub fn node_load(
    kernel: &Kernel,
    id: &NodeId,
    (from, days): (Option<Day>, u32),
) -> Result<NodeLoad, EngineError> {
    if !(1..=LOAD_DAYS_READ_MAX).contains(&days) {
        let rule = Rule::OutOfRange { min: 1, max: LOAD_DAYS_READ_MAX.into() };
        return Err(Violation::new("days", days, rule).into());
    }
    let (network, version) = (kernel.state.network.load(), kernel.watermark.applied());
    let no = network.named(id)?;
    let planning = network.node(no);
    let today = || planning.calendar.zone().local_day(kernel.state.now());
    let from = from.unwrap_or_else(today);
    let load = |after| {
        let day = from.plus(after);
        let planned = if network.is_bounded(no) {
            let [units, shipments] = kernel.state.loads.planned(NodeDay { node: no, day })?;
            Some(Planned { units, shipments })
        } else {
            None
        };
        Ok(DayLoad { day, planned })
    };
    let last = u16::try_from(days).expect("LOAD_DAYS_READ_MAX fits 16 bits");
    let days: Result<Vec<_>, _> = (0..last).map(load).collect();
    let days = days.map_err(|panicked| kernel.panicked(panicked))?;
    Ok(NodeLoad { node: Arc::clone(&planning.node), days, version })
}

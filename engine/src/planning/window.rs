//! When a node ships what is there now, and for how long that is so.

use super::route::Route;
use crate::model::{Day, NodeNo, Timestamp};

/// When a node ships work that arrives within a span of time.
#[derive(Clone, Copy)]
pub(super) struct Window {
    pub from: Timestamp,
    pub until: Timestamp,
    pub ship_by: Day,
    pub weekday: u8,
}

impl Window {
    /// One that is not known yet.
    pub const NEVER: Self = Self {
        from: Timestamp::from_micros(i64::MAX),
        until: Timestamp::from_micros(i64::MAX),
        ship_by: Day::from_epoch_days(0),
        weekday: 0,
    };

    #[cold]
    pub fn around(route: &Route<'_, '_>, no: NodeNo) -> Self {
        let planning = route.network.node(no);
        let from = route.wanted.at;
        let fresh = planning.calendar.ship_window(from, planning.node.lead_time_days);
        let ship_by = route.ships(no, fresh.ship_by);
        Self { from, until: fresh.valid_until, ship_by, weekday: ship_by.weekday() }
    }
}

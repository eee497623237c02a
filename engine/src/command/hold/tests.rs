//! Holds for the tables of the rooms.

use crate::command::order::fixture::order;
use crate::model::{Hold, HoldId, HoldState, Lsn, Order, OrderEffect, OrderId, Timestamp};

/// When it was created.
pub const CREATED: Timestamp = crate::command::fixture::AT;

/// A hold that lapses a minute after it was created.
pub fn held() -> Hold {
    Hold {
        id: HoldId::new("hold", "H").expect("an id"),
        fingerprint: 0,
        began: CREATED,
        created: Lsn::NONE,
        owner: None,
        until: CREATED.saturating_add_micros(60_000_000),
        seconds: 60,
        extended: 0,
        is_paying: false,
        accepts_part: false,
        state: HoldState::Live,
    }
}

/// The order that is held, after the hold came to that.
pub fn hold_in(state: HoldState) -> Order {
    let mut order = order();
    order.header.id = OrderId::of_hold(&held().id);
    order.header.ordered_at = CREATED;
    order.header.hold = Some(Box::new(held()));
    match state {
        HoldState::Live => {}
        HoldState::Confirmed | HoldState::Waiting => {
            order.header.hold = Some(Box::new(Hold { state, ..held() }));
        }
        ended => order.apply(Lsn::new(2), &OrderEffect::EndHold(ended)),
    }
    order
}

//! Holds, from when they begin until they are orders, or nothing.

use super::*;
use crate::command::{EndedHold, ProlongedHold};
use crate::model::ids::{HoldId, OrderNo, OwnerId};
use crate::model::{Hold, HoldState, Lsn, PackedOrder, Pegged, Supply};

pub(super) fn events() -> Vec<Named> {
    let hold_id = HoldId::new("id", "cart-1").unwrap();
    let peg = |supply| Pegged { pair: PAIR, line: 1, supply, units: 3 };
    let (off, on) =
        (vec![peg(Supply::OnHand), peg(Supply::Inbound(NO))], vec![peg(Supply::OnHand)]);
    let replaced =
        |state, ends| HoldReplaced { order: held(state), off: off.clone(), on: on.clone(), ends };
    let taken_over = replaced(HoldState::Live, Some((OrderNo(5), HoldState::TakenOver)));
    let ended = EndedHold { no: OrderNo(5), id: hold_id.clone(), units: off.clone() };
    let (off, on) = (vec![peg(Supply::OnHand)], vec![peg(Supply::Inbound(NO))]);
    let changed = HoldChanged { order: held(HoldState::Live), off, on };
    let extended = HoldExtended { no: OrderNo(5), id: hold_id, until: ETA, for_payment: true };
    let id = HoldId::new("id", "CART-1").unwrap();
    let prolonged = ProlongedHold { no: OrderNo(1 << 33), id, until: ETA };
    vec![
        ("hold_created", HoldCreated { order: held(HoldState::Live) }.into()),
        ("hold_extended", extended.into()),
        ("hold_changed", changed.into()),
        ("hold_confirmed", replaced(HoldState::Confirmed, None).into()),
        ("hold_taken_over", taken_over.into()),
        ("holds_ended", HoldsEnded { state: HoldState::Lapsed, holds: vec![ended] }.into()),
        ("holds_prolonged", HoldsProlonged { holds: vec![prolonged] }.into()),
    ]
}

/// The order that is held, or was.
fn held(state: HoldState) -> PackedOrder {
    let mut order = order::placed();
    let id = HoldId::new("id", "cart-1").unwrap();
    let owner = Some(OwnerId::new("id", "session-1").unwrap());
    if state == HoldState::Live {
        order.header.id = OrderId::of_hold(&id);
    }
    let hold = Hold {
        id,
        fingerprint: 7,
        owner,
        began: ETA,
        created: Lsn::new(3),
        until: ETA,
        seconds: 60,
        extended: 2,
        is_paying: true,
        accepts_part: false,
        state,
    };
    order.header.hold = Some(Box::new(hold));
    PackedOrder::of(&order)
}

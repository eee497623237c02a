//! That holds in line for a sale that was put off wait longer.

use minicbor::{Decode, Encode};
use serde_json::{Value, json};

use crate::model::effect::{Effect, Effects};
use crate::model::event::Event;
use crate::model::{HoldId, Order, OrderEffect, OrderNo, Timestamp};
use crate::transaction::command::Effective;

/// Holds in line wait longer, because their sale opens later than it was to open when they joined
/// its line. That is none of the times for which a hold may be extended.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct HoldsProlonged {
    /// The holds.
    #[n(0)]
    pub holds: Vec<ProlongedHold>,
}

/// A hold that waits longer.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct ProlongedHold {
    /// Its number as an order.
    #[n(0)]
    pub no: OrderNo,
    /// Its id.
    #[n(1)]
    pub id: HoldId,
    /// Until when it waits.
    #[n(2)]
    pub until: Timestamp,
}

impl ProlongedHold {
    /// A hold that is in hand, and waits until then.
    pub fn of(order: &Order, until: Timestamp) -> Self {
        let hold = order.open_hold().expect("it waits in line");
        Self { no: order.no, id: hold.id.clone(), until }
    }
}

impl Effective for HoldsProlonged {
    fn effects(self) -> Effects {
        let prolong = |of: ProlongedHold| Effect::Order(of.no, OrderEffect::Prolong(of.until));
        self.holds.into_iter().map(prolong).collect()
    }
}

impl Event for HoldsProlonged {
    fn describe(&self) -> Value {
        let holds = self.holds.iter().map(|ProlongedHold { no, id, until }| {
            json!({ "hold_id": id.as_str(), "order_no": no.0, "until": until.to_string() })
        });
        json!({ "holds": holds.collect::<Vec<_>>() })
    }
}

//! What overtook a message that is missing. A count says what was there when it was sent: what a partner
//! told after it, by its own numbers, is applied on top of it, whichever comes first.

use minicbor::{Decode, Encode};

use super::fact::Move;
use super::message::{Measure, PartnerMessage};
use super::subject::Subject;
use crate::limits::PARTNER_OVERTAKING_MAX;
use crate::model::ids::{NodeId, Sku};

/// How a message changed what is on hand of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum OnHandMove {
    /// By so many units, up or down.
    #[n(0)]
    By(#[n(0)] i64),
    /// It was counted.
    #[n(1)]
    Counted,
}

/// How a message changed an item.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Overtook {
    /// The item.
    #[n(0)]
    pub sku: Sku,
    /// How.
    #[n(1)]
    pub how: OnHandMove,
}

/// The same, of a message whose number is above one that is missing.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Overtaking {
    /// Its number.
    #[n(0)]
    pub seq: u64,
    /// The node.
    #[n(1)]
    pub node: NodeId,
    /// What it changed.
    #[n(2)]
    pub of: Overtook,
}

impl Overtook {
    /// What a message that counts changes; at most [`PARTNER_OVERTAKING_MAX`] items.
    pub fn all(message: &PartnerMessage, moves: &[Move]) -> Vec<Self> {
        let how = |of: &Move| match (&message.subject, &of.measure) {
            (Subject::Count(_), Measure::OnHand) => Some(OnHandMove::Counted),
            (Subject::Adjustment(_), Measure::OnHand) => Some(OnHandMove::By(of.by())),
            (Subject::Receipt { .. } | Subject::ReturnReceipt(_), Measure::Received) => {
                Some(OnHandMove::By(of.by()))
            }
            (Subject::Shipment { .. }, Measure::Shipped) => Some(OnHandMove::By(-of.by())),
            _ => None,
        };
        let all = moves.iter().filter_map(|of| Some(Self { sku: of.sku.clone(), how: how(of)? }));
        all.filter(|of| of.how != OnHandMove::By(0)).take(PARTNER_OVERTAKING_MAX).collect()
    }
}

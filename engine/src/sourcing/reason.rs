//! Why an offer was chosen, or was not.

use thiserror::Error;

/// Why an offer was chosen, or was not. Numbers are stored with orders: they
/// are never changed and never reused. 0 is no reason; 9 to 15 are free for the
/// solver. From 16 on they are the caller's: it knows of candidates that never
/// became offers (node disabled, excluded by the buyer).
///
/// For an offer with units that was not chosen, the reason is the first
/// objective, in the policy's order, on which the plan would get worse if the
/// line's units moved to this offer, as many as it can take, the line's worst
/// units first, and the other lines stayed as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Reason {
    /// It is in the plan.
    Chosen = 1,
    /// It has no free unit.
    NoStock = 2,
    /// The line is not to be split, and it has too few units.
    NotEnough = 3,
    /// Units would be delivered later.
    Later = 4,
    /// It would take a shipment more.
    AnotherShipment = 5,
    /// It would cost more.
    Costlier = 6,
    /// It would leave stock less balanced.
    LessBalanced = 7,
    /// It would be as good: the tie was broken against it.
    Equal = 8,
}

/// A number that is no reason of the solver's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("unknown sourcing reason {0}")]
pub struct UnknownReason(pub u8);

impl From<Reason> for u8 {
    fn from(reason: Reason) -> Self {
        reason as Self
    }
}

impl TryFrom<u8> for Reason {
    type Error = UnknownReason;

    fn try_from(number: u8) -> Result<Self, UnknownReason> {
        Ok(match number {
            1 => Self::Chosen,
            2 => Self::NoStock,
            3 => Self::NotEnough,
            4 => Self::Later,
            5 => Self::AnotherShipment,
            6 => Self::Costlier,
            7 => Self::LessBalanced,
            8 => Self::Equal,
            unknown => return Err(UnknownReason(unknown)),
        })
    }
}

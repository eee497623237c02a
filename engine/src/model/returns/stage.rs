//! For what an open return waits, and since when.

use super::return_::Return;
use super::state::{DecisionState, GoodsState};
use super::status::Status;
use crate::model::time::Timestamp;

/// For what units of a return wait. Units that nobody granted yet may be on their way, or there, as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReturnStage {
    /// A person has to grant it.
    Requested,
    /// The customer is to send them.
    Expected,
    /// They are on their way.
    InTransit,
    /// They arrived, and somebody has to look at them.
    Received,
    /// They were looked at, and somebody has to say what becomes of them.
    Inspected,
}

impl ReturnStage {
    /// Each of them.
    pub const ALL: [Self; 5] =
        [Self::Requested, Self::Expected, Self::InTransit, Self::Received, Self::Inspected];

    /// A word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Expected => "expected",
            Self::InTransit => "in_transit",
            Self::Received => "received",
            Self::Inspected => "inspected",
        }
    }

    /// Whether a unit is at it.
    pub fn has(self, status: Status) -> bool {
        let goods = status.goods.state();
        match self {
            Self::Requested => {
                let is_open = Self::ALL[1..].iter().any(|stage| stage.has(status));
                is_open && status.decision.state() == DecisionState::Requested
            }
            Self::Expected => goods == GoodsState::Expected,
            Self::InTransit => goods == GoodsState::InTransit,
            Self::Received => goods == GoodsState::Received,
            Self::Inspected => goods == GoodsState::Inspected,
        }
    }
}

impl Return {
    /// Its units at a stage.
    pub fn units_at(&self, stage: ReturnStage) -> u32 {
        self.lines.iter().map(|line| line.sum(|status| stage.has(status))).sum()
    }

    /// Since when it has been waited for at a stage: since it was asked for, was sent, or the first of it
    /// came. None where no unit is at it.
    pub fn waits_since(&self, stage: ReturnStage) -> Option<Timestamp> {
        let since = match stage {
            ReturnStage::Requested | ReturnStage::Expected => None,
            ReturnStage::InTransit => self.sent.as_deref().map(|sent| sent.at),
            ReturnStage::Received | ReturnStage::Inspected => self.came_at,
        };
        (self.units_at(stage) > 0).then(|| since.unwrap_or(self.requested_at))
    }

    /// Whether somebody waits for anything of it.
    pub fn is_open(&self) -> bool {
        ReturnStage::ALL.iter().any(|stage| self.units_at(*stage) > 0)
    }
}

//! What a step made of a return, as an event has it.

use minicbor::{Decode, Encode};

use super::decision::Reduction;
use super::line::Moved;
use super::parcel::{Sent, Stray};
use super::state::Credit;
use super::table::Act;
use crate::model::ids::NodeNo;
use crate::model::time::Timestamp;

/// What a step made of a return.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct ReturnProgress {
    /// When.
    #[n(0)]
    pub at: Timestamp,
    /// What was done.
    #[n(1)]
    pub act: Act,
    /// Units that moved, in this order.
    #[n(2)]
    pub moves: Vec<Moved>,
    /// What the node reported of what came.
    #[n(3)]
    pub report: Option<Reported>,
    /// How the goods are on their way.
    #[n(4)]
    pub sent: Option<Box<Sent>>,
    /// The node where they come in, if it is another one than was known.
    #[n(5)]
    pub node: Option<NodeNo>,
}

/// What a node reported of what came, beside the units that moved.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Reported {
    /// The report's revision.
    #[n(0)]
    pub revision: u32,
    /// By line of the return, from 0: all units that are there beyond those that were requested, where
    /// that changed.
    #[n(1)]
    pub surplus: Vec<(u16, u32)>,
    /// All that is there and of no line.
    #[n(2)]
    pub strays: Vec<Stray>,
}

/// Units whose credit changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CreditMoved {
    /// The return's line, from 0.
    pub line: u16,
    /// What became of the credit.
    pub to: Credit,
    /// Of how many units.
    pub units: u32,
    /// By how much their value is reduced. Where the credit came before the goods and is earned, that much
    /// of it is taken back.
    pub reduced: Option<Reduction>,
}

impl ReturnProgress {
    /// Whose credit changed. The ledger follows from it.
    pub fn credits(&self) -> impl Iterator<Item = CreditMoved> + '_ {
        let changed = self.moves.iter().filter(|of| of.from.credit != of.to.credit);
        changed.map(|of| CreditMoved {
            line: of.line,
            to: of.to.credit,
            units: of.units,
            reduced: of.to.decision.reduction(),
        })
    }

    /// What the moves change in the books of the node for a line of the return, from 0: units on hand,
    /// and of those, units that cannot be sold. Surplus is not in it.
    pub fn on_shelf(&self, line: u16) -> (i64, i64) {
        let of_line = self.moves.iter().filter(|of| of.line == line);
        of_line.fold((0, 0), |(on_hand, unavailable), of| {
            let (from, to) = (of.from.goods.on_shelf(), of.to.goods.on_shelf());
            let times =
                |to: u32, from: u32| (i64::from(to) - i64::from(from)) * i64::from(of.units);
            (
                on_hand + times(to.on_hand, from.on_hand),
                unavailable + times(to.unavailable, from.unavailable),
            )
        })
    }
}

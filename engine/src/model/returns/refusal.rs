//! Why a return, or a step of one, is refused.

use super::table::Obstacle;
use crate::model::time::Timestamp;

/// Why a return, or a step of one, is refused. Lines are those of the order, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReturnRefusal {
    /// The return has no such line.
    #[error("line {line} is not part of the return")]
    UnknownLine {
        /// The line.
        line: u16,
    },
    /// No unit of the line can take the step.
    #[error("units of line {line} are {}", .obstacle.as_str())]
    Obstructed {
        /// The line.
        line: u16,
        /// Why not.
        obstacle: Obstacle,
    },
    /// Fewer units of the line can take the step.
    #[error("of line {line}, {there} units can take that step")]
    TooMany {
        /// The line.
        line: u16,
        /// How many can.
        there: u32,
    },
    /// More units are asked to come back than left, and do not come back already.
    #[error("of line {line}, {returnable} units can be returned")]
    NotReturnable {
        /// The line.
        line: u16,
        /// How many can.
        returnable: u32,
    },
    /// The terms of the return do not allow it.
    #[error("the terms of the return do not allow it")]
    NotByTerms,
    /// A report of a higher revision was taken.
    #[error("revision {known} is known")]
    Stale {
        /// The revision.
        known: u32,
    },
    /// A report of that revision said something else.
    #[error("revision {revision} was reported with other content")]
    RevisionReused {
        /// The revision.
        revision: u32,
    },
    /// Fewer units are reported than were looked at.
    #[error("{least} units of line {line} were looked at")]
    BelowInspected {
        /// The line.
        line: u16,
        /// How many.
        least: u32,
    },
    /// The time for it has not come.
    #[error("it is not due before {due}")]
    NotDue {
        /// When it is.
        due: Timestamp,
    },
    /// More items came with it that are of no line than are kept.
    #[error("too many items came with the return that are of no line")]
    TooManyStrays,
    /// What became of its units is too different to be kept.
    #[error("units of line {line} are in too many different states")]
    TooManyParts {
        /// The line.
        line: u16,
    },
}

//! The inbox of partners: what a 3PL, a return centre or a supplier said, and what a further message of
//! theirs comes to. Pure.
//!
//! ```text
//!                 +- out of scope: another partner's node. Not kept
//!                 +- quarantined: an id, or a revision, with other content
//!   message --> judge -- duplicate: the same content as before
//!                 +- stale: a higher revision was here before
//!                 +- accepted: moves, the differences to the revision before, up or down
//!        seq --> gap, or none. It never delays what the message says
//! ```
//! A message says totals so far of one fact, (sender, type, subject). So duplicates, lost order and
//! corrections need no case of their own: in the end a fact's totals are those of its highest revision,
//! and all moves of it sum to them (`tests::order`).

mod arrival;
mod fact;
mod judge;
mod message;
mod on_top;
mod overtaking;
mod quarantine;
mod recorded;
mod sender;
mod seqs;
mod subject;
#[cfg(test)]
mod tests;
mod topic;

pub use arrival::{Arrival, ArrivalOf};
pub use fact::{Fact, Move};
pub use judge::{Judgement, judge};
pub use message::{Detail, FactLine, Measure, PartnerMessage, TrackingState};
pub use overtaking::{OnHandMove, Overtaking, Overtook};
pub use quarantine::{QuarantineReason, Quarantined};
pub use recorded::{Contradiction, beside, stated, without_gone};
pub use sender::{Partner, RememberedId};
pub use seqs::{Gap, Seqs};
pub use subject::{FactKey, ReturnNames, Subject};
pub use topic::Topic;

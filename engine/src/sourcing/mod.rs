//! Sourcing: which offers fill an order, found exactly.
//!
//! ```text
//!              few lines, few shipments, promise first: the common case
//! Problem --> narrow ------------------------------------------------------> Plan
//!                |                                                            |
//!                +--> one shipment? --> reduce --> cover --> search --> write +--> explain
//!                                       settles    fewest    branch     greedy,
//!                                       each       whole     and        line by
//!                                       line       lines     bound      line
//! ```
//! Where offers are under conditions, because a line takes a minimum of one or none, or because
//! they share units, this is done some times over (`conditions`).
//!
//! A pure function of indices and numbers: no clock, no I/O, no catalogue, no
//! strings, and, with a [`Scratch`] that is kept, no allocation in the common
//! case. The transaction translates stock into offers and picks into claims.
//!
//! Unfilled units are minimised first, ahead of everything; then the
//! objectives in the policy's order, lexicographically. What happens to units
//! that stay unfilled is the caller's business.

mod bound;
mod conditions;
mod cover;
mod desk;
mod entry;
mod explain;
pub mod limits;
mod narrow;
mod plan;
mod problem;
mod reduce;
mod reduced;
mod scratch;
mod search;
mod set;
mod single;
mod solve;
#[cfg(test)]
mod tests;
mod verdict;
mod weight;

pub use entry::{solve, solve_within};
pub use explain::explain;
pub use plan::{Exactness, Pick, Plan, Score};
pub use problem::{
    Conditions, Line, Malformed, Minimum, NotAPermutation, Objective, ObjectiveOrder, Offer, Part,
    Policy, Problem, Shared, Shipment, Split,
};
pub use scratch::Scratch;
pub use verdict::Verdict;

//! Changing an order after it was placed: it is quoted, and then committed as quoted.
//!
//! ```text
//!   operations --seek--> units that come free, units that are wanted --hold--> quote, with a token
//!   token -----commit--> the same worked out again --as quoted--> one event
//!                                                 \--other------> refused: quote it anew
//! ```
//! New units are held between the two: by a hold like a cart's, whose owner is the order. The
//! event ends the hold, makes its units lines of the order, and lets go of those that are no longer
//! wanted. There is no moment at which the order has neither.

mod assign;
pub mod build;
pub mod commit;
pub mod decide;
pub mod event;
pub mod moving;
pub mod operation;
pub mod quote;
mod redirect;
#[cfg(test)]
pub(crate) mod tests;
mod today;
pub mod worked;

pub use commit::CommitChange;
pub use decide::Fault;
pub use event::{HoldTaken, OrderChanged};
pub use operation::{Change, Operation, Wanted};
pub use quote::{ChangeQuote, QuoteChange};

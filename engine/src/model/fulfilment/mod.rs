//! What becomes of a shipment's units between their allocation and the customer's hands.
//!
//! ```text
//!   waiting --> allocated --> released --> picked --> packed --+--> shipped --> delivered
//!                                                              +--> ready ----> collected
//! ```
//! Which step takes units from which state to which is in one [table], and what happened of it
//! is in the shipment's [`Work`]. Units that are picked are off the shelf: at their pair they rest on
//! [`Supply::Picked`](super::Supply::Picked), from which no other demand takes them.

mod content;
mod lines;
mod step;
pub mod table;
mod work;

pub use content::{Content, Standing, TooMany};
pub use step::{Progress, Step};
pub use table::{Act, Obstacle, Rule, UnitState};
pub use work::{Dispatch, Ended, Ending, Package, Work, WorkClaim};

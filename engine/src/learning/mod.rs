//! Learning what goes with what, from the journal, behind the applier.
//!
//! ```text
//!   journal --cursor--> records --lessons--> what was learnt (state/companions.rs)
//!            up to what is applied  an order was placed: its items
//!                                   nothing of it is wanted after all: the same, taken back
//! ```
//! - **Placing an order pays nothing for it.** The applier does not know of it. A thread of its own, which rests while
//!   commands come, reads what the journal has; where the processor is short, it is behind, and suggestions are a
//!   little older. It reads on however often the journal cannot be read.
//! - **Invariant, pure.** What was learnt follows from the journal's events in their order alone, however far behind it is
//!   and however often it was stopped: a copy in a snapshot says up to which event it is, and reading goes on behind
//!   that. A snapshot has one that is not older than its start, from which on the journal is kept.
//! - What is read of an order that was cancelled is what stays so: that nothing of it is wanted, and which event
//!   said so last. So it does not matter that the order may be as of a later event.

mod learner;
mod lesson;

pub use learner::{Learner, catch_up};

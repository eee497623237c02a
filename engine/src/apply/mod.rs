//! From the journal to the actors: applying what is durable, undoing what was rejected.

pub mod applier;
pub mod counting;
pub mod expecting;
pub mod pipeline;
pub mod sharing;
mod undo;

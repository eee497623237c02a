//! From a data directory to a running engine, and back to an earlier state.

pub mod directory;
pub mod enter;
pub mod error;
pub mod mark;
pub mod open;
mod replay;
pub mod restore;
mod snapshotter;

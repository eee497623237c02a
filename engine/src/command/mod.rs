//! Commands: what callers may ask for, a room each.

pub mod catalogue;
pub mod order;
pub mod supply;

//! Pure state and events: no runtime, no clock, no randomness, no I/O.

pub mod time;

pub use time::{Day, Timestamp};

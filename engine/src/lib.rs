//! The allocation engine of Backstock.

pub mod disk;
pub mod journal;
pub mod model;

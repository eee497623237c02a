//! The allocation engine of Backstock.

pub mod actor;
pub mod model;

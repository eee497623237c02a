//! The allocation engine of Backstock.

pub mod calendar;
pub mod model;

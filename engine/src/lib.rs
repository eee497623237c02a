//! The allocation engine of Backstock.

pub mod actor;
pub mod calendar;
pub mod geo;
pub mod limits;
pub mod model;

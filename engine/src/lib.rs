//! The allocation engine of Backstock.

pub mod geo;
pub mod limits;
pub mod model;

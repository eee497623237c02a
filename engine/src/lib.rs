//! The allocation engine of Backstock.

//! Commands on the supply of a pair.

pub mod change_stock;

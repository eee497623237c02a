//! The sets: how each is read and written.

pub(super) mod carrier;
pub(super) mod receiving;
pub(super) mod returns;
pub(super) mod shipping;
pub(super) mod stock;

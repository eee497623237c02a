//! Documents for people who work with their hands: HTML that prints well, without scripts and without
//! anything from elsewhere. Pure: facts in, text out.

mod html;
mod packing_slip;
mod pick_list;

pub(crate) use packing_slip::{PackingSlip, SlipPackage, packing_slip};
pub(crate) use pick_list::{PickList, PickShipment, pick_list};

/// Goods of a SKU, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Goods {
    /// The SKU.
    pub(crate) sku: String,
    /// What it is called; empty if it has no title.
    pub(crate) title: String,
    /// How many.
    pub(crate) units: u64,
}

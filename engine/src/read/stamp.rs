//! Whether what can be promised of a SKU changed, without reading all of it.
//!
//! ```text
//!   events ---> pairs publish ---> watermark moves ---> who watches compares stamps
//! ```
//! A stamp is made of what pairs publish anyway, and of a count of what happened to those that do
//! not publish all. So no actor is asked, nothing is kept or rung for those who watch, and events
//! are applied as though there were none.

use std::hash::{BuildHasher, Hasher};

use crate::model::{Sku, Timestamp};
use crate::transaction::error::EngineError;
use crate::transaction::kernel::Kernel;

/// What is seen of a SKU at a glance. Of two equal stamps of which neither is in flight, what can
/// be promised is the same, but that time passes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stamp {
    seen: u64,
    in_flight: bool,
}

impl Stamp {
    /// Whether commands in flight claim units. They may give them back without an event, so that
    /// it has to be looked at again.
    pub const fn is_in_flight(self) -> bool {
        self.in_flight
    }
}

/// The stamp of a SKU.
///
/// # Errors
/// Where there is no such item.
pub fn stamp(kernel: &Kernel, sku: &Sku) -> Result<Stamp, EngineError> {
    let no = kernel.state.catalogue.named(sku)?;
    let mut seen = foldhash::quality::FixedState::default().build_hasher();
    let held = kernel.state.holds.of_sku(no);
    seen.write_u8(kernel.state.catalogue.entry(no).is_off_sale().into());
    seen.write_u64(held.units);
    seen.write_u64(held.line);
    seen.write_i64(held.first_lapse.map_or(i64::MAX, Timestamp::as_micros));
    let parts = kernel.state.catalogue.parts_of(no);
    let network = kernel.state.network.load();
    seen.write_u64(network.policy_lsn.get());
    let mut in_flight = false;
    for entry in parts.iter().map(|part| kernel.state.catalogue.entry(part.sku)) {
        seen.write_u8(entry.is_off_sale().into());
        // First: it is counted after pairs show what they have.
        seen.write_u32(entry.unseen());
        for slot in &entry.row {
            // A node that was defined since has nothing durable here.
            let Some(known) = network.nodes.get(usize::from(slot.node.0)) else { continue };
            let glance = slot.shared().glance();
            seen.write_u64(known.last_lsn.get());
            seen.write_i32(glance.free);
            seen.write_u8(glance.shows_all().into());
            in_flight |= glance.in_flight;
        }
    }
    Ok(Stamp { seen: seen.finish(), in_flight })
}

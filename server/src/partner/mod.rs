//! What partners say and hear: 3PLs, return centres and suppliers. Pure: bytes in, messages or faults
//! out, and back.
//!
//! ```text
//!   JSON  <--contract-->  Message  <--x12-->  X12 files, 997
//! ```
//! `CONTRACT.md` tells a partner's programmer what is sent. Tests read its examples.

pub mod check;
pub mod contract;
mod found;
mod limits;
mod told;
pub mod x12;

pub use found::Found;
pub use limits::FILE_BYTES_MAX;
pub use told::told;

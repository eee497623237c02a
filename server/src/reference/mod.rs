//! Reference data that ships inside the binary.

mod postal;
mod shape;
mod table;

pub use postal::{NearestCode, Place, UsPostalCodes};

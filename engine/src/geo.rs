//! Placeholder until the geo branch lands.
use minicbor::{Decode, Encode};
/// A place on the globe, in micro-degrees.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Encode, Decode)]
pub struct Location {
    /// Latitude.
    #[n(0)]
    pub latitude_udeg: i32,
    /// Longitude.
    #[n(1)]
    pub longitude_udeg: i32,
}

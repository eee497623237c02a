//! Points on the earth, as integers, so that they can be state.

use minicbor::{Decode, Encode};
use thiserror::Error;

/// Micro-degrees in a degree.
pub(crate) const UDEG_PER_DEGREE: i32 = 1_000_000;

/// Poles are at plus and minus 90 degrees.
pub const LATITUDE_UDEG_MAX: i32 = 90 * UDEG_PER_DEGREE;

/// The antimeridian is at plus and minus 180 degrees.
pub const LONGITUDE_UDEG_MAX: i32 = 180 * UDEG_PER_DEGREE;

/// Why a location was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum LocationError {
    /// Beyond a pole.
    #[error("latitude of {udeg} micro-degrees is outside ±{LATITUDE_UDEG_MAX}")]
    Latitude {
        /// Micro-degrees north, as given.
        udeg: i32,
    },
    /// Beyond the antimeridian.
    #[error("longitude of {udeg} micro-degrees is outside ±{LONGITUDE_UDEG_MAX}")]
    Longitude {
        /// Micro-degrees east, as given.
        udeg: i32,
    },
}

/// A point on the earth, in micro-degrees: a step of latitude is 11 cm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Encode, Decode)]
pub struct Location {
    #[n(0)]
    latitude_udeg: i32,
    #[n(1)]
    longitude_udeg: i32,
}

impl Location {
    /// The point that many micro-degrees north of the equator and east of
    /// Greenwich; south and west are negative.
    ///
    /// # Errors
    /// [`LocationError::Latitude`] or [`LocationError::Longitude`] when outside
    /// [`LATITUDE_UDEG_MAX`] or [`LONGITUDE_UDEG_MAX`], which are inclusive.
    pub const fn new(latitude_udeg: i32, longitude_udeg: i32) -> Result<Self, LocationError> {
        if latitude_udeg.unsigned_abs() > LATITUDE_UDEG_MAX.unsigned_abs() {
            return Err(LocationError::Latitude { udeg: latitude_udeg });
        }
        if longitude_udeg.unsigned_abs() > LONGITUDE_UDEG_MAX.unsigned_abs() {
            return Err(LocationError::Longitude { udeg: longitude_udeg });
        }
        Ok(Self { latitude_udeg, longitude_udeg })
    }

    /// Micro-degrees north of the equator.
    pub const fn latitude_udeg(self) -> i32 {
        self.latitude_udeg
    }

    /// Micro-degrees east of Greenwich.
    pub const fn longitude_udeg(self) -> i32 {
        self.longitude_udeg
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_location_off_the_globe_is_refused() {
        assert_eq!(Location::new(90_000_001, 0), Err(LocationError::Latitude { udeg: 90_000_001 }));
        assert_eq!(Location::new(i32::MIN, 0), Err(LocationError::Latitude { udeg: i32::MIN }));
        assert_eq!(
            Location::new(0, -180_000_001),
            Err(LocationError::Longitude { udeg: -180_000_001 })
        );
    }

    #[test]
    fn a_location_keeps_its_bytes() {
        let reno = Location::new(39_695_488, -119_811_146).unwrap();
        let bytes = minicbor::to_vec(reno).unwrap();
        let golden = [0x82, 0x1a, 0x02, 0x5d, 0xb4, 0x80, 0x3a, 0x07, 0x24, 0x2c, 0x49];
        assert_eq!(bytes, golden, "{bytes:02x?}");
        assert_eq!(minicbor::decode::<Location>(&bytes).unwrap(), reno);
    }
}

//! Distances between places, and the table of postal codes that says where a place is.
//!
//! A distance is computed in floating point for planning and is never state: a plan's
//! outcome is written to the journal, not the figures that led to it.

use thiserror::Error;

use crate::calendar::Zone;
use crate::model::Location;
use crate::model::location::UDEG_PER_DEGREE;

/// The mean radius R1 of the GRS 80 ellipsoid, in metres (Moritz 2000,
/// "Geodetic Reference System 1980", Journal of Geodesy 74). A sphere of this
/// size is within about 0.5% of the ellipsoid's distances.
const EARTH_RADIUS_M: f64 = 6_371_008.771_4;

/// Bands that one set may hold: an index fits four bits, and no carrier's rate
/// card has more distance zones.
pub const BANDS_MAX: usize = 16;

/// Why a set of distance bands was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum BandsError {
    /// A set needs 1 to [`BANDS_MAX`] bands.
    #[error("{count} distance bands are not 1 to {BANDS_MAX}")]
    BandCount {
        /// How many were given.
        count: usize,
    },
    /// A band must reach farther than the one before it.
    #[error("distance band {index} does not reach farther than the one before it")]
    BandOrder {
        /// The first band at fault, from 0.
        index: usize,
    },
}

/// The great-circle distance from `a` to `b` in whole metres, at most half the
/// circumference (20,015,114 m). Symmetric, and 0 from a point to itself.
///
/// The haversine formula (R. W. Sinnott 1984, "Virtues of the Haversine", Sky
/// and Telescope 68, p. 159) on a sphere of the earth's mean radius. It keeps
/// its precision at short distances, where the law of cosines loses it.
pub fn distance_m(a: Location, b: Location) -> u32 {
    let (north_a, north_b) = (radians(a.latitude_udeg()), radians(b.latitude_udeg()));
    let half_north = (north_b - north_a).abs() / 2.0;
    let half_east = (radians(b.longitude_udeg()) - radians(a.longitude_udeg())).abs() / 2.0;
    let haversine =
        half_north.sin().powi(2) + north_a.cos() * north_b.cos() * half_east.sin().powi(2);
    // Rounding can push opposite points just past 1, where asin is undefined.
    let angle = 2.0 * haversine.min(1.0).sqrt().asin();
    whole_metres(EARTH_RADIUS_M * angle)
}

fn radians(udeg: i32) -> f64 {
    (f64::from(udeg) / f64::from(UDEG_PER_DEGREE)).to_radians()
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a distance is between 0 and half the circumference, which fits"
)]
fn whole_metres(metres: f64) -> u32 {
    metres.round() as u32
}

/// Where a postal code is, and its place in the table that knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PostalMatch {
    /// A point that stands for the whole area of the code.
    pub location: Location,
    /// Dense, from 0 to below [`PostalCodes::code_count`]: a key for a cache
    /// that is an array. It stays the same for the life of the table, and means
    /// nothing outside the process.
    pub index: u32,
    /// The time zone that it is in.
    pub zone: ZoneNo,
}

/// The place of a time zone in a table of postal codes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct ZoneNo(pub u8);

/// A table of the postal codes of one country. The engine is handed one; it ships none.
pub trait PostalCodes: Send + Sync {
    /// Where `postal_code` is; `None` when the table does not know it.
    fn locate(&self, postal_code: &str) -> Option<PostalMatch>;

    /// How many codes there are: the exclusive upper bound of every index.
    fn code_count(&self) -> u32;

    /// A time zone that one of the codes is in.
    ///
    /// # Panics
    /// For a number that no code of this table has.
    fn zone(&self, zone: ZoneNo) -> &Zone;

    /// Why the table does not know `postal_code`, to follow it in a sentence.
    fn why_unknown(&self, _postal_code: &str) -> String {
        "is not one of the postal codes this server knows".into()
    }
}

/// So that a table which lives as long as the process can be lent.
impl<T: PostalCodes + ?Sized> PostalCodes for &T {
    fn locate(&self, postal_code: &str) -> Option<PostalMatch> {
        (**self).locate(postal_code)
    }

    fn code_count(&self) -> u32 {
        (**self).code_count()
    }

    fn zone(&self, zone: ZoneNo) -> &Zone {
        (**self).zone(zone)
    }

    fn why_unknown(&self, postal_code: &str) -> String {
        (**self).why_unknown(postal_code)
    }
}

/// The place of a band in its [`Bands`]: 0 is the nearest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DistanceBand(u8);

impl DistanceBand {
    /// The index from 0, below [`BANDS_MAX`].
    pub const fn index(self) -> u8 {
        self.0
    }
}

/// Distances cut into bands, as carriers' rate cards have them: 1 to
/// [`BANDS_MAX`] of them, each reaching farther than the one before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bands(Vec<u32>);

impl Bands {
    /// Bands by the distance in metres, inclusive, up to which each reaches.
    /// A last one of `u32::MAX` leaves no place on earth out.
    ///
    /// # Errors
    /// [`BandsError::BandCount`] or [`BandsError::BandOrder`].
    pub fn new(reach_m: Vec<u32>) -> Result<Self, BandsError> {
        if reach_m.is_empty() || reach_m.len() > BANDS_MAX {
            return Err(BandsError::BandCount { count: reach_m.len() });
        }
        match reach_m.windows(2).position(|pair| pair[0] >= pair[1]) {
            Some(before) => Err(BandsError::BandOrder { index: before + 1 }),
            None => Ok(Self(reach_m)),
        }
    }

    /// The reach of each band in metres, ascending.
    pub fn reach_m(&self) -> &[u32] {
        &self.0
    }

    /// The nearest band that reaches `distance_m`; `None` when none does.
    pub fn band_of(&self, distance_m: u32) -> Option<DistanceBand> {
        let band = self.0.partition_point(|reach_m| *reach_m < distance_m);
        let reached = band < self.0.len();
        reached.then(|| u8::try_from(band).ok().map(DistanceBand)).flatten()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::location::{LATITUDE_UDEG_MAX, LONGITUDE_UDEG_MAX};

    fn at(latitude_udeg: i32, longitude_udeg: i32) -> Location {
        Location::new(latitude_udeg, longitude_udeg).unwrap()
    }

    #[test]
    fn a_degree_of_a_great_circle_is_its_share_of_the_circumference() {
        // 2 * pi * 6,371,008.7714 m / 360.
        let degree_m = 111_195;
        assert_eq!(distance_m(at(0, 0), at(0, 1_000_000)), degree_m);
        assert_eq!(distance_m(at(45_000_000, 7), at(46_000_000, 7)), degree_m);
    }

    #[test]
    fn known_distances_are_within_half_a_percent_of_the_ellipsoids() {
        let jfk = at(40_639_722, -73_778_889);
        let lax = at(33_942_500, -118_408_056);
        // Geodesic on WGS 84: 3,983 km.
        let measured_m = distance_m(jfk, lax);
        assert!(measured_m.abs_diff(3_983_000) < 3_983_000 / 200, "{measured_m}");
    }

    #[test]
    fn opposite_points_are_half_the_circumference_apart() {
        let half_m = 20_015_114;
        assert_eq!(distance_m(at(0, 0), at(0, LONGITUDE_UDEG_MAX)), half_m);
        assert_eq!(distance_m(at(LATITUDE_UDEG_MAX, 0), at(-LATITUDE_UDEG_MAX, 0)), half_m);
    }

    #[test]
    fn the_way_across_the_antimeridian_is_the_short_one() {
        assert_eq!(distance_m(at(0, 179_500_000), at(0, -179_500_000)), 111_195);
    }

    #[test]
    fn a_band_reaches_its_own_distance_and_no_farther() {
        let bands = Bands::new(vec![100, 200]).unwrap();
        let found = |metres| bands.band_of(metres).map(DistanceBand::index);
        assert_eq!(found(0), Some(0));
        assert_eq!(found(100), Some(0));
        assert_eq!(found(101), Some(1));
        assert_eq!(found(200), Some(1));
        assert_eq!(found(201), None);
    }

    #[test]
    fn bands_that_do_not_ascend_or_are_too_many_are_refused() {
        assert_eq!(Bands::new(Vec::new()), Err(BandsError::BandCount { count: 0 }));
        assert_eq!(Bands::new((0..17).collect()), Err(BandsError::BandCount { count: 17 }));
        assert!(Bands::new((0..16).collect()).is_ok());
        assert_eq!(Bands::new(vec![1, 5, 5]), Err(BandsError::BandOrder { index: 2 }));
    }

    fn any_location() -> impl Strategy<Value = Location> {
        (-LATITUDE_UDEG_MAX..=LATITUDE_UDEG_MAX, -LONGITUDE_UDEG_MAX..=LONGITUDE_UDEG_MAX)
            .prop_map(|(latitude, longitude)| at(latitude, longitude))
    }

    proptest! {
        #[test]
        fn distance_is_a_metric(a in any_location(), b in any_location(), c in any_location()) {
            prop_assert_eq!(distance_m(a, a), 0);
            prop_assert_eq!(distance_m(a, b), distance_m(b, a));
            // Each of three roundings moves a side by half a metre at most.
            prop_assert!(distance_m(a, c) <= distance_m(a, b) + distance_m(b, c) + 2);
        }
    }
}

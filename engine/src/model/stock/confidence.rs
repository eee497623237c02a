//! How much of a supply on its way is counted on.

use minicbor::{Decode, Encode};

/// The part of a supply on its way that may be promised, in basis points, 0 to 10,000. A vendor
/// who mostly sends less, or returns of which some never come, count for what they are worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(transparent)]
pub struct Confidence(#[n(0)] u16);

impl Confidence {
    /// The whole.
    pub const BASIS_POINTS_MAX: u16 = 10_000;
    /// All of it counts.
    pub const WHOLE: Self = Self(Self::BASIS_POINTS_MAX);

    /// So many basis points; none if they are more than the whole.
    pub const fn new(basis_points: u16) -> Option<Self> {
        if basis_points <= Self::BASIS_POINTS_MAX { Some(Self(basis_points)) } else { None }
    }

    /// In basis points.
    pub const fn basis_points(self) -> u16 {
        self.0
    }

    /// The part of so many units that may be promised: whole units, rounded down.
    pub fn of(self, units: u32) -> u32 {
        let part = u64::from(units) * u64::from(self.0) / u64::from(Self::BASIS_POINTS_MAX);
        u32::try_from(part).expect("a part of the units")
    }
}

impl Default for Confidence {
    fn default() -> Self {
        Self::WHOLE
    }
}

//! Parts of the world that have a rate of their own.

use minicbor::{Decode, Encode};

use crate::limits::POSTAL_CODE_BYTES_MAX;
use crate::model::{Country, PostalCode};

/// A part of the world: a country, and what postal codes in it begin with. Each is optional; the
/// zone of neither is everywhere. Small letters of a postal code count as capitals.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Encode, Decode)]
pub struct Zone {
    /// The country; any, if there is none.
    #[n(0)]
    pub country: Option<Country>,
    /// What postal codes begin with; anything, if there is none.
    #[n(1)]
    pub prefix: Option<PostalCode>,
}

impl Zone {
    /// Everywhere.
    pub const EVERYWHERE: Self = Self { country: None, prefix: None };

    /// Whether a place lies in it.
    pub fn has(&self, place: &Place<'_>) -> bool {
        let code = place.postal_code.as_bytes();
        let begins = |prefix: &PostalCode| {
            let prefix = prefix.as_str().as_bytes();
            code.get(..prefix.len()).is_some_and(|part| part.eq_ignore_ascii_case(prefix))
        };
        self.country.is_none_or(|country| place.country == Some(country))
            && self.prefix.as_ref().is_none_or(begins)
    }

    /// The same for each way to write it.
    #[must_use]
    pub fn in_capitals(self) -> Self {
        let upper = |prefix: PostalCode| {
            PostalCode::new("prefix", prefix.as_str().to_ascii_uppercase()).unwrap_or(prefix)
        };
        Self { country: self.country, prefix: self.prefix.map(upper) }
    }

    /// How much it says: a country counts more than any postal code, and more of a code more than
    /// less. Of the zones that a place lies in, the one that says most is unique.
    pub fn detail(&self) -> usize {
        let code = self.prefix.as_ref().map_or(0, |prefix| prefix.as_str().len());
        code + if self.country.is_some() { 1 + POSTAL_CODE_BYTES_MAX } else { 0 }
    }
}

/// Where an order goes, as far as rates depend on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place<'a> {
    /// The country, where it is known: without it, a zone of a country has nothing of it.
    pub country: Option<Country>,
    /// The postal code; empty where it is not known.
    pub postal_code: &'a str,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_means_nothing_without_its_country() {
        let country = |code: &str| Country::new("country", code).unwrap();
        let berlin = Place { country: Some(country("DE")), postal_code: "10115" };
        let zone = |code: Option<&str>, prefix: Option<&str>| Zone {
            country: code.map(country),
            prefix: prefix.map(|prefix| PostalCode::new("prefix", prefix).unwrap()),
        };
        for (zone, has, detail) in [
            (Zone::EVERYWHERE, true, 0),
            (zone(None, Some("101")), true, 3),
            (zone(Some("DE"), None), true, 17),
            (zone(Some("DE"), Some("101")), true, 20),
            (zone(Some("US"), Some("101")), false, 20),
            (zone(None, Some("101151")), false, 6),
        ] {
            assert_eq!((zone.has(&berlin), zone.detail()), (has, detail), "{zone:?}");
        }
        assert!(!zone(Some("DE"), None).has(&Place { country: None, postal_code: "10115" }));
        assert!(zone(None, Some("ec")).has(&Place { country: None, postal_code: "EC1A 1BB" }));
        assert!(Country::new("country", "de").is_err());
    }
}

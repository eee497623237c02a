//! What has a value by zone, and how that of a place is found.

use super::zone::{Place, Zone};
use crate::limits::POSTAL_CODE_BYTES_MAX;
use crate::model::Country;

/// A value for each of some zones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zones<T> {
    /// By country and prefix, none twice.
    rows: Vec<(Zone, T)>,
    /// The longest prefix of a zone, in bytes: no longer part of a postal code is looked up.
    longest: usize,
}

impl<T> Default for Zones<T> {
    fn default() -> Self {
        Self { rows: Vec::new(), longest: 0 }
    }
}

impl<T> Zones<T> {
    /// The value of a zone, which it gets if it has none.
    pub fn entry(&mut self, zone: &Zone, value: impl FnOnce() -> T) -> &mut T {
        let zone = zone.clone().in_capitals();
        self.longest = self.longest.max(prefix(&zone).len());
        let at = self.rows.binary_search_by(|(other, _)| other.cmp(&zone));
        let at = at.unwrap_or_else(|at| {
            self.rows.insert(at, (zone, value()));
            at
        });
        &mut self.rows[at].1
    }

    /// The values of all zones that a place lies in, that which says most of it first.
    pub fn of<'t>(&'t self, place: &Place<'_>) -> impl Iterator<Item = &'t T> {
        let mut code = [0; POSTAL_CODE_BYTES_MAX];
        let longest = place.postal_code.len().min(self.longest).min(code.len());
        code[..longest].copy_from_slice(&place.postal_code.as_bytes()[..longest]);
        code.make_ascii_uppercase();
        let countries = place.country.map(Some).into_iter().chain([None]);
        countries.flat_map(move |country| {
            (0..=longest).rev().filter_map(move |length| self.exactly(country, &code[..length]))
        })
    }

    fn exactly(&self, country: Option<Country>, code: &[u8]) -> Option<&T> {
        let at = self.rows.binary_search_by(|(zone, _)| {
            zone.country.cmp(&country).then_with(|| prefix(zone).cmp(code))
        });
        at.ok().map(|at| &self.rows[at].1)
    }
}

fn prefix(zone: &Zone) -> &[u8] {
    zone.prefix.as_ref().map_or(&[], |prefix| prefix.as_str().as_bytes())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::PostalCode;

    fn zones() -> impl Strategy<Value = Zone> {
        let country = prop::option::of(prop::sample::select(vec!["DE", "US"]));
        (country, "[12a]{0,3}").prop_map(|(country, code)| Zone {
            country: country.map(|code| Country::new("country", code).unwrap()),
            prefix: PostalCode::new("prefix", code).ok(),
        })
    }

    proptest! {
        #[test]
        fn the_zone_that_says_most_of_a_place_comes_first(
            zones in prop::collection::vec(zones(), 0..12),
            place in zones(),
        ) {
            let mut table = Zones::default();
            for zone in &zones {
                table.entry(zone, || zone.clone().in_capitals());
            }
            let code = place.prefix.as_ref().map_or("", PostalCode::as_str);
            let place = Place { country: place.country, postal_code: code };
            let found: Vec<_> = table.of(&place).cloned().collect();
            let mut has: Vec<_> = zones.into_iter().map(Zone::in_capitals).collect();
            has.retain(|zone| zone.has(&place));
            has.sort_by_key(|zone| std::cmp::Reverse(zone.detail()));
            has.dedup();
            prop_assert_eq!(found, has);
        }
    }
}

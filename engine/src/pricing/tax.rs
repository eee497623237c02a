//! Tax rates by category and destination.

use minicbor::{Decode, Encode};

use super::zone::{Place, Zone};
use super::zones::Zones;
use crate::limits::{TAX_BASIS_POINTS_MAX, TAX_RATES_MAX};
use crate::model::check::{finish, in_range};
use crate::model::money::{of_basis_points, tax_within};
use crate::model::{Minor, Rule, Text, Violation};

/// One rate.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct TaxRate {
    /// Of which items; of all whose category has no rate there, if there is none.
    #[n(0)]
    pub category: Option<Text>,
    /// Where they are sent.
    #[n(1)]
    pub zone: Zone,
    /// The rate, in basis points.
    #[n(2)]
    pub basis_points: u32,
}

/// Which rates there are, as they are defined.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct TaxRates {
    /// Whether prices include the tax. Otherwise it is added to them.
    #[n(0)]
    pub inclusive: bool,
    /// The category of shipping charges.
    #[n(1)]
    pub shipping_category: Option<Text>,
    /// The rates, in any order.
    #[n(2)]
    pub rates: Vec<TaxRate>,
}

impl TaxRates {
    /// Checks all fields.
    ///
    /// # Errors
    /// All that is wrong: too many rates, one above the bound, two for one category and zone.
    pub fn validate(&self) -> Result<(), Vec<Violation>> {
        if self.rates.len() > TAX_RATES_MAX {
            let rule = Rule::TooMany { max: TAX_RATES_MAX };
            return Err(vec![Violation::new("rates", self.rates.len(), rule)]);
        }
        let mut found = Vec::new();
        let mut seen = std::collections::BTreeSet::new();
        for (at, rate) in self.rates.iter().enumerate() {
            let (bp, max) = (i64::from(rate.basis_points), i64::from(TAX_BASIS_POINTS_MAX));
            in_range(&mut found, format!("rates[{at}].basis_points"), bp, 0, max);
            let category = rate.category.as_ref().map(Text::as_str);
            if !seen.insert((category, rate.zone.clone().in_capitals())) {
                let shown = category.unwrap_or_default();
                found.push(Violation::new(format!("rates[{at}]"), shown, Rule::Duplicate));
            }
        }
        finish(found)
    }
}

/// The rates, as they are looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaxTable {
    rates: TaxRates,
    categories: Vec<(Option<Text>, Zones<u32>)>,
}

impl TaxTable {
    /// A table of rates that were found right.
    pub fn new(rates: TaxRates) -> Self {
        let mut categories: Vec<(Option<Text>, Zones<u32>)> = Vec::new();
        for rate in &rates.rates {
            let known = categories.iter_mut().position(|(category, _)| *category == rate.category);
            let at = known.unwrap_or(categories.len());
            if at == categories.len() {
                categories.push((rate.category.clone(), Zones::default()));
            }
            *categories[at].1.entry(&rate.zone, || 0) = rate.basis_points;
        }
        Self { rates, categories }
    }

    /// The rates that it was made of.
    pub const fn rates(&self) -> &TaxRates {
        &self.rates
    }

    /// The rate of a category at a place, in basis points: the category's own, or else the general
    /// one. None, if there is neither.
    pub fn rate(&self, category: Option<&str>, place: &Place<'_>) -> Option<u32> {
        let own = category.and_then(|_| self.own_rate(category, place));
        own.or_else(|| self.own_rate(None, place))
    }

    fn own_rate(&self, category: Option<&str>, place: &Place<'_>) -> Option<u32> {
        let mut of =
            self.categories.iter().filter(|(name, _)| name.as_ref().map(Text::as_str) == category);
        of.next()?.1.of(place).next().copied()
    }

    /// The tax on an amount at a rate.
    pub fn tax(&self, amount: Minor, basis_points: u32) -> Minor {
        if self.rates.inclusive {
            tax_within(amount, basis_points)
        } else {
            of_basis_points(amount, basis_points)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Country;
    use crate::model::PostalCode;

    fn rate(category: &str, country: &str, prefix: &str, basis_points: u32) -> TaxRate {
        let zone = Zone {
            country: Country::new("country", country).ok(),
            prefix: PostalCode::new("prefix", prefix).ok(),
        };
        let category = (!category.is_empty()).then(|| Text::new("category", category).unwrap());
        TaxRate { category, zone, basis_points }
    }

    #[test]
    fn a_category_has_its_rate_at_a_place_and_otherwise_the_general_one() {
        let rates = vec![
            rate("", "", "", 500),
            rate("", "DE", "", 1_900),
            rate("books", "DE", "", 700),
            rate("books", "US", "100", 0),
        ];
        let table = TaxTable::new(TaxRates { inclusive: false, shipping_category: None, rates });
        for (category, country, code, basis_points) in [
            (None, "DE", "10115", 1_900),
            (Some("books"), "DE", "10115", 700),
            (Some("books"), "US", "10001", 0),
            (Some("books"), "US", "94103", 500),
            (Some("toys"), "DE", "", 1_900),
            (Some("books"), "", "10001", 500),
        ] {
            let place = Place { country: Country::new("country", country).ok(), postal_code: code };
            assert_eq!(table.rate(category, &place), Some(basis_points), "{category:?} {country}");
        }
    }

    #[test]
    fn two_rates_of_one_category_and_zone_are_refused() {
        let rates =
            vec![rate("", "DE", "1a", 1), rate("", "DE", "1A", 2), rate("", "DE", "", 30_001)];
        let rates = TaxRates { inclusive: true, shipping_category: None, rates };
        let wrong = rates.validate().unwrap_err();
        let fields: Vec<_> = wrong.iter().map(|violation| violation.field.as_str()).collect();
        assert_eq!(fields, ["rates[1]", "rates[2].basis_points"]);
    }
}

//! What shipping costs the customer, by service, destination and amount of the order.

use minicbor::{Decode, Encode};
use smallvec::SmallVec;

use super::zone::{Place, Zone};
use super::zones::Zones;
use crate::limits::{AMOUNT_MAX, SHIPPING_RATES_MAX};
use crate::model::check::{finish, in_range};
use crate::model::{Currency, Minor, Rule, ServiceName, Violation};

/// One charge.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct ShippingRate {
    /// The currency of its amounts.
    #[n(0)]
    pub currency: Currency,
    /// For which service; for all that have no rate there, if there is none.
    #[n(1)]
    pub service: Option<ServiceName>,
    /// Where the order is sent.
    #[n(2)]
    pub zone: Zone,
    /// From which amount of goods on, discounts taken off.
    #[n(3)]
    pub from: Minor,
    /// What it costs.
    #[n(4)]
    pub charge: Minor,
}

/// Checks all rates.
///
/// # Errors
/// All that is wrong: too many rates, an amount below zero or above the bound, two for the same.
pub fn check_rates(rates: &[ShippingRate]) -> Result<(), Vec<Violation>> {
    if rates.len() > SHIPPING_RATES_MAX {
        let rule = Rule::TooMany { max: SHIPPING_RATES_MAX };
        return Err(vec![Violation::new("rates", rates.len(), rule)]);
    }
    let mut found = Vec::new();
    let mut seen = std::collections::BTreeSet::new();
    for (at, rate) in rates.iter().enumerate() {
        in_range(&mut found, format!("rates[{at}].from"), rate.from.0, 0, AMOUNT_MAX);
        in_range(&mut found, format!("rates[{at}].charge"), rate.charge.0, 0, AMOUNT_MAX);
        let zone = rate.zone.clone().in_capitals();
        if !seen.insert((rate.currency.as_str(), &rate.service, zone, rate.from)) {
            found.push(Violation::new(format!("rates[{at}]"), rate.from, Rule::Duplicate));
        }
    }
    finish(found)
}

/// The rates, as they are looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShippingTable {
    rates: Vec<ShippingRate>,
    services: Vec<Charges>,
}

/// The charges of a service in a currency: of each zone, by amount, the highest first.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Charges {
    currency: Currency,
    service: Option<ServiceName>,
    zones: Zones<Steps>,
}

/// From which amounts on there is which charge: the highest amount first.
type Steps = SmallVec<[(Minor, Minor); 2]>;

impl ShippingTable {
    /// A table of rates that were found right.
    pub fn new(rates: Vec<ShippingRate>) -> Self {
        let mut services: Vec<Charges> = Vec::new();
        for rate in &rates {
            let is_it = |of: &Charges| of.currency == rate.currency && of.service == rate.service;
            let at = services.iter().position(is_it).unwrap_or(services.len());
            if at == services.len() {
                let (currency, service) = (rate.currency, rate.service.clone());
                services.push(Charges { currency, service, zones: Zones::default() });
            }
            let steps = services[at].zones.entry(&rate.zone, Steps::new);
            steps.push((rate.from, rate.charge));
            steps.sort_by(|one, other| other.cmp(one));
        }
        Self { rates, services }
    }

    /// The rates that it was made of.
    pub fn rates(&self) -> &[ShippingRate] {
        &self.rates
    }

    /// What a service to a place costs, for goods of an amount: by the service's own rate, or else
    /// by the general one; by the zone that says most of the place; by the highest amount that is
    /// reached. None, if there is no such rate.
    pub fn charge(
        &self,
        currency: Currency,
        service: &str,
        place: &Place<'_>,
        goods: Minor,
    ) -> Option<Minor> {
        let own = self.charge_of(currency, Some(service), place, goods);
        own.or_else(|| self.charge_of(currency, None, place, goods))
    }

    fn charge_of(
        &self,
        currency: Currency,
        service: Option<&str>,
        place: &Place<'_>,
        goods: Minor,
    ) -> Option<Minor> {
        let is_it = |of: &&Charges| {
            of.currency == currency && of.service.as_ref().map(ServiceName::as_str) == service
        };
        let mut steps = self.services.iter().find(is_it)?.zones.of(place);
        steps
            .find_map(|steps| steps.iter().find(|(from, _)| *from <= goods))
            .map(|(_, charge)| *charge)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Country;

    fn rate(currency: &str, service: &str, country: &str, from: i64, charge: i64) -> ShippingRate {
        ShippingRate {
            currency: Currency::new("currency", currency).unwrap(),
            service: ServiceName::new("service", service).ok(),
            zone: Zone { country: Country::new("country", country).ok(), prefix: None },
            from: Minor(from),
            charge: Minor(charge),
        }
    }

    #[test]
    fn service_zone_and_then_the_amount_say_the_charge() {
        let table = ShippingTable::new(vec![
            rate("EUR", "", "", 0, 990),
            rate("EUR", "", "DE", 2_000, 290),
            rate("EUR", "", "DE", 0, 490),
            rate("EUR", "", "DE", 5_000, 0),
            rate("EUR", "express", "DE", 0, 1_490),
            rate("EUR", "express", "AT", 1_000, 1_990),
        ]);
        for (currency, service, country, goods, charge) in [
            ("EUR", "standard", "DE", 1_999, Some(490)),
            ("EUR", "standard", "DE", 2_000, Some(290)),
            ("EUR", "standard", "DE", 5_000, Some(0)),
            ("EUR", "standard", "FR", 5_000, Some(990)),
            ("EUR", "express", "DE", 5_000, Some(1_490)),
            ("EUR", "express", "AT", 999, Some(990)),
            ("USD", "standard", "DE", 1, None),
        ] {
            let currency = Currency::new("currency", currency).unwrap();
            let place = Place { country: Country::new("country", country).ok(), postal_code: "1" };
            let found = table.charge(currency, service, &place, Minor(goods));
            assert_eq!(found, charge.map(Minor), "{service} to {country} of {goods}");
        }
    }

    #[test]
    fn wrong_rates_are_told_by_field() {
        let rates =
            [rate("EUR", "", "DE", 0, 1), rate("EUR", "", "DE", 0, 2), rate("EUR", "", "", -1, -1)];
        let wrong = check_rates(&rates).unwrap_err();
        let fields: Vec<_> = wrong.iter().map(|violation| violation.field.as_str()).collect();
        assert_eq!(fields, ["rates[1]", "rates[2].from", "rates[2].charge"]);
    }
}

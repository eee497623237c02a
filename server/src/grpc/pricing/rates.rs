//! Tax rates and shipping rates, there and back.

use backstock_engine::model::{Minor, ServiceName, Text};
use backstock_engine::pricing::{ShippingRate, TaxRate, TaxRates};
use backstock_proto::v1;

use super::parts::{currency, some_text, zone, zone_message};
use crate::grpc::fields::FieldNames;
use crate::status::Violations;

/// How the engine calls the fields of tax rates.
pub(super) const TAXES: FieldNames = FieldNames::new("tax_rates.", &[]);

/// How it calls those of shipping rates.
pub(super) const SHIPPING: FieldNames = FieldNames::new(
    "",
    &[("rates", "shipping_rates"), ("from", "from_amount_minor"), ("charge", "charge_minor")],
);

/// All tax rates.
pub(super) fn read_taxes(found: &mut Violations, given: &v1::TaxRates) -> TaxRates {
    let rates = given.rates.iter().enumerate().map(|(at, rate)| {
        let path = format!("tax_rates.rates[{at}]");
        let category = some_text(found, &format!("{path}.category"), &rate.category);
        let zone = zone(found, &format!("{path}.zone"), rate.zone.as_ref());
        TaxRate { category, zone, basis_points: rate.basis_points }
    });
    let rates = rates.collect();
    let path = "tax_rates.shipping_category";
    let shipping_category = some_text(found, path, &given.shipping_category);
    TaxRates { inclusive: given.inclusive, shipping_category, rates }
}

/// All tax rates as callers see them.
pub(super) fn taxes_message(of: &TaxRates) -> v1::TaxRates {
    let rate = |rate: &TaxRate| v1::TaxRate {
        category: name(rate.category.as_ref()),
        zone: Some(zone_message(&rate.zone)),
        basis_points: rate.basis_points,
    };
    v1::TaxRates {
        inclusive: of.inclusive,
        shipping_category: name(of.shipping_category.as_ref()),
        rates: of.rates.iter().map(rate).collect(),
    }
}

fn name(text: Option<&Text>) -> String {
    text.map_or("", Text::as_str).to_owned()
}

/// All shipping rates.
pub(super) fn read_shipping(
    found: &mut Violations,
    given: &[v1::ShippingRate],
) -> Vec<ShippingRate> {
    let rates = given.iter().enumerate().map(|(at, rate)| {
        let path = format!("shipping_rates[{at}]");
        let service = found.optional(&format!("{path}.service"), &rate.service, ServiceName::new);
        ShippingRate {
            currency: currency(found, &format!("{path}.currency_code"), &rate.currency_code),
            service: service.flatten(),
            zone: zone(found, &format!("{path}.zone"), rate.zone.as_ref()),
            from: Minor(rate.from_amount_minor),
            charge: Minor(rate.charge_minor),
        }
    });
    rates.collect()
}

/// All shipping rates as callers see them.
pub(super) fn shipping_message(rates: &[ShippingRate]) -> Vec<v1::ShippingRate> {
    let rate = |rate: &ShippingRate| v1::ShippingRate {
        currency_code: rate.currency.to_string(),
        service: rate.service.as_ref().map_or_else(String::new, ToString::to_string),
        zone: Some(zone_message(&rate.zone)),
        from_amount_minor: rate.from.0,
        charge_minor: rate.charge.0,
    };
    rates.iter().map(rate).collect()
}

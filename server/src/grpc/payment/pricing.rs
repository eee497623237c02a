//! What an order costs and how it is paid, as a caller says it.

use backstock_engine::engine::PricesListed;
use backstock_engine::limits::COUPONS_PER_ORDER_MAX;
use backstock_engine::model::{
    CaptureAt, Captures, Country, CouponCode, Currency, LinePrice, Minor, OnExpiry, PaymentAsked,
    PaymentId, PricesAsked, ShippingPrice, Taken, TaxAmount, TaxAsked, Text, UnitPrice,
};
use backstock_proto::v1;

use crate::grpc::enums::unknown;
use crate::grpc::times;
use crate::status::Violations;

/// Reads what an order costs. None when something is wrong, which is noted.
pub(in crate::grpc) fn read(found: &mut Violations, of: &v1::Pricing) -> Option<PricesAsked> {
    let field = "pricing.currency_code";
    let currency = found.taken(field, Currency::new(field, &of.currency_code));
    let lines = all(&of.lines, |at, of| line(found, &format!("pricing.lines[{at}]"), of));
    let discounts = amounts(found, "pricing", &of.discounts);
    let shipping = of.shipping.as_ref().map(|of| shipping(found, of));
    let captures = capture(found, of.capture);
    let payments =
        all(&of.payments, |at, of| payment(found, &format!("pricing.payments[{at}]"), of));
    Some(PricesAsked {
        currency: currency?,
        tax_included: of.tax_included,
        lines: lines?,
        discounts: discounts?,
        shipping: match shipping {
            Some(of) => Some(of?),
            None => None,
        },
        captures: captures?,
        payments: payments?,
    })
}

/// Reads what prices by lists depend on. None when something is wrong, which is noted.
pub(in crate::grpc) fn listed(
    found: &mut Violations,
    of: &v1::ServerPricing,
) -> Option<PricesListed> {
    let field = |name: &str| format!("server_pricing.{name}");
    let currency = field("currency_code");
    let currency = found.taken(&currency, Currency::new(&currency, &of.currency_code));
    let group = found.optional(&field("customer_group"), &of.customer_group, Text::new);
    let contract = found.optional(&field("contract"), &of.contract, Text::new);
    // Of a list that is too long, only that is told.
    let coupons = of.coupon_codes.iter().take(COUPONS_PER_ORDER_MAX + 1).enumerate();
    let coupons = coupons.map(|(at, code)| {
        let field = field(&format!("coupon_codes[{at}]"));
        found.taken(&field, CouponCode::new(&field, code.as_str()))
    });
    let coupons: Vec<Option<CouponCode>> = coupons.collect();
    let country = found.optional(&field("country_code"), &of.country_code, |name, code| {
        Country::new(name, code.as_ref())
    });
    let captures = capture(found, of.capture);
    let payments =
        all(&of.payments, |at, of| payment(found, &format!("server_pricing.payments[{at}]"), of));
    Some(PricesListed {
        currency: currency?,
        group: group?,
        contract: contract?,
        coupons: coupons.into_iter().collect::<Option<_>>()?,
        country: country?,
        taxed: of.taxed,
        expected: of.expected_total_minor.map(Minor),
        captures: captures?,
        payments: payments?,
    })
}

/// Reads what a line costs.
pub(in crate::grpc) fn line(
    found: &mut Violations,
    path: &str,
    of: &v1::LinePricing,
) -> Option<LinePrice> {
    let unit_price = UnitPrice(of.unit_price_e4);
    let discounts = amounts(found, path, &of.discounts);
    let taxes = taxes(found, path, &of.taxes);
    Some(LinePrice { unit_price, discounts: discounts?, taxes: taxes? })
}

/// All of a list, or none where one of them is none; each is read.
fn all<T, U>(list: &[T], mut read: impl FnMut(usize, &T) -> Option<U>) -> Option<Vec<U>> {
    let read: Vec<Option<U>> = list.iter().enumerate().map(|(at, of)| read(at, of)).collect();
    read.into_iter().collect()
}

fn amounts(
    found: &mut Violations,
    path: &str,
    of: &[v1::NamedAmount],
) -> Option<Vec<(Text, Minor)>> {
    all(of, |at, of| {
        let field = format!("{path}.discounts[{at}].name");
        let name = found.taken(field, Text::new("name", of.name.as_str()));
        Some((name?, Minor(of.amount_minor)))
    })
}

fn taxes(found: &mut Violations, path: &str, of: &[v1::Tax]) -> Option<Vec<TaxAsked>> {
    all(of, |at, of| {
        let field = format!("{path}.taxes[{at}]");
        let name = found.taken(format!("{field}.name"), Text::new("name", of.name.as_str()));
        let amount = match of.amount {
            Some(v1::tax::Amount::AmountMinor(amount)) => Some(TaxAmount::Amount(Minor(amount))),
            Some(v1::tax::Amount::RateBp(rate)) => Some(TaxAmount::Rate(rate)),
            None => {
                found.add(format!("{field}.amount_minor"), "is required, or rate_bp");
                None
            }
        };
        Some(TaxAsked { name: name?, amount: amount? })
    })
}

fn shipping(found: &mut Violations, of: &v1::ShippingPricing) -> Option<ShippingPrice> {
    let path = "pricing.shipping";
    let discounts = amounts(found, path, &of.discounts);
    let taxes = taxes(found, path, &of.taxes);
    let amount = Minor(of.amount_minor);
    Some(ShippingPrice { amount, discounts: discounts?, taxes: taxes? })
}

/// Reads what an order is paid by.
pub(in crate::grpc) fn payment(
    found: &mut Violations,
    path: &str,
    of: &v1::NewPayment,
) -> Option<PaymentAsked> {
    let field = |name: &str| format!("{path}.{name}");
    let id = PaymentId::new("payment_id", of.payment_id.as_str());
    let id = found.taken(field("payment_id"), id);
    let method = found.taken(field("method"), Text::new("method", of.method.as_str()));
    let reference = Text::new("reference", of.reference.as_str());
    let reference = found.taken(field("reference"), reference);
    let captures = captures(found, &field("captures"), of.captures);
    let taken = taken(found, &field("taken"), of.taken);
    let on_expiry = on_expiry(found, &field("on_expiry"), of);
    let at = of.expires_time.as_ref();
    let expires = at.and_then(|at| times::instant(found, &field("expires_time"), at));
    Some(PaymentAsked {
        id: id?,
        method: method?,
        amount: Minor(of.amount_minor),
        captures: captures?,
        expires,
        taken: taken?,
        reference: reference?,
        on_expiry: Some(on_expiry?).filter(|said| *said != OnExpiry::DEFAULT),
    })
}

/// What becomes of an authorisation that is about to end.
fn on_expiry(found: &mut Violations, path: &str, of: &v1::NewPayment) -> Option<OnExpiry> {
    let usual = OnExpiry::DEFAULT;
    let renews = match v1::ExpiryPolicy::try_from(of.on_expiry) {
        Ok(v1::ExpiryPolicy::Unspecified | v1::ExpiryPolicy::Hold) => false,
        Ok(v1::ExpiryPolicy::Renew) => true,
        Err(_) => return unknown(found, path, of.on_expiry),
    };
    let lead_minutes = match of.expiry_lead_minutes {
        0 => usual.lead_minutes,
        minutes => minutes,
    };
    Some(OnExpiry { renews, lead_minutes })
}

fn capture(found: &mut Violations, number: i32) -> Option<CaptureAt> {
    match v1::CapturePolicy::try_from(number) {
        Ok(v1::CapturePolicy::Unspecified | v1::CapturePolicy::Shipment) => {
            Some(CaptureAt::Shipment)
        }
        Ok(v1::CapturePolicy::Placement) => Some(CaptureAt::Placement),
        Ok(v1::CapturePolicy::Caller) => Some(CaptureAt::Caller),
        Err(_) => unknown(found, "pricing.capture", number),
    }
}

fn captures(found: &mut Violations, path: &str, number: i32) -> Option<Captures> {
    match v1::CaptureTimes::try_from(number) {
        Ok(v1::CaptureTimes::Unspecified | v1::CaptureTimes::Many) => Some(Captures::Many),
        Ok(v1::CaptureTimes::AllOnFirst) => Some(Captures::AllOnFirst),
        Ok(v1::CaptureTimes::AuthoriseRest) => Some(Captures::AuthoriseRest),
        Err(_) => unknown(found, path, number),
    }
}

fn taken(found: &mut Violations, path: &str, number: i32) -> Option<Taken> {
    match v1::PaymentTaken::try_from(number) {
        Ok(v1::PaymentTaken::Unspecified | v1::PaymentTaken::Nothing) => Some(Taken::Nothing),
        Ok(v1::PaymentTaken::Authorised) => Some(Taken::Authorised),
        Ok(v1::PaymentTaken::Captured) => Some(Taken::Captured),
        Ok(v1::PaymentTaken::OnAccount) => Some(Taken::OnAccount),
        Err(_) => unknown(found, path, number),
    }
}

//! From a price to what an order keeps of it.

use super::book::Book;
use super::priced::{Priced, PricedLine, PricedShipping};

use crate::model::{
    CaptureAt, Currency, LinePrice, Minor, PricesAsked, PromotionNo, ShippingPrice, TaxAmount,
    TaxAsked, Text,
};

/// What taxes by rates, and those that a caller gave, are named.
const TAX: &str = "tax";

/// What an order is asked to cost where the engine priced it: as though a caller had said so, with
/// discounts by the ids of their promotions. How it is paid is not said.
pub fn asked(priced: &Priced, book: &Book, currency: Currency) -> PricesAsked {
    PricesAsked {
        currency,
        tax_included: priced.tax_inclusive,
        lines: priced.lines.iter().map(|line| line_asked(line, priced, book)).collect(),
        discounts: Vec::new(),
        shipping: priced.shipping.as_ref().map(|shipping| shipping_asked(shipping, book)),
        captures: CaptureAt::default(),
        payments: Vec::new(),
    }
}

fn line_asked(line: &PricedLine, priced: &Priced, book: &Book) -> LinePrice {
    let discounts = priced.discounts_of(line.line);
    LinePrice {
        unit_price: line.unit_price,
        discounts: discounts.map(|of| (name(book, of.promotion), of.amount)).collect(),
        taxes: taxes(line.tax, line.tax_rate),
    }
}

fn shipping_asked(shipping: &PricedShipping, book: &Book) -> ShippingPrice {
    let discounts = shipping.discounts.iter();
    ShippingPrice {
        amount: shipping.charge,
        discounts: discounts.map(|(no, amount)| (name(book, *no), *amount)).collect(),
        taxes: taxes(shipping.tax, shipping.tax_rate),
    }
}

fn name(book: &Book, no: PromotionNo) -> Text {
    let id = book.promotion(no).map_or("", |promotion| promotion.id.as_str());
    Text::new("promotion", id).unwrap_or_default()
}

/// By rate where there is one, so that what is added to the order is taxed alike.
fn taxes(tax: Minor, rate: Option<u32>) -> Vec<TaxAsked> {
    let amount = rate.map_or(TaxAmount::Amount(tax), TaxAmount::Rate);
    let name = Text::new("tax", TAX).unwrap_or_default();
    let tax = (tax != Minor::ZERO).then_some(TaxAsked { name, amount });
    tax.into_iter().collect()
}

//! What a basket costs, as callers see it.

use backstock_engine::engine::Basket;
use backstock_engine::model::{Minor, PriceListNo, PromotionNo};
use backstock_engine::pricing::{
    Book, Priced, PricedLine, PricedShipping, SetsMade, Unpriced, WhyNot,
};
use backstock_proto::v1;

/// What a basket costs. The numbers in it are of `book`.
pub(super) fn message(priced: &Priced, basket: &Basket, book: &Book) -> v1::BasketPrice {
    let refused = priced.refused.iter().map(|(no, why)| v1::PromotionRefused {
        promotion_id: promotion_id(book, *no),
        why: why_message(*why).into(),
    });
    let unknown = priced
        .unknown_coupons
        .iter()
        .filter_map(|at| basket.coupons.get(usize::from(*at)).map(ToString::to_string));
    v1::BasketPrice {
        lines: priced.lines.iter().map(|line| line_message(line, priced, book)).collect(),
        shipping: priced.shipping.as_ref().map(|shipping| shipping_message(shipping, book)),
        sets: priced.sets.iter().map(|sets| sets_message(sets, book)).collect(),
        tax_inclusive: priced.tax_inclusive,
        tax_minor: priced.tax().0,
        total_minor: priced.total().0,
        refused: refused.collect(),
        unknown_coupon_codes: unknown.collect(),
    }
}

/// What a line costs.
pub(in crate::grpc) fn line_message(
    line: &PricedLine,
    priced: &Priced,
    book: &Book,
) -> v1::LinePrice {
    let discounts = priced.discounts_of(line.line);
    v1::LinePrice {
        unit_price_ten_thousandths: line.unit_price.0,
        price_list_id: list_id(book, line.list),
        gross_minor: line.gross.0,
        discounts: discounts.map(|of| discount(book, of.promotion, of.amount)).collect(),
        net_minor: line.net.0,
        tax_minor: line.tax.0,
        tax_basis_points: line.tax_rate.unwrap_or_default(),
    }
}

fn shipping_message(shipping: &PricedShipping, book: &Book) -> v1::ShippingPrice {
    let discounts = shipping.discounts.iter();
    v1::ShippingPrice {
        charge_minor: shipping.charge.0,
        discounts: discounts.map(|(no, amount)| discount(book, *no, *amount)).collect(),
        net_minor: shipping.net.0,
        tax_minor: shipping.tax.0,
        tax_basis_points: shipping.tax_rate.unwrap_or_default(),
    }
}

fn sets_message(sets: &SetsMade, book: &Book) -> v1::PromotionSets {
    let parts = sets.parts.iter().map(|part| v1::PromotionSetPart {
        line_index: part.line.into(),
        units: part.units,
        discounted: part.is_got,
    });
    let promotion_id = promotion_id(book, sets.promotion);
    v1::PromotionSets { promotion_id, sets: sets.sets, parts: parts.collect() }
}

fn discount(book: &Book, no: PromotionNo, amount: Minor) -> v1::Discount {
    v1::Discount { promotion_id: promotion_id(book, no), amount_minor: amount.0 }
}

fn promotion_id(book: &Book, no: PromotionNo) -> String {
    book.promotion(no).map_or_else(String::new, |promotion| promotion.id.to_string())
}

fn list_id(book: &Book, no: PriceListNo) -> String {
    book.list(no).map_or_else(String::new, |list| list.definition.id.to_string())
}

const fn why_message(why: WhyNot) -> v1::PromotionRefusal {
    use v1::PromotionRefusal as Told;
    match why {
        WhyNot::NotYet => Told::NotYet,
        WhyNot::Over => Told::Over,
        WhyNot::Currency => Told::Currency,
        WhyNot::Channel => Told::Channel,
        WhyNot::Group => Told::CustomerGroup,
        WhyNot::Coupon => Told::Coupon,
        WhyNot::UsedUp => Told::UsedUp,
        WhyNot::Items => Told::Items,
        WhyNot::BelowAmount => Told::BelowAmount,
        WhyNot::Condition => Told::Condition,
        WhyNot::Fault(_) => Told::ConditionFault,
        WhyNot::Units => Told::Units,
        WhyNot::Outdone => Told::Outdone,
        WhyNot::Exclusive => Told::Exclusive,
        WhyNot::Nothing => Told::Nothing,
    }
}

/// Why a basket has no price.
pub(super) fn unpriced(why: &Unpriced) -> v1::Unpriced {
    let all = |lines: &[u16]| lines.iter().copied().map(u32::from).collect();
    let (reason, line_indexes) = match why {
        Unpriced::NoPrice(lines) => (v1::UnpricedReason::NoPrice, all(lines)),
        Unpriced::TooMuch(line) => (v1::UnpricedReason::TooMuch, all(&[*line])),
        Unpriced::Currency => (v1::UnpricedReason::Currency, Vec::new()),
        Unpriced::NoShippingRate => (v1::UnpricedReason::NoShippingRate, Vec::new()),
        Unpriced::NoTaxRate(lines) => (v1::UnpricedReason::NoTaxRate, all(lines)),
    };
    v1::Unpriced { reason: reason.into(), line_indexes }
}

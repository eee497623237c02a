//! Refusals of price lists.

use super::*;
use crate::grpc::money::coupons::listed_order;
use crate::grpc::pricing::{price_list, set_price};

pub(super) async fn refused(reason: Reason) -> (Code, Status) {
    if reason == Refused(RefusalKind::PriceListNotFound) {
        (Code::NotFound, price_list_not_found().await)
    } else {
        (Code::FailedPrecondition, price_list_currency_fixed().await)
    }
}

async fn price_list_not_found() -> Status {
    let mut a = Refusing::stocked().await;
    refused!(a, a.server.pricing.set_prices(set_price("NONE", "SKU", 100)))
}

async fn price_list_currency_fixed() -> Status {
    let mut a = Refusing::stocked().await;
    a.server.pricing.update_price_list(price_list("L")).await.expect("defined");
    a.server.pricing.set_prices(set_price("L", "SKU", 100)).await.expect("set");
    let mut other = price_list("L");
    other.price_list.as_mut().expect("a list").currency_code = "USD".into();
    refused!(a, a.server.pricing.update_price_list(other))
}

pub(super) async fn unpriced(reason: RefusalKind) -> Status {
    let mut a = Refusing::stocked().await;
    a.server.pricing.update_price_list(price_list("L")).await.expect("defined");
    if reason != RefusalKind::PriceNotFound {
        a.server.pricing.set_prices(set_price("L", "SKU", 100)).await.expect("set");
    }
    let promotion = v1::Promotion {
        promotion_id: "P".into(),
        coupon_code: "ONCE".into(),
        discount: Some(v1::promotion::Discount::PercentBasisPoints(1_000)),
        limit: 1,
        ..Default::default()
    };
    let request = v1::UpdatePromotionRequest { promotion: Some(promotion), ..Default::default() };
    a.server.pricing.update_promotion(request).await.expect("defined");
    let coupons = match reason {
        RefusalKind::CouponUsedUp => &["ONCE"][..],
        RefusalKind::CouponNotGranted => &["NEVER"],
        _ => &[],
    };
    if reason == RefusalKind::CouponUsedUp {
        let first = listed_order("FIRST", &[("SKU", 1)], coupons);
        a.server.orders.place_order(first).await.expect("placed");
    }
    let mut request = listed_order("A", &[("SKU", 1)], coupons);
    if reason == RefusalKind::PriceDiffers {
        request.server_pricing.as_mut().expect("prices").expected_total_minor = Some(99);
    }
    refused!(a, a.server.orders.place_order(request))
}

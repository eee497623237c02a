//! Refusals of price lists.

use super::*;
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

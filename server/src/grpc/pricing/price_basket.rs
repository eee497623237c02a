//! `PriceBasket`: what a basket would cost.

use backstock_proto::v1;
use backstock_proto::v1::price_basket_response::Outcome;
use tonic::Status;

use super::{basket, price};
use crate::grpc::{Api, errors, times};
use crate::status::Violations;

pub(super) async fn handle(
    api: &Api,
    request: v1::PriceBasketRequest,
) -> Result<v1::PriceBasketResponse, Status> {
    let mut found = Violations::default();
    let Some(given) = found.required("basket", request.basket.as_ref()) else {
        return Err(found.into_status());
    };
    let today = times::utc_day(api.0.clock.now());
    let basket = basket::read(&mut found, given, today, request.explain);
    let basket = found.finish(basket)?;
    api.reach(request.min_version).await?;
    let version = api.version();
    let priced = api.engine().price_basket(&basket);
    let priced = priced.map_err(|error| errors::status(error, &basket::NAMES))?;
    let outcome = match &priced.outcome {
        Ok(of) => Outcome::Price(price::message(of, &basket, priced.by.book())),
        Err(why) => Outcome::Unpriced(price::unpriced(why)),
    };
    Ok(v1::PriceBasketResponse { outcome: Some(outcome), version })
}

//! `Suggest`: what goes with a basket, and what may take an item's place.

use backstock_engine::command::{Meta, PlaceOrder};
use backstock_engine::engine::{Basket, Suggest};
use backstock_engine::limits::COUPONS_PER_ORDER_MAX;
use backstock_engine::model::{CouponCode, OrderId, Sku, Timestamp};
use backstock_proto::v1;
use tonic::Status;

use super::suggested;
use crate::grpc::fields::FieldNames;
use crate::grpc::order::placing::refused;
use crate::grpc::order::request::{NAMES, order};
use crate::grpc::order::text::OrderText;
use crate::grpc::pricing::parts::{currency, some_text};
use crate::grpc::{Api, times};
use crate::status::Violations;

/// Where a caller does not say how many.
const SUGGESTIONS: u32 = 8;

/// How the engine calls what an order has not.
const OWN_NAMES: FieldNames = FieldNames::new("", &[("most", "suggestions_max")]);

pub(super) async fn handle(
    api: &Api,
    request: v1::SuggestRequest,
) -> Result<v1::SuggestResponse, Status> {
    let asked = read(api.0.clock.now(), &request)?;
    api.reach(request.min_version).await?;
    let suggestions = api.engine().suggest(&asked).await.map_err(refused)?;
    Ok(suggested::message(&suggestions))
}

fn read(now: Timestamp, request: &v1::SuggestRequest) -> Result<Suggest, Status> {
    let mut found = Violations::default();
    let id = OrderId::new("order_id", "suggest").ok();
    let order = order(&mut found, id, &OrderText::from(request));
    let instead_of = found.optional("substitutes_for_sku", &request.substitutes_for_sku, Sku::new);
    let most = Some(request.suggestions_max).filter(|most| *most > 0).unwrap_or(SUGGESTIONS);
    let buyer = (!request.currency_code.is_empty()).then(|| buyer(&mut found, now, request));
    let Some((order, instead_of)) = order.zip(instead_of) else { return Err(found.into_status()) };
    let meta = Meta { at: now, ..Meta::default() };
    let basket = PlaceOrder { meta, placed_at: None, order };
    let asked = Suggest { basket, instead_of, most, buyer: buyer.map(Box::new) };
    found.rules(asked.basket.order.validate(None), &NAMES);
    found.rules(asked.validate(), &OWN_NAMES);
    found.finish(asked)
}

/// For whom prices are.
fn buyer(found: &mut Violations, now: Timestamp, request: &v1::SuggestRequest) -> Basket {
    let codes = request.coupon_codes.iter().take(COUPONS_PER_ORDER_MAX).enumerate();
    let coupons = codes
        .map(|(at, code)| found.id(&format!("coupon_codes[{at}]"), code, CouponCode::new))
        .collect();
    if request.coupon_codes.len() > COUPONS_PER_ORDER_MAX {
        found.add("coupon_codes", format!("has more than {COUPONS_PER_ORDER_MAX} entries"));
    }
    Basket {
        currency: currency(found, "currency_code", &request.currency_code),
        lines: Vec::new(),
        day: times::utc_day(now),
        customer: None,
        channel: some_text(found, "channel", &request.channel),
        group: some_text(found, "customer_group", &request.customer_group),
        contract: some_text(found, "contract", &request.contract),
        coupons,
        country: None,
        postal_code: None,
        service: None,
        taxed: request.taxed,
        tells_all: false,
    }
}

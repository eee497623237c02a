//! `ListIntents`: what no payment provider has answered yet.

use backstock_engine::model::Order;
use backstock_proto::v1;
use tonic::Status;

use super::view;
use crate::grpc::{Api, pages, plain};
use crate::status::Violations;

pub(super) async fn handle(
    api: &Api,
    request: v1::ListIntentsRequest,
) -> Result<v1::ListIntentsResponse, Status> {
    let mut found = Violations::default();
    let size = pages::size(&mut found, request.page_size);
    let after = after(&mut found, &request.page_token);
    let (size, after) = found.converted(size.zip(after))?;
    let (orders, next, version) =
        api.engine().orders_with_intents(after, size).await.map_err(plain)?;
    Ok(v1::ListIntentsResponse {
        orders: orders.iter().filter_map(intents).collect(),
        next_page_token: next.map(|no| no.to_string()).unwrap_or_default(),
        version: version.get(),
    })
}

/// The number behind which a page begins.
fn after(found: &mut Violations, token: &str) -> Option<u64> {
    if token.is_empty() {
        return Some(0);
    }
    let number = token.parse().ok();
    if number.is_none() {
        found.add("page_token", "is none that was given out");
    }
    number
}

fn intents(order: &Order) -> Option<v1::OrderIntents> {
    let money = order.money.as_deref()?;
    let id = &order.header.id;
    let open = (1..).zip(&money.intents).filter(|(_, of)| of.is_in_flight());
    Some(v1::OrderIntents {
        order_id: id.to_string(),
        currency_code: money.currency.to_string(),
        intents: open.map(|of| view::intent(id, money, of)).collect(),
    })
}

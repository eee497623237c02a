//! `ListRefundsDue`: what customers are to get back, and have not got.

use backstock_engine::engine::{OpenRefund, RefundPlace};
use backstock_engine::model::{Timestamp, is_credited};
use backstock_proto::v1;
use tonic::Status;

use super::listing::{self, age_seconds};
use crate::grpc::times::timestamp;
use crate::grpc::{Api, pages, plain};
use crate::status::Violations;

pub(super) async fn handle(
    api: &Api,
    request: v1::ListRefundsDueRequest,
) -> Result<v1::ListRefundsDueResponse, Status> {
    let mut found = Violations::default();
    let size = pages::size(&mut found, request.page_size);
    let after = listing::after(&mut found, &request.page_token, place);
    let size = found.converted(size)?;
    api.reach(request.min_version).await?;
    let list = api.engine().refunds_due((after, size)).await.map_err(plain)?;
    let now = api.0.clock.now();
    Ok(v1::ListRefundsDueResponse {
        refunds: list.entries.iter().filter_map(|of| message(of, now)).collect(),
        next_page_token: list.next.map(token).unwrap_or_default(),
        version: list.version.get(),
    })
}

fn token((since, order): RefundPlace) -> String {
    listing::token(&[since.as_micros(), i64::try_from(order.0).unwrap_or(i64::MAX)])
}

fn place(numbers: &[i64]) -> Option<RefundPlace> {
    let [since, order] = *numbers else { return None };
    Some((Timestamp::from_micros(since), listing::order(order)?))
}

fn message(OpenRefund { due, order }: &OpenRefund, now: Timestamp) -> Option<v1::RefundDue> {
    let credited = order.returns.iter().filter(|of| is_credited(of));
    Some(v1::RefundDue {
        order_id: order.header.id.to_string(),
        return_ids: credited.map(|of| of.id.to_string()).collect(),
        amount_minor: due.amount.0,
        asked_minor: due.asked.0,
        currency_code: order.money.as_deref()?.currency.to_string(),
        since: Some(timestamp(due.since)),
        age_seconds: age_seconds(due.since, now),
    })
}

//! `QuoteChange`: what a change of an order would come to.

use backstock_engine::command::QuoteChange;
use backstock_engine::model::{OrderId, Text};
use backstock_proto::v1;
use tonic::Status;

use super::change;
use crate::grpc::Api;
use crate::grpc::caller::origin;
use crate::grpc::fields::FieldNames;
use crate::status::Violations;

pub(super) async fn handle(
    api: &Api,
    request: v1::QuoteChangeRequest,
) -> Result<v1::QuoteChangeResponse, Status> {
    let command = read(api, request)?;
    change::quote(api, &command).await
}

fn read(api: &Api, request: v1::QuoteChangeRequest) -> Result<QuoteChange, Status> {
    let mut found = Violations::default();
    let order = found.id("order_id", &request.order_id, OrderId::new);
    let reason = found.taken("reason", Text::new("reason", request.reason));
    let mut change = change::read(&mut found, &request.operations, &request.currency_code);
    change.apart = request.apart;
    let mut meta = api.meta(None, false);
    meta.origin = origin(reason.unwrap_or_default());
    let quote = change::new_id(&meta);
    found.rules(change.validate().map_err(change::as_sent), &FieldNames::PLAIN);
    found.finish(QuoteChange { meta, order, quote, change })
}

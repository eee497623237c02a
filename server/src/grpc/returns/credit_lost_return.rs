//! `CreditLostReturn`: the customer is credited for what the carrier lost.

use backstock_engine::command::ReturnStep;
use backstock_proto::v1;
use tonic::Status;

use super::steps::{Asked, Taken};
use crate::grpc::Api;
use crate::grpc::fulfillment::steps::lines;
use crate::status::Violations;

pub(super) async fn handle(
    api: &Api,
    request: v1::CreditLostReturnRequest,
) -> Result<v1::CreditLostReturnResponse, Status> {
    let mut found = Violations::default();
    let step = Some(ReturnStep::GrantLost(lines(&mut found, &request.lines)));
    let asked = Asked {
        order_id: &request.order_id,
        return_id: &request.return_id,
        request_id: &request.request_id,
        validate_only: request.validate_only,
    };
    let Taken { rma, money, version, is_repeat } = asked.take(api, found, step).await?;
    Ok(v1::CreditLostReturnResponse { rma, money, version, is_repeat })
}

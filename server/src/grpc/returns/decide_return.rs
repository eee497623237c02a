//! `DecideReturn`: a person grants a return, or does not.

use backstock_engine::command::ReturnStep;
use backstock_proto::v1;
use tonic::Status;

use super::steps::{Asked, Taken};
use crate::grpc::Api;
use crate::status::Violations;

pub(super) async fn handle(
    api: &Api,
    request: v1::DecideReturnRequest,
) -> Result<v1::DecideReturnResponse, Status> {
    let found = Violations::default();
    let step = Some(ReturnStep::Decide { granted: request.granted });
    let asked = Asked {
        order_id: &request.order_id,
        return_id: &request.return_id,
        request_id: &request.request_id,
        validate_only: request.validate_only,
    };
    let Taken { rma, money, version, is_repeat } = asked.take(api, found, step).await?;
    Ok(v1::DecideReturnResponse { rma, money, version, is_repeat })
}

//! `DisposeReturn`: what becomes of units.

use backstock_engine::command::ReturnStep;
use backstock_proto::v1;
use tonic::Status;

use super::steps::{Asked, Taken};
use super::terms;
use crate::grpc::Api;
use crate::grpc::fulfillment::steps::lines;
use crate::status::Violations;

pub(super) async fn handle(
    api: &Api,
    request: v1::DisposeReturnRequest,
) -> Result<v1::DisposeReturnResponse, Status> {
    let mut found = Violations::default();
    let how = terms::disposition(&mut found, request.disposition);
    let how = found.required("disposition", how);
    let lines = lines(&mut found, &request.lines);
    let step = how.map(|how| ReturnStep::Dispose { lines, how });
    let asked = Asked {
        order_id: &request.order_id,
        return_id: &request.return_id,
        request_id: &request.request_id,
        validate_only: request.validate_only,
    };
    let Taken { rma, money, version, is_repeat } = asked.take(api, found, step).await?;
    Ok(v1::DisposeReturnResponse { rma, money, version, is_repeat })
}

//! `InspectReturn`: somebody looked at units.

use backstock_engine::command::ReturnStep;
use backstock_engine::model::returns::Finding;
use backstock_proto::v1;
use tonic::Status;

use super::steps::{Asked, Taken};
use super::terms;
use crate::grpc::Api;
use crate::grpc::fulfillment::steps::lines;
use crate::status::Violations;

pub(super) async fn handle(
    api: &Api,
    request: v1::InspectReturnRequest,
) -> Result<v1::InspectReturnResponse, Status> {
    let mut found = Violations::default();
    let grade = terms::grade(&mut found, request.grade);
    let verdict = terms::verdict(&mut found, (request.verdict, request.reduced_bp));
    let disposition = terms::disposition(&mut found, request.disposition);
    let lines = lines(&mut found, &request.lines);
    let step = grade.map(|grade| {
        let finding = Finding { grade, verdict, disposition };
        ReturnStep::Inspect { lines, finding }
    });
    let asked = Asked {
        order_id: &request.order_id,
        return_id: &request.return_id,
        request_id: &request.request_id,
        validate_only: request.validate_only,
    };
    let Taken { rma, money, version, is_repeat } = asked.take(api, found, step).await?;
    Ok(v1::InspectReturnResponse { rma, money, version, is_repeat })
}

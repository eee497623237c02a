//! `AnswerRecall`: a node answers that a shipment is asked back.

use backstock_engine::model::Step;
use backstock_proto::v1;
use tonic::Status;

use super::steps::Asked;
use crate::grpc::Api;
use crate::status::Violations;

pub(super) async fn handle(
    api: &Api,
    request: v1::AnswerRecallRequest,
) -> Result<v1::AnswerRecallResponse, Status> {
    let step = Step::AnswerRecall { gives_back: request.gives_back };
    let found = Violations::default();
    let asked = Asked {
        order_id: &request.order_id,
        shipment_number: request.shipment_number,
        request_id: &request.request_id,
        validate_only: request.validate_only,
    };
    let (shipment, version, is_repeat) = asked.take(api, found, step).await?;
    Ok(v1::AnswerRecallResponse { shipment, version, is_repeat })
}

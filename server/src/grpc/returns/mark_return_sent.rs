//! `MarkReturnSent`: units are on their way.

use backstock_engine::command::ReturnStep;
use backstock_engine::model::Text;
use backstock_proto::v1;
use tonic::Status;

use super::steps::{Asked, Taken};
use crate::grpc::fulfillment::steps::lines;
use crate::grpc::{Api, times};
use crate::status::Violations;

pub(super) async fn handle(
    api: &Api,
    request: v1::MarkReturnSentRequest,
) -> Result<v1::MarkReturnSentResponse, Status> {
    let mut found = Violations::default();
    let carrier = found.taken("carrier", Text::new("carrier", request.carrier.as_str()));
    let tracking = found.taken("tracking", Text::new("tracking", request.tracking.as_str()));
    let eta = request.eta.as_ref().and_then(|eta| times::instant(&mut found, "eta", eta));
    let lines = lines(&mut found, &request.lines);
    let named = carrier.zip(tracking);
    let step = named.map(|(carrier, tracking)| ReturnStep::Send { carrier, tracking, eta, lines });
    let asked = Asked {
        order_id: &request.order_id,
        return_id: &request.return_id,
        request_id: &request.request_id,
        validate_only: request.validate_only,
    };
    let Taken { rma, money, version, is_repeat } = asked.take(api, found, step).await?;
    Ok(v1::MarkReturnSentResponse { rma, money, version, is_repeat })
}

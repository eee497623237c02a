//! `ReleaseHold`: a cart was emptied, or a quote turned down.

use backstock_engine::command::ReleaseHold;
use backstock_engine::model::{HoldId, Text};
use backstock_proto::v1;
use tonic::Status;

use super::hold;
use crate::grpc::caller::origin;
use crate::grpc::{Api, plain};
use crate::status::Violations;

pub(super) async fn handle(
    api: &Api,
    request: v1::ReleaseHoldRequest,
) -> Result<v1::ReleaseHoldResponse, Status> {
    let command = read(api, request)?;
    let id = command.hold.clone();
    let done = api.engine().release_hold(command).await.map_err(plain)?;
    let (version, is_repeat) = (done.version.get(), done.is_repeat);
    Ok(v1::ReleaseHoldResponse { hold: Some(hold(api, &id).await?.0), version, is_repeat })
}

fn read(api: &Api, request: v1::ReleaseHoldRequest) -> Result<ReleaseHold, Status> {
    let mut found = Violations::default();
    let hold = found.id("hold_id", &request.hold_id, HoldId::new);
    let reason = found.taken("reason", Text::new("reason", request.reason));
    let request_id = found.request_id(&request.request_id);
    let mut meta = api.meta(request_id.flatten(), false);
    meta.origin = origin(reason.unwrap_or_default());
    found.finish(ReleaseHold { meta, hold })
}

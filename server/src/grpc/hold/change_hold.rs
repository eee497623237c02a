//! `ChangeHold`: a hold holds something else.

use backstock_engine::command::{ChangeHold, Lines};
use backstock_engine::model::HoldId;
use backstock_proto::v1;
use tonic::Status;

use super::hold;
use crate::grpc::Api;
use crate::grpc::order::placing::refused;
use crate::grpc::order::request::{self, NAMES};
use crate::grpc::order::text::LineText;
use crate::status::Violations;

pub(super) async fn handle(
    api: &Api,
    request: v1::ChangeHoldRequest,
) -> Result<v1::ChangeHoldResponse, Status> {
    let command = read(api, &request)?;
    let id = command.hold.clone();
    let done = api.engine().change_hold(command).await.map_err(refused)?;
    let (version, is_repeat) = (done.version.get(), done.is_repeat);
    Ok(v1::ChangeHoldResponse { hold: Some(hold(api, &id).await?.0), version, is_repeat })
}

fn read(api: &Api, request: &v1::ChangeHoldRequest) -> Result<ChangeHold, Status> {
    let mut found = Violations::default();
    let hold = found.id("hold_id", &request.hold_id, HoldId::new);
    let lines: Vec<_> = request.lines.iter().map(LineText::from).collect();
    let lines: Option<Lines> = request::lines(&mut found, &lines);
    let request_id = found.request_id(&request.request_id);
    let meta = api.meta(request_id.flatten(), false);
    let command = ChangeHold { meta, hold, lines: lines.unwrap_or_default() };
    found.rules(command.validate(), &NAMES);
    found.finish(command)
}

//! `GetHold`: a hold as it stands.

use backstock_engine::model::HoldId;
use backstock_proto::v1;
use tonic::Status;

use super::hold;
use crate::grpc::Api;
use crate::status::Violations;

pub(super) async fn handle(
    api: &Api,
    request: v1::GetHoldRequest,
) -> Result<v1::GetHoldResponse, Status> {
    let v1::GetHoldRequest { hold_id, min_version } = request;
    let mut found = Violations::default();
    let id = found.taken("hold_id", HoldId::new("hold_id", hold_id));
    let id = found.converted(id)?;
    api.reach(min_version).await?;
    let (hold, version) = hold(api, &id).await?;
    Ok(v1::GetHoldResponse { hold: Some(hold), version })
}

//! `GetSourcingPolicy`: the policy that orders are sourced by.

use backstock_proto::v1;
use tonic::Status;

use super::policy;
use crate::grpc::Api;

pub(super) async fn handle(
    api: &Api,
    request: v1::GetSourcingPolicyRequest,
) -> Result<v1::GetSourcingPolicyResponse, Status> {
    api.reach(request.min_version).await?;
    let version = api.version();
    let policy = Some(policy::message(&api.engine().policy()));
    Ok(v1::GetSourcingPolicyResponse { policy, version })
}

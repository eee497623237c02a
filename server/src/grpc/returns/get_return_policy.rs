//! `GetReturnPolicy`: what may come back.

use backstock_proto::v1;
use tonic::Status;

use super::policy;
use crate::grpc::Api;

pub(super) async fn handle(
    api: &Api,
    request: v1::GetReturnPolicyRequest,
) -> Result<v1::GetReturnPolicyResponse, Status> {
    api.reach(request.min_version).await?;
    let version = api.version();
    let rules = api.engine().return_rules();
    Ok(v1::GetReturnPolicyResponse { policy: rules.policy().map(policy::message), version })
}

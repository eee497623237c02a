//! `UpdateSourcingPolicy`: sets the policy, all of it.

use backstock_engine::command::SetPolicy;
use backstock_engine::model::RequestId;
use backstock_proto::v1;
use tonic::Status;

use super::policy::{self, NAMES};
use crate::grpc::update::shown;
use crate::grpc::{Api, errors};
use crate::status::Violations;

pub(super) async fn handle(
    api: &Api,
    request: v1::UpdateSourcingPolicyRequest,
) -> Result<v1::UpdateSourcingPolicyResponse, Status> {
    let command = read(api, &request)?;
    let asked = policy::message(&command.policy);
    let done = api.engine().set_policy(command).await;
    let done = done.map_err(|error| errors::status(error, &NAMES))?;
    let (version, is_repeat) = (done.version.get(), done.is_repeat);
    let now = || Some(policy::message(&api.engine().policy()));
    let policy = Some(shown(asked, !is_repeat, now));
    Ok(v1::UpdateSourcingPolicyResponse { policy, version, is_repeat })
}

fn read(api: &Api, request: &v1::UpdateSourcingPolicyRequest) -> Result<SetPolicy, Status> {
    let mut found = Violations::default();
    let request_id: Option<RequestId> = found.request_id(&request.request_id).flatten();
    let Some(given) = found.required("policy", request.policy.as_ref()) else {
        return Err(found.into_status());
    };
    let policy = policy::read(&mut found, given);
    let command = SetPolicy { meta: api.meta(request_id, request.validate_only), policy };
    found.rules(command.validate(), &NAMES);
    found.finish(command)
}

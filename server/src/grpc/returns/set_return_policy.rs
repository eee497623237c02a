//! `SetReturnPolicy`: replaces what may come back.

use backstock_engine::command::SetReturnPolicy;
use backstock_proto::v1;
use tonic::Status;

use super::policy;
use crate::grpc::{Api, errors};
use crate::status::Violations;

pub(super) async fn handle(
    api: &Api,
    request: v1::SetReturnPolicyRequest,
) -> Result<v1::SetReturnPolicyResponse, Status> {
    let command = command(api, &request)?;
    let done = api.engine().set_return_policy(command).await;
    let done = done.map_err(|error| errors::status(error, &policy::NAMES))?;
    Ok(v1::SetReturnPolicyResponse { version: done.version.get(), is_repeat: done.is_repeat })
}

fn command(api: &Api, request: &v1::SetReturnPolicyRequest) -> Result<SetReturnPolicy, Status> {
    let mut found = Violations::default();
    let request_id = found.request_id(&request.request_id).flatten();
    let Some(given) = found.required("policy", request.policy.as_ref()) else {
        return Err(found.into_status());
    };
    let policy = policy::read(&mut found, given);
    let command = SetReturnPolicy { meta: api.meta(request_id, request.validate_only), policy };
    found.rules(command.validate(), &policy::NAMES);
    found.finish(command)
}

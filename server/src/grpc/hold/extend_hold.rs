//! `ExtendHold`: a hold lapses later.

use backstock_engine::command::{ExtendHold, Extension};
use backstock_engine::model::HoldId;
use backstock_proto::v1;
use tonic::Status;

use super::{hold, seconds};
use crate::grpc::Api;
use crate::grpc::order::placing::refused;
use crate::grpc::order::request::NAMES;
use crate::status::Violations;

pub(super) async fn handle(
    api: &Api,
    request: v1::ExtendHoldRequest,
) -> Result<v1::ExtendHoldResponse, Status> {
    let command = read(api, &request)?;
    let id = command.hold.clone();
    let done = api.engine().extend_hold(command).await.map_err(refused)?;
    let (version, is_repeat) = (done.version.get(), done.is_repeat);
    Ok(v1::ExtendHoldResponse { hold: Some(hold(api, &id).await?.0), version, is_repeat })
}

fn read(api: &Api, request: &v1::ExtendHoldRequest) -> Result<ExtendHold, Status> {
    let mut found = Violations::default();
    let hold = found.id("hold_id", &request.hold_id, HoldId::new);
    let by = found.required("by", request.by.as_ref());
    let by = by.and_then(|by| extension(&mut found, by));
    let request_id = found.request_id(&request.request_id);
    let meta = api.meta(request_id.flatten(), false);
    let command = by.map(|by| ExtendHold { meta, hold, by });
    if let Some(command) = &command {
        found.rules(command.validate(), &NAMES);
    }
    found.converted(command)
}

fn extension(found: &mut Violations, by: &v1::extend_hold_request::By) -> Option<Extension> {
    use v1::extend_hold_request::By;
    match by {
        By::Ttl(ttl) => seconds(found, ttl).map(Extension::Seconds),
        By::PaymentStarted(true) => Some(Extension::PaymentStarted),
        By::PaymentStarted(false) => {
            found.add("payment_started", "\"false\" says nothing: only true is sent");
            None
        }
    }
}

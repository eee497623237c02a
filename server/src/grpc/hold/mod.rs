//! `HoldService`: holding what an order would take. A file a method, and what they share.
//!
//! | file | what |
//! |---|---|
//! | `view` | a hold as it stands, and as it would be created |
//!
//! What a hold takes is read, and called, as an order is: see `order`.

mod change_hold;
mod confirm_hold;
mod create_hold;
mod extend_hold;
mod get_hold;
mod release_hold;
mod view;

use backstock_engine::limits::HOLD_SECONDS_MAX;
use backstock_engine::model::{HoldId, Rule};
use backstock_proto::v1;
use backstock_proto::v1::hold_service_server::HoldService;
use tonic::{Request, Response, Status};

use super::service::service;
use super::{Api, plain};
use crate::status::Violations;

service! {
    HoldService:
    create_hold(v1::CreateHoldRequest) -> v1::CreateHoldResponse;
    extend_hold(v1::ExtendHoldRequest) -> v1::ExtendHoldResponse;
    change_hold(v1::ChangeHoldRequest) -> v1::ChangeHoldResponse;
    release_hold(v1::ReleaseHoldRequest) -> v1::ReleaseHoldResponse;
    confirm_hold(v1::ConfirmHoldRequest) -> v1::ConfirmHoldResponse;
    get_hold(v1::GetHoldRequest) -> v1::GetHoldResponse;
}

/// A hold as it stands, and the version that shows it so.
async fn hold(api: &Api, id: &HoldId) -> Result<(v1::Hold, u64), Status> {
    let seen = api.engine().hold(id).await.map_err(plain)?;
    let hold = view::hold(api.engine(), &seen).await.map_err(plain)?;
    Ok((hold, seen.version.get()))
}

/// The seconds of a `ttl`. How many there may be is the command's to say.
fn seconds(found: &mut Violations, ttl: &prost_types::Duration) -> Option<u32> {
    if ttl.nanos != 0 {
        found.breaks("ttl", ttl, Rule::Malformed("is not a number of whole seconds".into()));
        return None;
    }
    let seconds = u32::try_from(ttl.seconds);
    if seconds.is_err() {
        let rule = Rule::OutOfRange { min: 1, max: HOLD_SECONDS_MAX.into() };
        found.breaks("ttl", ttl.seconds, rule);
    }
    seconds.ok()
}

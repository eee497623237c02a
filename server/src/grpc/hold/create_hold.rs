//! `CreateHold`: units of an owner's cart, or a quote for them.

use backstock_engine::command::CreateHold;
use backstock_engine::engine::{PlaceOutcome, Quoted};
use backstock_engine::model::{HoldId, OrderId, OwnerId};
use backstock_proto::v1;
use tonic::Status;

use super::{hold, seconds, view};
use crate::grpc::Api;
use crate::grpc::order::answer;
use crate::grpc::order::placing::refused;
use crate::grpc::order::request;
use crate::grpc::order::text::OrderText;
use crate::status::Violations;

pub(super) async fn handle(
    api: &Api,
    request: v1::CreateHoldRequest,
) -> Result<v1::CreateHoldResponse, Status> {
    let order = OrderText::from(&request);
    let command = read(api, &request, &order)?;
    if request.validate_only {
        quote(api, &order, &command).await
    } else {
        create(api, &order, command).await
    }
}

fn read(
    api: &Api,
    request: &v1::CreateHoldRequest,
    order: &OrderText<'_>,
) -> Result<CreateHold, Status> {
    let mut found = Violations::default();
    let hold = found.taken("hold_id", HoldId::new("hold_id", request.hold_id.as_str()));
    let owner = found.optional("owner_id", &request.owner_id, OwnerId::new);
    let ttl = found.required("ttl", request.ttl.as_ref());
    let seconds = ttl.and_then(|ttl| seconds(&mut found, ttl));
    let order = request::order(&mut found, hold.as_ref().map(OrderId::of_hold), order);
    let request_id = found.request_id(&request.request_id);
    let meta = api.meta(request_id.flatten(), request.validate_only);
    let command = (|| Some(CreateHold::new(meta, hold?, (seconds?, owner?), order?)))();
    if request.accept_part && !request.wait {
        found.add("accept_part", "\"true\" says nothing without `wait`");
    }
    let command = command.map(|it| match (request.wait, request.accept_part) {
        (_, true) => it.taking_a_part(),
        (true, false) => it.waiting(),
        (false, false) => it,
    });
    found.converted(command)
}

async fn create(
    api: &Api,
    order: &OrderText<'_>,
    command: CreateHold,
) -> Result<v1::CreateHoldResponse, Status> {
    let submitted = api.engine().submit_hold(command.clone()).await.map_err(refused)?;
    let is_repeat = submitted.is_repeat();
    let created = submitted.acknowledged().await.map_err(refused)?;
    let version = created.version.get();
    match created.outcome {
        PlaceOutcome::Placed(_) => held(api, command.hold(), version, is_repeat).await,
        PlaceOutcome::SoldOut(short) => {
            planned(api, order, &command, Quoted::SoldOut(short), version).await
        }
    }
}

async fn quote(
    api: &Api,
    order: &OrderText<'_>,
    command: &CreateHold,
) -> Result<v1::CreateHoldResponse, Status> {
    let version = api.version();
    match api.engine().quote_hold(command).await.map_err(refused)? {
        Quoted::Known(known) => held(api, command.hold(), known.placed_lsn.get(), true).await,
        quoted => planned(api, order, command, quoted, version).await,
    }
}

/// The answer with a hold that has its units or waits for them.
fn there(hold: v1::Hold, version: u64, is_repeat: bool) -> v1::CreateHoldResponse {
    let outcome = match hold.state() {
        v1::HoldState::Waiting => v1::HoldOutcome::Waiting,
        _ => v1::HoldOutcome::Held,
    };
    let (outcome, hold) = (outcome.into(), Some(hold));
    v1::CreateHoldResponse { outcome, hold, shortages: Vec::new(), version, is_repeat }
}

/// The answer to a hold that is there.
async fn held(
    api: &Api,
    id: &HoldId,
    version: u64,
    is_repeat: bool,
) -> Result<v1::CreateHoldResponse, Status> {
    let (hold, _) = hold(api, id).await?;
    Ok(there(hold, version, is_repeat))
}

/// The answer to a hold that is not there: how it would be, or that it is sold out.
async fn planned(
    api: &Api,
    order: &OrderText<'_>,
    command: &CreateHold,
    quoted: Quoted,
    version: u64,
) -> Result<v1::CreateHoldResponse, Status> {
    let is_sold_out = matches!(quoted, Quoted::SoldOut(_));
    let answer = answer::quoted_message(api.engine(), order, quoted, version).await;
    let answer = answer.map_err(refused)?;
    if !is_sold_out {
        return Ok(there(view::planned(api.engine(), command, answer), version, false));
    }
    let (outcome, shortages) = (v1::HoldOutcome::SoldOut.into(), answer.shortages);
    Ok(v1::CreateHoldResponse { outcome, hold: None, shortages, version, is_repeat: false })
}

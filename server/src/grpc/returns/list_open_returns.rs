//! `ListOpenReturns`: returns that somebody waits for.

use backstock_engine::engine::{OpenReturn, ReturnPlace};
use backstock_engine::model::returns::ReturnStage;
use backstock_engine::model::{NodeId, Timestamp};
use backstock_proto::v1;
use tonic::Status;

use super::listing::{self, age_seconds};
use crate::grpc::enums::unknown;
use crate::grpc::times::timestamp;
use crate::grpc::{Api, pages, plain};
use crate::status::Violations;

pub(super) async fn handle(
    api: &Api,
    request: v1::ListOpenReturnsRequest,
) -> Result<v1::ListOpenReturnsResponse, Status> {
    let mut found = Violations::default();
    let stage = stage(&mut found, request.stage);
    let node = found.optional("node_id", &request.node_id, NodeId::new).flatten();
    let size = pages::size(&mut found, request.page_size);
    let after = listing::after(&mut found, &request.page_token, place);
    let size = found.converted(size)?;
    api.reach(request.min_version).await?;
    let list = api.engine().open_returns((stage, node.as_ref()), (after, size)).await;
    let list = list.map_err(plain)?;
    let now = api.0.clock.now();
    Ok(v1::ListOpenReturnsResponse {
        returns: list.entries.iter().filter_map(|of| message(api, of, now)).collect(),
        next_page_token: list.next.map(token).unwrap_or_default(),
        version: list.version.get(),
    })
}

/// Which stage is asked for: none for any, and for one that is not known, which is noted.
fn stage(found: &mut Violations, number: i32) -> Option<ReturnStage> {
    let known = v1::ReturnStage::try_from(number).ok();
    if known == Some(v1::ReturnStage::Unspecified) {
        return None;
    }
    let named = ReturnStage::ALL.into_iter().find(|of| known == Some(stage_message(*of)));
    named.or_else(|| unknown(found, "stage", number))
}

const fn stage_message(of: ReturnStage) -> v1::ReturnStage {
    match of {
        ReturnStage::Requested => v1::ReturnStage::Requested,
        ReturnStage::Expected => v1::ReturnStage::Expected,
        ReturnStage::InTransit => v1::ReturnStage::InTransit,
        ReturnStage::Received => v1::ReturnStage::Received,
        ReturnStage::Inspected => v1::ReturnStage::Inspected,
    }
}

fn token(ReturnPlace { since, order, no }: ReturnPlace) -> String {
    let order = i64::try_from(order.0).unwrap_or(i64::MAX);
    listing::token(&[since.as_micros(), order, no.into()])
}

fn place(numbers: &[i64]) -> Option<ReturnPlace> {
    let [since, order, no] = *numbers else { return None };
    let (since, order) = (Timestamp::from_micros(since), listing::order(order)?);
    Some(ReturnPlace { since, order, no: no.try_into().ok()? })
}

fn message(
    api: &Api,
    OpenReturn { place, order }: &OpenReturn,
    now: Timestamp,
) -> Option<v1::OpenReturn> {
    let of = order.returns.get(usize::from(place.no))?;
    let sent = of.sent.as_deref();
    let units = ReturnStage::ALL.into_iter().map(|stage| (stage, of.units_at(stage)));
    let units = units.filter(|(_, units)| *units > 0).map(|(stage, quantity)| {
        v1::ReturnStageUnits { stage: stage_message(stage).into(), quantity }
    });
    let node = of.node.map(|node| api.engine().node_no(node).id.to_string());
    Some(v1::OpenReturn {
        order_id: order.header.id.to_string(),
        return_id: of.id.to_string(),
        node_id: node.unwrap_or_default(),
        requested_time: Some(timestamp(of.requested_at)),
        since: Some(timestamp(place.since)),
        age_seconds: age_seconds(place.since, now),
        units: units.collect(),
        expires_time: Some(timestamp(of.expires_at)),
        eta: sent.and_then(|sent| sent.eta).map(timestamp),
        tracking: sent.map(|sent| sent.tracking.as_str().to_owned()).unwrap_or_default(),
    })
}

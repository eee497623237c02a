//! `GetAvailability`: what can be promised of one SKU.

use backstock_engine::model::Sku;
use backstock_proto::{Encoded, undecodable, v1};
use tonic::Status;

use super::availability::{AVAILABILITY_BYTES, Asked};
use super::days::Days;
use crate::grpc::{Api, plain, wire};
use crate::status::Violations;

pub(super) async fn handle(
    api: &Api,
    request: Encoded<v1::GetAvailabilityRequest>,
) -> Result<Encoded<v1::GetAvailabilityResponse>, Status> {
    let request = request.decode().map_err(|error| undecodable(&error))?;
    let mut found = Violations::default();
    let sku = found.taken("sku", Sku::new("sku", request.sku));
    let now = api.0.clock.now();
    let whom = (&*request.channel, &*request.service);
    let asked = Asked::read(&mut found, &request.node_ids, request.at.as_ref(), whom, now);
    let days = Days::read(&mut found, request.curve, request.quantity);
    let asked = asked.zip(days).map(|(asked, days)| asked.with(days));
    let (sku, asked) = found.converted(sku.zip(asked))?;
    api.reach(request.min_version).await?;
    asked.check(api.engine())?;
    let mut answer = Vec::with_capacity(AVAILABILITY_BYTES);
    let version = asked.answer(api.engine(), &sku, &mut answer).await.map_err(plain)?;
    wire::number(&mut answer, 2, version);
    Ok(Encoded::new(answer))
}

//! `BatchGetAvailability`: what can be promised of many SKUs.

use backstock_proto::{Encoded, undecodable, v1};
use tonic::Status;

use super::availability::Asked;
use super::days::Days;
use crate::grpc::Api;
use crate::grpc::limits::{CURVES_MAX, SKUS_MAX};
use crate::status::Violations;

pub(super) async fn handle(
    api: &Api,
    request: Encoded<v1::BatchGetAvailabilityRequest>,
) -> Result<Encoded<v1::BatchGetAvailabilityResponse>, Status> {
    let request = request.decode().map_err(|error| undecodable(&error))?;
    let mut found = Violations::default();
    let count = request.skus.len();
    let max = if request.curve { CURVES_MAX } else { SKUS_MAX };
    if !(1..=max).contains(&count) {
        found.add("skus", format!("{count} SKUs; 1 to {max} in a request"));
    }
    let now = api.0.clock.now();
    let whom = (&*request.channel, &*request.service);
    let asked = Asked::read(&mut found, &request.node_ids, request.at.as_ref(), whom, now);
    let days = Days::read(&mut found, request.curve, request.quantity);
    let asked = asked.zip(days).map(|(asked, days)| asked.with(days));
    let asked = found.converted(asked)?;
    api.reach(request.min_version).await?;
    asked.check(api.engine())?;
    asked.answer_all(api.engine(), &request.skus).await.map(Encoded::new)
}

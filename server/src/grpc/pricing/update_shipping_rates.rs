//! `UpdateShippingRates`: replaces all shipping rates.

use backstock_engine::command::DefineShippingRates;
use backstock_engine::pricing::check_rates;
use backstock_proto::v1;
use tonic::Status;

use super::rates;
use crate::grpc::{Api, errors};
use crate::status::Violations;

pub(super) async fn handle(
    api: &Api,
    request: v1::UpdateShippingRatesRequest,
) -> Result<v1::UpdateShippingRatesResponse, Status> {
    let command = read(api, &request)?;
    let done = api.engine().define_shipping_rates(command).await;
    let done = done.map_err(|error| errors::status(error, &rates::SHIPPING))?;
    Ok(v1::UpdateShippingRatesResponse { version: done.version.get(), is_repeat: done.is_repeat })
}

fn read(
    api: &Api,
    request: &v1::UpdateShippingRatesRequest,
) -> Result<DefineShippingRates, Status> {
    let mut found = Violations::default();
    let request_id = found.request_id(&request.request_id).flatten();
    let meta = api.meta(request_id, request.validate_only);
    let rates = rates::read_shipping(&mut found, &request.shipping_rates);
    found.rules(check_rates(&rates), &rates::SHIPPING);
    found.finish(DefineShippingRates { meta, rates })
}

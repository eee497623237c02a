//! `UpdateTaxRates`: replaces all tax rates.

use backstock_engine::command::DefineTaxRates;
use backstock_proto::v1;
use tonic::Status;

use super::rates;
use crate::grpc::{Api, errors};
use crate::status::Violations;

pub(super) async fn handle(
    api: &Api,
    request: v1::UpdateTaxRatesRequest,
) -> Result<v1::UpdateTaxRatesResponse, Status> {
    let command = read(api, &request)?;
    let done = api.engine().define_tax_rates(command).await;
    let done = done.map_err(|error| errors::status(error, &rates::TAXES))?;
    Ok(v1::UpdateTaxRatesResponse { version: done.version.get(), is_repeat: done.is_repeat })
}

fn read(api: &Api, request: &v1::UpdateTaxRatesRequest) -> Result<DefineTaxRates, Status> {
    let mut found = Violations::default();
    let request_id = found.request_id(&request.request_id).flatten();
    let meta = api.meta(request_id, request.validate_only);
    let Some(given) = found.required("tax_rates", request.tax_rates.as_ref()) else {
        return Err(found.into_status());
    };
    let rates = rates::read_taxes(&mut found, given);
    found.rules(rates.validate(), &rates::TAXES);
    found.finish(DefineTaxRates { meta, rates })
}

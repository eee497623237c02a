//! `GetTaxRates`: all tax rates.

use backstock_proto::v1;
use tonic::Status;

use super::rates;
use crate::grpc::Api;

pub(super) async fn handle(
    api: &Api,
    request: v1::GetTaxRatesRequest,
) -> Result<v1::GetTaxRatesResponse, Status> {
    api.reach(request.min_version).await?;
    let version = api.version();
    let pricing = api.engine().pricing();
    let tax_rates = pricing.book().taxes().map(|table| rates::taxes_message(table.rates()));
    Ok(v1::GetTaxRatesResponse { tax_rates, version })
}

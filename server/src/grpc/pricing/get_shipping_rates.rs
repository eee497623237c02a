//! `GetShippingRates`: all shipping rates.

use backstock_proto::v1;
use tonic::Status;

use super::rates;
use crate::grpc::Api;

pub(super) async fn handle(
    api: &Api,
    request: v1::GetShippingRatesRequest,
) -> Result<v1::GetShippingRatesResponse, Status> {
    api.reach(request.min_version).await?;
    let version = api.version();
    let pricing = api.engine().pricing();
    let shipping = pricing.book().shipping();
    let shipping_rates = shipping.map(|table| rates::shipping_message(table.rates()));
    Ok(v1::GetShippingRatesResponse { shipping_rates: shipping_rates.unwrap_or_default(), version })
}

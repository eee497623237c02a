//! `SetPrices`: sets prices of items in a list.

use backstock_engine::command::SetPrices;
use backstock_engine::limits::PRICE_ROWS_AT_ONCE_MAX;
use backstock_engine::model::PriceListId;
use backstock_proto::v1;
use tonic::Status;

use super::list;
use crate::grpc::{Api, errors};
use crate::status::Violations;

pub(super) async fn handle(
    api: &Api,
    request: v1::SetPricesRequest,
) -> Result<v1::SetPricesResponse, Status> {
    let command = read(api, &request)?;
    let done = api.engine().set_prices(command).await;
    let done = done.map_err(|error| errors::status(error, &list::PRICES))?;
    Ok(v1::SetPricesResponse { version: done.version.get(), is_repeat: done.is_repeat })
}

fn read(api: &Api, request: &v1::SetPricesRequest) -> Result<SetPrices, Status> {
    let mut found = Violations::default();
    let request_id = found.request_id(&request.request_id).flatten();
    let meta = api.meta(request_id, request.validate_only);
    let list = found.id("price_list_id", &request.price_list_id, PriceListId::new);
    // Of a list that is too long, only that is told.
    let items = request.items.iter().take(PRICE_ROWS_AT_ONCE_MAX + 1).enumerate();
    let items = items.map(|(at, of)| list::read_prices(&mut found, &format!("items[{at}]"), of));
    let command = SetPrices { meta, list, items: items.collect() };
    found.rules(command.validate(), &list::PRICES);
    found.finish(command)
}

//! `UpdatePriceList`: defines a price list, or changes for whom it is.

use backstock_engine::command::DefinePriceList;
use backstock_proto::v1;
use tonic::Status;

use super::list;
use crate::grpc::{Api, errors};
use crate::status::Violations;

pub(super) async fn handle(
    api: &Api,
    request: v1::UpdatePriceListRequest,
) -> Result<v1::UpdatePriceListResponse, Status> {
    let command = read(api, &request)?;
    let done = api.engine().define_price_list(command).await;
    let done = done.map_err(|error| errors::status(error, &list::NAMES))?;
    Ok(v1::UpdatePriceListResponse { version: done.version.get(), is_repeat: done.is_repeat })
}

fn read(api: &Api, request: &v1::UpdatePriceListRequest) -> Result<DefinePriceList, Status> {
    let mut found = Violations::default();
    let request_id = found.request_id(&request.request_id).flatten();
    let meta = api.meta(request_id, request.validate_only);
    let Some(given) = found.required("price_list", request.price_list.as_ref()) else {
        return Err(found.into_status());
    };
    let definition = list::read(&mut found, given);
    found.rules(definition.validate(), &list::NAMES);
    found.finish(DefinePriceList { meta, definition })
}

//! `SetTaxCategories`: sets tax categories of items.

use backstock_engine::command::{ItemCategory, SetTaxCategories};
use backstock_engine::limits::PRICE_ROWS_AT_ONCE_MAX;
use backstock_engine::model::Sku;
use backstock_proto::v1;
use tonic::Status;

use super::parts::some_text;
use crate::grpc::fields::FieldNames;
use crate::grpc::{Api, errors};
use crate::status::Violations;

pub(super) async fn handle(
    api: &Api,
    request: v1::SetTaxCategoriesRequest,
) -> Result<v1::SetTaxCategoriesResponse, Status> {
    let command = read(api, &request)?;
    let done = api.engine().set_tax_categories(command).await;
    let done = done.map_err(|error| errors::status(error, &FieldNames::PLAIN))?;
    Ok(v1::SetTaxCategoriesResponse { version: done.version.get(), is_repeat: done.is_repeat })
}

fn read(api: &Api, request: &v1::SetTaxCategoriesRequest) -> Result<SetTaxCategories, Status> {
    let mut found = Violations::default();
    let request_id = found.request_id(&request.request_id).flatten();
    let meta = api.meta(request_id, request.validate_only);
    let items = request.items.iter().take(PRICE_ROWS_AT_ONCE_MAX + 1).enumerate();
    let items = items.map(|(at, of)| ItemCategory {
        sku: found.id(&format!("items[{at}].sku"), &of.sku, Sku::new),
        category: some_text(&mut found, &format!("items[{at}].category"), &of.category),
    });
    let command = SetTaxCategories { meta, items: items.collect() };
    found.rules(command.validate(), &FieldNames::PLAIN);
    found.finish(command)
}

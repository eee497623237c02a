//! `SetAssociations`: sets what goes with items, and what may take their place.

use backstock_engine::command::{ItemAssociations, SetAssociations};
use backstock_engine::limits::{ASSOCIATIONS_MAX, ASSORTED_AT_ONCE_MAX};
use backstock_engine::model::Sku;
use backstock_proto::v1;
use tonic::Status;

use super::style::read_associated;
use crate::grpc::fields::FieldNames;
use crate::grpc::{Api, errors};
use crate::status::Violations;

pub(super) async fn handle(
    api: &Api,
    request: v1::SetAssociationsRequest,
) -> Result<v1::SetAssociationsResponse, Status> {
    let command = read(api, &request)?;
    let done = api.engine().set_associations(command).await;
    let done = done.map_err(|error| errors::status(error, &FieldNames::PLAIN))?;
    Ok(v1::SetAssociationsResponse { version: done.version.get(), is_repeat: done.is_repeat })
}

fn read(api: &Api, request: &v1::SetAssociationsRequest) -> Result<SetAssociations, Status> {
    let mut found = Violations::default();
    let request_id = found.request_id(&request.request_id).flatten();
    let meta = api.meta(request_id, request.validate_only);
    let items = request.items.iter().take(ASSORTED_AT_ONCE_MAX + 1).enumerate();
    let items = items.map(|(at, of)| item(&mut found, &format!("items[{at}]"), of));
    let command = SetAssociations { meta, items: items.collect() };
    found.rules(command.validate(), &FieldNames::PLAIN);
    found.finish(command)
}

fn item(found: &mut Violations, path: &str, given: &v1::ItemAssociations) -> ItemAssociations {
    let associated = given.associations.iter().take(ASSOCIATIONS_MAX + 1).enumerate();
    let associated = associated
        .map(|(at, of)| read_associated(found, &format!("{path}.associations[{at}]"), of))
        .collect();
    ItemAssociations { sku: found.id(&format!("{path}.sku"), &given.sku, Sku::new), associated }
}

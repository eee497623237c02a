//! `UpdateStyles`: defines styles, or says anew what they are.

use backstock_engine::command::DefineStyles;
use backstock_engine::limits::STYLES_AT_ONCE_MAX;
use backstock_proto::v1;
use tonic::Status;

use super::style;
use crate::grpc::fields::FieldNames;
use crate::grpc::{Api, errors};
use crate::status::Violations;

/// A style's id is known by its field.
const NAMES: FieldNames = FieldNames::PLAIN;

pub(super) async fn handle(
    api: &Api,
    request: v1::UpdateStylesRequest,
) -> Result<v1::UpdateStylesResponse, Status> {
    let command = read(api, &request)?;
    let done = api.engine().define_styles(command).await;
    let done = done.map_err(|error| errors::status(error, &NAMES))?;
    Ok(v1::UpdateStylesResponse { version: done.version.get(), is_repeat: done.is_repeat })
}

fn read(api: &Api, request: &v1::UpdateStylesRequest) -> Result<DefineStyles, Status> {
    let mut found = Violations::default();
    let request_id = found.request_id(&request.request_id).flatten();
    let meta = api.meta(request_id, request.validate_only);
    let styles = request.styles.iter().take(STYLES_AT_ONCE_MAX + 1).enumerate();
    let styles = styles.map(|(at, of)| style::read(&mut found, &format!("styles[{at}]"), of));
    let command = DefineStyles { meta, styles: styles.collect() };
    found.rules(command.validate(), &NAMES);
    found.finish(command)
}

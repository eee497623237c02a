//! `UpdatePromotion`: defines a promotion, or replaces it.

use backstock_engine::command::DefinePromotion;
use backstock_proto::v1;
use tonic::Status;

use super::promotion;
use crate::grpc::{Api, errors};
use crate::status::Violations;

pub(super) async fn handle(
    api: &Api,
    request: v1::UpdatePromotionRequest,
) -> Result<v1::UpdatePromotionResponse, Status> {
    let command = read(api, &request)?;
    let done = api.engine().define_promotion(command).await;
    let done = done.map_err(|error| errors::status(error, &promotion::NAMES))?;
    Ok(v1::UpdatePromotionResponse { version: done.version.get(), is_repeat: done.is_repeat })
}

fn read(api: &Api, request: &v1::UpdatePromotionRequest) -> Result<DefinePromotion, Status> {
    let mut found = Violations::default();
    let request_id = found.request_id(&request.request_id).flatten();
    let meta = api.meta(request_id, request.validate_only);
    let given = found.required("promotion", request.promotion.as_ref());
    let promotion = given.and_then(|given| promotion::read(&mut found, given));
    let command = promotion.map(|promotion| DefinePromotion { meta, promotion: promotion.into() });
    found.converted(command)
}

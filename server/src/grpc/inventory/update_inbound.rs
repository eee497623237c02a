//! `UpdateInbound`: changes a supply on its way.

use backstock_engine::model::{Day, InboundId};
use backstock_proto::v1;
use tonic::Status;

use super::change::{Changed, change, common};
use super::wanted::Wanted;
use crate::grpc::Api;
use crate::grpc::fields::FieldNames;
use crate::grpc::times;

pub(super) async fn handle(
    api: &Api,
    request: v1::UpdateInboundRequest,
) -> Result<v1::UpdateInboundResponse, Status> {
    let changed = change(api, common!(request), &FieldNames::PLAIN, |found| {
        let id = found.id("inbound_id", &request.inbound_id, InboundId::new);
        let quantity = request.quantity.map(|units| found.some_units("quantity", units));
        let eta = request
            .eta
            .as_ref()
            .map(|date| times::day(found, "eta", date).unwrap_or(Day::from_epoch_days(0)));
        let confidence = request.confidence_basis_points;
        let change = Wanted::Change { id, quantity, eta };
        Some(change.weighed(found, "confidence_basis_points", confidence))
    });
    let Changed { stock, version, is_repeat } = changed.await?;
    Ok(v1::UpdateInboundResponse { stock, version, is_repeat })
}

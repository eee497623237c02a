//! `GetReturn`: a return as it stands.

use backstock_engine::model::{OrderId, ReturnId};
use backstock_proto::v1;
use tonic::Status;

use super::{Shown, shown};
use crate::grpc::Api;
use crate::status::Violations;

pub(super) async fn handle(
    api: &Api,
    request: v1::GetReturnRequest,
) -> Result<v1::GetReturnResponse, Status> {
    let mut found = Violations::default();
    let order = found.taken("order_id", OrderId::new("order_id", request.order_id));
    let id = found.taken("return_id", ReturnId::new("return_id", request.return_id));
    let (order, id) = found.converted(order.zip(id))?;
    api.reach(request.min_version).await?;
    let Shown { rma, money, version } = shown(api, &order, &id).await?;
    Ok(v1::GetReturnResponse { rma: Some(rma), money, version })
}

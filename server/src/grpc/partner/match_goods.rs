//! `MatchGoods`: of which return goods are that came back.

use backstock_engine::command::MatchArrival;
use backstock_engine::model::partner::ReturnNames;
use backstock_engine::model::{OrderId, PartnerId, Reference, ReturnId};
use backstock_proto::v1;
use tonic::Status;

use crate::grpc::{Api, plain};
use crate::status::Violations;

pub(super) async fn handle(
    api: &Api,
    request: v1::MatchGoodsRequest,
) -> Result<v1::MatchGoodsResponse, Status> {
    let mut found = Violations::default();
    let partner = found.id("partner_id", &request.partner_id, PartnerId::new);
    let names = names(&mut found, request.names.unwrap_or_default());
    let order = found.id("order_id", &request.order_id, OrderId::new);
    let id = found.id("return_id", &request.return_id, ReturnId::new);
    let request_id = found.request_id(&request.request_id);
    let meta = api.meta(request_id.flatten(), false);
    let command = found.finish(MatchArrival { meta, partner, names, order, id })?;
    let done = api.engine().match_arrival(command).await.map_err(plain)?;
    Ok(v1::MatchGoodsResponse { version: done.version.get(), is_repeat: done.is_repeat })
}

/// The names that are there. None at all are the names of nothing.
pub(super) fn names(found: &mut Violations, of: v1::GoodsNames) -> ReturnNames {
    let v1::GoodsNames { rma, tracking, order_id } = of;
    if rma.is_empty() && tracking.is_empty() && order_id.is_empty() {
        found.add("names", "is missing");
    }
    let reference = |found: &mut Violations, field, name: &str| {
        (!name.is_empty()).then(|| found.id(field, name, Reference::new))
    };
    ReturnNames {
        rma: reference(found, "names.rma", &rma),
        tracking: reference(found, "names.tracking", &tracking),
        order: (!order_id.is_empty()).then(|| found.id("names.order_id", &order_id, OrderId::new)),
    }
}

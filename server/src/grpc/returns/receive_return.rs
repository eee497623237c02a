//! `ReceiveReturn`: a node tells all that came so far.

use backstock_engine::command::ReturnStep;
use backstock_engine::limits::RETURN_STRAYS_MAX;
use backstock_engine::model::{NodeId, Sku};
use backstock_proto::v1;
use tonic::Status;

use super::steps::{Asked, Taken};
use crate::grpc::Api;
use crate::grpc::fulfillment::steps::lines;
use crate::status::Violations;

pub(super) async fn handle(
    api: &Api,
    request: v1::ReceiveReturnRequest,
) -> Result<v1::ReceiveReturnResponse, Status> {
    let mut found = Violations::default();
    let node = found.optional("node_id", &request.node_id, NodeId::new).flatten();
    let (revision, lines) = (request.revision, lines(&mut found, &request.lines));
    let strays = others(&mut found, &request.others);
    let step = Some(ReturnStep::Receive { revision, node, lines, strays });
    let asked = Asked {
        order_id: &request.order_id,
        return_id: &request.return_id,
        request_id: &request.request_id,
        validate_only: request.validate_only,
    };
    let Taken { rma, money, version, is_repeat } = asked.take(api, found, step).await?;
    Ok(v1::ReceiveReturnResponse { rma, money, version, is_repeat })
}

/// Units of items of no line: of too many, one more than may be.
fn others(found: &mut Violations, others: &[v1::ReturnedItem]) -> Vec<(Sku, u32)> {
    let others = &others[..others.len().min(RETURN_STRAYS_MAX + 1)];
    let other = |(at, of): (usize, &v1::ReturnedItem)| {
        (found.id(&format!("others[{at}].sku"), &of.sku, Sku::new), of.quantity)
    };
    others.iter().enumerate().map(other).collect()
}

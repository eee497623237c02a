//! `PlaceOrder`: one order, or a quote for it.

use backstock_proto::{Encoded, v1};
use tonic::Status;

use super::placing::refused;
use super::text::{self, OrderText};
use crate::grpc::Api;
use crate::grpc::limits::ANSWER_BYTES;
use crate::grpc::transport::meters::OrderTally;

pub(super) async fn handle(
    api: &Api,
    request: Encoded<v1::PlaceOrderRequest>,
) -> Result<Encoded<v1::PlaceOrderResponse>, Status> {
    let mut bytes = request.into_bytes();
    if OrderText::read(&bytes).is_err() {
        bytes = text::canonical::<v1::PlaceOrderRequest>(&bytes)?;
    }
    let request = OrderText::read(&bytes).expect("a canonical message is plain");
    let mut answer = Vec::with_capacity(ANSWER_BYTES);
    if request.validate_only {
        api.quote(&request, &mut answer).await?;
    } else {
        let command = api.placing(&request)?;
        let submitted = api.engine().submit_order(command).await.map_err(refused)?;
        let mut tally = OrderTally::default();
        api.acknowledge(&bytes, submitted, &mut answer, &mut tally).await?;
        api.0.orders.placed(tally);
    }
    Ok(Encoded::new(answer))
}

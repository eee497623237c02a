//! Orders by a call for each, so many at a time on one connection.

use std::pin::Pin;
use std::time::Instant;

use backstock_proto::v1::inventory_service_client::InventoryServiceClient;
use backstock_proto::v1::order_service_client::OrderServiceClient;
use backstock_proto::v1::{BatchGetAvailabilityRequest, PlaceOrderResponse};
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tonic::transport::Channel;

use super::answers::Answers;
use super::drive::{Pipe, Sending};
use super::error::LoadError;
use super::wire_answer::count;
use crate::wire::request;

/// A call that ended.
struct Called {
    due: Instant,
    units: u32,
    answered: Instant,
    response: PlaceOrderResponse,
}

type Call = Pin<Box<dyn Future<Output = Result<Called, LoadError>> + Send>>;

/// Calls of one caller on their way.
pub struct Unary {
    orders: OrderServiceClient<Channel>,
    inventory: InventoryServiceClient<Channel>,
    calls: FuturesUnordered<Call>,
    in_flight_max: usize,
}

impl Unary {
    /// None yet, and at most `in_flight_max`.
    pub fn new(channel: &Channel, in_flight_max: usize) -> Self {
        Self {
            orders: OrderServiceClient::new(channel.clone()),
            inventory: InventoryServiceClient::new(channel.clone()),
            calls: FuturesUnordered::new(),
            in_flight_max,
        }
    }
}

impl Pipe for Unary {
    fn has_room(&self) -> bool {
        self.calls.len() < self.in_flight_max
    }

    fn is_idle(&self) -> bool {
        self.calls.is_empty()
    }

    async fn send(&mut self, sending: Sending, _: &mut Answers) -> Result<(), LoadError> {
        let (mut orders, mut inventory) = (self.orders.clone(), self.inventory.clone());
        let Sending { due, offer, looks } = sending;
        let (units, order) = (offer.units, request(&offer.command));
        self.calls.push(Box::pin(async move {
            if !looks.is_empty() {
                let skus = looks.iter().map(ToString::to_string).collect();
                let look = BatchGetAvailabilityRequest { skus, ..Default::default() };
                inventory.batch_get_availability(look).await?;
            }
            let response = orders.place_order(order).await?.into_inner();
            Ok(Called { due, units, answered: Instant::now(), response })
        }));
        Ok(())
    }

    async fn flush(&mut self) -> Result<(), LoadError> {
        Ok(())
    }

    async fn answer(&mut self, answers: &mut Answers) -> Result<(), LoadError> {
        if let Some(called) = self.calls.next().await {
            let Called { due, units, answered, response } = called?;
            answers.answered(due, answered);
            count(answers, units, response);
        }
        Ok(())
    }
}

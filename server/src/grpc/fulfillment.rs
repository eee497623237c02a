//! `FulfillmentService`: what nodes report of their shipments.

use backstock_engine::engine::EngineError;
use backstock_engine::model::command::ShipShipment;
use backstock_engine::model::{OrderId, Refusal, Rule, Text};
use backstock_proto::v1;
use backstock_proto::v1::fulfillment_service_server::FulfillmentService;
use tonic::{Request, Response, Status};

use super::orders::read_id;
use super::pages::Page;
use super::{Api, order_view, plain};
use crate::status::Violations;

#[tonic::async_trait]
impl FulfillmentService for Api {
    async fn ship_shipment(
        &self,
        request: Request<v1::ShipShipmentRequest>,
    ) -> Result<Response<v1::ShipShipmentResponse>, Status> {
        let request = request.into_inner();
        let number = request.shipment_number;
        let command = self.shipping(request)?;
        let id = command.order.clone();
        let done = self.engine().ship_shipment(command).await;
        let done = done.map_err(|error| not_shipped(error, number))?;
        let (version, is_repeat) = (done.version.get(), done.is_repeat);
        let shipment = Some(self.shipment(&id, number).await?.0);
        Ok(Response::new(v1::ShipShipmentResponse { shipment, version, is_repeat }))
    }

    async fn get_shipment(
        &self,
        request: Request<v1::GetShipmentRequest>,
    ) -> Result<Response<v1::GetShipmentResponse>, Status> {
        let request = request.into_inner();
        let id = read_id(request.order_id)?;
        self.reach(request.min_version).await?;
        let (shipment, version) = self.shipment(&id, request.shipment_number).await?;
        Ok(Response::new(v1::GetShipmentResponse { shipment: Some(shipment), version }))
    }

    async fn list_shipments(
        &self,
        request: Request<v1::ListShipmentsRequest>,
    ) -> Result<Response<v1::ListShipmentsResponse>, Status> {
        let request = request.into_inner();
        let mut found = Violations::default();
        let id = found.taken("order_id", OrderId::new("order_id", request.order_id));
        let page = Page::read(&mut found, request.page_size, &request.page_token);
        let (id, page) = found.converted(id.zip(page))?;
        self.reach(request.min_version).await?;
        let (all, version) = self.shipments(&id).await?;
        let mut shipments = all.into_iter().skip(page.from).take(page.peek()).collect();
        let next_page_token = page.cut(&mut shipments);
        Ok(Response::new(v1::ListShipmentsResponse { shipments, next_page_token, version }))
    }
}

impl Api {
    async fn shipments(&self, id: &OrderId) -> Result<(Vec<v1::Shipment>, u64), Status> {
        let view = self.engine().order(id).await.map_err(plain)?;
        let all = order_view::shipments_now(self.engine(), &view).await.map_err(plain)?;
        Ok((all, view.version.get()))
    }

    async fn shipment(&self, id: &OrderId, number: u32) -> Result<(v1::Shipment, u64), Status> {
        let (all, version) = self.shipments(id).await?;
        let found = all.into_iter().find(|shipment| shipment.number == number);
        let shipment = found.ok_or_else(|| unknown(id.clone(), number))?;
        Ok((shipment, version))
    }

    fn shipping(&self, request: v1::ShipShipmentRequest) -> Result<ShipShipment, Status> {
        let mut found = Violations::default();
        let order = found.taken("order_id", OrderId::new("order_id", request.order_id));
        if request.carrier.is_empty() {
            found.breaks("carrier", "", Rule::Required);
        }
        let carrier = found.taken("carrier", Text::new("carrier", request.carrier));
        let tracking = found.taken("tracking", Text::new("tracking", request.tracking));
        let request_id = found.request_id(&request.request_id);
        let command = (|| {
            Some(ShipShipment {
                meta: self.meta(request_id?, request.validate_only),
                order: order?,
                // No order has as many shipments as a number beyond 16 bits names.
                shipment: u16::try_from(request.shipment_number).unwrap_or(u16::MAX),
                carrier: carrier?,
                tracking: tracking?,
            })
        })();
        found.converted(command)
    }
}

/// The status of a shipment that is refused, with its number as the caller gave it.
fn not_shipped(error: EngineError, number: u32) -> Status {
    match error {
        EngineError::Refused(Refusal::ShipmentNotFound { order_id, .. }) => {
            unknown(order_id, number)
        }
        error => plain(error),
    }
}

fn unknown(order_id: OrderId, shipment_number: u32) -> Status {
    plain(Refusal::ShipmentNotFound { order_id, shipment_number }.into())
}

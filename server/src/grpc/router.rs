//! Which service a request is for. By hand, because the paths are few and known:
//! a request is routed by comparing one prefix, and timed on the way.

use std::convert::Infallible;
use std::task::{Context, Poll};
use std::time::Instant;

use backstock_proto::v1::admin_service_server::AdminServiceServer;
use backstock_proto::v1::catalog_service_server::CatalogServiceServer;
use backstock_proto::v1::fulfillment_service_server::FulfillmentServiceServer;
use backstock_proto::v1::inventory_service_server::InventoryServiceServer;
use backstock_proto::v1::order_service_server::OrderServiceServer;
use tonic::body::Body;
use tonic::codegen::http::{Request, Response};
use tonic::codegen::{BoxFuture, Service};
use tonic::server::NamedService;
use tonic::{Code, Status};

use super::Api;
use super::meters::MethodMeters;

type Answer = BoxFuture<Response<Body>, Infallible>;

/// Every service of the server.
#[derive(Clone)]
pub struct Router<H, R> {
    catalog: CatalogServiceServer<Api>,
    inventory: InventoryServiceServer<Api>,
    orders: OrderServiceServer<Api>,
    fulfillment: FulfillmentServiceServer<Api>,
    admin: AdminServiceServer<Api>,
    health: H,
    reflection: R,
    meters: MethodMeters,
}

impl<H, R> Router<H, R> {
    /// The services of `api`, which take requests of up to `request_bytes_max`
    /// bytes, beside health and reflection.
    pub fn new(api: &Api, request_bytes_max: usize, health: H, reflection: R) -> Self {
        let limit = request_bytes_max;
        let catalog = CatalogServiceServer::new(api.clone());
        let inventory = InventoryServiceServer::new(api.clone());
        let orders = OrderServiceServer::new(api.clone());
        let fulfillment = FulfillmentServiceServer::new(api.clone());
        let admin = AdminServiceServer::new(api.clone());
        Self {
            catalog: catalog.max_decoding_message_size(limit),
            inventory: inventory.max_decoding_message_size(limit),
            orders: orders.max_decoding_message_size(limit),
            fulfillment: fulfillment.max_decoding_message_size(limit),
            admin: admin.max_decoding_message_size(limit),
            health,
            reflection,
            meters: MethodMeters::new(),
        }
    }
}

/// The names of the services that answer for stock and orders, for health.
pub const SERVICE_NAMES: [&str; 5] = [
    CatalogServiceServer::<Api>::NAME,
    InventoryServiceServer::<Api>::NAME,
    OrderServiceServer::<Api>::NAME,
    FulfillmentServiceServer::<Api>::NAME,
    AdminServiceServer::<Api>::NAME,
];

/// A service that tonic generated.
pub trait Generated:
    Service<Request<Body>, Response = Response<Body>, Error = Infallible, Future = Answer>
    + NamedService
{
}

impl<S> Generated for S where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible, Future = Answer>
        + NamedService
{
}

impl<H: Generated, R: Generated> Service<Request<Body>> for Router<H, R> {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Answer;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        // Generated services are always ready: admission is the engine's.
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Answer {
        let began = Instant::now();
        let path = request.uri().path().to_owned();
        let meters = self.meters.clone();
        let answer = self.route(&path, request);
        Box::pin(async move {
            let response = answer.await?;
            meters.answered(&path, code_of(&response), began.elapsed());
            Ok(response)
        })
    }
}

impl<H: Generated, R: Generated> Router<H, R> {
    fn route(&mut self, path: &str, request: Request<Body>) -> Answer {
        let service = path.trim_start_matches('/').split('/').next().unwrap_or_default();
        match service {
            OrderServiceServer::<Api>::NAME => self.orders.call(request),
            InventoryServiceServer::<Api>::NAME => self.inventory.call(request),
            CatalogServiceServer::<Api>::NAME => self.catalog.call(request),
            FulfillmentServiceServer::<Api>::NAME => self.fulfillment.call(request),
            AdminServiceServer::<Api>::NAME => self.admin.call(request),
            name if name == H::NAME => self.health.call(request),
            name if name == R::NAME => self.reflection.call(request),
            _ => {
                let status = Status::unimplemented(format!("no service at {path}"));
                Box::pin(async move { Ok(status.into_http()) })
            }
        }
    }
}

/// The code of an answer. A stream that fails later has begun well.
fn code_of(response: &Response<Body>) -> Code {
    let status = response.headers().get(Status::GRPC_STATUS);
    status.map_or(Code::Ok, |status| Code::from_bytes(status.as_bytes()))
}

//! Which service a request is for. By hand, because the paths are few and known:
//! a request is routed by comparing one prefix, and timed on the way.

use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use backstock_proto::v1::admin_service_server::AdminServiceServer;
use backstock_proto::v1::catalog_service_server::CatalogServiceServer;
use backstock_proto::v1::feed_service_server::FeedServiceServer;
use backstock_proto::v1::fulfillment_service_server::FulfillmentServiceServer;
use backstock_proto::v1::hold_service_server::HoldServiceServer;
use backstock_proto::v1::inventory_service_server::InventoryServiceServer;
use backstock_proto::v1::order_service_server::OrderServiceServer;
use backstock_proto::v1::partner_service_server::PartnerServiceServer;
use backstock_proto::v1::payment_service_server::PaymentServiceServer;
use backstock_proto::v1::pricing_service_server::PricingServiceServer;
use backstock_proto::v1::return_service_server::ReturnServiceServer;
use backstock_proto::v1::suggestion_service_server::SuggestionServiceServer;
use backstock_proto::v1::webhook_service_server::WebhookServiceServer;
use tonic::body::Body;
use tonic::codegen::http::{Request, Response};
use tonic::codegen::{BoxFuture, Service};
use tonic::server::NamedService;
use tonic::{Code, Status};

use super::arriving::{arriving, too_late};
use super::leaving::leaving;
use super::meters::MethodMeters;
use super::open_ended::open_ended;
use super::opening::Opening;
use crate::connections::Peer;
use crate::grpc::Api;

type Answer = BoxFuture<Response<Body>, Infallible>;

/// The services of `backstock.v1`.
pub(super) struct Services {
    catalog: CatalogServiceServer<Api>,
    inventory: InventoryServiceServer<Api>,
    orders: OrderServiceServer<Api>,
    holds: HoldServiceServer<Api>,
    fulfillment: FulfillmentServiceServer<Api>,
    payments: PaymentServiceServer<Api>,
    pricing: PricingServiceServer<Api>,
    returns: ReturnServiceServer<Api>,
    partners: PartnerServiceServer<Api>,
    suggestions: SuggestionServiceServer<Api>,
    feed: FeedServiceServer<Api>,
    webhooks: WebhookServiceServer<Api>,
    admin: AdminServiceServer<Api>,
}

impl Services {
    /// The services of `api`, which take requests of up to `limit` bytes.
    pub(super) fn new(api: &Api, limit: usize) -> Self {
        let catalog = CatalogServiceServer::new(api.clone());
        let inventory = InventoryServiceServer::new(api.clone());
        let orders = OrderServiceServer::new(api.clone());
        let holds = HoldServiceServer::new(api.clone());
        let fulfillment = FulfillmentServiceServer::new(api.clone());
        let payments = PaymentServiceServer::new(api.clone());
        let pricing = PricingServiceServer::new(api.clone());
        let returns = ReturnServiceServer::new(api.clone());
        let partners = PartnerServiceServer::new(api.clone());
        let suggestions = SuggestionServiceServer::new(api.clone());
        let feed = FeedServiceServer::new(api.clone());
        let webhooks = WebhookServiceServer::new(api.clone());
        let admin = AdminServiceServer::new(api.clone());
        Self {
            catalog: catalog.max_decoding_message_size(limit),
            inventory: inventory.max_decoding_message_size(limit),
            orders: orders.max_decoding_message_size(limit),
            holds: holds.max_decoding_message_size(limit),
            fulfillment: fulfillment.max_decoding_message_size(limit),
            payments: payments.max_decoding_message_size(limit),
            pricing: pricing.max_decoding_message_size(limit),
            returns: returns.max_decoding_message_size(limit),
            partners: partners.max_decoding_message_size(limit),
            suggestions: suggestions.max_decoding_message_size(limit),
            feed: feed.max_decoding_message_size(limit),
            webhooks: webhooks.max_decoding_message_size(limit),
            admin: admin.max_decoding_message_size(limit),
        }
    }

    fn call(&self, service: &str, request: Request<Body>) -> Answer {
        match service {
            OrderServiceServer::<Api>::NAME => self.orders.clone().call(request),
            InventoryServiceServer::<Api>::NAME => self.inventory.clone().call(request),
            CatalogServiceServer::<Api>::NAME => self.catalog.clone().call(request),
            HoldServiceServer::<Api>::NAME => self.holds.clone().call(request),
            FulfillmentServiceServer::<Api>::NAME => self.fulfillment.clone().call(request),
            PaymentServiceServer::<Api>::NAME => self.payments.clone().call(request),
            PricingServiceServer::<Api>::NAME => self.pricing.clone().call(request),
            ReturnServiceServer::<Api>::NAME => self.returns.clone().call(request),
            PartnerServiceServer::<Api>::NAME => self.partners.clone().call(request),
            SuggestionServiceServer::<Api>::NAME => self.suggestions.clone().call(request),
            FeedServiceServer::<Api>::NAME => self.feed.clone().call(request),
            WebhookServiceServer::<Api>::NAME => self.webhooks.clone().call(request),
            _ => self.admin.clone().call(request),
        }
    }
}

/// The names of the services that answer for stock and orders, for health.
pub const SERVICE_NAMES: [&str; 13] = [
    CatalogServiceServer::<Api>::NAME,
    InventoryServiceServer::<Api>::NAME,
    OrderServiceServer::<Api>::NAME,
    HoldServiceServer::<Api>::NAME,
    FulfillmentServiceServer::<Api>::NAME,
    PaymentServiceServer::<Api>::NAME,
    PricingServiceServer::<Api>::NAME,
    ReturnServiceServer::<Api>::NAME,
    PartnerServiceServer::<Api>::NAME,
    SuggestionServiceServer::<Api>::NAME,
    FeedServiceServer::<Api>::NAME,
    WebhookServiceServer::<Api>::NAME,
    AdminServiceServer::<Api>::NAME,
];

/// Those of them that write nothing to the journal.
pub const TAKE_NO_COMMANDS: [&str; 3] = [
    FeedServiceServer::<Api>::NAME,
    WebhookServiceServer::<Api>::NAME,
    AdminServiceServer::<Api>::NAME,
];

/// Every service of the server: those that need no engine answer at once, the others
/// when there is one.
#[derive(Clone)]
pub struct Router<H, R, A> {
    opening: Opening,
    health: H,
    reflection: R,
    reflection_alpha: A,
    meters: MethodMeters,
}

impl<H, R, A> Router<H, R, A> {
    /// The services of what is `opening`, beside health and reflection in its two
    /// versions.
    pub fn new(opening: Opening, health: H, reflection: R, reflection_alpha: A) -> Self {
        Self { opening, health, reflection, reflection_alpha, meters: MethodMeters::new() }
    }
}

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

impl<H: Generated, R: Generated, A: Generated> Service<Request<Body>> for Router<H, R, A> {
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
        let peer = request.extensions().get::<Arc<Peer>>().cloned();
        let (request, work) = arriving(request);
        let (meters, opening) = (self.meters.clone(), self.opening.clone());
        let answer = self.route(&path, request);
        Box::pin(async move {
            let response = match &work {
                Some(begun) => tokio::select! {
                    biased;
                    answer = answer => answer?,
                    late = too_late(begun, opening.shutdown()) => late.into_http(),
                },
                None => answer.await?,
            };
            drop(work);
            meters.answered(&path, code_of(&response), began.elapsed());
            Ok(match &peer {
                Some(peer) => leaving(response, peer),
                None => response,
            })
        })
    }
}

impl<H: Generated, R: Generated, A: Generated> Router<H, R, A> {
    fn route(&mut self, path: &str, request: Request<Body>) -> Answer {
        match service_of(path) {
            name if SERVICE_NAMES.contains(&name) => match self.opening.services() {
                Some(services) => services.call(name, request),
                None => self.call_when_open(path, request),
            },
            name if name == H::NAME => for_long(&mut self.health, request),
            name if name == R::NAME => for_long(&mut self.reflection, request),
            name if name == A::NAME => for_long(&mut self.reflection_alpha, request),
            _ => {
                let status = Status::unimplemented(format!("no service at {path}"));
                Box::pin(async move { Ok(status.into_http()) })
            }
        }
    }

    /// Lets a request wait for a moment: most servers are open by then.
    fn call_when_open(&self, path: &str, request: Request<Body>) -> Answer {
        let (opening, path) = (self.opening.clone(), path.to_owned());
        Box::pin(async move {
            match opening.soon().await {
                Ok(services) => services.call(service_of(&path), request).await,
                Err(status) => Ok(status.into_http()),
            }
        })
    }
}

/// Calls a service whose answers may be open for as long as their callers like.
fn for_long(service: &mut impl Generated, request: Request<Body>) -> Answer {
    let peer = request.extensions().get::<Arc<Peer>>().cloned();
    let answer = service.call(request);
    Box::pin(async move {
        let response = answer.await?;
        Ok(match &peer {
            Some(peer) => open_ended(response, peer),
            None => response,
        })
    })
}

/// The service of `/package.Service/Method`.
fn service_of(path: &str) -> &str {
    path.trim_start_matches('/').split('/').next().unwrap_or_default()
}

/// The code of an answer. A stream that fails later has begun well.
fn code_of(response: &Response<Body>) -> Code {
    let status = response.headers().get(Status::GRPC_STATUS);
    status.map_or(Code::Ok, |status| Code::from_bytes(status.as_bytes()))
}

//! The gRPC services on the loopback, handlers that place nothing beside them, and the
//! client that places orders with either: the same windows, the same connections.

use std::path::Path;
use std::time::{Duration, Instant};

use backstock::clock::ClockKind;
use backstock::serve::{OPENING_WAIT_MAX, ServeOptions, SnapshotSchedule, listen, serve};
use backstock::shutdown::Shutdown;
use backstock::webhooks::WebhookOptions;
use backstock_engine::engine::Engine;
use backstock_proto::v1::order_service_client::OrderServiceClient;
use backstock_proto::v1::order_service_server::{OrderService, OrderServiceServer};
use backstock_proto::v1::place_orders_result::Result as Placed;
use backstock_proto::v1::{
    CancelOrderRequest, CancelOrderResponse, CommitChangeRequest, CommitChangeResponse, Date,
    ExplainOrderRequest, ExplainOrderResponse, GetOrderRequest, GetOrderResponse,
    GetTimelineRequest, GetTimelineResponse, HoldOrderRequest, HoldOrderResponse, LineUnits,
    OrderOutcome, PlaceOrderRequest, PlaceOrderResponse, PlaceOrdersRequest, PlaceOrdersResponse,
    PlaceOrdersResult, QuoteChangeRequest, QuoteChangeResponse, QuoteServicesRequest,
    QuoteServicesResponse, ReleaseOrderHoldRequest, ReleaseOrderHoldResponse,
    ResolveDeclineRequest, ResolveDeclineResponse, SetOrderPriorityRequest,
    SetOrderPriorityResponse, Shipment, ShipmentLine, ShipmentState, Supply, SupplyKind,
};
use backstock_proto::{Encoded, undecodable};
use futures_util::{Stream, StreamExt as _, stream};
use tokio::net::TcpListener;
use tonic::transport::{Channel, Server, server::TcpIncoming};
use tonic::{Request, Response, Status, Streaming};

/// Connections of the client.
pub const CONNECTIONS: usize = 2;
/// Calls in flight on each.
const CALLS_IN_FLIGHT: usize = 32;
/// Orders in one message of a stream.
const BATCH: usize = 64;
/// Bytes on their way in each direction, on both sides and with both servers.
pub const WINDOW_BYTES: u32 = 4 << 20;
/// As the server's default.
const REQUEST_BYTES_MAX: usize = 4 << 20;

/// Answers at once, and places nothing.
#[derive(Clone, Copy, Debug)]
pub enum Idle {
    /// Answers with empty messages.
    Empty,
    /// Answers as if each order shipped whole.
    Telling,
}

impl Idle {
    fn answer(self, order: PlaceOrderRequest) -> PlaceOrderResponse {
        match self {
            Self::Empty => PlaceOrderResponse::default(),
            Self::Telling => shipped_whole(order),
        }
    }

    fn result(self, order: PlaceOrderRequest) -> PlaceOrdersResult {
        PlaceOrdersResult { result: Some(Placed::Response(self.answer(order))) }
    }
}

fn shipped_whole(order: PlaceOrderRequest) -> PlaceOrderResponse {
    let day = Date { year: 2026, month: 11, day: 24 };
    let skus = order.lines.iter().map(|line| line.sku.clone()).collect();
    let allocated = order.lines.iter().map(|line| line.quantity);
    let lines = allocated.map(|allocated| LineUnits { allocated, ..LineUnits::default() });
    let lines = lines.collect();
    let parts = order.lines.into_iter().zip(0..).map(|(line, line_index)| ShipmentLine {
        line_index,
        sku: line.sku,
        quantity: line.quantity,
        supply: Some(Supply { kind: SupplyKind::OnHand.into(), ..Supply::default() }),
    });
    let shipment = Shipment {
        number: 1,
        node_id: "N17".into(),
        ship_by: Some(day),
        deliver_by: Some(day),
        state: ShipmentState::Planned.into(),
        lines: parts.collect(),
        ..Shipment::default()
    };
    PlaceOrderResponse {
        order_id: order.order_id,
        outcome: OrderOutcome::Allocated.into(),
        lines,
        shipments: vec![shipment],
        version: 4_000_000,
        promised_by: Some(day),
        skus,
        ..PlaceOrderResponse::default()
    }
}

type Answers =
    std::pin::Pin<Box<dyn Stream<Item = Result<Encoded<PlaceOrdersResponse>, Status>> + Send>>;

#[tonic::async_trait]
impl OrderService for Idle {
    type PlaceOrdersStream = Answers;

    async fn place_order(
        &self,
        request: Request<Encoded<PlaceOrderRequest>>,
    ) -> Result<Response<Encoded<PlaceOrderResponse>>, Status> {
        let order = request.into_inner().decode().map_err(|error| undecodable(&error))?;
        Ok(Response::new(self.answer(order).into()))
    }

    async fn place_orders(
        &self,
        requests: Request<Streaming<Encoded<PlaceOrdersRequest>>>,
    ) -> Result<Response<Answers>, Status> {
        let idle = *self;
        let answer = move |request: Result<Encoded<PlaceOrdersRequest>, Status>| {
            let orders = request?.decode().map_err(|error| undecodable(&error))?.orders;
            let results = orders.into_iter().map(|order| idle.result(order)).collect();
            Ok(PlaceOrdersResponse { results }.into())
        };
        Ok(Response::new(requests.into_inner().map(answer).boxed()))
    }

    async fn get_order(
        &self,
        _: Request<GetOrderRequest>,
    ) -> Result<Response<GetOrderResponse>, Status> {
        Err(Status::unimplemented("idle"))
    }

    async fn cancel_order(
        &self,
        _: Request<CancelOrderRequest>,
    ) -> Result<Response<CancelOrderResponse>, Status> {
        Err(Status::unimplemented("idle"))
    }

    async fn quote_change(
        &self,
        _: Request<QuoteChangeRequest>,
    ) -> Result<Response<QuoteChangeResponse>, Status> {
        Err(Status::unimplemented("idle"))
    }

    async fn commit_change(
        &self,
        _: Request<CommitChangeRequest>,
    ) -> Result<Response<CommitChangeResponse>, Status> {
        Err(Status::unimplemented("idle"))
    }

    async fn set_order_priority(
        &self,
        _: Request<SetOrderPriorityRequest>,
    ) -> Result<Response<SetOrderPriorityResponse>, Status> {
        Err(Status::unimplemented("idle"))
    }

    async fn hold_order(
        &self,
        _: Request<HoldOrderRequest>,
    ) -> Result<Response<HoldOrderResponse>, Status> {
        Err(Status::unimplemented("idle"))
    }

    async fn release_order_hold(
        &self,
        _: Request<ReleaseOrderHoldRequest>,
    ) -> Result<Response<ReleaseOrderHoldResponse>, Status> {
        Err(Status::unimplemented("idle"))
    }

    async fn resolve_decline(
        &self,
        _: Request<ResolveDeclineRequest>,
    ) -> Result<Response<ResolveDeclineResponse>, Status> {
        Err(Status::unimplemented("idle"))
    }

    async fn quote_services(
        &self,
        _: Request<QuoteServicesRequest>,
    ) -> Result<Response<QuoteServicesResponse>, Status> {
        Err(Status::unimplemented("idle"))
    }

    async fn get_timeline(
        &self,
        _: Request<GetTimelineRequest>,
    ) -> Result<Response<GetTimelineResponse>, Status> {
        Err(Status::unimplemented("idle"))
    }

    async fn explain_order(
        &self,
        _: Request<ExplainOrderRequest>,
    ) -> Result<Response<ExplainOrderResponse>, Status> {
        Err(Status::unimplemented("idle"))
    }
}

/// The clients that are connected to a server on a port of the loopback.
fn connect(listener: &TcpListener) -> Vec<Channel> {
    let address = listener.local_addr().expect("it is bound");
    let endpoint = Channel::from_shared(format!("http://{address}")).expect("an address");
    let endpoint = endpoint
        .initial_connection_window_size(WINDOW_BYTES)
        .initial_stream_window_size(WINDOW_BYTES);
    (0..CONNECTIONS).map(|_| endpoint.connect_lazy()).collect()
}

async fn loopback() -> TcpListener {
    listen("127.0.0.1:0".parse().expect("an address")).await.expect("a free port")
}

/// Serves a handler that places nothing, until the runtime ends.
pub async fn idle_server(idle: Idle) -> Vec<Channel> {
    let listener = loopback().await;
    let clients = connect(&listener);
    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
    let service = OrderServiceServer::new(idle);
    let server = Server::builder()
        .initial_connection_window_size(WINDOW_BYTES)
        .initial_stream_window_size(WINDOW_BYTES);
    tokio::spawn(async move { server.serve_with_incoming(service, incoming).await });
    clients
}

/// How a server that is measured serves.
pub fn options(data: &Path) -> ServeOptions {
    ServeOptions {
        data: data.to_owned(),
        request_bytes_max: REQUEST_BYTES_MAX,
        commands_in_flight_max: 65_536,
        connections_max: 1_000,
        connection_idle_max: Duration::from_hours(1),
        opening_wait_max: OPENING_WAIT_MAX,
        drain_max: Duration::from_secs(10),
        snapshots: SnapshotSchedule::default(),
        webhooks: WebhookOptions::default(),
        clock: ClockKind::System,
    }
}

/// Serves the engine until `shutdown`.
pub async fn backstock_server(engine: Engine, data: &Path, shutdown: Shutdown) -> Vec<Channel> {
    let listener = loopback().await;
    let clients = connect(&listener);
    tokio::spawn(serve(engine, listener, options(data), shutdown));
    clients
}

/// Places every order by a call of its own, so many at a time.
pub async fn unary(channels: Vec<Channel>, orders: Vec<PlaceOrderRequest>) -> Duration {
    let began = Instant::now();
    let calls = orders.into_iter().zip((0..CONNECTIONS).cycle()).map(|(order, at)| {
        let mut client = OrderServiceClient::new(channels[at].clone());
        async move { client.place_order(order).await.expect("an answer") }
    });
    let mut answers = stream::iter(calls).buffer_unordered(CONNECTIONS * CALLS_IN_FLIGHT);
    while answers.next().await.is_some() {}
    began.elapsed()
}

/// Places all orders over one stream for each connection.
pub async fn streamed(channels: Vec<Channel>, orders: Vec<PlaceOrderRequest>) -> Duration {
    let share = orders.len().div_ceil(channels.len()).next_multiple_of(BATCH);
    let messages = |orders: &[PlaceOrderRequest]| -> Vec<_> {
        orders.chunks(BATCH).map(|batch| PlaceOrdersRequest { orders: batch.to_vec() }).collect()
    };
    let shares: Vec<_> = orders.chunks(share).map(messages).collect();
    let began = Instant::now();
    let streams: Vec<_> = channels
        .into_iter()
        .zip(shares)
        .map(|(channel, share)| {
            let mut client = OrderServiceClient::new(channel);
            tokio::spawn(async move {
                let answers = client.place_orders(stream::iter(share)).await.expect("a stream");
                let mut answers = answers.into_inner();
                let mut placed = 0;
                while let Some(answer) = answers.message().await.expect("an answer") {
                    let results = answer.results.iter();
                    placed +=
                        results.filter(|r| matches!(r.result, Some(Placed::Response(_)))).count();
                }
                placed
            })
        })
        .collect();
    let mut placed = 0;
    for stream in streams {
        placed += stream.await.expect("no panic");
    }
    let took = began.elapsed();
    assert_eq!(placed, orders.len(), "every order is answered, and none by a fault");
    took
}

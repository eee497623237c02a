//! The gRPC services on the loopback, a handler that does nothing beside them, and
//! the client that places orders with either: the same windows, the same connections.

use std::path::Path;
use std::time::{Duration, Instant};

use backstock::clock::ClockKind;
use backstock::serve::{ServeOptions, SnapshotSchedule, listen, serve};
use backstock::shutdown::Shutdown;
use backstock_engine::engine::Engine;
use backstock_proto::v1::order_service_client::OrderServiceClient;
use backstock_proto::v1::order_service_server::{OrderService, OrderServiceServer};
use backstock_proto::v1::place_orders_result::Result as Placed;
use backstock_proto::v1::{
    CancelOrderRequest, CancelOrderResponse, ExplainOrderRequest, ExplainOrderResponse,
    GetOrderRequest, GetOrderResponse, PlaceOrderRequest, PlaceOrderResponse, PlaceOrdersRequest,
    PlaceOrdersResponse, PlaceOrdersResult,
};
use futures_util::{Stream, StreamExt as _, stream};
use tokio::net::TcpListener;
use tonic::transport::{Channel, Server, server::TcpIncoming};
use tonic::{Request, Response, Status, Streaming};

/// A client of one connection.
pub type Client = OrderServiceClient<Channel>;

/// Connections of the client.
const CONNECTIONS: usize = 2;
/// Calls in flight on each.
const CALLS_IN_FLIGHT: usize = 32;
/// Orders in one message of a stream.
const BATCH: usize = 64;
/// Bytes on their way in each direction, on both sides and with both servers.
const WINDOW_BYTES: u32 = 4 << 20;
/// As the server's default.
const REQUEST_BYTES_MAX: usize = 4 << 20;

/// Answers at once, and does nothing.
struct Empty;

type Answers = std::pin::Pin<Box<dyn Stream<Item = Result<PlaceOrdersResponse, Status>> + Send>>;

#[tonic::async_trait]
impl OrderService for Empty {
    type PlaceOrdersStream = Answers;

    async fn place_order(
        &self,
        _: Request<PlaceOrderRequest>,
    ) -> Result<Response<PlaceOrderResponse>, Status> {
        Ok(Response::new(PlaceOrderResponse::default()))
    }

    async fn place_orders(
        &self,
        requests: Request<Streaming<PlaceOrdersRequest>>,
    ) -> Result<Response<Answers>, Status> {
        let answer = |request: Result<PlaceOrdersRequest, Status>| {
            let result = |_| PlaceOrdersResult {
                result: Some(Placed::Response(PlaceOrderResponse::default())),
            };
            let results = request?.orders.into_iter().map(result).collect();
            Ok(PlaceOrdersResponse { results })
        };
        Ok(Response::new(requests.into_inner().map(answer).boxed()))
    }

    async fn get_order(
        &self,
        _: Request<GetOrderRequest>,
    ) -> Result<Response<GetOrderResponse>, Status> {
        Err(Status::unimplemented("empty"))
    }

    async fn cancel_order(
        &self,
        _: Request<CancelOrderRequest>,
    ) -> Result<Response<CancelOrderResponse>, Status> {
        Err(Status::unimplemented("empty"))
    }

    async fn explain_order(
        &self,
        _: Request<ExplainOrderRequest>,
    ) -> Result<Response<ExplainOrderResponse>, Status> {
        Err(Status::unimplemented("empty"))
    }
}

/// A server on a free port of the loopback, and the clients that are connected to it.
fn connect(listener: &TcpListener) -> Vec<Client> {
    let address = listener.local_addr().expect("it is bound");
    let endpoint = Channel::from_shared(format!("http://{address}")).expect("an address");
    let endpoint = endpoint
        .initial_connection_window_size(WINDOW_BYTES)
        .initial_stream_window_size(WINDOW_BYTES);
    (0..CONNECTIONS).map(|_| OrderServiceClient::new(endpoint.connect_lazy())).collect()
}

async fn loopback() -> TcpListener {
    listen("127.0.0.1:0".parse().expect("an address")).await.expect("a free port")
}

/// Serves the handler that does nothing, until the runtime ends.
pub async fn empty_server() -> Vec<Client> {
    let listener = loopback().await;
    let clients = connect(&listener);
    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
    let service = OrderServiceServer::new(Empty);
    let server = Server::builder()
        .initial_connection_window_size(WINDOW_BYTES)
        .initial_stream_window_size(WINDOW_BYTES);
    tokio::spawn(async move { server.serve_with_incoming(service, incoming).await });
    clients
}

/// Serves the engine until `shutdown`.
pub async fn backstock_server(engine: Engine, data: &Path, shutdown: Shutdown) -> Vec<Client> {
    let listener = loopback().await;
    let clients = connect(&listener);
    let options = ServeOptions {
        data: data.to_owned(),
        request_bytes_max: REQUEST_BYTES_MAX,
        commands_in_flight_max: 65_536,
        drain_max: Duration::from_secs(10),
        snapshots: SnapshotSchedule::default(),
        clock: ClockKind::System,
    };
    tokio::spawn(serve(engine, listener, options, shutdown));
    clients
}

/// Places every order by a call of its own, so many at a time.
pub async fn unary(clients: Vec<Client>, orders: Vec<PlaceOrderRequest>) -> Duration {
    let began = Instant::now();
    let calls = orders.into_iter().zip((0..CONNECTIONS).cycle()).map(|(order, at)| {
        let mut client = clients[at].clone();
        async move { client.place_order(order).await.expect("an answer") }
    });
    let mut answers = stream::iter(calls).buffer_unordered(CONNECTIONS * CALLS_IN_FLIGHT);
    while answers.next().await.is_some() {}
    began.elapsed()
}

/// Places all orders over one stream for each connection.
pub async fn streamed(clients: Vec<Client>, orders: Vec<PlaceOrderRequest>) -> Duration {
    let share = orders.len().div_ceil(clients.len()).next_multiple_of(BATCH);
    let messages = |orders: &[PlaceOrderRequest]| -> Vec<_> {
        orders.chunks(BATCH).map(|batch| PlaceOrdersRequest { orders: batch.to_vec() }).collect()
    };
    let shares: Vec<_> = orders.chunks(share).map(messages).collect();
    let began = Instant::now();
    let streams: Vec<_> = clients
        .into_iter()
        .zip(shares)
        .map(|(mut client, share)| {
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

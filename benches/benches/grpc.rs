//! Placing `holiday` orders over gRPC, durable, beside a handler that does nothing:
//! the ceiling of the transport, in the same run, on the same cores.
//!
//! Counted: the client, the transport, conversion, the engine, the disk. The client
//! shares the process and its two cores with the server, as it does at the ceiling.
//! Orders are made before the clock starts. `BACKSTOCK_BENCH_SMALL=1` makes the
//! network small, for the gate.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use backstock::clock::ClockKind;

use backstock::serve::{ServeOptions, SnapshotSchedule, listen, serve};
use backstock::shutdown::Shutdown;
use backstock_benches::holiday::{Orders, Size, postal_codes, set_up};
use backstock_benches::run::runtime;
use backstock_benches::wire::request;
use backstock_engine::disk::RealDisk;
use backstock_engine::engine::{Engine, OpenOptions};
use backstock_proto::v1::order_service_client::OrderServiceClient;
use backstock_proto::v1::order_service_server::{OrderService, OrderServiceServer};
use backstock_proto::v1::place_orders_result::Result as Placed;
use backstock_proto::v1::{
    CancelOrderRequest, CancelOrderResponse, ExplainOrderRequest, ExplainOrderResponse,
    GetOrderRequest, GetOrderResponse, PlaceOrderRequest, PlaceOrderResponse, PlaceOrdersRequest,
    PlaceOrdersResponse, PlaceOrdersResult,
};
use criterion::{Criterion, SamplingMode, Throughput, criterion_group, criterion_main};
use futures_util::{Stream, StreamExt as _, stream};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tonic::transport::{Channel, Server, server::TcpIncoming};
use tonic::{Request, Response, Status, Streaming};

// As the server has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

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
fn connect(listener: &TcpListener) -> Vec<OrderServiceClient<Channel>> {
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

async fn empty_server() -> Vec<OrderServiceClient<Channel>> {
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

async fn backstock_server(
    engine: Engine,
    data: &Path,
    shutdown: Shutdown,
) -> Vec<OrderServiceClient<Channel>> {
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
async fn unary(
    clients: Vec<OrderServiceClient<Channel>>,
    orders: Vec<PlaceOrderRequest>,
) -> Duration {
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
async fn streamed(
    clients: Vec<OrderServiceClient<Channel>>,
    orders: Vec<PlaceOrderRequest>,
) -> Duration {
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

fn grpc(criterion: &mut Criterion) {
    let runtime = runtime();
    let size = Size::from_env();
    let directory = tempfile::tempdir().expect("a directory");
    let shutdown = Shutdown::default();
    let (engine, ours, empty) = runtime.block_on(async {
        let options = OpenOptions::new(directory.path());
        let disk = Arc::new(RealDisk);
        let (engine, _) = Engine::open(&options, disk, postal_codes()).await.expect("it opens");
        set_up(&engine, size).await;
        let ours = backstock_server(engine.clone(), directory.path(), shutdown.clone()).await;
        (engine, ours, empty_server().await)
    });
    let mut series = 1_000_000;
    let (calls, streamed_orders) = (size.orders_in_a_run() / 10, size.orders_in_a_run() / 2);
    for (name, clients) in [("empty handler", empty), ("backstock, durable", ours)] {
        measure(criterion, &runtime, ("unary", name), calls, size, &mut series, |orders| {
            Box::pin(unary(clients.clone(), orders))
        });
        measure(
            criterion,
            &runtime,
            ("stream", name),
            streamed_orders,
            size,
            &mut series,
            |orders| Box::pin(streamed(clients.clone(), orders)),
        );
    }
    let report = engine.audit().expect("the audit runs");
    assert!(report.is_clean(), "no figure without a clean audit: {:?}", report.breaches);
    shutdown.drain();
    runtime.block_on(engine.shut_down());
}

fn measure<'a>(
    criterion: &mut Criterion,
    runtime: &Runtime,
    (group, name): (&str, &str),
    orders: u64,
    size: Size,
    series: &mut u64,
    mut place: impl FnMut(
        Vec<PlaceOrderRequest>,
    ) -> std::pin::Pin<Box<dyn Future<Output = Duration> + 'a>>,
) {
    let mut group = criterion.benchmark_group(group);
    group.throughput(Throughput::Elements(orders));
    group.sample_size(10).sampling_mode(SamplingMode::Flat);
    group.warm_up_time(Duration::from_millis(100)).measurement_time(Duration::from_secs(1));
    group.bench_function(name, |bencher| {
        bencher.iter_custom(|runs| {
            let mut took = Duration::ZERO;
            for _ in 0..runs {
                *series += 1;
                let count = usize::try_from(orders).expect("orders fit memory");
                let orders = Orders::new(size, *series).take(count);
                let orders = orders.map(|order| request(&order)).collect();
                took += runtime.block_on(place(orders));
            }
            took
        });
    });
    group.finish();
}

criterion_group!(benches, grpc);
criterion_main!(benches);

//! Placing `holiday` orders over gRPC, durable, beside handlers that place nothing:
//! the ceiling of the transport, in the same run, on the same cores. Both decode all
//! orders. One answers with empty messages; the other says of each order what an
//! order that ships whole is told, which is as long as our answer is and costs the
//! client as much to read.
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
use backstock_engine::model::{Item, SkuNo};
use backstock_proto::v1::inventory_service_client::InventoryServiceClient;
use backstock_proto::v1::order_service_client::OrderServiceClient;
use backstock_proto::v1::order_service_server::{OrderService, OrderServiceServer};
use backstock_proto::v1::place_orders_result::Result as Placed;
use backstock_proto::v1::{
    BatchGetAvailabilityRequest, CancelOrderRequest, CancelOrderResponse, Date,
    ExplainOrderRequest, ExplainOrderResponse, GetOrderRequest, GetOrderResponse, LineUnits,
    OrderOutcome, PlaceOrderRequest, PlaceOrderResponse, PlaceOrdersRequest, PlaceOrdersResponse,
    PlaceOrdersResult, Shipment, ShipmentLine, ShipmentState, Supply, SupplyKind,
};
use backstock_proto::{Encoded, undecodable};
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
/// SKUs that are read for availability, how many of them in one request, and
/// requests in flight on each connection.
const SKUS_READ: usize = 20_000;
const SKUS_IN_A_READ: usize = 500;
const READS_IN_FLIGHT: usize = 4;
/// Bytes on their way in each direction, on both sides and with both servers.
const WINDOW_BYTES: u32 = 4 << 20;
/// As the server's default.
const REQUEST_BYTES_MAX: usize = 4 << 20;

/// Answers at once, and places nothing.
#[derive(Clone, Copy)]
enum Idle {
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

async fn idle_server(idle: Idle) -> Vec<Channel> {
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

async fn backstock_server(engine: Engine, data: &Path, shutdown: Shutdown) -> Vec<Channel> {
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
async fn unary(channels: Vec<Channel>, orders: Vec<PlaceOrderRequest>) -> Duration {
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
async fn streamed(channels: Vec<Channel>, orders: Vec<PlaceOrderRequest>) -> Duration {
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

/// Reads what can be promised of each SKU, many in a request, and counts the pairs.
async fn browse(channels: Vec<Channel>, requests: Vec<BatchGetAvailabilityRequest>) -> u64 {
    let calls = requests.into_iter().zip((0..CONNECTIONS).cycle()).map(|(request, at)| {
        let mut client = InventoryServiceClient::new(channels[at].clone());
        async move { client.batch_get_availability(request).await.expect("an answer").into_inner() }
    });
    let mut answers = stream::iter(calls).buffer_unordered(CONNECTIONS * READS_IN_FLIGHT);
    let mut pairs = 0;
    while let Some(answer) = answers.next().await {
        pairs += answer.availabilities.iter().map(|sku| sku.nodes.len() as u64).sum::<u64>();
    }
    pairs
}

/// Requests for all items of the network, or for the first of them.
fn reads(engine: &Engine) -> Vec<BatchGetAvailabilityRequest> {
    let items = engine.items(SkuNo(0), SKUS_READ);
    let batch = |items: &[(SkuNo, Arc<Item>)]| BatchGetAvailabilityRequest {
        skus: items.iter().map(|(_, item)| item.sku.to_string()).collect(),
        ..BatchGetAvailabilityRequest::default()
    };
    items.chunks(SKUS_IN_A_READ).map(batch).collect()
}

fn availability(criterion: &mut Criterion, runtime: &Runtime, engine: &Engine, ours: &[Channel]) {
    let reads = reads(engine);
    let skus: u64 = reads.iter().map(|read| read.skus.len() as u64).sum();
    let pairs = skus * u64::from(Size { skus: 1, on_hand: 1 }.pairs());
    let mut group = criterion.benchmark_group("availability");
    group.throughput(Throughput::Elements(pairs));
    group.sample_size(10).sampling_mode(SamplingMode::Flat);
    group.warm_up_time(Duration::from_millis(100)).measurement_time(Duration::from_secs(1));
    group.bench_function("batched", |bencher| {
        bencher.iter_custom(|runs| {
            let mut took = Duration::ZERO;
            for _ in 0..runs {
                let reads = reads.clone();
                let began = Instant::now();
                assert_eq!(runtime.block_on(browse(ours.to_vec(), reads)), pairs);
                took += began.elapsed();
            }
            took
        });
    });
    group.finish();
}

fn grpc(criterion: &mut Criterion) {
    let runtime = runtime();
    let size = Size::from_env();
    let directory = tempfile::tempdir().expect("a directory");
    let shutdown = Shutdown::default();
    let (engine, ours, empty, telling) = runtime.block_on(async {
        let options = OpenOptions::new(directory.path());
        let disk = Arc::new(RealDisk);
        let (engine, _) = Engine::open(&options, disk, postal_codes()).await.expect("it opens");
        set_up(&engine, size).await;
        let ours = backstock_server(engine.clone(), directory.path(), shutdown.clone()).await;
        let (empty, telling) = (idle_server(Idle::Empty).await, idle_server(Idle::Telling).await);
        (engine, ours, empty, telling)
    });
    availability(criterion, &runtime, &engine, &ours);
    let mut series = 1_000_000;
    let (calls, streamed_orders) = (size.orders_in_a_run() / 10, size.orders_in_a_run() / 2);
    let servers = [
        ("empty handler", empty),
        ("empty handler, same answer", telling),
        ("backstock, durable", ours),
    ];
    for (name, clients) in servers {
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

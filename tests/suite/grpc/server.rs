//! A real server in this process, on a free port and a directory of its own.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use backstock::clock::ClockKind;
use backstock::config::{self, Config, Sources};
use backstock::reference::UsPostalCodes;
use backstock::serve::{self, ServeError, ServeOptions};
use backstock::shutdown::Shutdown;
use backstock_engine::disk::SimulatedDisk;
use backstock_engine::engine::{Engine, EngineError, OpenOptions};
use backstock_engine::model::{StateHash, Timestamp};
use backstock_proto::v1;
use backstock_proto::v1::admin_service_client::AdminServiceClient;
use backstock_proto::v1::catalog_service_client::CatalogServiceClient;
use backstock_proto::v1::feed_service_client::FeedServiceClient;
use backstock_proto::v1::fulfillment_service_client::FulfillmentServiceClient;
use backstock_proto::v1::hold_service_client::HoldServiceClient;
use backstock_proto::v1::inventory_service_client::InventoryServiceClient;
use backstock_proto::v1::order_service_client::OrderServiceClient;
use backstock_proto::v1::partner_service_client::PartnerServiceClient;
use backstock_proto::v1::payment_service_client::PaymentServiceClient;
use backstock_proto::v1::pricing_service_client::PricingServiceClient;
use backstock_proto::v1::return_service_client::ReturnServiceClient;
use backstock_proto::v1::suggestion_service_client::SuggestionServiceClient;
use backstock_proto::v1::webhook_service_client::WebhookServiceClient;
use tokio::task::{JoinHandle, JoinSet};
use tonic::Code;
use tonic::transport::Channel;
use tonic_types::StatusExt as _;

/// Longer than anything here takes.
pub const LONG: Duration = Duration::from_mins(1);

/// A server and clients of all its services.
pub struct TestServer {
    pub address: SocketAddr,
    pub channel: Channel,
    pub shutdown: Shutdown,
    pub catalog: CatalogServiceClient<Channel>,
    pub inventory: InventoryServiceClient<Channel>,
    pub orders: OrderServiceClient<Channel>,
    pub holds: HoldServiceClient<Channel>,
    pub fulfillment: FulfillmentServiceClient<Channel>,
    pub payments: PaymentServiceClient<Channel>,
    pub pricing: PricingServiceClient<Channel>,
    pub returns: ReturnServiceClient<Channel>,
    pub partners: PartnerServiceClient<Channel>,
    pub feed: FeedServiceClient<Channel>,
    pub webhooks: WebhookServiceClient<Channel>,
    pub admin: AdminServiceClient<Channel>,
    pub engine: Engine,
    serving: JoinHandle<Result<(), ServeError>>,
}

pub fn configuration(data: &Path) -> Config {
    let flags = vec![
        ("data", Some(data.display().to_string())),
        ("listen", Some("127.0.0.1:0".to_owned())),
        ("journal_segment_bytes", Some((1 << 20).to_string())),
    ];
    config::load(Sources { file: None, env: Vec::new(), flags }).expect("a configuration").config
}

impl TestServer {
    /// Starts a server by the machine's clock.
    pub async fn start(data: &Path) -> Self {
        Self::start_as(&configuration(data)).await
    }

    /// Starts a server that is configured otherwise.
    pub async fn start_as(config: &Config) -> Self {
        let engine = serve::open(config).await.expect("the engine opens");
        Self::serve(engine, config).await
    }

    /// Starts a server whose journal is on a disk that does as it is told; `data`
    /// has the rest. Segments are small, so that the disk is full soon.
    pub async fn start_on(disk: &SimulatedDisk, data: &Path) -> Self {
        Self::start_keeping(disk, data, 0).await
    }

    /// The same, which keeps so many bytes of its journal for consumers of the feed.
    pub async fn start_keeping(
        disk: &SimulatedDisk,
        data: &Path,
        feed_kept_bytes_max: u64,
    ) -> Self {
        let options =
            OpenOptions { segment_bytes: 16 << 10, feed_kept_bytes_max, ..OpenOptions::new(data) };
        let postal = Arc::new(UsPostalCodes::shared());
        let opened = Engine::open(&options, Arc::new(disk.clone()), postal).await;
        Self::serve(opened.expect("the engine opens").0, &configuration(data)).await
    }

    /// Starts a server that serves otherwise than its configuration says.
    pub async fn start_with(config: &Config, options: ServeOptions) -> Self {
        let engine = serve::open(config).await.expect("the engine opens");
        Self::serve_with(engine, config, options).await
    }

    async fn serve(engine: Engine, config: &Config) -> Self {
        Self::serve_with(engine, config, ServeOptions::new(config, ClockKind::System)).await
    }

    async fn serve_with(engine: Engine, config: &Config, options: ServeOptions) -> Self {
        let listener = serve::listen(config.listen.clone()).await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let shutdown = Shutdown::default();
        let serving =
            tokio::spawn(serve::serve(engine.clone(), listener, options, shutdown.clone()));
        let channel = channel(address).await;
        Self {
            address,
            shutdown,
            catalog: CatalogServiceClient::new(channel.clone()),
            inventory: InventoryServiceClient::new(channel.clone()),
            orders: OrderServiceClient::new(channel.clone()),
            holds: HoldServiceClient::new(channel.clone()),
            fulfillment: FulfillmentServiceClient::new(channel.clone()),
            pricing: PricingServiceClient::new(channel.clone()),
            partners: PartnerServiceClient::new(channel.clone()),
            feed: FeedServiceClient::new(channel.clone()).max_decoding_message_size(32 << 20),
            payments: PaymentServiceClient::new(channel.clone()),
            returns: ReturnServiceClient::new(channel.clone()),
            webhooks: WebhookServiceClient::new(channel.clone()),
            admin: AdminServiceClient::new(channel.clone()),
            channel,
            engine,
            serving,
        }
    }

    /// What goes with what. Made anew each time: a server is part of every test's future, which is large.
    pub fn suggestions(&self) -> SuggestionServiceClient<Channel> {
        SuggestionServiceClient::new(self.channel.clone())
    }

    /// A server with the item `SKU`, 10 units of it at the node `NYC`, and
    /// nothing of `RARE`.
    pub async fn stocked(data: &Path) -> Self {
        let mut server = Self::start(data).await;
        server.stock().await;
        server
    }

    /// Lets three days pass, and waits until what was ready of an order expired.
    pub async fn expire(&mut self, order: &str) -> v1::Order {
        let now = SystemTime::now() + Duration::from_hours(72);
        let since = now.duration_since(SystemTime::UNIX_EPOCH).expect("after 1970").as_micros();
        self.engine.tell_time(Timestamp::from_micros(i64::try_from(since).expect("in range")));
        let get = v1::GetOrderRequest { order_id: order.into(), min_version: 0 };
        let wait = async {
            loop {
                let read = self.orders.get_order(get.clone()).await.expect("read").into_inner();
                let order = read.order.expect("the order");
                if order.shipments.iter().any(|of| of.expired_time.is_some()) {
                    return order;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(LONG, wait).await.expect("it expires")
    }

    /// Tells the engine that it is later than the clock says.
    pub fn tell_time(&self, now: Timestamp) {
        self.engine.tell_time(now);
    }

    /// Makes of an empty server a stocked one.
    pub async fn stock(&mut self) {
        self.define_item("SKU").await;
        self.define_item("RARE").await;
        self.define_node(node("NYC", "10001")).await;
        self.set_stock("SKU", "NYC", 10).await;
    }

    pub async fn define_node(&mut self, node: v1::Node) {
        let update =
            v1::UpdateNodeRequest { node: Some(node), allow_missing: true, ..Default::default() };
        self.catalog.update_node(update).await.expect("the node is defined");
    }

    pub async fn define_item(&mut self, sku: &str) {
        let item =
            Some(v1::Item { sku: sku.into(), title: format!("Item {sku}"), ..Default::default() });
        let update = v1::UpdateItemRequest { item, allow_missing: true, ..Default::default() };
        self.catalog.update_item(update).await.expect("the item is defined");
    }

    /// Defines as many items as an order may have, with the longest names. An order of
    /// them that is sold out has an answer of 36 KB.
    pub async fn define_long_names(&self) -> Vec<String> {
        let names: Vec<String> = (0..500).map(|at| format!("{at:0>64}")).collect();
        let mut defining = JoinSet::new();
        for sku in names.iter().cloned() {
            let mut catalog = self.catalog.clone();
            let item = Some(v1::Item { sku, title: String::new(), ..Default::default() });
            let update = v1::UpdateItemRequest { item, allow_missing: true, ..Default::default() };
            defining.spawn(async move { catalog.update_item(update).await });
        }
        while let Some(defined) = defining.join_next().await {
            defined.expect("no panic").expect("the item is defined");
        }
        names
    }

    pub async fn set_stock(&mut self, sku: &str, node: &str, on_hand: u64) -> v1::Stock {
        let level = Some(v1::StockLevel { on_hand: Some(on_hand), ..Default::default() });
        let set = v1::SetStockRequest {
            sku: sku.into(),
            node_id: node.into(),
            level,
            ..Default::default()
        };
        let answer = self.inventory.set_stock(set).await.expect("the stock is set");
        answer.into_inner().stock.expect("a stock")
    }

    /// Units on hand of an item at a node.
    pub async fn on_hand(&mut self, sku: &str, node: &str) -> u64 {
        let (sku, node_id) = (sku.into(), node.into());
        let get = v1::GetStockRequest { sku, node_id, ..Default::default() };
        let stock = self.inventory.get_stock(get).await.expect("the stock").into_inner().stock;
        stock.expect("a stock").on_hand
    }

    /// Audits everything: nothing is wrong.
    pub async fn audit(&mut self) {
        let audit = self.admin.run_audit(v1::RunAuditRequest {}).await.expect("an audit");
        let audit = audit.into_inner();
        assert_eq!(audit.breach_count, 0, "{audit:?}");
    }

    /// The hash of all durable state.
    pub fn state_hash(&self) -> StateHash {
        self.engine.status().state_hash
    }

    /// Drains, and waits for the end.
    pub async fn stop(self) -> Result<(), ServeError> {
        let engine = self.engine.clone();
        let audited = engine.audit();
        self.shutdown.drain();
        let ended = self.ended().await;
        // A server that drained already may have ended the audit with it.
        let audited = match audited {
            Err(EngineError::Closing) => engine.audit(),
            audited => audited,
        };
        match audited {
            // The store has closed that has what left memory.
            Err(EngineError::Closing) if engine.status().archived_orders > 0 => {}
            audited => {
                let report = audited.expect("the audit runs");
                assert!(report.is_clean(), "{:#?}", report.breaches);
            }
        }
        ended
    }

    /// Ends without a drain: what was not written by now is lost.
    pub async fn kill(self) {
        self.shutdown.drain();
        self.shutdown.cut();
        // It ends with an error: the drain was cut short.
        let _ = self.ended().await;
    }

    /// Hangs up, and waits for the end.
    pub async fn ended(self) -> Result<(), ServeError> {
        drop((self.channel, self.catalog, self.inventory, self.orders));
        drop((self.payments, self.pricing, self.returns, self.partners));
        drop((self.holds, self.fulfillment, self.feed, self.webhooks, self.admin));
        let ended = tokio::time::timeout(LONG, self.serving).await;
        ended.expect("the server ends").expect("no panic")
    }
}

/// A connection to a server.
pub async fn channel(address: SocketAddr) -> Channel {
    let uri = format!("http://{address}");
    Channel::from_shared(uri).expect("a uri").connect().await.expect("connects")
}

/// A warehouse that works every day until midnight.
pub fn node(id: &str, postal_code: &str) -> v1::Node {
    v1::Node {
        node_id: id.into(),
        kind: v1::NodeKind::Warehouse.into(),
        postal_code: postal_code.into(),
        country_code: "US".into(),
        time_zone: "America/New_York".into(),
        working_days: (1..=7).collect(),
        cut_off_minutes: Some(1_440),
        shipment_cost_minor: 100,
        unit_cost_minor: 10,
        enabled: Some(true),
        ..Default::default()
    }
}

/// An order to Boston that is refused when there is not enough.
pub fn order(id: &str, lines: &[(&str, u32)]) -> v1::PlaceOrderRequest {
    let line = |(sku, quantity): &(&str, u32)| v1::PlaceOrderLine {
        sku: (*sku).into(),
        quantity: *quantity,
    };
    v1::PlaceOrderRequest {
        order_id: id.into(),
        destination_postal_code: "02116".into(),
        shortage_policy: v1::ShortagePolicy::Reject.into(),
        lines: lines.iter().map(line).collect(),
        ..Default::default()
    }
}

/// An order to Boston that waits for what is not there.
pub fn waiting_order(id: &str, lines: &[(&str, u32)]) -> v1::PlaceOrderRequest {
    let shortage_policy = v1::ShortagePolicy::Backorder.into();
    v1::PlaceOrderRequest { shortage_policy, ..order(id, lines) }
}

/// A supply for `NYC` that arrives in some years.
pub fn announcement(sku: &str, id: &str, quantity: u64) -> v1::AnnounceInboundRequest {
    let eta = Some(v1::Date { year: 2100, month: 1, day: 2 });
    v1::AnnounceInboundRequest {
        sku: sku.into(),
        node_id: "NYC".into(),
        inbound: Some(v1::InboundAnnouncement {
            inbound_id: id.into(),
            quantity,
            eta,
            confidence_basis_points: None,
            source: 0,
        }),
        ..Default::default()
    }
}

/// Sends units of a SKU from one node to another.
pub fn dispatch(
    sku: &str,
    from: &str,
    to: &str,
    id: &str,
    quantity: u64,
) -> v1::DispatchTransferRequest {
    let (sku, from_node_id, to_node_id) = (sku.into(), from.into(), to.into());
    let inbound = announcement("", id, quantity).inbound;
    v1::DispatchTransferRequest { sku, from_node_id, to_node_id, inbound, ..Default::default() }
}

/// Takes back what is on its way of them.
pub fn recall(sku: &str, from: &str, to: &str, id: &str) -> v1::RecallTransferRequest {
    let (sku, from_node_id, to_node_id) = (sku.into(), from.into(), to.into());
    let inbound_id = id.into();
    v1::RecallTransferRequest { sku, from_node_id, to_node_id, inbound_id, ..Default::default() }
}

/// Sends one request of a feed.
pub async fn feed(server: &mut TestServer, request: v1::LoadStockRequest) -> v1::LoadStockResponse {
    let stream = tonic::codegen::tokio_stream::iter([request]);
    let mut replies = server.inventory.load_stock(stream).await.expect("a feed").into_inner();
    replies.message().await.expect("a reply").expect("one")
}

/// The fields that a refusal names, in order.
pub fn fields(status: &tonic::Status) -> Vec<String> {
    assert_eq!(status.code(), Code::InvalidArgument, "{status:?}");
    let details = status.get_error_details();
    let violations = &details.bad_request().expect("violations").field_violations;
    violations.iter().map(|violation| violation.field.clone()).collect()
}

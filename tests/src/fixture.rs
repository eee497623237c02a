//! A small network, and short ways to say commands.

use std::path::Path;
use std::sync::{Arc, LazyLock};

use backstock_engine::calendar::Zone;
use backstock_engine::command::{
    CancelOrder, ChangeStock, DefineItem, DefineNode, DispatchTransfer, LineCancellation,
    LineRequest, Lines, Meta, NodeDefinition, OrderRequest, PlaceOrder, ProgressShipment,
    StockOperation,
};
use backstock_engine::disk::{Disk, RealDisk};
use backstock_engine::engine::{Engine, EngineError, OpenOptions, OrderAnswer, Recovered};
use backstock_engine::geo::{PostalCodes, PostalMatch, ZoneNo};
use backstock_engine::model::{
    Component, Components, Destination, Eligibility, InboundId, Item, Location, Lsn, NodeId,
    NodeKind, OrderId, Pickup, PickupOffer, PostalCode, Priority, RequestId, Sale, Shortage, Sku,
    Split, Step, Text, Timestamp, WeekdayCutOffs,
};

/// Monday 2026-11-23, 12:00 UTC.
pub const NOW: Timestamp = Timestamp::from_micros(1_795_435_200_000_000);

/// One day in microseconds.
pub const DAY: i64 = 86_400_000_000;

/// Where codes from [`Line::WEST`] on are.
const WEST: &str = "America/Los_Angeles";

/// Codes `00000` to `00099`: a line of places 50 km apart along the equator. Most keep
/// UTC.
pub struct Line;

impl Line {
    /// The codes from here on keep the time of Los Angeles.
    pub const WEST: u32 = 90;
}

impl PostalCodes for Line {
    fn locate(&self, postal_code: &str) -> Option<PostalMatch> {
        let index: u32 = postal_code.parse().ok().filter(|index| *index < self.code_count())?;
        let longitude = i32::try_from(index).ok()? * 450_000;
        let zone = ZoneNo(u8::from(index >= Self::WEST));
        Some(PostalMatch { location: Location::new(0, longitude).ok()?, index, zone })
    }

    fn code_count(&self) -> u32 {
        100
    }

    fn zone(&self, zone: ZoneNo) -> &Zone {
        static ZONES: LazyLock<[Zone; 2]> =
            LazyLock::new(|| ["UTC", WEST].map(|name| Zone::named(name).expect("a zone")));
        &ZONES[usize::from(zone.0)]
    }
}

/// Opens an engine in a directory, on the real disk.
pub async fn open(directory: &Path) -> (Engine, Recovered) {
    open_on(directory, Arc::new(RealDisk)).await
}

/// Opens an engine on a disk of the caller's.
pub async fn open_on(directory: &Path, disk: Arc<dyn Disk>) -> (Engine, Recovered) {
    Engine::open(&options(directory), disk, Arc::new(Line)).await.expect("the engine opens")
}

/// Options with small segments, so that tests cross their borders.
pub fn options(directory: &Path) -> OpenOptions {
    OpenOptions { segment_bytes: 1 << 20, ..OpenOptions::new(directory) }
}

/// No key, no origin, now.
pub fn meta() -> Meta {
    Meta { request_id: None, content: None, origin: None, at: NOW, validate_only: false }
}

/// As [`meta`], under an idempotency key.
pub fn keyed(key: &str) -> Meta {
    Meta { request_id: Some(RequestId::new("request_id", key).expect("a key")), ..meta() }
}

/// A SKU.
pub fn sku(name: &str) -> Sku {
    Sku::new("sku", name).expect("a sku")
}

/// A node id.
pub fn node_id(name: &str) -> NodeId {
    NodeId::new("node", name).expect("a node id")
}

/// An order id.
pub fn order_id(name: &str) -> OrderId {
    OrderId::new("order", name).expect("an order id")
}

/// A node that works every day until midnight.
pub fn node(name: &str, kind: NodeKind, code: u32) -> NodeDefinition {
    NodeDefinition {
        id: node_id(name),
        kind,
        title: Text::default(),
        postal_code: PostalCode::new("postal_code", format!("{code:05}")).expect("a code"),
        time_zone: "UTC".into(),
        working_days: 0b111_1111,
        cut_off_minute: 24 * 60,
        holidays: Vec::new(),
        capacity_units_per_day: 0,
        capacity_shipments_per_day: None,
        min_order_quantity: None,
        reliability: None,
        pickup_days: None,
        release: None,
        paused_until: None,
        shipment_cost: 100,
        unit_cost: 10,
        lead_time_days: if kind == NodeKind::Supplier { 3 } else { 0 },
        enabled: true,
        weekday_cut_offs: WeekdayCutOffs::default(),
        eligibility: Eligibility::default(),
        pickup: PickupOffer::default(),
    }
}

/// Defines nodes.
pub async fn define_nodes(engine: &Engine, nodes: &[NodeDefinition]) {
    for node in nodes {
        let command = DefineNode { meta: meta(), node: node.clone() };
        engine.define_node(command).await.expect("the node is defined");
    }
}

/// An item without a title.
pub fn item(name: &str) -> Item {
    Item {
        sku: sku(name),
        title: Text::default(),
        sale: Sale::On,
        waiting_max: None,
        opens: None,
        components: Components::default(),
    }
}

/// A bundle of so many units each.
pub fn bundle(name: &str, components: &[(&str, u32)]) -> Item {
    let component = |&(name, units): &(&str, u32)| Component { sku: sku(name), units };
    Item { components: Components(components.iter().map(component).collect()), ..item(name) }
}

/// Defines items.
pub async fn define_items(engine: &Engine, skus: &[&str]) {
    for name in skus {
        let command = DefineItem::new(meta(), item(name));
        engine.define_item(command).await.expect("the item is defined");
    }
}

/// Changes the supply of a pair.
pub async fn change(
    engine: &Engine,
    item: &str,
    node: &str,
    operation: StockOperation,
) -> Result<Lsn, EngineError> {
    let command = ChangeStock { meta: meta(), sku: sku(item), node: node_id(node), operation };
    Ok(engine.change_stock(command).await?.version)
}

/// Sends units from one node to another, where they are expected on the next day.
pub fn dispatch(item: &str, from: &str, to: &str, quantity: u32) -> DispatchTransfer {
    let id = InboundId::new("id", format!("{item}-{from}-{to}")).expect("an id");
    let (from, to) = (node_id(from), node_id(to));
    let eta = Timestamp::from_micros(NOW.as_micros() + DAY);
    DispatchTransfer { meta: meta(), id, sku: sku(item), from, to, quantity, eta }
}

/// States what is on hand.
pub async fn set(engine: &Engine, item: &str, node: &str, on_hand: u32) {
    let operation = StockOperation::Set { on_hand: Some(on_hand), unavailable: None, safety: None };
    change(engine, item, node, operation).await.expect("the stock is set");
}

/// An address of that postal code.
pub fn address(code: &str) -> Destination<NodeId> {
    PostalCode::new("postal_code", code).expect("a code").into()
}

/// A node, where the customer collects.
pub fn pickup(node: &str) -> Destination<NodeId> {
    node_id(node).into()
}

/// The same, for stock there alone.
pub fn pickup_there(node: &str) -> Destination<NodeId> {
    Destination::Pickup(Pickup { node: node_id(node), only_there: true })
}

/// An order to code 00000 of so many units each, under the policy's defaults except
/// for its shortage.
pub fn order(id: &str, lines: &[(&str, u32)], shortage: Shortage) -> OrderRequest {
    let line = |(name, quantity): &(&str, u32)| LineRequest { sku: sku(name), quantity: *quantity };
    OrderRequest {
        id: order_id(id),
        customer: None,
        channel: None,
        destination: address("00000"),
        service: None,
        deliver_by: None,
        shortage: Some(shortage),
        split: Some(Split::Units),
        lines: Lines(lines.iter().map(line).collect()),
        priority: Priority::DEFAULT,
        prices: None,
    }
}

/// Places an order.
pub async fn place(engine: &Engine, order: OrderRequest) -> Result<OrderAnswer, EngineError> {
    engine.place_order(PlaceOrder { meta: meta(), placed_at: None, order }).await
}

/// Cancels units of lines, counted from 1; everything when there is none.
pub async fn cancel(engine: &Engine, id: &str, lines: &[(u32, u32)]) -> Result<Lsn, EngineError> {
    let lines = lines.iter().map(|(line, quantity)| LineCancellation {
        line: *line,
        quantity: *quantity,
        of_bundle: false,
    });
    let command =
        CancelOrder { meta: meta(), order: order_id(id), lines: lines.collect(), shipment: None };
    Ok(engine.cancel_order(command).await?.version)
}

/// The carrier of every shipment that leaves.
pub fn carrier() -> Text {
    Text::new("carrier", "Post").expect("a text")
}

/// Ships a shipment, counted from 1.
pub async fn ship(engine: &Engine, id: &str, shipment: u16) -> Result<Lsn, EngineError> {
    let (carrier, tracking) = (carrier(), Text::default());
    let step = Step::Ship { packages: Vec::new(), carrier, tracking };
    let command = ProgressShipment { meta: meta(), order: order_id(id), shipment, step };
    Ok(engine.progress_shipment(command).await?.version)
}

/// Copies a directory with all that is in it.
pub fn copy_files(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a directory is made");
    for entry in std::fs::read_dir(from).expect("a directory") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.file_type().expect("a type").is_dir() {
            copy_files(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("a file is copied");
        }
    }
}

/// Audits the engine and says what is wrong.
pub fn assert_clean(engine: &Engine) {
    // What is kept of it is audited as well.
    for node in engine.nodes() {
        engine.node_work(&node.id).expect("the node's work is read");
    }
    let report = engine.audit().expect("the audit runs");
    assert!(report.is_clean(), "{:#?}", report.breaches);
}

//! The `holiday` workload: a network of 60 nodes, each SKU stocked at 20 of
//! them, orders of 1 to 8 lines to real postal codes.

use backstock::reference::UsPostalCodes;
use backstock_engine::engine::Engine;
use backstock_engine::model::command::{
    ChangeStock, DefineItem, DefineNode, LineRequest, Lines, Meta, NodeDefinition, OrderRequest,
    PlaceOrder, StockOperation,
};
use backstock_engine::model::{
    Item, NodeId, NodeKind, OrderId, PostalCode, Shortage, Sku, Text, Timestamp,
};
use futures_util::{StreamExt as _, stream};

use crate::random::{Random, Zipf};

/// Nodes of the network.
pub const NODES: u32 = 60;
/// Nodes that stock a SKU.
const NODES_OF_SKU: u32 = 20;
/// Orders with one line, two, ... out of 10,000: mean 2.0, as in the real data.
const LINES: [u32; 8] = [5_070, 2_435, 1_204, 671, 315, 140, 102, 63];
/// Postal codes of nodes and destinations, spread over the whole country.
const CODES: [&str; 20] = [
    "10001", "90001", "60601", "77001", "85001", "19101", "78201", "92101", "75201", "95101",
    "32201", "76101", "43085", "28201", "46201", "94102", "80201", "20001", "37201", "02108",
];
/// Commands in flight while the network is set up.
const SETUP_IN_FLIGHT: usize = 8_192;

/// Monday 2026-11-23, 15:00 UTC.
pub const NOW: Timestamp = Timestamp::from_micros(1_795_446_000_000_000);

/// The size of a run.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// SKUs; each has 20 pairs.
    pub skus: u32,
    /// Units of each pair at the start.
    pub on_hand: u32,
}

impl Size {
    /// The workload as defined: 4 million pairs.
    pub const FULL: Self = Self { skus: 200_000, on_hand: 1_000_000 };
    /// For the gate: it cannot rot, and it is quick.
    pub const SMALL: Self = Self { skus: 2_000, on_hand: 1_000_000 };

    /// Small when `BACKSTOCK_BENCH_SMALL` is set, `BACKSTOCK_BENCH_SKUS` SKUs
    /// when that is, full otherwise.
    pub fn from_env() -> Self {
        let skus = std::env::var("BACKSTOCK_BENCH_SKUS").ok().and_then(|n| n.parse().ok());
        match skus {
            Some(skus) => Self { skus, ..Self::FULL },
            None if std::env::var_os("BACKSTOCK_BENCH_SMALL").is_some() => Self::SMALL,
            None => Self::FULL,
        }
    }

    /// Orders placed between two looks at the clock: enough that filling and
    /// emptying the pipeline does not count.
    pub const fn orders_in_a_run(self) -> u64 {
        if self.skus > Self::SMALL.skus { 200_000 } else { 2_000 }
    }

    /// Pairs of the network.
    pub const fn pairs(self) -> u32 {
        self.skus * NODES_OF_SKU
    }
}

/// The postal table that the workload uses.
pub fn postal_codes() -> std::sync::Arc<dyn backstock_engine::geo::PostalCodes> {
    std::sync::Arc::new(UsPostalCodes::shared())
}

fn meta() -> Meta {
    Meta { request_id: None, origin: None, at: NOW, validate_only: false }
}

fn sku(no: u32) -> Sku {
    Sku::new("sku", format!("SKU-{no:07}")).expect("a sku")
}

fn node_id(no: u32) -> NodeId {
    NodeId::new("node", format!("N{no:02}")).expect("a node id")
}

/// A node of the network.
pub fn node(no: u32) -> NodeDefinition {
    let code = CODES[no as usize % CODES.len()];
    NodeDefinition {
        id: node_id(no),
        kind: if no < 20 { NodeKind::Warehouse } else { NodeKind::Store },
        title: Text::default(),
        postal_code: PostalCode::new("postal_code", code).expect("a code"),
        time_zone: "America/New_York".into(),
        working_days: 0b111_1111,
        cut_off_minute: 20 * 60,
        holidays: Vec::new(),
        capacity_units_per_day: 100_000,
        shipment_cost: i64::from(200 + no),
        unit_cost: 20,
        lead_time_days: 0,
        enabled: true,
    }
}

/// The nodes that stock a SKU: drawn without replacement, the same at every run.
pub fn nodes_of(sku: u32) -> [u32; NODES_OF_SKU as usize] {
    let mut random = Random::new(u64::from(sku));
    let mut nodes = [0; NODES as usize];
    nodes.iter_mut().zip(0..).for_each(|(node, no)| *node = no);
    for at in 0..NODES_OF_SKU {
        nodes.swap(at as usize, (at + random.below(NODES - at)) as usize);
    }
    *nodes.first_chunk().expect("there are more nodes")
}

/// Defines nodes and items, and stocks every pair.
pub async fn set_up(engine: &Engine, size: Size) {
    for no in 0..NODES {
        let command = DefineNode { meta: meta(), node: node(no) };
        engine.define_node(command).await.expect("the node is defined");
    }
    let items = stream::iter(0..size.skus).map(|no| {
        let item = Item { sku: sku(no), title: Text::default() };
        engine.define_item(DefineItem { meta: meta(), item })
    });
    items
        .buffer_unordered(SETUP_IN_FLIGHT)
        .for_each(|defined| async {
            defined.expect("the item is defined");
        })
        .await;
    let pairs = stream::iter(0..size.pairs()).map(|pair| {
        let (no, nth) = (pair / NODES_OF_SKU, pair % NODES_OF_SKU);
        let operation =
            StockOperation::Set { on_hand: Some(size.on_hand), unavailable: None, safety: None };
        let node = node_id(nodes_of(no)[nth as usize]);
        engine.change_stock(ChangeStock { meta: meta(), sku: sku(no), node, operation })
    });
    pairs
        .buffer_unordered(SETUP_IN_FLIGHT)
        .for_each(|set| async {
            set.expect("the stock is set");
        })
        .await;
}

/// Makes the workload's orders, one after the other.
pub struct Orders {
    random: Random,
    zipf: Zipf,
    series: u64,
    made: u64,
}

impl Orders {
    /// The orders of a series; series do not share order ids.
    pub fn new(size: Size, series: u64) -> Self {
        let random = Random::new(series.wrapping_mul(0x5851_f42d_4c95_7f2d) ^ 0x2a);
        Self { random, zipf: Zipf::new(size.skus, 0.99), series, made: 0 }
    }

    fn lines(&mut self) -> Lines {
        let mut at = self.random.below(10_000);
        let more = LINES.iter().position(|share| {
            let here = at < *share;
            at = at.saturating_sub(*share);
            here
        });
        let count = more.unwrap_or(0) + 1;
        let line = |_| LineRequest {
            sku: sku(self.zipf.draw(&mut self.random)),
            quantity: 1 + self.random.below(3),
        };
        Lines((0..count).map(line).collect())
    }
}

impl Iterator for Orders {
    type Item = PlaceOrder;

    fn next(&mut self) -> Option<PlaceOrder> {
        self.made += 1;
        let id = format!("H{}-{:09}", self.series, self.made);
        let lines = self.lines();
        let code = CODES[self.random.below(20) as usize];
        Some(PlaceOrder {
            meta: meta(),
            placed_at: NOW,
            order: OrderRequest {
                id: OrderId::new("order", id).expect("an order id"),
                customer: None,
                channel: None,
                postal_code: PostalCode::new("postal_code", code).expect("a code"),
                service: None,
                deliver_by: None,
                shortage: Some(Shortage::Backorder),
                split: None,
                lines,
            },
        })
    }
}

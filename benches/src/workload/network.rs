//! The network that all workloads share: 60 nodes at 20 cities, each SKU stocked at
//! some of them.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};

use backstock::reference::UsPostalCodes;
use backstock_engine::command::{
    ChangeStock, DefineItem, DefineNode, Meta, NodeDefinition, StockOperation,
};
use backstock_engine::engine::Engine;
use backstock_engine::geo::PostalCodes;
use backstock_engine::model::{
    Components, Eligibility, Item, NodeKind, PickupOffer, PostalCode, Sale, Sku, Text, Timestamp,
    WeekdayCutOffs,
};
use futures_util::{StreamExt as _, stream};

use super::names::node_id;
use crate::random::Random;

/// Nodes of the network.
pub const NODES: u32 = 60;
/// Nodes that stock a SKU.
pub const NODES_OF_SKU: u32 = 20;
/// Postal codes of the nodes, spread over the whole country.
const CODES: [&str; 20] = [
    "10001", "90001", "60601", "77001", "85001", "19101", "78201", "92101", "75201", "95101",
    "32201", "76101", "43085", "28201", "46201", "94102", "80201", "20001", "37201", "02108",
];
/// Tasks that set the network up: one for each core of the machines that the goals
/// name.
const SETUP_TASKS: u32 = 2;
/// Commands that each keeps in flight.
const SETUP_IN_FLIGHT: usize = 8_192;

/// Monday 2026-11-23, 15:00 UTC.
pub const NOW: Timestamp = Timestamp::from_micros(1_795_446_000_000_000);

/// All postal codes there are, as numbers: where orders go.
pub static DESTINATIONS: LazyLock<Vec<u32>> = LazyLock::new(|| {
    let table = UsPostalCodes::shared();
    (0..100_000).filter(|code| table.locate(&format!("{code:05}")).is_some()).collect()
});

/// The postal table that the workloads use.
pub fn postal_codes() -> Arc<dyn PostalCodes> {
    Arc::new(UsPostalCodes::shared())
}

/// What there is in stock before a run.
#[derive(Clone, Copy, Debug)]
pub struct Stocking {
    /// SKUs, numbered from 0.
    pub skus: u32,
    /// Their names.
    pub sku: fn(u32) -> Sku,
    /// Nodes that stock each, at most [`NODES`].
    pub nodes_of_sku: u32,
    /// Units of each pair.
    pub on_hand: u32,
}

impl Stocking {
    /// Pairs of the network.
    pub const fn pairs(&self) -> u32 {
        self.skus * self.nodes_of_sku
    }

    /// Units over all pairs.
    pub fn units(&self) -> u64 {
        u64::from(self.pairs()) * u64::from(self.on_hand)
    }

    /// The number of the node of a pair, by the pair's number.
    pub fn node_of(&self, pair: u32) -> u32 {
        nodes_of(pair / self.nodes_of_sku)[(pair % self.nodes_of_sku) as usize]
    }
}

/// How far setting up has come, to be shown.
#[derive(Debug, Default)]
pub struct Progress(AtomicU64);

impl Progress {
    /// Commands done so far.
    pub fn done(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    fn step(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// What a command of a workload carries besides its content.
pub fn meta() -> Meta {
    Meta { request_id: None, content: None, origin: None, at: NOW, validate_only: false }
}

/// A node of the network.
///
/// # Panics
/// When there are not so many.
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
        // None: years of orders are placed on one day.
        capacity_units_per_day: 0,
        capacity_shipments_per_day: None,
        min_order_quantity: None,
        reliability: None,
        pickup_days: None,
        release: None,
        paused_until: None,
        shipment_cost: i64::from(200 + no),
        unit_cost: 20,
        lead_time_days: 0,
        enabled: true,
        weekday_cut_offs: WeekdayCutOffs::default(),
        eligibility: Eligibility::default(),
        pickup: PickupOffer::default(),
    }
}

/// The nodes of a SKU in the order in which it is stocked there: drawn without
/// replacement, the same at every run.
pub(super) fn nodes_of(sku: u32) -> [u32; NODES as usize] {
    let mut random = Random::new(u64::from(sku));
    let mut nodes = [0; NODES as usize];
    nodes.iter_mut().zip(0..).for_each(|(node, no)| *node = no);
    for at in 0..NODES_OF_SKU {
        nodes.swap(at as usize, (at + random.below(NODES - at)) as usize);
    }
    nodes
}

/// Defines nodes and items, and stocks every pair.
///
/// # Panics
/// When the engine refuses: it is not an empty one.
pub async fn set_up(engine: &Engine, stocking: Stocking, progress: &Arc<Progress>) {
    for no in 0..NODES {
        let command = DefineNode { meta: meta(), node: node(no) };
        engine.define_node(command).await.expect("the node is defined");
    }
    let tasks: Vec<_> = (0..SETUP_TASKS)
        .map(|task| {
            tokio::spawn(set_up_share(engine.clone(), stocking, Arc::clone(progress), task))
        })
        .collect();
    for task in tasks {
        task.await.expect("no panic");
    }
}

async fn set_up_share(engine: Engine, stocking: Stocking, progress: Arc<Progress>, task: u32) {
    let (engine, progress) = (&engine, &progress);
    let skus = || (task..stocking.skus).step_by(SETUP_TASKS as usize);
    let items = stream::iter(skus()).map(|no| {
        let item = Item {
            sku: (stocking.sku)(no),
            title: Text::default(),
            sale: Sale::On,
            waiting_max: None,
            opens: None,
            components: Components::default(),
        };
        engine.define_item(DefineItem::new(meta(), item))
    });
    items
        .buffer_unordered(SETUP_IN_FLIGHT)
        .for_each(async |defined| {
            defined.expect("the item is defined");
        })
        .await;
    let pairs = skus().flat_map(|no| {
        let nodes = nodes_of(no).into_iter().take(stocking.nodes_of_sku as usize);
        nodes.map(move |node| (no, node))
    });
    let set = stream::iter(pairs).map(|(no, node)| {
        let on_hand = Some(stocking.on_hand);
        let operation = StockOperation::Set { on_hand, unavailable: None, safety: None };
        let (sku, node) = ((stocking.sku)(no), node_id(node));
        engine.change_stock(ChangeStock { meta: meta(), sku, node, operation })
    });
    set.buffer_unordered(SETUP_IN_FLIGHT)
        .for_each(async |set| {
            set.expect("the stock is set");
            progress.step();
        })
        .await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn destinations_are_all_over_the_country() {
        let table = UsPostalCodes::shared();
        assert_eq!(DESTINATIONS.len(), table.code_count() as usize);
        let first_digits: std::collections::HashSet<_> =
            DESTINATIONS.iter().map(|code| code / 10_000).collect();
        assert_eq!(first_digits.len(), 10);
    }

    #[test]
    fn a_sku_is_stocked_at_different_nodes() {
        let mut nodes = nodes_of(7)[..NODES_OF_SKU as usize].to_vec();
        nodes.sort_unstable();
        nodes.dedup();
        assert_eq!(nodes.len(), NODES_OF_SKU as usize);
        assert_ne!(nodes_of(7), nodes_of(8));
    }
}

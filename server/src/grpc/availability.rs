//! What can be promised of a SKU.

use std::collections::HashSet;
use std::sync::Arc;

use backstock_engine::engine::{Engine, EngineError, NodeAvailability};
use backstock_engine::model::{Day, Node, NodeId, Rule, Sku, Timestamp};
use backstock_proto::v1;
use tonic::Status;

use super::limits::NODES_MAX;
use super::stock_view::local_date;
use super::{nodes, plain, times};
use crate::status::Violations;

/// After every supply that may ever come.
const EVER: Timestamp = Timestamp::from_micros(i64::MAX);

/// Which nodes count, and up to which day.
#[derive(Debug)]
pub(super) struct Asked {
    /// All when empty.
    nodes: HashSet<NodeId>,
    day: Option<Day>,
}

impl Asked {
    /// Reads what requests for one and for many SKUs have in common.
    pub(super) fn read(
        found: &mut Violations,
        node_ids: &[String],
        at: Option<&v1::Date>,
    ) -> Option<Self> {
        if node_ids.len() > NODES_MAX {
            found.breaks("node_ids", node_ids.len(), Rule::TooMany { max: NODES_MAX });
            return None;
        }
        let ids = node_ids.iter().enumerate().map(|(at, id)| {
            found.taken(format!("node_ids[{at}]"), NodeId::new("node_id", id.as_str()))
        });
        // Collected first, so that every bad id is noted.
        let ids: Vec<Option<NodeId>> = ids.collect();
        let day = at.map_or(Some(None), |date| times::day(found, "at", date).map(Some));
        Some(Self { nodes: ids.into_iter().collect::<Option<_>>()?, day: day? })
    }

    /// Refuses nodes that do not exist.
    pub(super) fn check(&self, engine: &Engine) -> Result<(), Status> {
        let unknown = self.nodes.iter().filter_map(|id| Some((id, engine.node(id).err()?)));
        // One of them is named, always the same one.
        let first = unknown.min_by(|(a, _), (b, _)| a.cmp(b));
        first.map_or(Ok(()), |(_, error)| Err(plain(error)))
    }

    fn counts(&self, node: &NodeAvailability) -> bool {
        node.enabled && (self.nodes.is_empty() || self.nodes.contains(&node.node))
    }

    /// Answers for one SKU, with the version that it is from.
    pub(super) async fn answer(
        &self,
        engine: &Engine,
        sku: &Sku,
    ) -> Result<(v1::SkuAvailability, u64), EngineError> {
        let all = engine.availability(sku, EVER).await?;
        let mut nodes = Vec::with_capacity(all.nodes.len());
        for node in all.nodes.iter().filter(|node| self.counts(node)) {
            nodes.push(self.node(engine, sku, node).await?);
        }
        nodes.sort_by(|a, b| a.node_id.cmp(&b.node_id));
        let limited = || nodes.iter().filter(|node| !node.unlimited);
        let now = limited().map(|node| u64::try_from(node.free_now).unwrap_or(0)).sum();
        let answer = v1::SkuAvailability {
            sku: sku.to_string(),
            atp_now: now,
            atp_at: limited().map(|node| node.atp_at).sum(),
            unlimited: nodes.iter().any(|node| node.unlimited),
            nodes,
        };
        Ok((answer, all.version.get()))
    }

    async fn node(
        &self,
        engine: &Engine,
        sku: &Sku,
        node: &NodeAvailability,
    ) -> Result<v1::NodeAvailability, EngineError> {
        let now = u64::try_from(node.free).unwrap_or(0);
        let mut answer = v1::NodeAvailability {
            node_id: node.node.to_string(),
            kind: nodes::kind_message(node.kind).into(),
            free_now: node.free,
            unlimited: node.unlimited,
            inbound_free: node.inbound,
            next_inbound_eta: None,
            atp_at: now,
        };
        if node.inbound > 0 {
            let inbound = Inbound::read(engine, sku, &node.node, self.day).await?;
            answer.next_inbound_eta = inbound.next;
            answer.atp_at = now + inbound.in_time.min(node.inbound);
        }
        Ok(answer)
    }
}

/// What is on its way to one node.
struct Inbound {
    /// When the first units come that are free.
    next: Option<v1::Date>,
    /// Free units that come by the day asked for.
    in_time: u64,
}

impl Inbound {
    async fn read(
        engine: &Engine,
        sku: &Sku,
        id: &NodeId,
        day: Option<Day>,
    ) -> Result<Self, EngineError> {
        let node: Arc<Node> = engine.node(id)?;
        let stock = engine.stock(sku, id).await?.stock;
        let free = || stock.inbound().iter().filter(|inbound| inbound.free() > 0);
        let first = free().map(|inbound| inbound.eta).min();
        let last = match day {
            // What comes on the day itself comes in time.
            Some(day) => engine.start_of_day(id, day.plus(1))?.saturating_add_micros(-1),
            None => Timestamp::from_micros(i64::MIN),
        };
        let in_time = free().filter(|inbound| inbound.eta <= last);
        Ok(Self {
            next: first.and_then(|eta| local_date(&node, eta)),
            in_time: in_time.map(|inbound| u64::from(inbound.free())).sum(),
        })
    }
}

//! What can be promised of a SKU.
//!
//! A [`v1::SkuAvailability`] is written field by field, as prost would encode it,
//! without making the message: a shop reads pairs by the million.

use std::collections::HashSet;
use std::sync::Arc;

use backstock_engine::calendar::Calendar;
use backstock_engine::engine::{
    Curve, Engine, EngineError, NodeAvailability, ReturnsExpected, Whom,
};
use backstock_engine::model::{Day, NodeId, Rule, ServiceName, Sku, Text, Timestamp};
use backstock_proto::v1;
use prost::Message as _;
use tonic::Status;

use super::days::Days;
use crate::grpc::limits::NODES_MAX;
use crate::grpc::{enums, plain, times, wire};
use crate::status::{Violations, fault};

/// Room for the answer for one SKU at some twenty nodes; more is allocated when more is
/// there.
pub(super) const AVAILABILITY_BYTES: usize = 512;

/// After every supply that may ever come.
const EVER: Timestamp = Timestamp::from_micros(i64::MAX);

/// Which nodes count, and up to which day.
#[derive(Debug)]
pub(super) struct Asked {
    /// All when empty.
    nodes: HashSet<NodeId>,
    day: Option<Day>,
    days: Days,
    /// Only what orders of this channel may have, if it is said.
    channel: Option<Text>,
    /// Only what may go by this service, if it is said.
    service: Option<ServiceName>,
    /// When it is asked: what is overdue by then is not counted on yet.
    now: Timestamp,
}

impl Asked {
    /// Reads what requests for one and for many SKUs have in common.
    pub(super) fn read(
        found: &mut Violations,
        node_ids: &[String],
        at: Option<&v1::Date>,
        (channel, service): (&str, &str),
        now: Timestamp,
    ) -> Option<Self> {
        let channel = found.optional("channel", channel, Text::new);
        let service = found.optional("service", service, ServiceName::new);
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
        let nodes = ids.into_iter().collect::<Option<_>>()?;
        let days = Days::default();
        Some(Self { nodes, day: day?, days, channel: channel?, service: service?, now })
    }

    /// The same, answered day by day as well.
    pub(super) fn with(self, days: Days) -> Self {
        Self { days, ..self }
    }

    /// The same, asked at another time.
    pub(super) fn at(&mut self, now: Timestamp) {
        self.now = now;
    }

    /// Refuses nodes that do not exist, and a service that the policy does not have.
    pub(super) fn check(&self, engine: &Engine) -> Result<(), Status> {
        if let Some(name) = &self.service
            && engine.service_no(name).is_none()
        {
            let policy = engine.policy();
            let names: Vec<&str> = policy.services.iter().map(|s| s.name.as_str()).collect();
            let mut found = Violations::default();
            found.breaks("service", name, Rule::NotOneOf { allowed: names.join(", ") });
            return Err(found.into_status());
        }
        let unknown = self.nodes.iter().filter_map(|id| Some((id, engine.node(id).err()?)));
        // One of them is named, always the same one.
        let first = unknown.min_by(|(a, _), (b, _)| a.cmp(b));
        first.map_or(Ok(()), |(_, error)| Err(plain(error)))
    }

    fn counts(&self, node: &NodeAvailability) -> bool {
        node.enabled && (self.nodes.is_empty() || self.nodes.contains(&node.node))
    }

    /// Writes the answer for one SKU as field 1 of a message; says which version it is
    /// from.
    pub(super) async fn answer(
        &self,
        engine: &Engine,
        sku: &Sku,
        out: &mut Vec<u8>,
    ) -> Result<u64, EngineError> {
        let service = self.service.as_ref().and_then(|name| engine.service_no(name));
        let whom = Whom { channel: self.channel.as_ref().map(Text::as_str), service };
        let all = engine.availability_for(sku, EVER, whom).await?;
        let held = engine.held_of(sku)?;
        let mut promises: Vec<Promise<'_>> = Vec::with_capacity(all.nodes.len());
        for node in all.nodes.iter().filter(|node| self.counts(node)) {
            promises.push(Promise::read(engine, node, self)?);
        }
        promises.sort_unstable_by(|a, b| a.node.node.cmp(&b.node.node));
        let curves = self.days.of(engine, promises.iter().map(|p| p.node), self.now)?;
        let limited = || promises.iter().filter(|promise| !promise.node.unlimited);
        wire::message(out, 1, |out| {
            wire::text(out, 1, sku.as_str());
            wire::number(out, 2, limited().map(Promise::now).sum::<u64>());
            wire::number(out, 3, limited().map(Promise::at).sum::<u64>());
            wire::number(out, 4, promises.iter().any(|promise| promise.node.unlimited));
            for (at, promise) in promises.iter().enumerate() {
                promise.write(out, |out| {
                    if let Some(curve) = curves.get(at) {
                        self.days.write(out, (8, 9), curve);
                    }
                });
            }
            wire::number(out, 6, held.units);
            if let Some(lapse) = held.first_lapse {
                wire::message(out, 7, |out| {
                    times::timestamp(lapse).encode(out).expect("memory grows");
                });
            }
            wire::number(out, 8, held.line);
            wire::number(out, 11, all.off_sale);
            if !curves.is_empty() {
                self.days.write(out, (9, 10), &Curve::together(&curves));
            }
        });
        Ok(all.version.get())
    }

    /// Writes the answer for many SKUs, a [`v1::BatchGetAvailabilityResponse`]. What is
    /// wrong with one of them is its fault; what is wrong with the engine ends it.
    pub(super) async fn answer_all(
        &self,
        engine: &Engine,
        skus: &[String],
    ) -> Result<Vec<u8>, Status> {
        let before = engine.version().get();
        let mut oldest = None;
        let mut faults = Vec::new();
        let mut out = Vec::with_capacity(skus.len() * AVAILABILITY_BYTES);
        for (sku, at) in skus.iter().zip(0u32..) {
            match self.answer_one(engine, sku, &mut out).await? {
                Ok(version) => oldest = Some(oldest.map_or(version, |oldest| version.min(oldest))),
                Err(status) => {
                    wire::message(&mut out, 1, |out| wire::text(out, 1, sku));
                    faults.push((at, status));
                }
            }
        }
        wire::number(&mut out, 2, oldest.unwrap_or(before));
        for (at, status) in &faults {
            let message = v1::SkuFault { sku_index: *at, fault: Some(fault(status)) };
            wire::message(&mut out, 3, |out| message.encode(out).expect("memory grows"));
        }
        Ok(out)
    }

    /// Writes the answer for one of many, unless it is at fault itself.
    async fn answer_one(
        &self,
        engine: &Engine,
        sku: &str,
        out: &mut Vec<u8>,
    ) -> Result<Result<u64, Status>, Status> {
        let mut found = Violations::default();
        let Some(sku) = found.taken("sku", Sku::new("sku", sku)) else {
            return Ok(Err(found.into_status()));
        };
        match self.answer(engine, &sku, out).await {
            Ok(version) => Ok(Ok(version)),
            Err(error @ EngineError::Refused(_)) => Ok(Err(plain(error))),
            Err(error) => Err(plain(error)),
        }
    }
}

/// What can be promised from one node.
struct Promise<'a> {
    node: &'a NodeAvailability,
    inbound: Inbound,
    /// The node's calendar, where days of returns are told.
    zone: Option<Arc<Calendar>>,
}

impl<'a> Promise<'a> {
    /// From the one answer of the engine. Were there two, units that are received in
    /// between would be free too late for the first and on their way no more in the second.
    fn read(
        engine: &Engine,
        node: &'a NodeAvailability,
        asked: &Asked,
    ) -> Result<Self, EngineError> {
        let mut promise = Self { node, inbound: Inbound::default(), zone: None };
        if node.returns.is_some() {
            promise.zone = Some(engine.calendar(&node.node)?);
        }
        if !node.supplies.is_empty() {
            let calendar = engine.calendar(&node.node)?;
            promise.inbound = Inbound::of(node, &calendar, asked);
        }
        Ok(promise)
    }

    /// Units that can be promised now.
    fn now(&self) -> u64 {
        u64::try_from(self.node.free).unwrap_or(0)
    }

    /// Units that can be promised for the day asked for.
    fn at(&self) -> u64 {
        self.now() + self.inbound.in_time
    }

    /// Writes a [`v1::NodeAvailability`] of an answer, and its days.
    fn write(&self, out: &mut Vec<u8>, days: impl FnOnce(&mut Vec<u8>)) {
        let node = self.node;
        wire::message(out, 5, |out| {
            wire::text(out, 1, node.node.as_str());
            wire::int(out, 2, enums::node_kind_message(node.kind));
            wire::number(out, 3, node.free.cast_unsigned());
            wire::number(out, 4, node.unlimited);
            wire::number(out, 5, node.inbound);
            wire::date(out, 6, self.inbound.next);
            wire::number(out, 7, self.at());
            days(out);
            if let (Some(returns), Some(zone)) = (&node.returns, &self.zone) {
                wire::message(out, 10, |out| write_returns(out, returns, zone));
            }
        });
    }
}

/// Writes a [`v1::ReturnsExpected`].
fn write_returns(out: &mut Vec<u8>, of: &ReturnsExpected, calendar: &Calendar) {
    let day = |at| times::date(calendar.zone().local_day(at));
    let units = u32::try_from(of.units).unwrap_or(u32::MAX);
    wire::number(out, 1, of.units);
    wire::date(out, 2, day(of.first));
    wire::date(out, 3, day(of.last));
    wire::number(out, 4, of.confidence.basis_points());
    wire::number(out, 5, of.confidence.of(units));
}

/// What is on its way to one node.
#[derive(Default)]
struct Inbound {
    /// When the first units that are free can be counted on.
    next: Option<v1::Date>,
    /// Free units that come by the day asked for.
    in_time: u64,
}

impl Inbound {
    fn of(node: &NodeAvailability, calendar: &Calendar, asked: &Asked) -> Self {
        let mut all = Self::default();
        let mut first = None;
        for supply in &node.supplies {
            let expected = calendar.expected_at(asked.now, supply.eta);
            let day = calendar.zone().local_day(expected);
            first = Some(first.map_or(day, |first: Day| first.min(day)));
            // What comes on the day itself comes in time.
            if asked.day.is_some_and(|asked| day <= asked) {
                all.in_time += u64::from(supply.free);
            }
        }
        all.next = first.and_then(times::date);
        all
    }
}

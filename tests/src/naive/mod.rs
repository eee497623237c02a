//! A naive model of the engine: what it must come to, written a second time
//! without its structures, its concurrency and its care for speed.
//!
//! ```text
//!   facts, in version order --> could it happen? --> state --> equal to the engine's?
//! ```
//! The model is told what the engine answered, in the order of the versions. It checks
//! that each answer was one that could be given, and predicts every quantity. What a
//! command does here stands in its room of [`command`].

mod backlog;
pub mod bundle;
pub mod command;
mod days;
mod hold;
mod loads;
mod opening;
pub mod order;
mod pair;
mod releases;
mod waiting;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::sync::Arc;

use backstock_engine::command::{LineRequest, NodeDefinition, OrderRequest};
use backstock_engine::engine::{Engine, Whom};
use backstock_engine::model::{
    self as model, Day, Destination, Draw, Eligibility, Item, Lsn, Node, NodeId, NodeKind, Pickup,
    Policy, Priority, Sale, ServiceName, Supply, Text, Timestamp,
};

use self::command::Fact;
pub use self::hold::Hold;
use self::loads::Loads;
pub use self::loads::{DaysTold, days_told};
pub use self::order::{Allotted, Order};
use self::pair::{Asking, Pair, same};
pub use self::waiting::LineFull;
use self::waiting::Waiting;
use crate::fixture::{DAY, NOW, node_id, sku};
use crate::workload::CHANNELS;

/// When supply is expected that a policy still counts on, at an instant.
fn counted_from(policy: &Policy, now: Timestamp) -> Timestamp {
    let Some(days) = policy.overdue_days else { return Timestamp::from_micros(i64::MIN) };
    let today = day(now) * DAY;
    Timestamp::from_micros(today - i64::from(days) * DAY - DAY / 2 + 1)
}

/// The day of an instant: nodes are in UTC here.
const fn day(at: Timestamp) -> i64 {
    at.as_micros().div_euclid(DAY)
}

/// What can be promised of each SKU, by node: those that sourcing may choose.
type Offers = BTreeMap<String, BTreeMap<String, i64>>;

/// What an order could be planned on at one version.
#[derive(Clone, Debug)]
struct Moment {
    /// The newest time that the engine was told, on that day at least.
    now: Timestamp,
    /// By channel.
    offers: BTreeMap<Option<String>, Offers>,
    /// Pairs that sourcing may not choose.
    off_sourcing: BTreeSet<(String, String)>,
    /// What a channel may have of a pair where some of it is kept from it.
    kept: BTreeMap<(String, String, Option<String>), i64>,
    /// What orders have of pairs that is not on a shelf, by order number.
    had: BTreeMap<(String, String), BTreeMap<u64, i64>>,
    nodes: Arc<BTreeMap<String, NodeDefinition>>,
    policy: Arc<Policy>,
    off_sale: BTreeSet<String>,
    /// Items whose sale is to open, with when it does.
    closed: BTreeMap<String, Timestamp>,
    /// Units that wait, and how many may where that has a bound.
    waiting: Waiting,
    waiting_max: BTreeMap<String, u32>,
}

/// Whose orders they are, and how they go: by the names of a channel and of a service.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct For {
    channel: Option<String>,
    /// The policy's first one if it is not said.
    service: Option<ServiceName>,
    /// The node where it is collected, if it is.
    pub(crate) pickup: Option<Pickup<NodeId>>,
    /// The postal code that it goes to, if it does.
    address: Option<String>,
}

impl For {
    /// What an order says of it.
    pub fn of(wanted: &OrderRequest) -> Self {
        let channel = wanted.channel.as_ref().map(|channel| channel.as_str().to_owned());
        let pickup = wanted.destination.pickup().cloned();
        let address = wanted.destination.address().map(ToString::to_string);
        Self { channel, service: wanted.service.clone(), pickup, address }
    }

    /// It goes there from now on, by that service; tells whether that is another way.
    pub fn redirect(&mut self, to: &Destination<NodeId>, service: &ServiceName) -> bool {
        let standard = &Policy::default().services[0].name;
        let goes = |of: &Self| {
            let service = of.service.as_ref().unwrap_or(standard);
            (of.pickup.clone(), of.address.clone(), service.clone())
        };
        let before = goes(self);
        self.pickup = to.pickup().cloned();
        self.address = to.address().map(ToString::to_string);
        self.service = Some(service.clone());
        before != goes(self)
    }

    fn is_served_by(&self, node: &NodeDefinition) -> bool {
        let standard = &Policy::default().services[0].name;
        let service = self.service.as_ref().unwrap_or(standard);
        let Eligibility { channels, services } = &node.eligibility;
        let is_channel = |name: &Text| Some(name.as_str()) == self.channel.as_deref();
        let is_shipped_from = services.is_empty() || services.contains(service);
        // No service takes what is collected where it is.
        let gets_there = match &self.pickup {
            Some(pickup) => pickup.node == node.id || (!pickup.only_there && is_shipped_from),
            None => is_shipped_from,
        };
        (channels.is_empty() || channels.iter().any(is_channel)) && gets_there
    }
}

impl Moment {
    /// Units that a line had to take of a node, if any.
    fn minimum(&self, node: &str) -> i64 {
        let units = self.nodes.get(node).and_then(|node| node.min_order_quantity);
        units.map_or(0, i64::from)
    }

    /// Whether a node was enabled, and served them, and sourcing might choose it for the item.
    fn sources(&self, (sku, node): (&str, &str), whom: &For) -> bool {
        let is_off = self.off_sourcing.contains(&(sku.into(), node.into()));
        let serves = |node: &NodeDefinition| node.enabled && whom.is_served_by(node);
        !is_off && self.nodes.get(node).is_some_and(serves)
    }
}

/// The model: all state, and what orders could be planned on at each version.
#[derive(Clone, Debug)]
pub struct Naive {
    items: BTreeMap<String, Item>,
    /// The last opening of each item's sale.
    draws: BTreeMap<String, Draw>,
    nodes: Arc<BTreeMap<String, NodeDefinition>>,
    policy: Arc<Policy>,
    pairs: BTreeMap<(String, String), Pair>,
    /// By order number.
    channels: BTreeMap<u64, Option<String>>,
    /// By id: that of the hold, marked as such, while nobody confirmed it.
    orders: BTreeMap<String, Order>,
    moments: BTreeMap<Lsn, Moment>,
    /// The same of versions at which a day passed: as it was before.
    days_before: Vec<(Lsn, Moment)>,
    /// Units that orders let wait, by the version that placed them.
    joined: BTreeMap<Lsn, Waiting>,
    /// Order lines of which units wait without supply, and since which version.
    waits: BTreeMap<(u64, u16), Vec<Lsn>>,
    /// The same by node, of lines that are served where they wait.
    waits_at: BTreeMap<(u64, u16, String), Vec<Lsn>>,
    /// Order lines that were planned on what is on its way while units were free: they leave
    /// with other lines of their order.
    rides: BTreeSet<(u64, u16)>,
    /// By order number and shipment, from 0, when it is to leave.
    told: BTreeMap<(u64, u16), Day>,
    /// Of these, those that their node declined.
    not_shipped: BTreeSet<(u64, u16)>,
    /// What is to leave each node on each day, as of the version.
    planned: Loads,
    /// The newest time that the engine was told.
    now: Timestamp,
}

impl Naive {
    /// A network at a version, without stock and under the default policy.
    pub fn new(version: Lsn, nodes: Vec<NodeDefinition>, items: Vec<Item>) -> Self {
        let nodes = nodes.into_iter().map(|node| (node.id.to_string(), node));
        let mut naive = Self {
            items: items.into_iter().map(|item| (item.sku.to_string(), item)).collect(),
            draws: BTreeMap::new(),
            nodes: Arc::new(nodes.collect()),
            policy: Arc::new(Policy::default()),
            pairs: BTreeMap::new(),
            channels: BTreeMap::new(),
            orders: BTreeMap::new(),
            moments: BTreeMap::new(),
            days_before: Vec::new(),
            joined: BTreeMap::new(),
            waits: BTreeMap::new(),
            waits_at: BTreeMap::new(),
            rides: BTreeSet::new(),
            told: BTreeMap::new(),
            not_shipped: BTreeSet::new(),
            planned: Loads::new(),
            now: NOW,
        };
        naive.remember(version);
        naive
    }

    /// The version that the model has come to.
    pub fn version(&self) -> Lsn {
        *self.moments.last_key_value().expect("it begins with a version").0
    }

    /// Takes in what happened at a version, if it could happen. `asked` is the newest
    /// version when the command was sent, and `told` are the days on which shipments are to leave
    /// from here on.
    pub fn apply(
        &mut self,
        version: Lsn,
        (asked, told): (Lsn, &DaysTold),
        fact: &dyn Fact,
    ) -> Result<(), String> {
        if version != self.version().next() {
            return Err(format!("after version {} comes {version}", self.version()));
        }
        self.tell(told);
        let done = fact.apply(self, asked).and_then(|()| self.check_holds());
        let done = done.and_then(|()| self.check_loads(asked));
        done.map_err(|error| format!("version {version}, {fact:?}: {error}"))?;
        self.pairs.values_mut().for_each(Pair::forget_untold);
        self.remember(version);
        Ok(())
    }

    fn remember(&mut self, version: Lsn) {
        let (nodes, policy) = (Arc::clone(&self.nodes), Arc::clone(&self.policy));
        let off_sale = self.items.keys().filter(|sku| self.is_off_sale(sku)).cloned().collect();
        let channels = [None].into_iter().chain(CHANNELS.map(Some));
        let kept = channels.clone().flat_map(|channel| {
            self.pairs.iter().filter_map(move |((sku, node), pair)| {
                let key = (sku.clone(), node.clone(), channel.map(ToOwned::to_owned));
                Some((key, pair.left_to(channel)?))
            })
        });
        let kept = kept.collect();
        let offers = channels
            .map(|channel| (channel.map(ToOwned::to_owned), self.offers(Asking::Channel(channel))));
        let offers = offers.collect();
        let off = self.pairs.iter().filter(|(_, pair)| pair.is_off_sourcing());
        let off_sourcing = off.map(|(at, _)| at.clone()).collect();
        let (waiting, waiting_max) = (self.waiting(), self.waiting_max());
        let had = self.pairs.iter().map(|(at, pair)| (at.clone(), pair.had()));
        let had = had.filter(|(_, had)| !had.is_empty()).collect();
        let closed = self.closed();
        let moment = Moment {
            now: self.now,
            offers,
            off_sourcing,
            kept,
            had,
            nodes,
            policy,
            off_sale,
            closed,
            waiting,
            waiting_max,
        };
        if let Some(before) = self.moments.insert(version, moment) {
            self.days_before.push((version, before));
        }
        self.note_who_waits(version);
    }

    /// Whether an item, or a component of it, is off sale.
    fn is_off_sale(&self, sku: &str) -> bool {
        let item = &self.items[sku];
        let mut components = item.components.0.iter();
        item.sale == Sale::Off || components.any(|of| self.is_off_sale(of.sku.as_str()))
    }

    /// What a command could see that was asked for at a version and decided by another.
    fn moments(&self, asked: Lsn, decided: Lsn) -> impl Iterator<Item = &Moment> + Clone {
        let is_seen = move |(version, _): &&(Lsn, Moment)| (asked..=decided).contains(version);
        let before = self.days_before.iter().filter(is_seen).map(|(_, moment)| moment);
        before.chain(self.moments.range(asked..=decided).map(|(_, moment)| moment))
    }

    fn pair(&mut self, sku: &str, node: &str) -> &mut Pair {
        let (orders, channels) = (&self.orders, &self.channels);
        self.pairs.entry((sku.into(), node.into())).or_insert_with(|| {
            let mut pair = Pair::default();
            for order in orders.values() {
                pair.prioritise(order.no, order.priority);
            }
            for (no, channel) in channels {
                pair.belongs(*no, channel.clone());
            }
            pair
        })
    }

    /// An order is of this channel, or of none, from now on.
    fn belongs(&mut self, no: u64, channel: Option<&str>) {
        let channel = channel.map(ToOwned::to_owned);
        self.channels.insert(no, channel.clone());
        self.pairs.values_mut().for_each(|pair| pair.belongs(no, channel.clone()));
    }

    /// An order is served before others, or after them, from now on.
    fn prioritise(&mut self, no: u64, priority: Priority) {
        self.pairs.values_mut().for_each(|pair| pair.prioritise(no, priority));
        // It waits in another place of the backlog.
        self.waits.retain(|(of, _), _| *of != no);
        self.waits_at.retain(|(of, ..), _| *of != no);
    }

    /// Lets something happen that neither makes nor takes units of an item: all of them are at
    /// a node, or on their way between two.
    fn conserving(
        &mut self,
        sku: &str,
        happens: impl FnOnce(&mut Self) -> Result<(), String>,
    ) -> Result<(), String> {
        let units = |naive: &Self| -> i64 {
            let pairs = naive.pairs.iter().filter(|((of, _), _)| of == sku);
            pairs.map(|(_, pair)| pair.on_hand() + pair.in_transfer()).sum()
        };
        let before = units(self);
        happens(self)?;
        same("units in all", &units(self), &before)
    }

    /// What others than an order had of a pair that is not on a shelf, at each version from one on.
    fn had_by_others(&self, at: &(String, String), no: u64, asked: Lsn) -> Vec<i64> {
        // The answer to a repeat is all that is known of some commands.
        let asked = asked.min(self.version());
        let had = self.moments(asked, self.version()).map(|moment| moment.had.get(at));
        let others = |had: Option<&BTreeMap<u64, i64>>| {
            let others = had.into_iter().flatten().filter(|(of, _)| **of != no);
            others.map(|(_, units)| units).sum()
        };
        had.map(others).collect()
    }

    fn is_supplier(&self, node: &str) -> bool {
        self.nodes.get(node).is_some_and(|node| node.kind == NodeKind::Supplier)
    }

    fn is_enabled(&self, node: &str) -> bool {
        self.nodes.get(node).is_some_and(|node| node.enabled)
    }

    /// Whether a pair might be chosen for them at some version from that one on.
    fn was_sourced(&self, at: (&str, &str), whom: &For, since: Lsn) -> bool {
        self.moments(since, self.version()).any(|moment| moment.sources(at, whom))
    }

    /// Refuses items that were off sale all the time from a version on: they were taken anew, but for
    /// units that there were before.
    fn check_on_sale(
        &self,
        wanted: &OrderRequest,
        has: impl Fn(&str) -> u32,
        since: Lsn,
    ) -> Result<(), String> {
        let mut moments = self.moments(since, self.version());
        let more = |line: &&LineRequest| line.quantity > has(line.sku.as_str());
        let sells = |moment: &Moment| {
            let mut lines = wanted.lines.0.iter().filter(more);
            !lines.any(|line| moment.off_sale.contains(line.sku.as_str()))
        };
        if moments.any(sells) { Ok(()) } else { Err("an item of it was off sale".into()) }
    }

    /// Units of an item that are to leave of the order for whose change a hold is: a change may have
    /// them leave from elsewhere, and they are no new ones.
    fn had_of_changed(&self, hold: &Hold, sku: &str) -> u32 {
        let owner = hold.owner.as_ref().filter(|owner| owner.is_order());
        // Behind the mark that makes it no caller's.
        let order = owner.and_then(|owner| self.orders.get(owner.as_str().get(1..)?));
        order.map_or(0, |order| order.open_of_item(sku))
    }

    /// Refuses what is collected at a node that was off, or offered no pickup, all the time from
    /// a version on.
    fn check_offers_pickup(&self, wanted: &OrderRequest, since: Lsn) -> Result<(), String> {
        let Some(pickup) = wanted.destination.pickup() else { return Ok(()) };
        let mut moments = self.moments(since, self.version());
        let offers = |moment: &Moment| {
            let node = moment.nodes.get(pickup.node.as_str());
            node.is_some_and(|node| node.enabled && node.pickup.is_offered())
        };
        if moments.any(offers) { Ok(()) } else { Err(format!("{pickup:?} was not offered")) }
    }

    /// Whether a pair might be chosen for them at each version from that one on.
    fn is_sourced_since(&self, at: (&str, &str), whom: &For, since: Lsn) -> bool {
        self.moments(since, self.version()).all(|moment| moment.sources(at, whom))
    }

    /// Whether a pair may be chosen for them.
    fn is_sourced(&self, (sku, node): (&str, &str), whom: &For) -> bool {
        let serves = |node: &NodeDefinition| node.enabled && whom.is_served_by(node);
        self.is_chosen(sku, node) && self.nodes.get(node).is_some_and(serves)
    }

    /// Whether sourcing may choose a pair, at a node that is enabled.
    fn is_chosen(&self, sku: &str, node: &str) -> bool {
        let pair = self.pairs.get(&(sku.to_owned(), node.to_owned()));
        self.is_enabled(node) && !pair.is_some_and(Pair::is_off_sourcing)
    }

    /// The most and the least that a line had to take of a node, if anything, at any version from
    /// one on.
    fn minimums(&self, node: &str, since: Lsn) -> (i64, i64) {
        let moments = self.moments(since, self.version());
        let units = moments.map(|moment| moment.minimum(node));
        (units.clone().max().unwrap_or(0), units.min().unwrap_or(0))
    }

    /// The instant up to which the policy promises inbound supply.
    fn horizon(&self) -> Timestamp {
        Timestamp::from_micros(self.now.as_micros() + i64::from(self.policy.horizon_days) * DAY)
    }

    /// When supply is expected that the policy promises: that of earlier days is overdue for too
    /// long. The day whose start is nearest is meant.
    fn counted(&self) -> RangeInclusive<Timestamp> {
        self.counted_from()..=self.horizon()
    }

    fn counted_from(&self) -> Timestamp {
        counted_from(&self.policy, self.now)
    }

    /// Whether a supply that is ready then was counted on at some version from one on, and
    /// whether at each of them.
    fn counted_since(&self, since: Lsn, ready: Timestamp) -> (bool, bool) {
        let there = Timestamp::from_micros(i64::MIN);
        let counts =
            |moment: &Moment| ready == there || ready >= counted_from(&moment.policy, moment.now);
        let mut moments = self.moments(since, self.version());
        (moments.clone().any(counts), moments.all(counts))
    }

    /// The day on which a supply that is ready then is counted on: what was to come on a day that has
    /// passed may come tomorrow.
    fn counted_on(&self, ready: Timestamp) -> i64 {
        let (today, expected) = (day(self.now), day(ready));
        match ready.as_micros() {
            i64::MIN => i64::MIN,
            _ if expected < today => today + 1,
            _ => expected,
        }
    }

    /// Whether a supply that is ready then is counted on.
    fn counts(&self, ready: Timestamp) -> bool {
        ready == Timestamp::from_micros(i64::MIN) || ready >= self.counted_from()
    }

    /// What can be promised to orders of a channel, or to who may have most.
    fn offers(&self, whom: Asking<'_>) -> Offers {
        let mut offers = Offers::new();
        for ((sku, node), pair) in &self.pairs {
            let known = offers.entry(sku.clone()).or_default();
            if self.is_chosen(sku, node) {
                known.insert(node.clone(), pair.offers(whom, &self.counted()));
            }
        }
        offers
    }

    /// Compares all state with the engine's, in which nothing is in flight: what can be
    /// promised is net of claims, so that a leaked claim shows as well.
    pub async fn compare(&self, engine: &Engine) -> Result<(), String> {
        self.compare_network(engine)?;
        self.compare_availability(engine).await?;
        for ((item, node), pair) in &self.pairs {
            let view = engine.stock(&sku(item), &node_id(node)).await.map_err(|e| e.to_string())?;
            let same = pair.compare(&view.stock, |no| engine.node_no(no).id.to_string());
            same.map_err(|error| format!("{item} at {node}: {error}"))?;
        }
        for (id, order) in &self.orders {
            for id in hold::ids(id, order) {
                let view = engine.order(&id).await.map_err(|e| format!("{id}: {e}"))?;
                let same = order.compare(&view.order);
                let same = same.and_then(|()| compare_pickup(engine, order, &view.order));
                same.map_err(|error| format!("order {id}: {error}"))?;
            }
        }
        self.compare_loads(engine)?;
        let orders = self.orders.values().filter(|order| order.is_order()).count();
        let holds = self.orders.values().filter(|order| order.is_held()).count();
        same("orders", &engine.status().orders, &orders)?;
        same("holds", &engine.status().live_holds, &holds)
    }

    async fn compare_availability(&self, engine: &Engine) -> Result<(), String> {
        let bundles = self.items.values().filter(|item| item.components.is_bundle());
        let bundles: Vec<String> = bundles.map(|item| item.sku.to_string()).collect();
        for item in self.offers(Asking::Anybody).keys().chain(&bundles) {
            if self.is_off_sale(item) {
                let there = engine.availability(&sku(item), self.horizon()).await;
                let there = there.map_err(|e| e.to_string())?;
                same(&format!("{item} off sale"), &(there.atp, there.off_sale), &(0, true))?;
                continue;
            }
            for channel in [None, Some("web"), Some("store")] {
                let whom = Whom { channel, service: None };
                let there = engine.availability_for(&sku(item), self.horizon(), whom).await;
                let there = there.map_err(|e| e.to_string())?.atp;
                let atp = i64::try_from(there).expect("not that many");
                // A supplier with a minimum gives no bundles.
                let is_bundle = self.items[item].components.is_bundle();
                let serves = |node: &str| {
                    (channel.is_none() || self.nodes[node].eligibility.serves_channel(channel))
                        && (!is_bundle || self.minimums(node, self.version()).0 <= 1)
                };
                let whom = channel.map_or(Asking::Anybody, |name| Asking::Channel(Some(name)));
                let offers = self.bundles_at(item, &self.offers(whom));
                let sum = offers.iter().filter(|(node, _)| serves(node)).map(|(_, units)| units);
                same(&format!("atp of {item} for {channel:?}"), &atp, &sum.sum())?;
            }
            if !self.items[item].components.is_bundle() {
                self.compare_days(engine, item).await?;
            }
        }
        Ok(())
    }

    fn compare_network(&self, engine: &Engine) -> Result<(), String> {
        for (name, item) in &self.items {
            let there = engine.item(&sku(name)).map_err(|e| e.to_string())?;
            same("item", &*there, item)?;
        }
        for (name, node) in self.nodes.iter() {
            let there = engine.node(&node_id(name)).map_err(|e| e.to_string())?;
            same("node", &definition(&there), node)?;
        }
        same("policy", &engine.policy(), &self.policy)?;
        same("items", &engine.status().items, &self.items.len())?;
        same("nodes", &engine.status().nodes, &self.nodes.len())
    }
}

/// Compares where an order is collected. What is there is there on the day on which it is ready,
/// and nothing is brought sooner than it leaves.
fn compare_pickup(engine: &Engine, naive: &Order, order: &model::Order) -> Result<(), String> {
    let pickup = order.header.destination.pickup();
    let named = pickup.map(|pickup| Pickup {
        node: engine.node_no(pickup.node).id.clone(),
        only_there: pickup.only_there,
    });
    same("pickup", &named, &naive.whom.pickup)?;
    let Some(pickup) = pickup else { return Ok(()) };
    let open = |at: &u16| order.allocations_of(*at).any(|a| a.open() > 0);
    // What left, or moved, may have gone another way.
    for (_, shipment) in (0..).zip(&order.shipments).filter(|(at, _)| open(at)) {
        let is_late = shipment.deliver_by > shipment.ship_by;
        let is_early = shipment.deliver_by < shipment.ship_by;
        if is_early || (is_late && shipment.node == pickup.node) {
            return Err(format!("collected at {pickup:?}: {shipment:?}"));
        }
    }
    Ok(())
}

/// A node as it was defined.
fn definition(node: &Node) -> NodeDefinition {
    NodeDefinition {
        id: node.id.clone(),
        kind: node.kind,
        title: node.title.clone(),
        postal_code: node.postal_code.clone(),
        time_zone: node.time_zone.clone(),
        working_days: node.working_days,
        cut_off_minute: node.cut_off_minute,
        holidays: node.holidays.clone(),
        capacity_units_per_day: node.capacity_units_per_day,
        capacity_shipments_per_day: node.capacity_shipments_per_day,
        min_order_quantity: node.min_order_quantity,
        reliability: node.reliability,
        pickup_days: node.pickup_days,
        release: node.release,
        paused_until: node.paused_until,
        shipment_cost: node.shipment_cost,
        unit_cost: node.unit_cost,
        lead_time_days: node.lead_time_days,
        enabled: node.enabled,
        weekday_cut_offs: node.weekday_cut_offs,
        eligibility: node.eligibility.clone(),
        pickup: node.pickup,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_decided_before_a_day_passed_is_judged_by_the_day_before_as_well() {
        let version = Lsn::new(7);
        let mut naive = crate::workload::naive(version);
        let before = naive.now;
        naive.pass_to(before.saturating_add_micros(24 * 60 * 60 * 1_000_000));
        let seen: Vec<_> = naive.moments(version, version).map(|moment| moment.now).collect();
        assert_eq!(seen, [before, naive.now]);
    }
}

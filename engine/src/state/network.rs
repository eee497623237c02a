//! The network as planning reads it: nodes with their calendars, the policy, and
//! how far each node is from each destination. Immutable; a change makes a new
//! one, so that a plan sees one network from start to end.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use crate::calendar::{Calendar, CalendarError, Transit, working_days};
use crate::geo::{Bands, PostalCodes, distance_m};
use crate::limits::CAPACITY_DAYS_MAX;
use crate::model::digest::{Part, hash_encoded};
use crate::model::{
    Capacity, Day, Location, Lsn, Node, NodeDay, NodeId, NodeKind, NodeNo, Pickup, Policy, Refusal,
    Service, ServiceName, ServiceNo, StateHash, Supply, Timestamp, WEEK_DAYS, Weekdays,
};
use crate::sourcing;
use crate::state::served::{Barred, Served};

/// A node with what planning derives from its definition.
#[derive(Clone, Debug)]
pub struct PlanningNode {
    /// Its definition.
    pub node: Arc<Node>,
    /// The event that defined it last.
    pub last_lsn: Lsn,
    /// When it works.
    pub calendar: Arc<Calendar>,
}

/// What planning needs of a node for every offer: side by side, because it reads
/// those of many nodes for each order.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// Whether sourcing may choose it.
    pub enabled: bool,
    /// Whether it promises a vendor's stock instead of its own.
    pub is_supplier: bool,
    /// Cost of handling a shipment, in minor units.
    pub shipment_cost: i64,
    /// Cost of handling a unit, in minor units.
    pub unit_cost: i64,
    /// How much may be planned to leave it on one day.
    pub capacity: Capacity,
    /// Units that a line takes from it at least, or none: 0 and 1 are no minimum.
    pub units_min: u32,
    /// How many of 10,000 promises it does not keep.
    pub unreliability: u16,
}

/// What planning needs of a service for every offer.
#[derive(Clone, Debug)]
pub struct Carriage {
    /// Its place in [`Network::pickups`].
    pub pickups: usize,
    /// Calendar days from shipping to delivery, by band and weekday of shipping. The eighth
    /// is there so that a weekday is found with a shift.
    days: Box<[[u16; WEEK_DAYS + 1]]>,
}

/// All nodes and the policy, and how far everything is apart.
pub struct Network {
    /// Nodes by number.
    pub nodes: Vec<PlanningNode>,
    terms: Vec<Terms>,
    /// What services are carried out like, by number.
    carriages: Vec<Carriage>,
    /// The pickup days of all services, each once.
    pickups: Vec<Weekdays>,
    /// Which nodes serve whom.
    pub served: Served,
    by_id: HashMap<NodeId, NodeNo>,
    /// The policy.
    pub policy: Arc<Policy>,
    /// The event that set the policy last; zero for the default.
    pub policy_lsn: Lsn,
    bands: Bands,
    /// By the postal table's index: the band of each node, made when first used.
    lanes: Arc<[OnceLock<Box<[u8]>>]>,
}

impl Network {
    /// A network without nodes, under the default policy.
    pub fn empty(postal_codes: u32) -> Self {
        Self::new(Vec::new(), Arc::new(Policy::default()), Lsn::NONE, postal_codes as usize)
    }

    /// A network of these nodes, by number, under a policy that was checked.
    pub fn new(
        nodes: Vec<PlanningNode>,
        policy: Arc<Policy>,
        policy_lsn: Lsn,
        postal_codes: usize,
    ) -> Self {
        let number = |at: usize| NodeNo(u16::try_from(at).expect("NODES_MAX fits 16 bits"));
        let by_id =
            nodes.iter().enumerate().map(|(at, n)| (n.node.id.clone(), number(at))).collect();
        let reach = policy.bands.iter().map(|band| band.distance_m_max).collect();
        let bands = Bands::new(reach).expect("a policy is checked before it becomes an event");
        let lanes = (0..postal_codes).map(|_| OnceLock::new()).collect();
        let terms = nodes.iter().map(|n| terms_of(&n.node)).collect();
        let mut pickups = Vec::new();
        let carriages = policy.services.iter().map(|s| Carriage::of(s, &mut pickups)).collect();
        let served = Served::new(nodes.iter().map(|n| &n.node.eligibility), &policy.services);
        Self { nodes, terms, carriages, pickups, served, by_id, policy, policy_lsn, bands, lanes }
    }

    /// The same network with a node defined or changed.
    #[must_use]
    pub fn with_node(&self, no: NodeNo, node: Node, lsn: Lsn) -> Self {
        let calendar =
            Arc::new(calendar_kept(&node).expect("a node is checked before it becomes an event"));
        let planning = PlanningNode { node: Arc::new(node), last_lsn: lsn, calendar };
        let mut nodes = self.nodes.clone();
        match nodes.get_mut(usize::from(no.0)) {
            Some(there) => *there = planning,
            None => nodes.push(planning),
        }
        Self::new(nodes, Arc::clone(&self.policy), self.policy_lsn, self.lanes.len())
    }

    /// The same network, of which a node takes no new work until then. How far it is from anywhere stays
    /// known.
    #[must_use]
    pub fn with_pause(&self, no: NodeNo, until: Timestamp, lsn: Lsn) -> Self {
        let known = self.node(no);
        let node = Node { paused_until: Some(until), ..Node::clone(&known.node) };
        let lanes = Arc::clone(&self.lanes);
        Self { lanes, ..self.with_node(no, node, lsn) }
    }

    /// Whether a node takes no new work at an instant.
    pub fn is_paused(&self, no: NodeNo, at: Timestamp) -> bool {
        self.node(no).node.paused_until.is_some_and(|until| at < until)
    }

    /// The same network under another policy.
    #[must_use]
    pub fn with_policy(&self, policy: Policy, lsn: Lsn) -> Self {
        Self::new(self.nodes.clone(), Arc::new(policy), lsn, self.lanes.len())
    }

    /// The number of the node with that id.
    pub fn node_no(&self, id: &NodeId) -> Option<NodeNo> {
        self.by_id.get(id).copied()
    }

    /// The number of a node that a caller names.
    ///
    /// # Errors
    /// [`Refusal::NodeNotFound`].
    pub fn named(&self, id: &NodeId) -> Result<NodeNo, Refusal> {
        self.node_no(id).ok_or_else(|| Refusal::NodeNotFound { node_id: id.clone() })
    }

    /// The node of that number.
    ///
    /// # Panics
    /// When there is none: numbers come from events, which come from this network.
    pub fn node(&self, no: NodeNo) -> &PlanningNode {
        &self.nodes[usize::from(no.0)]
    }

    /// What the node of that number asks for.
    ///
    /// # Panics
    /// When there is none: numbers come from events, which come from this network.
    pub fn terms(&self, no: NodeNo) -> Terms {
        self.terms[usize::from(no.0)]
    }

    /// The same, and none when this network does not know the node yet.
    #[inline]
    pub fn known_terms(&self, no: NodeNo) -> Option<Terms> {
        self.terms.get(usize::from(no.0)).copied()
    }

    /// As which supply a node promises what is there.
    pub fn there(&self, no: NodeNo) -> Supply {
        let is_supplier = self.known_terms(no).is_some_and(|terms| terms.is_supplier);
        if is_supplier { Supply::Supplier } else { Supply::OnHand }
    }

    /// Whether what leaves a node on a day is bounded, and so counted.
    pub fn is_bounded(&self, no: NodeNo) -> bool {
        self.known_terms(no).is_some_and(|terms| terms.capacity.is_bounded())
    }

    /// The nodes of which that is so.
    pub fn bounded(&self) -> impl Iterator<Item = NodeNo> {
        let all = (0..=u16::MAX).map(NodeNo).take(self.nodes.len());
        all.filter(|no| self.is_bounded(*no))
    }

    /// How much may be planned to leave a node on one of its days, as the network is at an
    /// instant: no bound holds for days that are too far ahead.
    pub fn capacity_on(&self, at: NodeDay, now: Timestamp) -> Capacity {
        let is_held = self.bounded_until(at.node, now).is_some_and(|last| at.day <= last);
        if is_held { self.terms(at.node).capacity } else { Capacity::default() }
    }

    /// The last day of a node that is held to its capacity; none if it has none.
    pub fn bounded_until(&self, no: NodeNo, now: Timestamp) -> Option<Day> {
        let today = || self.node(no).calendar.zone().local_day(now);
        self.is_bounded(no).then(|| today().plus(CAPACITY_DAYS_MAX))
    }

    /// Whether a supply that is expected at a node counts, asked at `at`.
    pub fn counts_on(&self, no: NodeNo, at: Timestamp, eta: Timestamp) -> bool {
        self.counts_until(no, eta).is_none_or(|until| at < until)
    }

    /// From when on it counts no more, if it does not come: one that is overdue counts for so many
    /// days as the policy says. None where it says nothing.
    pub fn counts_until(&self, no: NodeNo, eta: Timestamp) -> Option<Timestamp> {
        let most = self.policy.overdue_days?;
        Some(self.node(no).calendar.overdue_after(eta, most))
    }

    /// What all nodes ask for, by number.
    pub fn all_terms(&self) -> &[Terms] {
        &self.terms
    }

    /// How a service is carried out.
    ///
    /// # Panics
    /// When there is none of that number: numbers come from this network.
    pub fn carriage(&self, no: ServiceNo) -> &Carriage {
        &self.carriages[usize::from(no.0)]
    }

    /// The pickup days of all services, each once: most policies have one for all.
    pub fn pickups(&self) -> &[Weekdays] {
        &self.pickups
    }

    /// Nodes that may not ship an order, for its channel, for its service, or for where it is
    /// collected.
    #[inline]
    pub fn barred(
        &self,
        channel: Option<&str>,
        service: ServiceNo,
        pickup: Option<Pickup>,
    ) -> Barred<'_> {
        self.served.barred(channel, service, pickup)
    }

    /// The number of the service with that name; the first one without a name.
    pub fn service_no(&self, name: Option<&ServiceName>) -> Option<ServiceNo> {
        let services = &self.policy.services;
        let at = name.map_or(Some(0), |name| services.iter().position(|s| s.name == *name))?;
        u8::try_from(at).ok().map(ServiceNo)
    }

    /// The distance band of every node, by node number, as seen from a place.
    pub fn lanes(&self, index: u32, destination: Location) -> &[u8] {
        self.lanes[index as usize].get_or_init(|| {
            let band = |n: &PlanningNode| {
                let distance = distance_m(n.node.location, destination);
                self.bands.band_of(distance).expect("the last band reaches everywhere").index()
            };
            self.nodes.iter().map(band).collect()
        })
    }

    /// The objectives as the solver takes them.
    pub fn objectives(&self) -> sourcing::ObjectiveOrder {
        use crate::model::Objective;
        let each = self.policy.objectives.map(|objective| match objective {
            Objective::Promise => sourcing::Objective::Promise,
            Objective::Shipments => sourcing::Objective::Shipments,
            Objective::Cost => sourcing::Objective::Cost,
            Objective::Balance => sourcing::Objective::Balance,
        });
        sourcing::ObjectiveOrder::new(each).expect("a policy is checked before it becomes an event")
    }

    /// The hash of nodes and policy, from scratch.
    pub fn hash(&self) -> StateHash {
        let mut hash = StateHash::default();
        for (at, node) in self.nodes.iter().enumerate() {
            hash.merge(hash_node(at, node));
        }
        hash.merge(self.hash_policy());
        hash
    }

    /// The hash of one node's definition; nothing while it has none.
    pub fn hash_node(&self, no: NodeNo) -> StateHash {
        let at = usize::from(no.0);
        self.nodes.get(at).map_or_else(StateHash::default, |node| hash_node(at, node))
    }

    /// The hash of the policy; nothing while it is the default.
    pub fn hash_policy(&self) -> StateHash {
        let mut hash = StateHash::default();
        if self.policy_lsn != Lsn::NONE {
            hash.add(hash_encoded(Part::Policy, &(&*self.policy, self.policy_lsn)));
        }
        hash
    }
}

impl Carriage {
    fn of(service: &Service, pickups: &mut Vec<Weekdays>) -> Self {
        let known = pickups.iter().position(|days| *days == service.pickup_weekdays);
        let place = known.unwrap_or_else(|| {
            pickups.push(service.pickup_weekdays);
            pickups.len() - 1
        });
        let (counted, delivered) = (service.transit_weekdays, service.delivery_weekdays);
        let transit = Transit { counted, delivered };
        let days = service.transit_days.iter().map(|days| by_weekday(transit, *days)).collect();
        Self { pickups: place, days }
    }

    /// Calendar days from shipping on that weekday to delivery in that band.
    #[inline]
    pub fn days(&self, band: usize, weekday: u8) -> u16 {
        self.days[band][usize::from(weekday & 7)]
    }
}

/// Calendar days on the way, by weekday of shipping.
fn by_weekday(transit: Transit, transit_days: u16) -> [u16; WEEK_DAYS + 1] {
    let mut table = [0; WEEK_DAYS + 1];
    for ship_by in (4..).take(WEEK_DAYS).map(Day::from_epoch_days) {
        let days = transit.deliver_by(ship_by, transit_days).days_after(ship_by);
        let days = u16::try_from(days).expect("DAYS_MAX weeks and one fit 16 bits");
        table[usize::from(ship_by.weekday())] = days;
    }
    table
}

fn hash_node(at: usize, node: &PlanningNode) -> StateHash {
    let mut hash = StateHash::default();
    hash.add(hash_encoded(Part::Node, &(at as u64, &*node.node, node.last_lsn)));
    hash
}

fn terms_of(node: &Node) -> Terms {
    Terms {
        enabled: node.enabled,
        is_supplier: is_supplier(node.kind),
        shipment_cost: node.shipment_cost,
        unit_cost: node.unit_cost,
        capacity: node.capacity(),
        units_min: node.min_order_quantity.unwrap_or(0),
        unreliability: node.unreliability(),
    }
}

/// The calendar of a node's definition.
pub fn calendar_of(node: &Node) -> Result<Calendar, CalendarError> {
    let days = working_days(node.working_days)?;
    let holidays = node.holidays.clone();
    let calendar = Calendar::new(&node.time_zone, days, node.cut_off_minute, holidays)?
        .with_weekday_cut_offs(&node.weekday_cut_offs)?;
    Ok(calendar.paused_until(node.paused_until))
}

/// The calendar of a node that was accepted when it was defined. Rules of time zones
/// are compiled in: a build that lost a zone keeps the node, and counts in UTC.
pub fn calendar_kept(node: &Node) -> Result<Calendar, CalendarError> {
    calendar_of(node).or_else(|error| match error {
        CalendarError::UnknownZone { .. } => {
            tracing::error!(node = %node.id, %error, "the node's days are counted in UTC");
            calendar_of(&Node { time_zone: "UTC".into(), ..node.clone() })
        }
        other => Err(other),
    })
}

/// Whether a node of this kind promises a vendor's stock instead of its own.
pub fn is_supplier(kind: NodeKind) -> bool {
    kind == NodeKind::Supplier
}

/// Where postal codes are.
pub type PostalTable = Arc<dyn PostalCodes>;

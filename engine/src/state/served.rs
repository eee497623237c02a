//! Which nodes serve whom: made once for a network, so that an order looks its channel up
//! once, and only where some node names any.

use std::collections::HashMap;

use crate::model::{Eligibility, NodeNo, Pickup, Service, ServiceNo};
use crate::sourcing::Verdict;

const BITS: usize = u64::BITS as usize;

/// Nodes by number, a bit for each.
#[derive(Clone, Debug, PartialEq, Eq)]
struct NodeSet(Box<[u64]>);

/// Which nodes do not serve whom.
#[derive(Debug)]
pub struct Served {
    /// By channel that some node names.
    channels: HashMap<Box<str>, NodeSet>,
    /// Those of all other orders; none where no node names a channel.
    other_channels: Option<NodeSet>,
    /// By service; none where every node ships by it.
    services: Vec<Option<NodeSet>>,
}

/// Nodes that may not ship an order, for its channel, for its service, or for where it is
/// collected.
#[derive(Clone, Copy, Debug, Default)]
pub struct Barred<'a> {
    channel: Option<&'a NodeSet>,
    service: Option<&'a NodeSet>,
    pickup: Option<Pickup>,
}

impl NodeSet {
    fn of(nodes: &[&Eligibility], is_in: impl Fn(&Eligibility) -> bool) -> Self {
        let mut bits = vec![0; nodes.len().div_ceil(BITS)];
        for (at, _) in nodes.iter().enumerate().filter(|(_, node)| is_in(node)) {
            bits[at / BITS] |= 1 << (at % BITS);
        }
        Self(bits.into())
    }

    fn contains(&self, no: NodeNo) -> bool {
        let at = usize::from(no.0);
        self.0.get(at / BITS).is_some_and(|bits| bits >> (at % BITS) & 1 == 1)
    }

    fn remove(&mut self, at: usize) {
        self.0[at / BITS] &= !(1 << (at % BITS));
    }

    fn is_empty(&self) -> bool {
        self.0.iter().all(|bits| *bits == 0)
    }
}

impl Served {
    /// What nodes, by number, say of channels and services.
    pub fn new<'n>(nodes: impl Iterator<Item = &'n Eligibility>, services: &[Service]) -> Self {
        let nodes: Vec<&Eligibility> = nodes.collect();
        let others = NodeSet::of(&nodes, |node| !node.channels.is_empty());
        let mut channels = HashMap::<Box<str>, NodeSet>::new();
        for (at, node) in nodes.iter().enumerate() {
            for named in &node.channels {
                channels.entry(named.as_str().into()).or_insert_with(|| others.clone()).remove(at);
            }
        }
        let other_channels = (!channels.is_empty()).then_some(others);
        let by_service = |service: &Service| {
            let without = NodeSet::of(&nodes, |node| !node.serves_service(&service.name));
            (!without.is_empty()).then_some(without)
        };
        Self { channels, other_channels, services: services.iter().map(by_service).collect() }
    }

    /// Nodes that may not ship orders of a channel, or those without one, by a service.
    /// What is collected at a node is not shipped from there.
    pub fn barred(
        &self,
        channel: Option<&str>,
        service: ServiceNo,
        pickup: Option<Pickup>,
    ) -> Barred<'_> {
        Barred { channel: self.channel(channel), service: self.service(service), pickup }
    }

    /// Nodes that do not serve a channel, or do not ship by a service, where either is said.
    pub fn barred_as_far_as_said(
        &self,
        channel: Option<&str>,
        service: Option<ServiceNo>,
    ) -> Barred<'_> {
        let channel = channel.and_then(|channel| self.channel(Some(channel)));
        let service = service.and_then(|service| self.service(service));
        Barred { channel, service, pickup: None }
    }

    /// Whether the same nodes serve both channels.
    pub fn alike(&self, one: Option<&str>, other: Option<&str>) -> bool {
        one == other || self.channel(one) == self.channel(other)
    }

    fn channel(&self, channel: Option<&str>) -> Option<&NodeSet> {
        let others = self.other_channels.as_ref()?;
        channel.and_then(|channel| self.channels.get(channel)).or(Some(others))
    }

    fn service(&self, service: ServiceNo) -> Option<&NodeSet> {
        self.services.get(usize::from(service.0))?.as_ref()
    }
}

impl Barred<'_> {
    /// Whether all nodes may ship the order.
    #[inline]
    pub const fn is_nobody(&self) -> bool {
        self.channel.is_none() && self.service.is_none() && self.pickup.is_none()
    }

    /// Why a node may not ship the order, if so.
    pub fn verdict(&self, no: NodeNo) -> Option<Verdict> {
        let has = |set: Option<&NodeSet>| set.is_some_and(|set| set.contains(no));
        if has(self.channel) {
            return Some(Verdict::ChannelNotServed);
        }
        match self.pickup {
            Some(pickup) if pickup.node == no => None,
            Some(pickup) if pickup.only_there => Some(Verdict::NotBroughtThere),
            _ => has(self.service).then_some(Verdict::ServiceNotServed),
        }
    }

    /// Whether a node may not ship the order.
    pub fn bars(&self, no: NodeNo) -> bool {
        self.verdict(no).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Policy, ServiceName, Text};

    fn says(channels: &[&str], services: &[&str]) -> Eligibility {
        let channel = |name: &&str| Text::new("channel", *name).expect("a text");
        let service = |name: &&str| ServiceName::new("service", *name).expect("a name");
        Eligibility {
            channels: channels.iter().map(channel).collect(),
            services: services.iter().map(service).collect(),
        }
    }

    #[test]
    fn a_node_serves_whom_it_names_and_everybody_if_it_names_nobody() {
        let nodes = [
            says(&[], &[]),
            says(&["web", "shop"], &[]),
            says(&["shop"], &["standard"]),
            says(&[], &["same_day"]),
        ];
        let served = Served::new(nodes.iter(), &Policy::default().services);
        let (standard, express) = (ServiceNo(0), ServiceNo(3));
        for (channel, service, expected) in [
            (Some("web"), standard, "sscx"),
            (Some("shop"), standard, "sssx"),
            (Some("fax"), express, "sccs"),
            (None, express, "sccs"),
            (Some("shop"), express, "ssxs"),
        ] {
            let barred = served.barred(channel, service, None);
            let why = |no| match barred.verdict(NodeNo(no)) {
                None => 's',
                Some(Verdict::ChannelNotServed) => 'c',
                Some(_) => 'x',
            };
            let seen: String = (0..4).map(why).collect();
            assert_eq!(seen, expected, "{channel:?} by {service:?}");
        }
        assert!(served.alike(Some("fax"), None) && !served.alike(Some("web"), Some("shop")));
        let any = served.barred_as_far_as_said(None, None);
        assert!(any.is_nobody() && !any.bars(NodeNo(9)));
        let nobody = Served::new([Eligibility::default()].iter(), &Policy::default().services);
        assert!(nobody.barred(Some("web"), standard, None).is_nobody());
    }
}

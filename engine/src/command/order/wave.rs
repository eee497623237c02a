//! A wave: nodes are told to work on many shipments at once.
//!
//! ```text
//!   filters --> what nodes have to do --> those that have to leave first --> each order in hand, if
//!       nobody has it --> one event
//! ```

use minicbor::Encode;

use super::released::{Released, ShipmentsReleased, is_there, may_be_released_from};
use crate::limits::{SERVICES_MAX, WAVE_SHIPMENTS_MAX};
use crate::model::check::{finish, in_range};
use crate::model::digest::fingerprint;
use crate::model::{
    Day, Meta, NodeId, NodeKind, OrderNo, Priority, PriorityClass, Rule, ServiceName, ServiceNo,
    Shipment, Timestamp, Violation,
};
use crate::state::network::Network;
use crate::transaction::attempts::Attempt;
use crate::transaction::claims::Claims;
use crate::transaction::command::{Command, Decision, Facts};
use crate::transaction::error::EngineError;
use crate::transaction::find::read_order;
use crate::transaction::in_flight::Transaction;
use crate::transaction::rests::Resting;

/// Which shipments a wave is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wave {
    /// Where.
    pub at: WaveAt,
    /// Of orders by these services alone; of all if none is named.
    pub services: Vec<ServiceName>,
    /// Of those that leave on that local day or before; of all if none is said.
    pub ship_by: Option<Day>,
    /// Of orders of that class alone; of all if none is said.
    pub class: Option<PriorityClass>,
    /// How many at most, 1 to [`WAVE_SHIPMENTS_MAX`].
    pub shipments_max: u32,
}

/// Where a wave is.
#[derive(Clone, Debug, PartialEq, Eq, Encode)]
pub enum WaveAt {
    /// At a node.
    #[n(1)]
    Node(#[n(0)] NodeId),
    /// At all nodes of a kind.
    #[n(2)]
    Kind(#[n(0)] NodeKind),
}

/// Of which shipments a wave is, its services by number.
#[derive(Debug)]
pub struct WaveFilter<'a> {
    wave: &'a Wave,
    services: Vec<ServiceNo>,
}

/// What a wave could release.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WaveFound {
    /// The shipments, from 0, of orders, those with the earliest cut-off first: at most one of an order,
    /// and as many as the wave takes.
    pub shipments: Vec<(OrderNo, u16)>,
    /// How many there are in all.
    pub all: u32,
}

/// Releases the shipments of a wave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReleaseWave {
    /// Key, origin, time.
    pub meta: Meta,
    /// Which ones.
    pub wave: Wave,
    /// What was found of it. It is looked at again as it is released.
    pub found: WaveFound,
}

impl Wave {
    /// Checks counts and names.
    ///
    /// # Errors
    /// Every field that is wrong.
    pub fn validate(&self, network: &Network) -> Result<(), Vec<Violation>> {
        let mut found = Vec::new();
        let max = i64::from(WAVE_SHIPMENTS_MAX);
        in_range(&mut found, "shipments_max".into(), self.shipments_max.into(), 1, max);
        if self.services.len() > SERVICES_MAX {
            let rule = Rule::TooMany { max: SERVICES_MAX };
            found.push(Violation::new("services", self.services.len(), rule));
            return finish(found);
        }
        for (at, service) in self.services.iter().enumerate() {
            if network.service_no(Some(service)).is_none() {
                let rule = Rule::Malformed("is no service of the policy".into());
                found.push(Violation::new(format!("services[{at}]"), service.as_str(), rule));
            }
        }
        finish(found)
    }

    /// What it is of. Its services are known.
    pub fn filter(&self, network: &Network) -> WaveFilter<'_> {
        let named = self.services.iter().filter_map(|name| network.service_no(Some(name)));
        WaveFilter { wave: self, services: named.collect() }
    }
}

impl WaveFilter<'_> {
    /// Whether it is of shipments that leave on that day, of orders of that priority by that service.
    pub fn takes(&self, ship_by: Option<Day>, priority: Priority, service: ServiceNo) -> bool {
        let Wave { ship_by: last, class, .. } = self.wave;
        last.is_none_or(|last| ship_by.is_some_and(|by| by <= last))
            && class.is_none_or(|class| priority.class() == class)
            && (self.services.is_empty() || self.services.contains(&service))
    }
}

impl Command for ReleaseWave {
    type Event = ShipmentsReleased;

    fn meta(&self) -> &Meta {
        &self.meta
    }

    fn fingerprint(&self) -> u64 {
        let Wave { at, services, ship_by, class, shipments_max } = &self.wave;
        let class = class.map(PriorityClass::as_str);
        fingerprint(&("release_wave", at, services, ship_by, class, shipments_max))
    }

    fn validate(&self, facts: &Facts<'_>) -> Result<(), Vec<Violation>> {
        self.wave.validate(facts.network)
    }

    async fn decide(
        &self,
        tx: &mut Transaction<'_>,
    ) -> Result<Decision<ShipmentsReleased>, EngineError> {
        let kernel = tx.kernel();
        if let WaveAt::Node(id) = &self.wave.at {
            kernel.state.network.load().named(id)?;
        }
        let filter = self.wave.filter(&kernel.state.network.load());
        let (mut shipments, mut gone) = (Vec::new(), 0);
        for (no, shipment) in &self.found.shipments {
            match take(&mut tx.claims, &filter, (*no, *shipment, self.meta.at)).await? {
                Taken::Released(released) => shipments.push(released),
                Taken::Gone => gone += 1,
                Taken::Busy => {}
            }
        }
        // A wave of nothing is an event as well: its answer is read from there, and its key is
        // remembered with it, so that the same wave sent again releases no others.
        let done = u32::try_from(shipments.len()).unwrap_or(u32::MAX).saturating_add(gone);
        let left = Some(self.found.all.saturating_sub(done));
        Ok(Decision::Event(ShipmentsReleased { at: self.meta.at, shipments, left }))
    }
}

/// What became of a shipment that was found.
enum Taken {
    /// It is released, with its order in hand.
    Released(Released),
    /// It is no more to be released.
    Gone,
    /// Another command has its order in hand, or changed it just now: it is for the next wave.
    Busy,
}

/// Takes an order in hand, if no other command has it, to release a shipment of it. Never sleeps: orders
/// that it has in hand keep nobody waiting for others.
async fn take(
    in_hand: &mut Claims<'_>,
    filter: &WaveFilter<'_>,
    (no, shipment, at): (OrderNo, u16, Timestamp),
) -> Result<Taken, EngineError> {
    let kernel = in_hand.kernel();
    let Some(order) = read_order(kernel, no).await? else { return Ok(Taken::Gone) };
    let takes = |of: &Shipment| {
        filter.takes(of.ship_by, order.header.priority, order.header.service)
            && may_be_released_from(&order, shipment).is_some_and(|from| from <= at)
    };
    if !order.shipments.get(usize::from(shipment)).is_some_and(takes) {
        return Ok(Taken::Gone);
    }
    let mut claims = Claims::new(kernel);
    match claims.in_hand_as_of(no, order.last_lsn).await? {
        Attempt::Done(()) => {}
        Attempt::Overtaken | Attempt::Again | Attempt::InTheWay(_) => return Ok(Taken::Busy),
    }
    if !is_there(&order, &Resting::read(kernel, &order)?, shipment) {
        return Ok(Taken::Gone);
    }
    in_hand.take(claims);
    Ok(Taken::Released(Released::of(&order, shipment)))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::command::fixture::{check, node_id, said, wave};
    use crate::engine::tests::{one_unit, poll, run};
    use crate::model::{Refusal, RefusalKind};
    use std::pin::pin;
    use std::task::Poll;

    /// The refusals of the table, whose rows are checked.
    pub(crate) fn table() -> Vec<RefusalKind> {
        let (engine, mut pump) = one_unit();
        let at_once = poll(pin!(engine.release_wave(wave("X"))));
        let Poll::Ready(Err(EngineError::Refused(unknown))) = at_once else {
            panic!("it is refused at once")
        };
        // A wave of nothing is written as well.
        assert!(!run(&mut pump, engine.release_wave(wave("N"))).is_repeat);
        let not_found = Refusal::NodeNotFound { node_id: node_id("X") };
        check([("X", Err(unknown), Err(not_found)), ("N", Ok(()), Ok(()))])
    }

    #[test]
    fn a_wave_is_of_nodes_that_are_there_and_of_no_more_than_one_event_takes() {
        table();
        let network = Network::empty(1);
        let of = |shipments_max, services: &[&str]| {
            let name = |name: &&str| ServiceName::new("service", *name).expect("a name");
            let services = services.iter().map(name).collect();
            let wave = Wave { services, shipments_max, ..wave("N").wave };
            said(wave.validate(&network))
        };
        assert_eq!(of(1, &["standard"]), [""; 0]);
        assert_eq!(of(WAVE_SHIPMENTS_MAX, &[]), [""; 0]);
        assert_eq!(
            of(WAVE_SHIPMENTS_MAX + 1, &["rocket"]),
            [
                "shipments_max: \"501\" is not within 1 to 500",
                "services[0]: \"rocket\" is no service of the policy",
            ]
        );
        assert_eq!(of(0, &[]).len(), 1);
    }
}

//! Setting the sourcing policy: with other aims, terms and defaults.

use backstock_engine::command::{Meta, SetPolicy};
use backstock_engine::engine::Engine;
use backstock_engine::model::{Lsn, OwnStock, Policy, Shortage, Split, Weekdays};

use super::command::{Outcome, Room, Told};
use super::world::World;
use crate::fixture::meta;
use crate::naive::command::PolicySet;
use crate::seed::Random;

impl Room for SetPolicy {
    const NAME: &'static str = "SetPolicy";
    const OUTCOMES: &'static [&'static str] = &["SERVICE_FIXED"];

    fn draw(world: &mut World) -> Option<Self> {
        let random = &mut world.random;
        let mut policy = Policy::default();
        for last in (1..policy.objectives.len()).rev() {
            let other = random.within(0..u32::try_from(last + 1).expect("four objectives"));
            policy.objectives.swap(last, other as usize);
        }
        policy.shortage = *random.pick(&[Shortage::Reject, Shortage::Backorder, Shortage::Partial]);
        policy.split = *random.pick(&[Split::Units, Split::WholeLine]);
        policy.own_stock = *random.pick(&[OwnStock::Alike, OwnStock::First]);
        policy.overdue_days = *random.pick(&[None, None, Some(0), Some(3)]);
        policy.horizon_days = *random.pick(&[0, 10, 30, 60, 60, 90]);
        for band in &mut policy.bands {
            band.shipment_cost = random.within(0..1_000).into();
        }
        for service in &mut policy.services {
            service.promise_days = u16::try_from(random.within(0..9)).expect("few days");
        }
        let service = usize::try_from(random.within(0..4)).expect("one of four");
        policy.services[service].pickup_weekdays = weekdays(random);
        policy.services[service].transit_weekdays = weekdays(random);
        policy.services[service].delivery_weekdays = weekdays(random);
        if random.percent(10) {
            drop_or_move(&mut policy, random);
        }
        Some(Self { meta: meta(), policy })
    }

    fn meta(&mut self) -> &mut Meta {
        &mut self.meta
    }

    async fn send(self, engine: &Engine) -> Outcome {
        engine.set_policy(self).await.into()
    }

    fn told(self, _: &Engine, _: Lsn, outcome: &Outcome) -> Option<Told> {
        let Outcome::Done(_) = outcome else { return None };
        Some(Told::Fact(Box::new(PolicySet(self.policy))))
    }
}

/// Monday, on which every node of the network works, and any other days.
fn weekdays(random: &mut Random) -> Weekdays {
    let bits = 1 | u8::try_from(random.within(0..128)).expect("seven bits");
    Weekdays::from_bits(bits).expect("Monday is one")
}

/// Makes a policy one that is refused.
fn drop_or_move(policy: &mut Policy, random: &mut Random) {
    if random.percent(50) {
        policy.services.pop();
    } else {
        policy.services.swap(0, 1);
    }
}

//! Confirming a hold: as it was held, with another destination or service, or with other lines.

use backstock_engine::command::{AnyEvent, ConfirmHold, Lines, Meta, OrderRequest};
use backstock_engine::engine::Engine;
use backstock_engine::model::{Lsn, OrderId, Policy};

use super::command::{Outcome, Room, Told};
use super::place_order::{channel, destination};
use super::world::World;
use crate::fixture::{meta, order_id};
use crate::naive::command::HoldConfirmed;

impl Room for ConfirmHold {
    const NAME: &'static str = "ConfirmHold";
    const OUTCOMES: &'static [&'static str] = &[
        "HOLD_NOT_FOUND",
        "HOLD_ENDED",
        "HOLD_DIFFERS",
        "HOLD_WAITS",
        "HOLD_UNITS_GONE",
        "ORDER_ID_REUSED",
    ];

    fn draw(world: &mut World) -> Option<Self> {
        let hold = world.hold()?;
        let order = order(world);
        let mut lines = Lines::default();
        if world.random.percent(40) {
            lines = hold.order().lines.clone();
            if world.random.percent(30) {
                lines.0[0].quantity += 1;
            }
        }
        let is_elsewhere = world.random.percent(30);
        let destination = is_elsewhere.then(|| destination(world));
        let service = world.random.percent(20).then(|| {
            let services = Policy::default().services;
            world.random.pick(&services).name.clone()
        });
        // What it comes to is cancelled and shipped as other orders are.
        world.orders.push(OrderRequest { id: order.clone(), ..hold.order().clone() });
        Some(Self {
            meta: meta(),
            hold: hold.hold().clone(),
            order,
            customer: None,
            channel: channel(world, 20),
            destination,
            service,
            deliver_by: None,
            lines,
            prices: None,
        })
    }

    fn meta(&mut self) -> &mut Meta {
        &mut self.meta
    }

    async fn send(self, engine: &Engine) -> Outcome {
        engine.confirm_hold(self).await.into()
    }

    /// What it was given depends on what was free, or on what it had.
    fn told(self, _: &Engine, _: Lsn, outcome: &Outcome) -> Option<Told> {
        let Outcome::Done(_) = outcome else { return None };
        Some(Told::InJournal(Box::new(move |engine, event| {
            let AnyEvent::HoldReplaced(event) = event else { return None };
            HoldConfirmed::new(engine, &self, &event).map(|it| Box::new(it) as _)
        })))
    }
}

/// An order id: a new one, or seldom that of another order.
fn order(world: &mut World) -> OrderId {
    match world.order() {
        Some(known) if world.random.percent(5) => known.id,
        _ => order_id(&world.id("of-hold-")),
    }
}

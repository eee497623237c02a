//! Holding an order: for some seconds its units are kept, or for as long as it is on hold.

use backstock_engine::command::{AnyEvent, HoldOrder, Meta};
use backstock_engine::engine::Engine;
use backstock_engine::model::{Lsn, OrderHoldId, OrderHoldKind, Text};

use super::command::{Outcome, Room, STOCK_LET_GO, Told};
use super::world::World;
use crate::fixture::meta;
use crate::naive::command::{Fact, OrderHeld};

/// Units are kept for at most so many microseconds.
const KEPT_US_MAX: u32 = 60_000_000;

impl Room for HoldOrder {
    const NAME: &'static str = "HoldOrder";
    const OUTCOMES: &'static [&'static str] =
        &["ORDER_NOT_FOUND", "ORDER_CLOSED", "ORDER_HOLD_EXISTS", STOCK_LET_GO];

    fn draw(world: &mut World) -> Option<Self> {
        let order = world.order()?.id;
        let kind = *world.random.pick(&OrderHoldKind::ALL[..2]);
        let is_kept = world.random.percent(30);
        let until = i64::from(world.random.within(1..KEPT_US_MAX));
        let stock_until = (!is_kept).then(|| world.now.saturating_add_micros(until));
        let (reason, owner) = (Text::default(), Text::default());
        Some(Self { meta: meta(), order, hold: hold_id(world), kind, reason, owner, stock_until })
    }

    fn meta(&mut self) -> &mut Meta {
        &mut self.meta
    }

    async fn send(self, engine: &Engine) -> Outcome {
        engine.hold_order(self).await.into()
    }

    /// It may have been on hold already.
    fn told(self, _: &Engine, _: Lsn, outcome: &Outcome) -> Option<Told> {
        let Outcome::Done(_) = outcome else { return None };
        Some(Told::PerhapsInJournal(Box::new(move |_, event| {
            let AnyEvent::OrderHeld(event) = event else { return None };
            let is_it = (&event.id, &event.hold.id) == (&self.order, &self.hold);
            let (order, hold) = (self.order.to_string(), self.hold.to_string());
            let stock_until = event.hold.stock_until;
            is_it.then(|| -> Box<dyn Fact> { Box::new(OrderHeld { order, hold, stock_until }) })
        })))
    }
}

/// One of few ids, so that most holds are released.
pub(super) fn hold_id(world: &mut World) -> OrderHoldId {
    let name = *world.random.pick(&["A", "B"]);
    OrderHoldId::new("order_hold_id", name).expect("an id")
}

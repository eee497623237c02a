//! Taking units back that are on their way.

use backstock_engine::command::{DispatchTransfer, Meta, RecallTransfer};
use backstock_engine::engine::Engine;
use backstock_engine::model::Lsn;

use super::command::{Outcome, Room, Told};
use super::world::World;
use crate::fixture::{meta, node_id, sku};
use crate::naive::command::TransferRecalled;

impl Room for RecallTransfer {
    const NAME: &'static str = "RecallTransfer";
    const OUTCOMES: &'static [&'static str] =
        &["INBOUND_NOT_FOUND", "INBOUND_CLOSED", "INBOUND_NO_TRANSFER"];
    const WEIGHT_MIN: u32 = 5;

    fn draw(world: &mut World) -> Option<Self> {
        if world.random.percent(15) && !world.announced.is_empty() {
            let (item, to, id) = world.random.pick(&world.announced).clone();
            let from = node_id(world.node());
            let to = node_id(to);
            return (from != to).then(|| Self { meta: meta(), id, sku: sku(item), from, to });
        }
        let DispatchTransfer { id, sku, from, to, .. } = world.transfer()?;
        Some(Self { meta: meta(), id, sku, from, to })
    }

    fn meta(&mut self) -> &mut Meta {
        &mut self.meta
    }

    async fn send(self, engine: &Engine) -> Outcome {
        engine.recall_transfer(self).await.into()
    }

    fn told(self, _: &Engine, _: Lsn, outcome: &Outcome) -> Option<Told> {
        let Outcome::Done(_) = outcome else { return None };
        // Sent again, it is the same, whenever that is.
        let sent = Self { meta: meta(), ..self };
        Some(Told::Fact(Box::new(TransferRecalled(sent))))
    }
}

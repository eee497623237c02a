//! Sending units from one node to another.

use backstock_engine::command::{DispatchTransfer, Meta};
use backstock_engine::engine::Engine;
use backstock_engine::model::{InboundId, Lsn};

use super::SUPPLIER;
use super::change_stock::eta;
use super::command::{Outcome, Room, Told};
use super::world::World;
use crate::fixture::{meta, node_id, sku};
use crate::naive::command::TransferDispatched;

impl Room for DispatchTransfer {
    const NAME: &'static str = "DispatchTransfer";
    const OUTCOMES: &'static [&'static str] = &[
        "ITEM_NOT_FOUND",
        "NODE_NOT_FOUND",
        "NODE_IS_SUPPLIER",
        "STOCK_BELOW_ZERO",
        "INBOUND_EXISTS",
    ];

    fn draw(world: &mut World) -> Option<Self> {
        let item = world.sku();
        let [from, to] = loop {
            let ends =
                [world.node(), if world.random.percent(4) { SUPPLIER } else { world.node() }];
            if ends[0] != ends[1] {
                break ends;
            }
        };
        let again = world.random.percent(10);
        let known = again.then(|| world.transfers.last().map(|last| last.id.clone())).flatten();
        let id = known
            .unwrap_or_else(|| InboundId::new("inbound", world.id("tr-")).expect("an inbound id"));
        // What becomes of it at its end becomes of any supply.
        world.announced.push((item, to, id.clone()));
        // A single unit mostly, so that it is there.
        let quantity = if world.random.percent(60) { 1 } else { world.random.within(1..5) };
        let (from, to, eta) = (node_id(from), node_id(to), eta(world));
        let sent = Self { meta: meta(), id, sku: sku(item), from, to, quantity, eta };
        world.transfers.push(sent.clone());
        Some(sent)
    }

    fn meta(&mut self) -> &mut Meta {
        &mut self.meta
    }

    async fn send(self, engine: &Engine) -> Outcome {
        engine.dispatch_transfer(self).await.into()
    }

    fn told(self, _: &Engine, _: Lsn, outcome: &Outcome) -> Option<Told> {
        let Outcome::Done(_) = outcome else { return None };
        // Sent again, it is the same, whenever that is.
        let sent = Self { meta: meta(), ..self };
        Some(Told::Fact(Box::new(TransferDispatched(sent))))
    }
}

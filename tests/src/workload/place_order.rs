//! Placing an order: a new one, one that was placed before, or another one of its id.

use backstock_engine::command::{Lines, Meta, OrderRequest, PlaceOrder};
use backstock_engine::engine::{Engine, EngineError, PlaceOutcome, Submitted};
use backstock_engine::model::{
    Destination, Lsn, NodeId, Policy, Priority, PriorityClass, Shortage, Split, Text,
};

use super::command::{LINES_OF_A_PAIR, Outcome, Room, Told};
use super::world::World;
use super::{BUNDLES, CHANNELS};
use crate::fixture::{address, meta, order, pickup, pickup_there};
use crate::naive::command::{OrderPlaced, SoldOut, allotted};

impl Room for PlaceOrder {
    const NAME: &'static str = "PlaceOrder";
    const OUTCOMES: &'static [&'static str] = &[
        "sold out",
        "ORDER_ID_REUSED",
        "ITEM_NOT_FOUND",
        "NODE_NOT_FOUND",
        "ITEM_OFF_SALE",
        "SALE_NOT_OPEN",
        "BACKLOG_FULL",
        "PICKUP_NOT_OFFERED",
        "NO_NODE",
        LINES_OF_A_PAIR,
    ];
    const WEIGHT_MIN: u32 = 4;

    fn draw(world: &mut World) -> Option<Self> {
        let order = match (world.random.within(0..100), world.order()) {
            (0..6, Some(known)) => known,
            (6..9, Some(known)) => OrderRequest { id: known.id, ..fresh(world) },
            _ => fresh(world),
        };
        world.orders.push(order.clone());
        Some(Self { meta: meta(), placed_at: None, order })
    }

    fn meta(&mut self) -> &mut Meta {
        &mut self.meta
    }

    async fn send(self, engine: &Engine) -> Outcome {
        place(engine, self).await.unwrap_or_else(Outcome::Failed)
    }

    fn told(self, engine: &Engine, asked: Lsn, outcome: &Outcome) -> Option<Told> {
        let wanted = self.order;
        match outcome {
            Outcome::Placed(_, _, order) => Some(Told::Fact(Box::new(OrderPlaced {
                wanted,
                no: order.no.0,
                shortage: order.header.shortage,
                split: order.header.split,
                allotted: allotted(engine, order),
            }))),
            Outcome::SoldOut(until) => {
                Some(Told::SoldOut(Box::new(SoldOut { wanted, asked, until: *until })))
            }
            Outcome::Done(_) | Outcome::Failed(_) => None,
        }
    }
}

async fn place(engine: &Engine, command: PlaceOrder) -> Result<Outcome, EngineError> {
    acknowledged(engine.submit_order(command).await?).await
}

/// What an order, or a hold, that was submitted comes to.
pub(super) async fn acknowledged(submitted: Submitted) -> Result<Outcome, EngineError> {
    let is_repeat = submitted.is_repeat();
    let placed = submitted.acknowledged().await?;
    Ok(match placed.outcome {
        PlaceOutcome::Placed(order) => Outcome::Placed(placed.version, is_repeat, order),
        PlaceOutcome::SoldOut(_) => Outcome::SoldOut(placed.version),
    })
}

/// Before whom an order is served.
pub(super) fn priority(world: &mut World) -> Priority {
    let class = *world.random.pick(&PriorityClass::ALL);
    Priority::new(class, world.random.within(0..3)).expect("a tier")
}

/// An order of an id of its own.
pub(super) fn fresh(world: &mut World) -> OrderRequest {
    let count = world.random.within(1..4);
    let lines: Vec<(&str, u32)> =
        (0..count).map(|_| (world.wanted(), world.random.within(1..5))).collect();
    let shortages = [Shortage::Reject, Shortage::Backorder, Shortage::Partial];
    let shortage = *world.random.pick(&shortages);
    let splits = [Split::Units, Split::Units, Split::WholeLine];
    let split = *world.random.pick(&splits);
    let mut wanted = order(&world.id(""), &lines, shortage);
    // The others are as the policy says.
    wanted.shortage = world.random.percent(80).then_some(shortage);
    wanted.split = world.random.percent(80).then_some(split);
    if world.random.percent(30) {
        wanted.priority = priority(world);
    }
    if world.random.percent(30) {
        let services = Policy::default().services;
        wanted.service = Some(world.random.pick(&services).name.clone());
    }
    wanted.channel = channel(world, 60);
    if world.random.percent(35) {
        wanted.destination = destination(world);
    }
    wanted
}

/// An address, or a node where the customer collects: mostly one that offers it at first.
pub(super) fn destination(world: &mut World) -> Destination<NodeId> {
    match world.random.within(0..10) {
        0..5 => address(&format!("{:05}", world.random.within(0..60))),
        5..8 => pickup("STORE"),
        8 => pickup(world.node()),
        _ => pickup_there(world.node()),
    }
}

/// Whether bundles are among what is ordered.
pub(super) fn has_bundle(lines: &Lines) -> bool {
    let is_bundle = |sku: &str| BUNDLES.iter().any(|(name, _)| *name == sku);
    lines.0.iter().any(|line| is_bundle(line.sku.as_str()))
}

/// A channel, in so many cases of a hundred.
pub(super) fn channel(world: &mut World, percent: u32) -> Option<Text> {
    let name = *world.random.pick(&CHANNELS);
    world.random.percent(percent).then(|| Text::new("channel", name).expect("a text"))
}

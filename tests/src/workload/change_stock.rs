//! Changing the supply of a pair, in every way there is.

use backstock_engine::command::{ChangeStock, Meta, StockOperation};
use backstock_engine::engine::Engine;
use backstock_engine::model::{
    ChannelSafety, InboundId, Kept, Lsn, PairTerms, Segment, Segments, SupplySource, Text,
    Timestamp,
};

use super::command::{Outcome, Room, Told};
use super::world::World;
use super::{CHANNELS, SUPPLIER};
use crate::fixture::{DAY, meta, node_id, sku};
use crate::naive::command::StockChanged;

impl Room for ChangeStock {
    const NAME: &'static str = "ChangeStock";
    const OUTCOMES: &'static [&'static str] = &[
        "ITEM_NOT_FOUND",
        "NODE_NOT_FOUND",
        "INBOUND_NOT_FOUND",
        "INBOUND_EXISTS",
        "INBOUND_CLOSED",
        "INBOUND_IS_TRANSFER",
        "NODE_IS_SUPPLIER",
        "NODE_NOT_SUPPLIER",
        "STOCK_BELOW_ZERO",
        "VENDOR_FEED_OUTDATED",
    ];
    const WEIGHT_MIN: u32 = 4;

    fn draw(world: &mut World) -> Option<Self> {
        Some(match world.random.within(0..100) {
            0..8 => feed(world),
            8..31 if !world.announced.is_empty() => of_inbound(world),
            _ => at_shelves(world),
        })
    }

    fn meta(&mut self) -> &mut Meta {
        &mut self.meta
    }

    async fn send(self, engine: &Engine) -> Outcome {
        engine.change_stock(self).await.into()
    }

    fn told(self, _: &Engine, _: Lsn, outcome: &Outcome) -> Option<Told> {
        let Outcome::Done(_) = outcome else { return None };
        Some(Told::Fact(Box::new(StockChanged {
            sku: self.sku.to_string(),
            node: self.node.to_string(),
            operation: self.operation,
        })))
    }
}

fn on(item: &str, at: &str, operation: StockOperation) -> ChangeStock {
    ChangeStock { meta: meta(), sku: sku(item), node: node_id(at), operation }
}

/// What a vendor has; seldom told of a node that has shelves.
fn feed(world: &mut World) -> ChangeStock {
    if world.random.percent(10) {
        let operation = terms(world);
        return on(world.sku(), SUPPLIER, operation);
    }
    let quantity = world.random.percent(80).then(|| world.random.within(0..6));
    let at = if world.random.percent(10) { world.node() } else { SUPPLIER };
    let as_of = world.random.percent(50).then(|| stated_at(world));
    on(world.sku(), at, StockOperation::SupplierFeed { quantity, as_of })
}

/// When a vendor stated what he has: to the hour, so that some are resent and some come late.
fn stated_at(world: &mut World) -> Timestamp {
    let hours = i64::from(world.random.within(0..9));
    world.noon().saturating_add_micros((hours - 4) * DAY / 24)
}

/// What changes at a node that has shelves; seldom told of a vendor.
fn at_shelves(world: &mut World) -> ChangeStock {
    let item = world.sku();
    let at = if world.random.percent(2) { SUPPLIER } else { world.node() };
    let units = world.random.within(0..8);
    if world.random.percent(6) {
        return on(item, at, terms(world));
    }
    let operation = match world.random.within(0..8) {
        0 => set(world, units),
        // Less than was promised, now and then.
        1 => StockOperation::Count { on_hand: units / 3 },
        2 => adjust(world),
        3 | 4 => announce(world, item, at),
        _ => StockOperation::Receive {
            quantity: units + 1,
            unavailable: world.random.within(0..2).min(units),
        },
    };
    on(item, at, operation)
}

/// Who may have the units of a pair; mostly everybody again before long.
fn terms(world: &mut World) -> StockOperation {
    let mut channel_safety = Vec::new();
    for name in CHANNELS {
        if world.random.percent(40) {
            let channel = Text::new("channel", name).expect("a text");
            channel_safety.push(ChannelSafety { channel, units: world.random.within(0..4) });
        }
    }
    let off_sourcing = world.random.percent(20);
    StockOperation::SetTerms(Box::new(PairTerms {
        off_sourcing,
        channel_safety,
        segments: segments(world),
    }))
}

/// Shares of the channels, mostly none. Their release is tested by itself: generators have clocks of
/// their own.
fn segments(world: &mut World) -> Segments {
    let mut segments = Vec::new();
    for name in CHANNELS {
        if world.random.percent(35) {
            let kept = if world.random.percent(50) {
                Kept::Units(world.random.within(0..5))
            } else {
                Kept::BasisPoints(*world.random.pick(&[1, 2_500, 5_000]))
            };
            let name = Text::new("channel", name).expect("a text");
            let (channels, borrows) = (vec![name.clone()], world.random.percent(50));
            segments.push(Segment { name, channels, kept, borrows, until: None });
        }
    }
    Segments(segments)
}

fn set(world: &mut World, units: u32) -> StockOperation {
    let on_hand = world.random.percent(70).then_some(units);
    let unavailable = world.random.percent(30).then(|| world.random.within(0..2));
    let safety = world.random.percent(50).then(|| world.random.within(0..3));
    let says_nothing = unavailable.is_none() && safety.is_none();
    let on_hand = on_hand.or_else(|| says_nothing.then_some(units));
    StockOperation::Set { on_hand, unavailable, safety }
}

fn adjust(world: &mut World) -> StockOperation {
    let mut delta = || world.random.within(0..7).cast_signed() - 3;
    let on_hand_delta = delta();
    let unavailable_delta = if on_hand_delta == 0 { 1 } else { delta().min(1) };
    let reason = Text::new("reason", "cycle count").expect("a text");
    StockOperation::Adjust { on_hand_delta, unavailable_delta, reason }
}

fn announce(world: &mut World, item: &'static str, at: &'static str) -> StockOperation {
    let id = InboundId::new("inbound", world.id("po-")).expect("an inbound id");
    world.announced.push((item, at, id.clone()));
    let (quantity, eta) = (world.random.within(1..9), eta(world));
    let operation = if world.random.percent(30) {
        StockOperation::StateInbound { id, ordered: quantity, eta }
    } else {
        StockOperation::AnnounceInbound { id, quantity, eta }
    };
    let operation = weighed(world, operation);
    sourced(world, operation)
}

/// The same, and sometimes it is said where the supply comes from.
fn sourced(world: &mut World, operation: StockOperation) -> StockOperation {
    if !world.random.percent(20) {
        return operation;
    }
    let source = *world.random.pick(&[SupplySource::PurchaseOrder, SupplySource::Return]);
    StockOperation::Source { operation: Box::new(operation), source }
}

/// The same, and sometimes a part of the supply is all that counts.
fn weighed(world: &mut World, operation: StockOperation) -> StockOperation {
    if !world.random.percent(15) {
        return operation;
    }
    let parts = [0, 2_500, 5_000, 9_999, 10_000];
    let confidence_basis_points = *world.random.pick(&parts);
    StockOperation::Weigh { operation: Box::new(operation), confidence_basis_points }
}

/// When a supply is expected. Some lie beyond the horizon, and some are overdue.
pub(super) fn eta(world: &mut World) -> Timestamp {
    let days = i64::from(world.random.within(1..70));
    let days = if world.random.percent(8) { -days % 7 } else { days };
    world.noon().saturating_add_micros(days * DAY)
}

/// What becomes of a supply that was announced.
fn of_inbound(world: &mut World) -> ChangeStock {
    let (item, at, id) = world.supply();
    let operation = match world.random.within(0..46) {
        0..10 => {
            let quantity = world.random.percent(70).then(|| world.random.within(1..9));
            let eta = world.random.percent(50).then(|| eta(world));
            let quantity = quantity.or_else(|| eta.is_none().then_some(1));
            weighed(world, StockOperation::ChangeInbound { id, quantity, eta })
        }
        10..19 => StockOperation::CancelInbound { id },
        19..22 => StockOperation::AnnounceInbound { id, quantity: 1, eta: eta(world) },
        22..28 => {
            let ordered = world.random.within(1..12);
            let eta = eta(world);
            weighed(world, StockOperation::StateInbound { id, ordered, eta })
        }
        _ => StockOperation::ReceiveInbound {
            id,
            quantity: world.random.within(1..6),
            closes: world.random.percent(30),
        },
    };
    on(item, at, operation)
}

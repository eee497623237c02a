//! The answer to an order: where its units went when it was placed.
//!
//! A [`v1::PlaceOrderResponse`] is written field by field, as prost would encode it,
//! without making the message: an order has a dozen texts and lists in its answer,
//! and hundreds of thousands of orders come in a second.

use backstock_engine::engine::{
    Engine, EngineError, LineShortage, OrderAnswer, PlaceOutcome, Quoted,
};
use backstock_engine::model::{
    Allocation, Day, InboundId, Order, OrderId, OrderLine, OrderedBundle, Pair, Shipment, Supply,
};
use backstock_proto::v1;
use prost::Message;
use smallvec::SmallVec;

use super::text::OrderText;
use super::view::{self, add_units, supply_kind};
use crate::grpc::limits::ANSWER_BYTES;
use crate::grpc::transport::meters::Told;
use crate::grpc::{times, wire};

/// What was decided on an order: as placed, or as it would be.
struct Decided<'a> {
    order_id: &'a str,
    lines: &'a [OrderLine],
    bundles: &'a [OrderedBundle],
    shipments: &'a [Shipment],
    allocations: &'a [Allocation],
    /// The day that counts as on time.
    promise_by: Day,
    /// The node where it is collected; empty where it goes to an address.
    pickup_node: String,
}

/// The field of a [`v1::PlaceOrderResponse`] that has its bundles.
const BUNDLES: u8 = 12;

/// Where the units of each line went.
type Units = SmallVec<[v1::LineUnits; 4]>;

/// Ids of inbound supplies, by the place of their allocation.
type InboundIds = Vec<(usize, InboundId)>;

/// Writes the answer to an order that was placed, or found no supply. Nothing is
/// written on an error.
pub(super) async fn placed(
    engine: &Engine,
    request: &[u8],
    placed: OrderAnswer,
    out: &mut Vec<u8>,
) -> Result<Told, EngineError> {
    let version = placed.version.get();
    match placed.outcome {
        PlaceOutcome::Placed(order) => {
            Decided::of(engine, &order).answer(engine, version, out).await
        }
        PlaceOutcome::SoldOut(short) => {
            let request = OrderText::read(request).expect("it was read when it came");
            Ok(rejected(&request, &short, version, out))
        }
    }
}

/// Writes the answer to an order that was placed before: its outcome then, and how it
/// stands now. It is not asked for often, and made as a message. Nothing is written on an
/// error.
pub(super) async fn repeated(
    engine: &Engine,
    placed: OrderAnswer,
    out: &mut Vec<u8>,
) -> Result<(), EngineError> {
    let version = placed.version;
    let first = placed_message(engine, placed).await?;
    let id = OrderId::new("order_id", first.order_id.as_str()).expect("it is an order's");
    let now = view::order(engine, &engine.order(&id).await?).await?;
    let is_cancelled = now.state() == v1::OrderState::Cancelled;
    let outcome = if is_cancelled { v1::OrderOutcome::Cancelled } else { first.outcome() };
    let repeat = v1::PlaceOrderResponse {
        outcome: outcome.into(),
        lines: now.lines.iter().filter_map(|line| line.units).collect(),
        shipments: now.shipments,
        promised_by: now.promised_by,
        bundles: now.bundles,
        version: version.get(),
        is_repeat: true,
        state: now.state,
        ..first
    };
    repeat.encode(out).expect("memory grows");
    Ok(())
}

/// The answer that an order got when it was placed.
async fn placed_message(
    engine: &Engine,
    placed: OrderAnswer,
) -> Result<v1::PlaceOrderResponse, EngineError> {
    let mut first = Vec::with_capacity(ANSWER_BYTES);
    self::placed(engine, &[], placed, &mut first).await?;
    Ok(v1::PlaceOrderResponse::decode(&*first).expect("it was written as prost would"))
}

/// Writes the answer that an order would get now: one that was placed before, that of a
/// repeat.
pub(super) async fn quoted(
    engine: &Engine,
    request: &OrderText<'_>,
    quoted: Quoted,
    version: u64,
    out: &mut Vec<u8>,
) -> Result<(), EngineError> {
    match quoted {
        Quoted::Plan(draft) => {
            let decided = Decided {
                order_id: request.order_id,
                lines: &draft.lines,
                bundles: draft.bundles(),
                shipments: &draft.shipments,
                allocations: &draft.allocations,
                promise_by: draft.promise_by,
                pickup_node: request.pickup_node(),
            };
            decided.answer(engine, version, out).await?;
        }
        Quoted::Known(order) => {
            let version = order.placed_lsn;
            let placed = OrderAnswer { version, outcome: PlaceOutcome::Placed(order) };
            repeated(engine, placed, out).await?;
        }
        Quoted::SoldOut(short) => {
            rejected(request, &short, version, out);
        }
    }
    Ok(())
}

/// The same as a message.
pub(in crate::grpc) async fn quoted_message(
    engine: &Engine,
    request: &OrderText<'_>,
    quoted: Quoted,
    version: u64,
) -> Result<v1::PlaceOrderResponse, EngineError> {
    let mut answer = Vec::with_capacity(ANSWER_BYTES);
    self::quoted(engine, request, quoted, version, &mut answer).await?;
    Ok(v1::PlaceOrderResponse::decode(&*answer).expect("it was written as prost would"))
}

/// Sold out: the lines are those of the request, with one for each SKU.
fn rejected(
    request: &OrderText<'_>,
    short: &[LineShortage],
    version: u64,
    out: &mut Vec<u8>,
) -> Told {
    let mut skus: Vec<&str> = Vec::new();
    for line in &request.lines {
        if !skus.contains(&line.sku) {
            skus.push(line.sku);
        }
    }
    let outcome = v1::OrderOutcome::Rejected;
    wire::text(out, 1, request.order_id);
    wire::int(out, 2, outcome);
    for LineShortage { line, short, .. } in short {
        shortage(out, (*line).into(), skus[usize::from(*line)], *short);
    }
    wire::number(out, 6, version);
    Told { outcome, units_promised: 0 }
}

/// Writes a [`v1::LineShortage`] of an answer.
fn shortage(out: &mut Vec<u8>, line: u32, sku: &str, short: u32) {
    wire::message(out, 5, |out| {
        wire::number(out, 1, line);
        wire::text(out, 2, sku);
        wire::number(out, 3, short);
    });
}

impl<'a> Decided<'a> {
    fn of(engine: &Engine, order: &'a Order) -> Self {
        Self {
            order_id: order.header.id.as_str(),
            lines: &order.lines,
            bundles: &order.bundles,
            shipments: order.placed_shipments(),
            allocations: order.placed_allocations(),
            promise_by: order.header.promise_by,
            pickup_node: view::pickup_node(engine, &order.header.destination),
        }
    }

    async fn answer(
        &self,
        engine: &Engine,
        version: u64,
        out: &mut Vec<u8>,
    ) -> Result<Told, EngineError> {
        let inbound = self.inbound_ids(engine).await?;
        let units = self.units();
        let outcome = outcome(&units);
        wire::text(out, 1, self.order_id);
        wire::int(out, 2, outcome);
        units.iter().for_each(|units| line_units(out, *units));
        for (shipment, number) in self.shipments.iter().zip(0u16..) {
            self.shipment(engine, shipment, number, &inbound, out);
        }
        self.shortages(engine, &units, out);
        wire::number(out, 6, version);
        date(out, 7, promised_by(self.shipments));
        wire::number(out, 8, late(self.allocations, self.shipments, self.promise_by).0);
        self.lines.iter().for_each(|line| wire::text(out, 9, engine.sku_no(line.sku).as_str()));
        if !self.bundles.is_empty() {
            self.bundles(engine, &units, out);
        }
        Ok(Told { outcome, units_promised: units_promised(&units) })
    }

    /// Writes a [`v1::OrderBundle`] for each, as placed.
    fn bundles(&self, engine: &Engine, units: &Units, out: &mut Vec<u8>) {
        let lines = self.lines.iter().zip(units);
        let placed = lines.map(|(line, units)| OrderLine { cancelled: units.cancelled, ..*line });
        let placed: Vec<OrderLine> = placed.collect();
        for bundle in view::bundles(engine, self.bundles, &placed) {
            wire::message(out, BUNDLES, |out| bundle.encode(out).expect("memory grows"));
        }
    }

    /// The ids of what is on its way; their pairs are asked.
    async fn inbound_ids(&self, engine: &Engine) -> Result<InboundIds, EngineError> {
        let mut ids = InboundIds::new();
        for (at, allocation) in self.allocations.iter().enumerate() {
            if matches!(allocation.supply, Supply::Inbound(_)) {
                let sku = self.lines[usize::from(allocation.line)].sku;
                let node = self.shipments[usize::from(allocation.shipment)].node;
                let id = engine.inbound_id(Pair { sku, node }, allocation.supply).await?;
                ids.extend(id.map(|id| (at, id)));
            }
        }
        Ok(ids)
    }

    /// Units by line and supply at placing. What has no allocation was
    /// cancelled for want of supply.
    fn units(&self) -> Units {
        let mut units = Units::from_elem(v1::LineUnits::default(), self.lines.len());
        for allocation in self.allocations {
            add_units(
                &mut units[usize::from(allocation.line)],
                allocation.supply,
                allocation.units,
            );
        }
        for (line, units) in self.lines.iter().zip(&mut units) {
            let allocated = units.allocated + units.preordered + units.backordered;
            units.cancelled = line.ordered - allocated;
        }
        units
    }

    /// Writes a [`v1::Shipment`] as it was when the order was answered first.
    fn shipment(
        &self,
        engine: &Engine,
        shipment: &Shipment,
        number: u16,
        inbound: &[(usize, InboundId)],
        out: &mut Vec<u8>,
    ) {
        let begun = wire::begin(out, 4);
        wire::number(out, 1, u32::from(number) + 1);
        wire::text(out, 2, engine.node_no(shipment.node).id.as_str());
        date(out, 3, shipment.ship_by);
        date(out, 4, shipment.deliver_by);
        wire::int(out, 5, v1::ShipmentState::Planned);
        let allocations = self.allocations.iter().enumerate();
        for (at, allocation) in allocations.filter(|(_, a)| a.shipment == number) {
            let id = inbound.iter().find(|(of, _)| *of == at).map(|(_, id)| id.as_str());
            self.shipment_line(engine, allocation, id.unwrap_or_default(), out);
        }
        wire::text(out, 12, &self.pickup_node);
        wire::end(out, begun);
    }

    /// Writes a [`v1::ShipmentLine`].
    fn shipment_line(
        &self,
        engine: &Engine,
        allocation: &Allocation,
        inbound_id: &str,
        out: &mut Vec<u8>,
    ) {
        let sku = self.lines[usize::from(allocation.line)].sku;
        wire::message(out, 9, |out| {
            wire::number(out, 1, allocation.line);
            wire::text(out, 2, engine.sku_no(sku).as_str());
            wire::number(out, 3, allocation.units);
            wire::message(out, 4, |out| {
                wire::int(out, 1, supply_kind(allocation.supply));
                wire::text(out, 2, inbound_id);
            });
        });
    }

    fn shortages(&self, engine: &Engine, units: &Units, out: &mut Vec<u8>) {
        for ((line, units), at) in self.lines.iter().zip(units).zip(0u32..) {
            let short = units.backordered + units.cancelled;
            if short > 0 {
                shortage(out, at, engine.sku_no(line.sku).as_str(), short);
            }
        }
    }
}

/// Writes a [`v1::LineUnits`] of an answer; none has shipped yet.
fn line_units(out: &mut Vec<u8>, units: v1::LineUnits) {
    wire::message(out, 3, |out| {
        wire::number(out, 1, units.backordered);
        wire::number(out, 2, units.preordered);
        wire::number(out, 3, units.allocated);
        wire::number(out, 5, units.cancelled);
    });
}

/// Writes a day, if there is one.
fn date(out: &mut Vec<u8>, field: u8, day: Option<Day>) {
    wire::date(out, field, day.and_then(times::date));
}

fn outcome(lines: &[v1::LineUnits]) -> v1::OrderOutcome {
    let supplied = lines.iter().any(|units| units.allocated + units.preordered > 0);
    let waits = lines.iter().any(|units| units.backordered > 0);
    let short = lines.iter().any(|units| units.backordered + units.cancelled > 0);
    match (supplied, short) {
        (_, false) => v1::OrderOutcome::Allocated,
        (true, true) => v1::OrderOutcome::PartiallyAllocated,
        (false, true) if waits => v1::OrderOutcome::Backordered,
        // It is paid, and there is not enough.
        (false, true) => v1::OrderOutcome::Cancelled,
    }
}

fn units_promised(lines: &[v1::LineUnits]) -> u64 {
    lines.iter().map(|units| u64::from(units.allocated + units.preordered)).sum()
}

/// The day of the last shipment; none while units wait without a date.
pub(super) fn promised_by<'a>(shipments: impl IntoIterator<Item = &'a Shipment>) -> Option<Day> {
    let mut last = None;
    for shipment in shipments {
        last = last.max(Some(shipment.deliver_by?));
    }
    last
}

/// Units with a supply that are delivered after the day that counts as on time, and the
/// same times the days that each is late.
pub(super) fn late(
    allocations: &[Allocation],
    shipments: &[Shipment],
    promise_by: Day,
) -> (u32, u64) {
    let supplied = allocations.iter().filter(|a| a.supply != Supply::Backorder);
    supplied.fold((0, 0), |(units, unit_days), allocation| {
        let delivered = shipments[usize::from(allocation.shipment)].deliver_by;
        match delivered.map_or(0, |day| day.days_after(promise_by)) {
            0 => (units, unit_days),
            days => {
                let more = u64::from(allocation.units) * u64::from(days);
                (units + allocation.units, unit_days + more)
            }
        }
    })
}

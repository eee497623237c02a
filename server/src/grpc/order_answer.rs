//! The answer to an order: where its units went when it was placed.

use backstock_engine::engine::{Draft, Engine, EngineError, PlaceOutcome, Placed};
use backstock_engine::model::command::OrderRequest;
use backstock_engine::model::{Allocation, OrderLine, Shipment, Shortage, Supply};
use backstock_proto::v1;

use super::order_view::{Part, add_units, shipments};

/// What was decided on an order: as placed, or as it would be.
struct Decided<'a> {
    lines: &'a [OrderLine],
    shipments: &'a [Shipment],
    allocations: &'a [Allocation],
}

/// The answer to an order that was placed, or found no supply.
pub(super) async fn placed(
    engine: &Engine,
    request: v1::PlaceOrderRequest,
    placed: Placed,
) -> Result<v1::PlaceOrderResponse, EngineError> {
    let version = placed.version.get();
    match placed.outcome {
        PlaceOutcome::Placed(order) => {
            let decided = Decided {
                lines: &order.lines,
                shipments: &order.shipments,
                allocations: &order.allocations,
            };
            decided.answer(engine, request.order_id, version).await
        }
        PlaceOutcome::SoldOut(short) => {
            let shortages = short.iter().map(|line| (line.line, line.short));
            Ok(rejected(request, shortages, version))
        }
    }
}

/// The answer that an order would get now.
pub(super) async fn quoted(
    engine: &Engine,
    request: v1::PlaceOrderRequest,
    order: &OrderRequest,
    draft: &Draft,
    version: u64,
) -> Result<v1::PlaceOrderResponse, EngineError> {
    let nothing = draft.allocations.is_empty();
    let refuses = match order.shortage.unwrap_or_else(|| engine.policy().shortage) {
        Shortage::Reject => draft.unfilled_units() > 0,
        Shortage::Partial => nothing,
        Shortage::Backorder if nothing => {
            return Err(backstock_engine::model::Refusal::NoNode.into());
        }
        Shortage::Backorder => false,
    };
    if refuses {
        let short = draft.unfilled.iter().copied().zip(0u16..).filter(|(short, _)| *short > 0);
        return Ok(rejected(request, short.map(|(short, line)| (line, short)), version));
    }
    let decided = Decided {
        lines: &draft.lines,
        shipments: &draft.shipments,
        allocations: &draft.allocations,
    };
    decided.answer(engine, request.order_id, version).await
}

/// Sold out: the lines are those of the request, with one for each SKU.
fn rejected(
    request: v1::PlaceOrderRequest,
    short: impl Iterator<Item = (u16, u32)>,
    version: u64,
) -> v1::PlaceOrderResponse {
    let mut skus: Vec<&str> = Vec::new();
    for line in &request.lines {
        if !skus.contains(&line.sku.as_str()) {
            skus.push(&line.sku);
        }
    }
    let shortages = short.map(|(line, short)| v1::LineShortage {
        line_index: line.into(),
        sku: skus[usize::from(line)].to_owned(),
        short,
    });
    v1::PlaceOrderResponse {
        outcome: v1::OrderOutcome::Rejected.into(),
        shortages: shortages.collect(),
        version,
        order_id: request.order_id,
        ..v1::PlaceOrderResponse::default()
    }
}

impl Decided<'_> {
    async fn answer(
        &self,
        engine: &Engine,
        order_id: String,
        version: u64,
    ) -> Result<v1::PlaceOrderResponse, EngineError> {
        let lines = self.units();
        let parts: Vec<Part> = self.allocations.iter().map(part_as_placed).collect();
        let shipments = shipments(engine, self.lines, self.shipments, &parts).await?;
        Ok(v1::PlaceOrderResponse {
            order_id,
            outcome: outcome(&lines).into(),
            shortages: self.shortages(engine, &lines),
            lines,
            shipments: shipments.into_iter().map(as_planned).collect(),
            version,
        })
    }

    /// Units by line and supply at placing. What has no allocation was
    /// cancelled for want of supply.
    fn units(&self) -> Vec<v1::LineUnits> {
        let mut units = vec![v1::LineUnits::default(); self.lines.len()];
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

    fn shortages(&self, engine: &Engine, units: &[v1::LineUnits]) -> Vec<v1::LineShortage> {
        let lines = self.lines.iter().zip(units).zip(0u32..);
        let short = lines.filter(|((_, units), _)| units.backordered + units.cancelled > 0);
        short
            .map(|((line, units), line_index)| v1::LineShortage {
                line_index,
                sku: engine.item_no(line.sku).sku.to_string(),
                short: units.backordered + units.cancelled,
            })
            .collect()
    }
}

fn part_as_placed(allocation: &Allocation) -> Part {
    Part {
        line: allocation.line,
        shipment: allocation.shipment,
        supply: allocation.supply,
        units: allocation.units,
    }
}

/// A shipment as it was when the order was answered first.
fn as_planned(shipment: v1::Shipment) -> v1::Shipment {
    v1::Shipment {
        state: v1::ShipmentState::Planned.into(),
        carrier: String::new(),
        tracking: String::new(),
        shipped_time: None,
        ..shipment
    }
}

fn outcome(lines: &[v1::LineUnits]) -> v1::OrderOutcome {
    let supplied = lines.iter().any(|units| units.allocated + units.preordered > 0);
    let short = lines.iter().any(|units| units.backordered + units.cancelled > 0);
    match (supplied, short) {
        (_, false) => v1::OrderOutcome::Allocated,
        (true, true) => v1::OrderOutcome::PartiallyAllocated,
        (false, true) => v1::OrderOutcome::Backordered,
    }
}

/// Units of an answer that have a supply.
pub(super) fn units_promised(answer: &v1::PlaceOrderResponse) -> u64 {
    answer.lines.iter().map(|units| u64::from(units.allocated + units.preordered)).sum()
}

/// Whether units of that supply are promised with a day.
pub(super) const fn has_supply(supply: Supply) -> bool {
    !matches!(supply, Supply::Backorder)
}

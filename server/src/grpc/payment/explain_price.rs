//! `ExplainPrice`: each total of an order, line by line, unit by unit.

use backstock_engine::engine::Engine;
use backstock_engine::model::{Minor, Order, OrderMoney, PricedUnits, Refusal};
use backstock_proto::v1;
use tonic::Status;

use super::view;
use crate::grpc::order::read_id;
use crate::grpc::{Api, plain};

/// Units of which each is told what it costs.
const UNITS_TOLD_MAX: u32 = 1_000;

pub(super) async fn handle(
    api: &Api,
    request: v1::ExplainPriceRequest,
) -> Result<v1::ExplainPriceResponse, Status> {
    let id = read_id(request.order_id)?;
    api.reach(request.min_version).await?;
    let shown = api.engine().order(&id).await.map_err(plain)?;
    let order = &*shown.order;
    let Some(money) = order.money.as_deref() else {
        return Err(plain(Refusal::OrderNotPriced { order_id: id }.into()));
    };
    let units = money.units.iter().map(|of| units(api.engine(), order, money, of));
    Ok(v1::ExplainPriceResponse {
        money: view::of(order),
        units: units.collect(),
        shipping: view::components(money, &money.shipping),
        version: shown.version.get(),
    })
}

fn units(engine: &Engine, order: &Order, money: &OrderMoney, of: &PricedUnits) -> v1::UnitsPriced {
    let sku = order.lines[usize::from(of.line)].sku;
    v1::UnitsPriced {
        line_index: of.line.into(),
        sku: engine.sku_no(sku).to_string(),
        units: of.units,
        unit_price_e4: of.unit_price.0,
        components: view::components(money, &of.components),
        cancelled: of.cancelled,
        credited: of.credited,
        each: (0..of.units.min(UNITS_TOLD_MAX)).map(|unit| each(of, unit)).collect(),
    }
}

/// What one unit costs, the first one being 0.
fn each(of: &PricedUnits, unit: u32) -> v1::UnitPriced {
    let amounts = of.components.iter().map(|component| of.between(component, (unit, unit + 1)));
    let Minor(total_minor) = of.upto(unit + 1) - of.upto(unit);
    v1::UnitPriced { amounts_minor: amounts.map(|amount| amount.0).collect(), total_minor }
}

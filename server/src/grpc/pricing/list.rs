//! Price lists and their prices, there and back.

use backstock_engine::command::ItemPrices;
use backstock_engine::model::{PriceListId, Sku, UnitPrice};
use backstock_engine::pricing::{PriceListDefinition, PriceRow, Scope};
use backstock_proto::v1;

use super::parts::{currency, dates, text, validity};
use crate::grpc::fields::FieldNames;
use crate::status::Violations;

/// How the engine calls the fields of a list.
pub(super) const NAMES: FieldNames = FieldNames::new("price_list.", &[]);

/// How it calls the fields of prices.
pub(super) const PRICES: FieldNames =
    FieldNames::new("", &[("unit_price", "unit_price_ten_thousandths")]);

/// A price list.
pub(super) fn read(found: &mut Violations, given: &v1::PriceList) -> PriceListDefinition {
    use v1::price_list::Scope as Given;
    let id = found.id("price_list.price_list_id", &given.price_list_id, PriceListId::new);
    let currency = currency(found, "price_list.currency_code", &given.currency_code);
    let scope = match &given.scope {
        None => Scope::Everybody,
        Some(Given::Channel(name)) => Scope::Channel(text(found, "price_list.channel", name)),
        Some(Given::CustomerGroup(name)) => {
            Scope::Group(text(found, "price_list.customer_group", name))
        }
        Some(Given::Contract(name)) => Scope::Contract(text(found, "price_list.contract", name)),
    };
    PriceListDefinition { id, currency, scope }
}

/// A price list as callers see it.
pub(super) fn message(list: &PriceListDefinition) -> v1::PriceList {
    use v1::price_list::Scope as Given;
    let name = list.scope.name().to_owned();
    let scope = match list.scope {
        Scope::Everybody => None,
        Scope::Channel(_) => Some(Given::Channel(name)),
        Scope::Group(_) => Some(Given::CustomerGroup(name)),
        Scope::Contract(_) => Some(Given::Contract(name)),
    };
    v1::PriceList {
        price_list_id: list.id.to_string(),
        currency_code: list.currency.to_string(),
        scope,
    }
}

/// All prices of an item.
pub(super) fn read_prices(
    found: &mut Violations,
    path: &str,
    given: &v1::ItemPrices,
) -> ItemPrices {
    let sku = found.id(&format!("{path}.sku"), &given.sku, Sku::new);
    let rows = given.rows.iter().enumerate();
    let rows = rows.map(|(at, row)| read_row(found, &format!("{path}.rows[{at}]."), row)).collect();
    ItemPrices { sku, rows }
}

fn read_row(found: &mut Violations, path: &str, row: &v1::PriceRow) -> PriceRow {
    let min_units = found.units(&format!("{path}min_units"), row.min_units.max(1));
    let valid = validity(found, path, row.valid_from.as_ref(), row.valid_until.as_ref());
    PriceRow { min_units, valid, price: UnitPrice(row.unit_price_ten_thousandths) }
}

/// All prices of an item as callers see them.
pub(super) fn prices_message(sku: &Sku, rows: &[PriceRow]) -> v1::ItemPrices {
    let row = |row: &PriceRow| {
        let (valid_from, valid_until) = dates(row.valid);
        v1::PriceRow {
            min_units: row.min_units.into(),
            unit_price_ten_thousandths: row.price.0,
            valid_from,
            valid_until,
        }
    };
    v1::ItemPrices { sku: sku.to_string(), rows: rows.iter().map(row).collect() }
}

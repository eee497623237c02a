//! Reads the four tables, and notes what is wrong in them.

use std::collections::{BTreeMap, HashMap, HashSet};

use anyhow::{Context, Result, bail};
use backstock_engine::calendar::Zone;
use backstock_engine::geo::PostalCodes;
use backstock_engine::model::{Day, Timestamp};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{
    Category, SHOP_CLOSES_MINUTES, SHOP_OPENS_MINUTES, SHOP_ZONE, Segment, ShipMode, Superstore,
    SuperstoreCustomer, SuperstoreLine, SuperstoreOrder, SuperstoreProduct,
};
use crate::demo::dirt::{
    DirtReport, PostalReplacement, PostalRestored, RepeatedProduct, SharedProductId,
};
use crate::demo::hash::spread_below;
use crate::reference::UsPostalCodes;

const PRODUCTS: &str = include_str!("../assets/products.csv");
const CUSTOMERS: &str = include_str!("../assets/customers.csv");
const ORDERS: &str = include_str!("../assets/orders.csv");
const LINES: &str = include_str!("../assets/lines.csv");

/// Hundredths of a cent in a dollar: the finest total has four decimals.
const HUNDREDTHS_PER_DOLLAR: u64 = 10_000;

#[derive(Deserialize)]
struct ProductRow {
    id: String,
    category: String,
    sub_category: String,
    name: String,
}

#[derive(Deserialize)]
struct CustomerRow {
    id: String,
    name: String,
    segment: String,
}

#[derive(Deserialize)]
struct OrderRow {
    id: String,
    date: String,
    ship_mode: String,
    customer: String,
    postal_code: String,
}

#[derive(Deserialize)]
struct LineRow {
    order: usize,
    product: usize,
    quantity: u32,
    sales: String,
}

pub(super) fn superstore() -> Result<Superstore> {
    let mut dirt = DirtReport::default();
    let product_rows: Vec<ProductRow> = table(PRODUCTS)?;
    let line_rows: Vec<LineRow> = table(LINES)?;
    let products = distinct_products(&product_rows, &line_rows, &mut dirt)?;
    let customers = customers()?;
    let mut orders = orders(&customers)?;
    for row in &line_rows {
        let order = orders.get_mut(row.order).context("a line names no order")?;
        let product = product_rows.get(row.product).context("a line names no product")?;
        order.lines.push(line(row, &product.id, &mut dirt)?);
    }
    orders.sort_by(|a, b| (a.placed_at, &a.id).cmp(&(b.placed_at, &b.id)));
    for order in &orders {
        note_repeated_products(order, &mut dirt);
    }
    restore_postal_codes(&mut orders, &mut dirt)?;
    Ok(Superstore { products, customers, orders, dirt })
}

fn table<Row: DeserializeOwned>(text: &str) -> Result<Vec<Row>> {
    let mut reader = csv::ReaderBuilder::new().comment(Some(b'#')).from_reader(text.as_bytes());
    Ok(reader.deserialize().collect::<Result<_, _>>()?)
}

/// One product for each id, under the first name. The rows keep both.
fn distinct_products(
    rows: &[ProductRow],
    lines: &[LineRow],
    dirt: &mut DirtReport,
) -> Result<Vec<SuperstoreProduct>> {
    let mut products: Vec<SuperstoreProduct> = Vec::new();
    let mut place_of = HashMap::new();
    for (number, row) in rows.iter().enumerate() {
        let place = *place_of.entry(&row.id).or_insert(products.len());
        let Some(kept) = products.get(place) else {
            products.push(product(row)?);
            continue;
        };
        let lines = lines.iter().filter(|line| line.product == number).count();
        dirt.product_ids_shared.push(SharedProductId {
            sku: row.id.clone(),
            kept: kept.name.clone(),
            dropped: row.name.clone(),
            lines: u32::try_from(lines)?,
        });
    }
    Ok(products)
}

fn product(row: &ProductRow) -> Result<SuperstoreProduct> {
    Ok(SuperstoreProduct {
        sku: row.id.clone(),
        name: row.name.clone(),
        category: category(&row.category)?,
        sub_category: row.sub_category.clone(),
    })
}

fn customers() -> Result<Vec<SuperstoreCustomer>> {
    let customer = |CustomerRow { id, name, segment }| {
        Ok(SuperstoreCustomer { id, name, segment: self::segment(&segment)? })
    };
    table(CUSTOMERS)?.into_iter().map(customer).collect()
}

fn orders(customers: &[SuperstoreCustomer]) -> Result<Vec<SuperstoreOrder>> {
    let zone = Zone::named(SHOP_ZONE)?;
    let segment_of: HashMap<&str, Segment> =
        customers.iter().map(|customer| (customer.id.as_str(), customer.segment)).collect();
    let order = |row: OrderRow| {
        let segment = segment_of.get(row.customer.as_str()).context("an order of no customer")?;
        let date = day(&row.date)?;
        Ok(SuperstoreOrder {
            placed_at: placed_at(&zone, date, &row.id),
            date,
            ship_mode: ship_mode(&row.ship_mode)?,
            segment: *segment,
            located_at: row.postal_code.clone(),
            postal_code: row.postal_code,
            customer: row.customer,
            id: row.id,
            lines: Vec::new(),
        })
    };
    table(ORDERS)?.into_iter().map(order).collect()
}

fn day(text: &str) -> Result<Day> {
    Ok(text.parse::<jiff::civil::Date>()?.into())
}

/// Spread over the hours of the shop to the millisecond, so that two orders of
/// a day hardly ever meet.
fn placed_at(zone: &Zone, date: Day, order_id: &str) -> Timestamp {
    let open_ms = u32::from(SHOP_CLOSES_MINUTES - SHOP_OPENS_MINUTES) * 60_000;
    let past_opening_ms = spread_below("order placed at", order_id, open_ms);
    zone.instant(date, SHOP_OPENS_MINUTES).saturating_add_micros(i64::from(past_opening_ms) * 1_000)
}

fn line(row: &LineRow, sku: &str, dirt: &mut DirtReport) -> Result<SuperstoreLine> {
    let total = hundredths_of_a_cent(&row.sales)?;
    let quantity = u64::from(row.quantity);
    if quantity == 0 {
        bail!("a line of no units");
    }
    // Half a cent is 50 hundredths; adding half the divisor rounds half up.
    let unit_price_cents = (total + quantity * 50) / (quantity * 100);
    let priced = unit_price_cents * quantity * 100;
    dirt.lines_finer_than_cents += u32::from(total % 100 != 0);
    dirt.lines_with_rounded_unit_price += u32::from(priced != total);
    dirt.rounding_hundredths_of_a_cent += priced.abs_diff(total);
    Ok(SuperstoreLine {
        sku: sku.to_owned(),
        quantity: row.quantity,
        unit_price_cents: u32::try_from(unit_price_cents)?,
        total_hundredths_of_a_cent: total,
    })
}

/// Dollars with up to four decimals, exactly.
fn hundredths_of_a_cent(dollars: &str) -> Result<u64> {
    let (whole, decimals) = dollars.split_once('.').unwrap_or((dollars, ""));
    if decimals.len() > 4 {
        bail!("{dollars} has more than four decimals");
    }
    let fraction: u64 = format!("{decimals:0<4}").parse()?;
    Ok(whole.parse::<u64>()? * HUNDREDTHS_PER_DOLLAR + fraction)
}

fn note_repeated_products(order: &SuperstoreOrder, dirt: &mut DirtReport) {
    let mut seen = HashSet::new();
    for line in order.lines.iter().filter(|line| !seen.insert(&line.sku)) {
        dirt.products_repeated
            .push(RepeatedProduct { order: order.id.clone(), sku: line.sku.clone() });
    }
}

fn restore_postal_codes(orders: &mut [SuperstoreOrder], dirt: &mut DirtReport) -> Result<()> {
    let codes = UsPostalCodes::shared();
    let mut restored: BTreeMap<String, PostalRestored> = BTreeMap::new();
    let mut replaced: BTreeMap<String, PostalReplacement> = BTreeMap::new();
    for order in orders {
        let given = std::mem::take(&mut order.postal_code);
        let code = format!("{given:0>5}");
        let nearest = codes.nearest_in_prefix(&code).context("no postal code is near")?;
        if given != code {
            let fresh = || PostalRestored { given, restored: code.clone(), orders: 0 };
            restored.entry(code.clone()).or_insert_with(fresh).orders += 1;
        }
        if codes.locate(&code).is_none() {
            let used = nearest.code.clone();
            let fresh = || PostalReplacement { unknown: code.clone(), used, orders: 0 };
            replaced.entry(code.clone()).or_insert_with(fresh).orders += 1;
        }
        order.located_at = nearest.code;
        order.postal_code = code;
    }
    dirt.postal_codes_restored = restored.into_values().collect();
    dirt.postal_codes_replaced = replaced.into_values().collect();
    Ok(())
}

fn category(text: &str) -> Result<Category> {
    Ok(match text {
        "Furniture" => Category::Furniture,
        "Office Supplies" => Category::OfficeSupplies,
        "Technology" => Category::Technology,
        _ => bail!("unknown category {text:?}"),
    })
}

fn segment(text: &str) -> Result<Segment> {
    Ok(match text {
        "Consumer" => Segment::Consumer,
        "Corporate" => Segment::Corporate,
        "Home Office" => Segment::HomeOffice,
        _ => bail!("unknown segment {text:?}"),
    })
}

fn ship_mode(text: &str) -> Result<ShipMode> {
    Ok(match text {
        "Standard Class" => ShipMode::StandardClass,
        "Second Class" => ShipMode::SecondClass,
        "First Class" => ShipMode::FirstClass,
        "Same Day" => ShipMode::SameDay,
        _ => bail!("unknown ship mode {text:?}"),
    })
}

use std::collections::HashSet;

use super::*;
use crate::demo::dirt::PostalReplacement;
use crate::reference::UsPostalCodes;
use backstock_engine::calendar::Zone;
use backstock_engine::geo::PostalCodes;

#[test]
fn every_order_and_every_line_of_the_source_is_there() {
    let store = Superstore::shared();
    assert_eq!(store.orders.len(), 5_009);
    assert_eq!(store.products.len(), 1_862);
    assert_eq!(store.customers.len(), 793);
    let lines = || store.orders.iter().flat_map(|order| &order.lines);
    assert_eq!(lines().count(), 9_994);
    assert_eq!(lines().map(|line| line.quantity).sum::<u32>(), 37_873);
    // The sum of the source's sales column: 2,297,200.8603 dollars.
    let total: u64 = lines().map(|line| line.total_hundredths_of_a_cent).sum();
    assert_eq!(total, 22_972_008_603);
}

#[test]
fn orders_come_in_the_order_of_their_instants_on_their_own_days() {
    let store = Superstore::shared();
    let zone = Zone::named(SHOP_ZONE).unwrap();
    assert!(store.orders.is_sorted_by_key(|order| order.placed_at));
    assert!(store.orders.is_sorted_by_key(|order| order.date));
    for order in &store.orders {
        assert_eq!(zone.local_day(order.placed_at), order.date, "{}", order.id);
        assert!(order.placed_at >= zone.instant(order.date, SHOP_OPENS_MINUTES));
        assert!(order.placed_at < zone.instant(order.date, SHOP_CLOSES_MINUTES));
    }
    assert_eq!(store.orders[0].date.to_string(), "2014-01-03");
    assert_eq!(store.orders[5_008].date.to_string(), "2017-12-30");
}

#[test]
fn an_order_reads_as_its_source_does() {
    let store = Superstore::shared();
    let order = store.orders.iter().find(|order| order.id == "US-2015-108966").unwrap();
    assert_eq!(order.date.to_string(), "2015-10-11");
    assert_eq!(order.customer, "SO-20335");
    assert_eq!((order.ship_mode, order.segment), (ShipMode::StandardClass, Segment::Consumer));
    assert_eq!((order.postal_code.as_str(), order.located_at.as_str()), ("33311", "33311"));
    // 957.5775 over 5 units is 191.5155 a unit.
    let table = &order.lines[0];
    assert_eq!((table.sku.as_str(), table.quantity), ("FUR-TA-10000577", 5));
    assert_eq!(table.unit_price_cents, 19_152);
    assert_eq!(table.total_hundredths_of_a_cent, 9_575_775);
}

#[test]
fn every_order_goes_to_a_place_that_the_reference_knows() {
    let codes = UsPostalCodes::shared();
    for order in &Superstore::shared().orders {
        assert_eq!(order.postal_code.len(), 5);
        assert!(codes.locate(&order.located_at).is_some(), "{}", order.located_at);
    }
}

#[test]
fn lines_name_products_and_orders_name_customers_that_exist() {
    let store = Superstore::shared();
    let skus: HashSet<_> = store.products.iter().map(|product| &product.sku).collect();
    let customers: HashSet<_> = store.customers.iter().map(|customer| &customer.id).collect();
    assert_eq!((skus.len(), customers.len()), (store.products.len(), store.customers.len()));
    for order in &store.orders {
        assert!(customers.contains(&order.customer));
        assert!(order.lines.iter().all(|line| skus.contains(&line.sku)));
    }
}

#[test]
fn what_is_wrong_is_counted_and_named() {
    let dirt = &Superstore::shared().dirt;
    assert_eq!(dirt.postal_codes_restored.len(), 52);
    assert!(dirt.postal_codes_restored.iter().all(|code| code.restored.starts_with('0')));
    let replaced = |unknown: &str, used: &str, orders| PostalReplacement {
        unknown: unknown.to_owned(),
        used: used.to_owned(),
        orders,
    };
    let expected = [replaced("05408", "05407", 6), replaced("06824", "06820", 12)];
    assert_eq!(dirt.postal_codes_replaced, expected);
    assert_eq!(dirt.product_ids_shared.len(), 32);
    assert!(dirt.product_ids_shared.iter().all(|shared| shared.kept != shared.dropped));
    assert_eq!(dirt.products_repeated.len(), 8);
    assert_eq!(dirt.lines_finer_than_cents, 4_001);
    assert_eq!(dirt.lines_with_rounded_unit_price, 4_549);
}

#[test]
fn the_report_names_each_kind_of_dirt() {
    let report = Superstore::shared().dirt.to_string();
    for part in ["52 postal codes", "05408", "06820", "32 product ids", "8 orders", "finer"] {
        assert!(report.contains(part), "{part} is not in:\n{report}");
    }
}

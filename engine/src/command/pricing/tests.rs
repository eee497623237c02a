//! What callers may say: this command, exactly these fields are wrong. And what comes of a life of commands.

use super::define_price_list::DefinePriceList;
use super::set_prices::{ItemPrices, SetPrices};
use super::set_tax_categories::{ItemCategory, SetTaxCategories};
use crate::command::fixture::{
    AT, meta, price_list, price_row, promotion, set_prices, shipping_rates, sku, tax_categories,
    tax_rates,
};
use crate::engine::tests::{OnePlace, one_unit, run};
use crate::limits::PRICE_ROWS_AT_ONCE_MAX;
use crate::model::{Currency, PriceListId, Text};
use crate::pricing::Scope;
use crate::state::network::Network;
use crate::transaction::command::{Command, Facts};

fn fields(command: &impl Command) -> Vec<String> {
    let network = Network::empty(0);
    let facts = Facts { now: AT, network: &network, postal: &OnePlace };
    let found = command.validate(&facts).err().unwrap_or_default();
    found.into_iter().map(|violation| violation.field).collect()
}

#[test]
fn each_field_that_is_wrong_is_named() {
    let list = |currency: &str, scope| {
        let mut command = price_list("L");
        command.definition.currency = Currency::new("currency_code", currency).unwrap();
        command.definition.scope = scope;
        command
    };
    let none = Text::default();
    let cases: [(DefinePriceList, &[&str]); 3] = [
        (price_list("L"), &[]),
        (list("XAU", Scope::Channel(none.clone())), &["currency_code", "scope"]),
        (list("EUR", Scope::Contract(none.clone())), &["scope"]),
    ];
    for (command, expected) in cases {
        assert_eq!(fields(&command), expected, "{command:?}");
    }
    let of = |items: Vec<ItemPrices>| SetPrices { items, ..set_prices("L", "A") };
    let item = |rows: usize| ItemPrices { sku: sku("A"), rows: vec![price_row(1, 1); rows] };
    let cases: [(SetPrices, &[&str]); 5] = [
        (set_prices("L", "A"), &[]),
        (of(vec![]), &["items"]),
        (of(vec![item(1), item(0)]), &["items[1].sku"]),
        (of(vec![item(2)]), &["items[0].rows[1].valid_from"]),
        (of(vec![item(PRICE_ROWS_AT_ONCE_MAX + 1)]), &["items.rows"]),
    ];
    for (command, expected) in cases {
        assert_eq!(fields(&command), expected, "{:?}", command.items.len());
    }
    let items = vec![ItemCategory { sku: sku("A"), category: Some(none) }];
    let categories = SetTaxCategories { meta: meta(), items };
    assert_eq!(fields(&categories), ["items[0].category"]);
    let mut rates = shipping_rates();
    rates.rates.push(rates.rates[0].clone());
    assert_eq!(fields(&rates), ["rates[1]"]);
    let mut rates = tax_rates();
    rates.rates.rates[0].basis_points = 30_001;
    assert_eq!(fields(&rates), ["rates[0].basis_points"]);
    let mut wrong = promotion("P");
    wrong.promotion.skus = vec![sku("A"); 2];
    assert_eq!(fields(&wrong), ["skus"]);
}

/// What was defined is there, what it leaves stays, and the hash that moved with changes is that of what is there.
#[test]
fn what_prices_are_made_of_is_as_the_commands_say() {
    let (engine, mut pump) = one_unit();
    run(&mut pump, engine.define_price_list(price_list("L")));
    run(&mut pump, engine.set_prices(set_prices("L", "A")));
    run(&mut pump, engine.define_promotion(promotion("P")));
    run(&mut pump, engine.define_tax_rates(tax_rates()));
    run(&mut pump, engine.define_shipping_rates(shipping_rates()));
    let category = Text::new("category", "books").ok();
    run(&mut pump, engine.set_tax_categories(tax_categories("A")));
    let before = engine.pricing();
    let no = before.list_no(&PriceListId::new("id", "L").unwrap()).unwrap();
    let a = crate::model::SkuNo(0);
    assert_eq!(before.book().list(no).unwrap().rows_of(a).len(), 1);
    assert_eq!(before.book().categories().of(a), category.as_ref());
    assert_eq!(before.hash(), before.hash_anew());
    // The list is for others from now on, and has its prices still.
    let mut command = price_list("L");
    command.definition.scope = Scope::Group(Text::new("group", "gold").unwrap());
    run(&mut pump, engine.define_price_list(command));
    let items = vec![ItemCategory { sku: sku("A"), category: None }];
    run(&mut pump, engine.set_tax_categories(SetTaxCategories { meta: meta(), items }));
    let items = vec![ItemPrices { sku: sku("A"), rows: Vec::new() }];
    let after = engine.pricing();
    assert_eq!(after.book().list(no).unwrap().rows_of(a).len(), 1);
    assert_eq!(after.book().categories().of(a), None);
    run(&mut pump, engine.set_prices(SetPrices { items, ..set_prices("L", "A") }));
    let last = engine.pricing();
    assert!(last.book().list(no).unwrap().rows.is_empty());
    for pricing in [&after, &last] {
        assert_eq!(pricing.hash(), pricing.hash_anew());
    }
    // Who read before still has what was there.
    assert_eq!(before.book().list(no).unwrap().rows_of(a).len(), 1);
    let report = engine.audit().unwrap();
    assert!(report.breaches.is_empty(), "{report:?}");
}

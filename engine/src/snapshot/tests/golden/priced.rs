//! What prices are made of, which came with version 14.

use super::*;
use crate::command::fixture::{price_list, price_row, promotion, shipping_rates, tax_rates};
use crate::model::{PriceListNo, PromotionNo};
use crate::pricing::{PricingChange, Scope, SkuCategory, SkuPrices};
use crate::snapshot::tests::world::Happening;

/// The chunk of prices, as it was written first.
const PRICING: &[u8] = include_bytes!("../../../../tests-data/snapshot-v14/pricing.bin");

fn changes() -> Vec<PricingChange> {
    let mut gold = price_list("gold").definition;
    gold.scope = Scope::Group(Text::new("group", "gold").unwrap());
    let of = |sku, price| SkuPrices { sku: SkuNo(sku), rows: vec![price_row(1, price)] };
    let number = |sku: crate::model::Sku| Ok::<_, ()>(SkuNo(u32::from(sku.as_str() != "A")));
    let promotion = promotion("P").promotion.named(number).unwrap();
    let category = Text::new("category", "books").ok();
    let set = |sku, category| SkuCategory { sku: SkuNo(sku), category };
    vec![
        PricingChange::List(PriceListNo(0), price_list("all").definition),
        PricingChange::List(PriceListNo(1), gold),
        PricingChange::Prices(PriceListNo(0), vec![of(0, 199_900), of(1, 5), of(300, 7)]),
        PricingChange::Prices(PriceListNo(1), vec![of(1, 4)]),
        PricingChange::Promotion(PromotionNo(0), Box::new(promotion)),
        PricingChange::Taxes(tax_rates().rates),
        PricingChange::Shipping(shipping_rates().rates),
        PricingChange::Categories(vec![set(0, category.clone()), set(1, category)]),
        // What is not there any more is in no snapshot.
        PricingChange::Prices(PriceListNo(0), vec![SkuPrices { sku: SkuNo(1), rows: Vec::new() }]),
        PricingChange::Categories(vec![set(1, None)]),
    ]
}

/// The same as in version 2, with prices.
fn priced_world() -> World {
    let world = world();
    for (lsn, change) in (100..).zip(changes()) {
        world.apply(Lsn::new(lsn), &Happening::Pricing(Box::new(change)));
    }
    world
}

#[test]
fn prices_are_written_in_version_14_and_read_back() {
    let store = MemoryStore::default();
    take(Source::from(&priced_world()), &store, AT).unwrap();
    let manifest = list(&store).unwrap().remove(0).manifest.unwrap();
    assert_eq!(manifest.version, 14);
    let [chunk] = manifest.chunks_of(Kind::Pricing) else { panic!("one chunk") };
    let written = store.chunk(chunk.key).unwrap().unwrap();
    assert!(written == PRICING, "the chunk is now\n{}", hex(&written));
    assert_eq!(manifest.chunks_of(Kind::Catalogue).len(), 1);
    let recovered = load_newest(&store, None, || World::new(50)).unwrap();
    assert_eq!(recovered.state.hash(), priced_world().hash());
    assert_ne!(recovered.state.hash(), world().hash());
    let pricing = |world: &World| world.state.pricing.load_full();
    let (read, was) = (pricing(&recovered.state), pricing(&priced_world()));
    assert_eq!((read.hash(), read.hash_anew()), (was.hash(), was.hash()));
    assert_eq!(read.book().lists(), was.book().lists());
    assert_eq!(read.book().promotions(), was.book().promotions());
    let loaded = recovered.loaded.expect("the generation is whole");
    loaded.check_at(recovered.state.applied(), &recovered.state.state.orders).unwrap();
}

/// A part that is there twice is no state.
#[test]
fn prices_that_are_there_twice_are_refused() {
    let world = priced_world();
    let mut chunks = Source::from(&world).copy_pricing(32);
    let again = Source::from(&world).restore_in_order(
        chunks.remove(0),
        crate::model::StateHash::default(),
        Lsn::NONE,
    );
    assert!(again.is_err());
}

/// A chunk is named again as long as no price changes.
#[test]
fn prices_that_did_not_change_are_not_written_again() {
    let (world, store) = (priced_world(), MemoryStore::default());
    let written: Vec<_> =
        (0..4).map(|_| take(Source::from(&world), &store, AT).unwrap().chunks_reused).collect();
    assert_eq!(written[0], 0);
    assert!(written[3] > written[1], "{written:?}");
}

fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(nibble.into(), 16).unwrap();
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

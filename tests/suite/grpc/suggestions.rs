//! What goes with a basket, and what may take an item's place, over a real connection.

use std::time::Duration;

use backstock_proto::v1;
use tonic::Code;

use super::pricing::{price_list, set_price};
use super::server::{TestServer, fields, order};

/// Longer than it takes to learn from all orders.
const LONG: Duration = Duration::from_secs(20);

/// A style by size and colour, the colour being its own family.
pub(super) fn styles(id: &str, variants: &[(&str, &str, &str)]) -> v1::UpdateStylesRequest {
    let value =
        |value: &str, family: &str| v1::StyleValue { value: value.into(), family: family.into() };
    let variant = |(sku, size, colour): &(&str, &str, &str)| v1::StyleVariant {
        sku: (*sku).into(),
        values: vec![value(size, ""), value(colour, colour)],
    };
    let attribute = |name: &str, weight| v1::StyleAttribute { name: name.into(), weight };
    let style = v1::Style {
        style_id: id.into(),
        attributes: vec![attribute("size", 100), attribute("colour", 10)],
        variants: variants.iter().map(variant).collect(),
    };
    v1::UpdateStylesRequest { styles: vec![style], ..Default::default() }
}

fn associations(sku: &str, of: &[(v1::AssociationKind, &str)]) -> v1::SetAssociationsRequest {
    let association = |(kind, sku): &(v1::AssociationKind, &str)| v1::ItemAssociation {
        kind: (*kind).into(),
        sku: (*sku).into(),
    };
    let associations = of.iter().map(association).collect();
    let items = vec![v1::ItemAssociations { sku: sku.into(), associations }];
    v1::SetAssociationsRequest { items, ..Default::default() }
}

/// A basket to Boston.
fn basket(skus: &[&str]) -> v1::SuggestRequest {
    let line = |sku: &&str| v1::PlaceOrderLine { sku: (*sku).into(), quantity: 1 };
    v1::SuggestRequest {
        lines: skus.iter().map(line).collect(),
        destination_postal_code: "02116".into(),
        ..Default::default()
    }
}

async fn suggest(server: &mut TestServer, request: v1::SuggestRequest) -> v1::SuggestResponse {
    server.suggestions().suggest(request).await.expect("suggested").into_inner()
}

fn skus(of: &[v1::Suggestion]) -> Vec<&str> {
    of.iter().map(|of| of.sku.as_str()).collect()
}

/// The scarf is bought with the blouse, and the bag by itself.
async fn shop(data: &std::path::Path) -> TestServer {
    let mut server = TestServer::stocked(data).await;
    for sku in ["RED", "NAVY", "GREEN", "SCARF", "BAG"] {
        server.define_item(sku).await;
        server.set_stock(sku, "NYC", 1_000).await;
    }
    sales(&mut server, "a").await;
    server
}

async fn sales(server: &mut TestServer, id: &str) {
    for no in 0..20 {
        for (at, lines) in [&["RED", "SCARF"][..], &["BAG"], &["BAG"]].iter().enumerate() {
            let lines: Vec<_> = lines.iter().map(|sku| (*sku, 1)).collect();
            let order = order(&format!("{id}-{no}-{at}"), &lines);
            server.orders.place_order(order).await.expect("placed");
        }
    }
}

/// What is learnt is a moment behind.
async fn until_learnt(server: &mut TestServer) {
    let version = server.engine.version().get();
    let wait = async {
        while suggest(server, basket(&["RED"])).await.learnt_version < version {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(LONG, wait).await.expect("it is learnt in time");
}

/// Scenario 1: green is sold out everywhere, navy blue in her size ships today; and a silk scarf is bought with that
/// blouse, at 10% off beside it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_red_blouse_is_offered_in_navy_with_a_scarf() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = shop(data.path()).await;
    let blouses =
        [("RED", "M", "red"), ("GREEN", "M", "green"), ("NAVY", "M", "navy"), ("SKU", "S", "red")];
    server.suggestions().update_styles(styles("blouse", &blouses)).await.expect("defined");
    server.set_stock("GREEN", "NYC", 0).await;
    server.pricing.update_price_list(price_list("all")).await.expect("defined");
    for (sku, cents) in [("RED", 5_999), ("NAVY", 6_499), ("SKU", 5_999), ("SCARF", 2_500)] {
        server.pricing.set_prices(set_price("all", sku, cents)).await.expect("set");
    }
    let companion = v1::Companion { with_skus: vec!["RED".into()], basis_points: 1_000 };
    let promotion = v1::Promotion {
        promotion_id: "scarf".into(),
        discount: Some(v1::promotion::Discount::Companion(companion)),
        skus: vec!["SCARF".into()],
        currency_code: "EUR".into(),
        ..Default::default()
    };
    let update = v1::UpdatePromotionRequest { promotion: Some(promotion), ..Default::default() };
    server.pricing.update_promotion(update).await.expect("defined");
    until_learnt(&mut server).await;
    let asked = v1::SuggestRequest {
        substitutes_for_sku: "RED".into(),
        currency_code: "EUR".into(),
        ..basket(&["RED"])
    };
    let told = suggest(&mut server, asked).await;
    assert!(!told.companions_are_fallback);
    let [scarf] = &told.companions[..] else { panic!("{told:#?}") };
    assert_eq!((scarf.sku.as_str(), scarf.because_of_sku.as_str()), ("SCARF", "RED"));
    assert_eq!(scarf.reason(), v1::SuggestionReason::BoughtTogether);
    let together = scarf.bought_together.expect("it was learnt");
    let counts = (together.together, together.because_of, together.suggested, together.orders);
    assert_eq!(counts, (20, 20, 20, 60));
    assert!(scarf.ship_by.is_some() && scarf.deliver_by.is_some());
    let price = scarf.price.as_ref().expect("it has a price");
    assert_eq!((price.gross_minor, price.net_minor), (2_500, 2_250));
    assert_eq!(price.discounts[0].promotion_id, "scarf");
    assert_eq!(skus(&told.substitutes), ["NAVY", "SKU"], "green is not to be had");
    let navy = &told.substitutes[0];
    assert_eq!(navy.reason(), v1::SuggestionReason::SameStyle);
    assert_eq!((navy.style_distance, told.substitutes[1].style_distance), (20, 200));
    assert_eq!(navy.price.as_ref().map(|price| price.net_minor), Some(6_499));
    server.stop().await.expect("drained");
}

/// vtex-apps/store-discussion#664: an empty widget, where nothing was known of an item.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_nothing_is_known_what_sells_is_suggested_and_flagged() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = shop(data.path()).await;
    until_learnt(&mut server).await;
    let told = suggest(&mut server, basket(&["SKU"])).await;
    assert!(told.companions_are_fallback);
    assert_eq!(skus(&told.companions), ["BAG", "RED", "SCARF"]);
    assert_eq!(told.companions[0].reason(), v1::SuggestionReason::Sells);
    let category = |sku: &str| v1::ItemTaxCategory { sku: sku.into(), category: "silk".into() };
    let items = vec![category("SKU"), category("SCARF")];
    let set = v1::SetTaxCategoriesRequest { items, ..Default::default() };
    server.pricing.set_tax_categories(set).await.expect("set");
    let told = suggest(&mut server, basket(&["SKU"])).await;
    assert_eq!(skus(&told.companions), ["SCARF", "BAG", "RED"]);
    assert_eq!(told.companions[0].reason(), v1::SuggestionReason::SellsInCategory);
    assert_eq!(told.companions[0].because_of_sku, "SKU");
    server.stop().await.expect("drained");
}

/// A restart, with and without a snapshot, and the same journal read anew: the same lists.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_journal_makes_the_same_suggestions() {
    let data = tempfile::tempdir().expect("a directory");
    let mut server = shop(data.path()).await;
    let complement = (v1::AssociationKind::Complement, "BAG");
    server.suggestions().set_associations(associations("RED", &[complement])).await.expect("set");
    let (mut before, mut told) = (Vec::new(), Vec::new());
    for (round, snapshot) in [(0, true), (1, false), (2, false)] {
        if snapshot {
            server.admin.take_snapshot(v1::TakeSnapshotRequest {}).await.expect("a snapshot");
        }
        if round == 0 {
            sales(&mut server, "b").await;
            let cancel = v1::CancelOrderRequest { order_id: "b-0-0".into(), ..Default::default() };
            server.orders.cancel_order(cancel).await.expect("cancelled");
        }
        until_learnt(&mut server).await;
        let answer = suggest(&mut server, basket(&["RED"])).await;
        assert_eq!(skus(&answer.companions), ["BAG", "SCARF"]);
        assert_eq!(answer.companions[0].reason(), v1::SuggestionReason::Complement);
        told.push((answer.companions, answer.orders_learnt, answer.learnt_version));
        before.push(server.state_hash());
        if round == 1 {
            server.stop().await.expect("drained");
        } else {
            server.kill().await;
        }
        server = TestServer::start(data.path()).await;
    }
    assert!(told.iter().all(|of| *of == told[0]), "{told:#?}");
    assert!(before.iter().all(|of| *of == before[0]));
    let together = told[0].0[1].bought_together.expect("it was learnt");
    assert_eq!(together.together, 39, "one was cancelled");
    server.stop().await.expect("drained");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_said_of_an_item_is_read_back() {
    let data = tempfile::tempdir().expect("a directory");
    let server = TestServer::stocked(data.path()).await;
    let update = styles("S", &[("SKU", "M", "red"), ("RARE", "L", "red")]);
    server.suggestions().update_styles(update.clone()).await.expect("defined");
    let successor = (v1::AssociationKind::Successor, "RARE");
    server.suggestions().set_associations(associations("SKU", &[successor])).await.expect("set");
    let get = v1::GetAssortmentRequest { sku: "SKU".into(), min_version: 0 };
    let told = server.suggestions().get_assortment(get).await.expect("read").into_inner();
    assert_eq!(told.style.as_ref(), update.styles.first());
    let [association] = &told.associations[..] else { panic!("{told:?}") };
    assert_eq!((association.kind(), association.sku.as_str()), successor);
    server.stop().await.expect("drained");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_field_that_is_wrong_is_named() {
    let data = tempfile::tempdir().expect("a directory");
    let server = TestServer::stocked(data.path()).await;
    let wrong = v1::SuggestRequest {
        suggestions_max: 33,
        destination_postal_code: String::new(),
        currency_code: "E".into(),
        ..basket(&["SKU"])
    };
    let status = server.suggestions().suggest(wrong).await.expect_err("refused");
    assert!(fields(&status).contains(&"destination_postal_code".to_owned()), "{status:?}");
    let wrong = v1::SuggestRequest { suggestions_max: 33, ..basket(&["SKU"]) };
    let status = server.suggestions().suggest(wrong).await.expect_err("refused");
    assert_eq!(fields(&status), ["suggestions_max"]);
    let status = server.suggestions().suggest(basket(&["NONE"])).await.expect_err("refused");
    assert_eq!(status.code(), Code::NotFound);
    let unsaid = associations("SKU", &[(v1::AssociationKind::Unspecified, "SKU")]);
    let status = server.suggestions().set_associations(unsaid).await.expect_err("refused");
    let path = "items[0].associations[0]";
    assert_eq!(fields(&status), [format!("{path}.kind"), format!("{path}.sku")]);
    let mut twice = styles("S", &[("SKU", "M", "red"), ("SKU", "L", "red")]);
    twice.styles[0].attributes[0].weight = 0;
    let status = server.suggestions().update_styles(twice).await.expect_err("refused");
    let expected = ["styles[0].attributes[0].weight", "styles[0].variants[1].sku"];
    assert_eq!(fields(&status), expected);
    server.stop().await.expect("drained");
}

//! Orders by the server's own prices, and coupons that may be used only so often, over a real connection.

use backstock_proto::v1;
use backstock_proto::v1::promotion::Discount;
use tonic::Status;
use tonic_types::StatusExt;

use super::super::pricing::{price_list, set_price};
use super::super::server::{node, order};
use super::Shop;
use super::provider::Provider;

/// A shop whose list has items at so many cents, and that has a hundred units of each.
pub(super) async fn listed(prices: &[(&str, i64)]) -> Shop {
    let mut shop = Shop::with(&[]).await;
    shop.server.define_node(node("NYC", "10001")).await;
    shop.server.pricing.update_price_list(price_list("all")).await.expect("defined");
    for (sku, cents) in prices {
        shop.server.define_item(sku).await;
        shop.server.set_stock(sku, "NYC", 100).await;
        shop.server.pricing.set_prices(set_price("all", sku, *cents)).await.expect("set");
    }
    shop
}

/// 10.00 off with the coupon `TEN`.
pub(super) fn ten_off(limit: u32, limit_per_customer: u32) -> v1::UpdatePromotionRequest {
    let promotion = v1::Promotion {
        promotion_id: "ten-off".into(),
        discount: Some(Discount::AmountMinor(1_000)),
        currency_code: "EUR".into(),
        coupon_code: "TEN".into(),
        limit,
        limit_per_customer,
        ..Default::default()
    };
    v1::UpdatePromotionRequest { promotion: Some(promotion), ..Default::default() }
}

/// A card that pays what there is to pay, and of which nothing was taken.
fn card(id: &str) -> v1::NewPayment {
    v1::NewPayment { payment_id: id.into(), method: "card".into(), ..Default::default() }
}

fn by_list(coupons: &[&str]) -> v1::ServerPricing {
    v1::ServerPricing {
        currency_code: "EUR".into(),
        coupon_codes: coupons.iter().map(|code| (*code).to_owned()).collect(),
        payments: vec![card("card")],
        ..Default::default()
    }
}

/// An order by the list.
pub(in crate::grpc) fn listed_order(
    id: &str,
    lines: &[(&str, u32)],
    coupons: &[&str],
) -> v1::PlaceOrderRequest {
    v1::PlaceOrderRequest { server_pricing: Some(by_list(coupons)), ..order(id, lines) }
}

fn of_customer(customer: &str, request: v1::PlaceOrderRequest) -> v1::PlaceOrderRequest {
    v1::PlaceOrderRequest { customer_id: customer.into(), ..request }
}

fn reason(status: &Status) -> String {
    status.get_error_details().error_info().map_or_else(String::new, |of| of.reason.clone())
}

impl Shop {
    async fn try_place(&mut self, request: v1::PlaceOrderRequest) -> Result<i64, String> {
        let id = request.order_id.clone();
        match self.server.orders.place_order(request).await {
            Ok(_) => Ok(self.sums(&id).await[0]),
            Err(status) => Err(reason(&status)),
        }
    }

    async fn uses(&mut self) -> Vec<u32> {
        let listed = self.server.pricing.list_promotions(v1::ListPromotionsRequest::default());
        let promotions = listed.await.expect("listed").into_inner().promotions;
        promotions.iter().map(|of| of.uses).collect()
    }

    async fn basket(&mut self, customer: &str, coupon: &str) -> v1::BasketPrice {
        let basket = v1::Basket {
            currency_code: "EUR".into(),
            lines: vec![v1::BasketLine { sku: "A".into(), units: 1 }],
            coupon_codes: vec![coupon.into()],
            customer_id: customer.into(),
            ..Default::default()
        };
        let request = v1::PriceBasketRequest { basket: Some(basket), ..Default::default() };
        let answer = self.server.pricing.price_basket(request).await.expect("priced");
        match answer.into_inner().outcome.expect("an outcome") {
            v1::price_basket_response::Outcome::Price(price) => price,
            v1::price_basket_response::Outcome::Unpriced(why) => panic!("{why:?}"),
        }
    }
}

/// All answers, of calls that are made at once.
async fn at_once<T: Send + 'static>(
    calls: impl IntoIterator<Item: Future<Output = T> + Send + 'static>,
) -> Vec<T> {
    let calls: Vec<_> = calls.into_iter().map(tokio::spawn).collect();
    let mut told = Vec::new();
    for call in calls {
        told.push(call.await.expect("no panic"));
    }
    told
}

const USED_UP: &str = "COUPON_USED_UP";

/// A1, saleor#544: one pays 40, the other is told before he pays and goes on at 50; also after a kill, and
/// a retry under the same id.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a1_of_two_carts_with_one_coupon_at_once_one_has_it() {
    let mut shop = listed(&[("A", 5_000)]).await;
    shop.server.pricing.update_promotion(ten_off(1, 0)).await.expect("defined");
    let carts = ["L", "R"].map(|id| listed_order(id, &[("A", 1)], &["TEN"]));
    let placed = carts.clone().map(|cart| {
        let mut orders = shop.server.orders.clone();
        async move { orders.place_order(cart).await.map(drop).map_err(|status| reason(&status)) }
    });
    let mut told = at_once(placed).await;
    let winner = told.iter().position(Result::is_ok).expect("one has it");
    told.sort();
    assert_eq!(told, [Ok(()), Err(USED_UP.to_owned())]);
    let id = carts[winner].order_id.clone();
    assert_eq!((shop.sums(&id).await[0], shop.uses().await), (4_000, vec![1]));

    let mut shop = shop.killed().await;
    assert_eq!(shop.try_place(carts[winner].clone()).await, Ok(4_000), "the same order");
    assert_eq!(shop.uses().await, [1]);
    let refused = shop.basket("", "TEN").await;
    assert_eq!(refused.total_minor, 5_000);
    assert_eq!(refused.refused[0].why(), v1::PromotionRefusal::UsedUp);
    let loser = &carts[1 - winner];
    assert_eq!(shop.try_place(loser.clone()).await, Err(USED_UP.to_owned()));
    let without = listed_order(&loser.order_id, &[("A", 1)], &[]);
    assert_eq!(shop.try_place(without).await, Ok(5_000));
    shop.server.stop().await.expect("drained");
}

/// A2, woocommerce#31245: the card is declined, the same order is paid by another, and has its coupon still;
/// a second order of the customer has it not. Given up, the use comes back once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a2_a_coupon_is_kept_while_another_card_is_tried_and_comes_back_once() {
    let mut shop = listed(&[("A", 5_000)]).await;
    shop.server.pricing.update_promotion(ten_off(0, 1)).await.expect("defined");
    let of = |customer, id| of_customer(customer, listed_order(id, &[("A", 1)], &["TEN"]));
    assert_eq!(shop.try_place(of("ann", "FIRST")).await, Ok(4_000));
    let mut provider = Provider { declines: vec!["card".into()], ..Provider::default() };
    provider.answer_all(&mut shop, 1).await;
    assert_eq!(shop.try_place(of("ann", "SECOND")).await, Err(USED_UP.into()));
    assert_eq!(shop.try_place(of("bob", "BOB")).await, Ok(4_000), "another customer");
    let other = v1::NewPayment { amount_minor: 4_000, ..card("other") };
    let add = v1::AddPaymentRequest {
        order_id: "FIRST".into(),
        payment: Some(other),
        ..Default::default()
    };
    shop.server.payments.add_payment(add).await.expect("added");
    provider.answer_all(&mut shop, 2).await;
    assert_eq!(shop.money("FIRST").await.secured_minor, 4_000);
    assert_eq!(shop.try_place(of("ann", "SECOND")).await, Err(USED_UP.into()));
    shop.cancel("FIRST", &[]).await;
    assert_eq!(shop.uses().await, [1], "that of the other customer");
    assert_eq!(shop.try_place(of("ann", "SECOND")).await, Ok(4_000));
    let again = v1::CancelOrderRequest { order_id: "FIRST".into(), ..Default::default() };
    let _ = shop.server.orders.cancel_order(again).await;
    assert_eq!(shop.try_place(of("ann", "THIRD")).await, Err(USED_UP.into()));
    assert_eq!(shop.uses().await, [2]);
    let guest = listed_order("GUEST", &[("A", 1)], &["TEN"]);
    assert_eq!(shop.try_place(guest).await, Err(USED_UP.into()), "nobody knows who it is");
    shop.server.stop().await.expect("drained");
}

/// shopware#11245, vendure#4660: a code for seven orders, tried by forty at once, over a kill. saleor#15855: those
/// that have it not take nothing from those that have it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_limit_is_exact_however_many_try_at_once() {
    let mut shop = listed(&[("A", 5_000)]).await;
    shop.server.pricing.update_promotion(ten_off(7, 0)).await.expect("defined");
    let place = |shop: &Shop, at: u32| {
        let mut orders = shop.server.orders.clone();
        let request = listed_order(&format!("O{at}"), &[("A", 1)], &["TEN"]);
        async move { orders.place_order(request).await.map(drop).map_err(|status| reason(&status)) }
    };
    let told = at_once((0..40).map(|at| place(&shop, at))).await;
    let is_granted: Vec<bool> = told.iter().map(Result::is_ok).collect();
    assert_eq!(is_granted.iter().filter(|granted| **granted).count(), 7);
    assert!(told.iter().filter_map(|told| told.as_ref().err()).all(|why| why == USED_UP));
    let mut shop = shop.killed().await;
    assert_eq!(shop.uses().await, [7]);
    for (at, _) in is_granted.iter().enumerate().filter(|(_, granted)| **granted) {
        assert_eq!(shop.sums(&format!("O{at}")).await[0], 4_000);
    }
    // Three are given up and given to others, over a snapshot and another kill.
    shop.server.admin.take_snapshot(v1::TakeSnapshotRequest {}).await.expect("taken");
    let had = is_granted.iter().enumerate().filter(|(_, granted)| **granted);
    for (at, _) in had.take(3) {
        shop.cancel(&format!("O{at}"), &[]).await;
    }
    let mut shop = shop.killed().await;
    assert_eq!(shop.uses().await, [4]);
    let told = at_once((100..110).map(|at| place(&shop, at))).await;
    assert_eq!(told.iter().filter(|told| told.is_ok()).count(), 3);
    assert_eq!(shop.uses().await, [7]);
    shop.server.stop().await.expect("drained");
}

/// One customer sends twenty orders at once with a coupon that each customer has once: none of them waits in
/// vain, and none is told that others stood in the way.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_limit_by_customer_is_exact_at_once_as_well() {
    let mut shop = listed(&[("A", 5_000)]).await;
    shop.server.pricing.update_promotion(ten_off(0, 1)).await.expect("defined");
    let place = |at: u32| {
        let mut orders = shop.server.orders.clone();
        let request = of_customer("ann", listed_order(&format!("O{at}"), &[("A", 1)], &["TEN"]));
        async move { orders.place_order(request).await.map(drop).map_err(|status| reason(&status)) }
    };
    let mut told = at_once((0..20).map(place)).await;
    told.sort();
    assert_eq!(told[0], Ok(()));
    assert!(told[1..].iter().all(|of| *of == Err(USED_UP.to_owned())), "{told:?}");
    assert_eq!(shop.uses().await, [1]);
    shop.server.stop().await.expect("drained");
}

/// vendure#1466: a cancelled order uses no coupon. shopware#20171: what was cancelled, and whose use another
/// order has by now, is not taken up again. A part that is cancelled gives nothing back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_use_comes_back_with_the_last_unit_and_a_cancelled_order_is_not_taken_up_again() {
    let mut shop = listed(&[("A", 5_000)]).await;
    shop.server.pricing.update_promotion(ten_off(1, 0)).await.expect("defined");
    let of = |id| listed_order(id, &[("A", 2)], &["TEN"]);
    assert_eq!(shop.try_place(of("X")).await, Ok(9_000));
    shop.cancel("X", &[(0, 1)]).await;
    assert_eq!((shop.sums("X").await[0], shop.uses().await), (4_500, vec![1]));
    assert_eq!(shop.try_place(of("Y")).await, Err(USED_UP.into()));
    shop.cancel("X", &[(0, 1)]).await;
    assert_eq!(shop.uses().await, [0]);
    assert_eq!(shop.try_place(of("Y")).await, Ok(9_000));
    let quantity = v1::SetLineQuantity { line_index: 0, quantity: 2 };
    let reopen = v1::QuoteChangeRequest {
        order_id: "X".into(),
        operations: vec![v1::ChangeOperation {
            operation: Some(v1::change_operation::Operation::SetQuantity(quantity)),
        }],
        ..Default::default()
    };
    let refused = shop.server.orders.quote_change(reopen).await;
    let is_open = refused.is_ok_and(|answer| answer.into_inner().faults.is_empty());
    assert!(!is_open, "an order of which nothing is left is closed");
    assert_eq!(shop.uses().await, [1]);
    shop.server.stop().await.expect("drained");
}

/// Nothing is there, and it was paid: the order is cancelled as it is placed, and uses nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_that_is_paid_and_sold_out_uses_no_coupon() {
    let mut shop = listed(&[("A", 5_000)]).await;
    shop.server.set_stock("A", "NYC", 0).await;
    shop.server.pricing.update_promotion(ten_off(1, 0)).await.expect("defined");
    let mut request = listed_order("X", &[("A", 1)], &["TEN"]);
    let paid = &mut request.server_pricing.as_mut().expect("prices").payments[0];
    paid.taken = v1::PaymentTaken::Captured.into();
    let placed = shop.place(request).await;
    assert_eq!(placed.outcome(), v1::OrderOutcome::Cancelled);
    assert_eq!(shop.uses().await, [0]);
    let intents = shop.intents().await;
    let asked: Vec<_> = intents.iter().map(|(_, of)| (of.kind(), of.amount_minor)).collect();
    assert_eq!(asked, [(v1::IntentKind::Refund, 4_000)]);
    shop.server.stop().await.expect("drained");
}

/// It costs what `PriceBasket` said, and goes on to cost that when the list changes. Another amount than the
/// customer was told is refused, and so are coupons that take nothing off.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_costs_what_the_list_said_as_it_was_placed() {
    let mut shop = listed(&[("A", 5_000)]).await;
    shop.server.pricing.update_promotion(ten_off(0, 0)).await.expect("defined");
    let told = shop.basket("", "ten").await.total_minor;
    assert_eq!(told, 4_000);
    let mut request = listed_order("X", &[("A", 1)], &["ten"]);
    request.server_pricing.as_mut().expect("prices").expected_total_minor = Some(told);
    assert_eq!(shop.try_place(request.clone()).await, Ok(4_000));
    shop.server.pricing.set_prices(set_price("all", "A", 6_000)).await.expect("set");
    assert_eq!(shop.sums("X").await[0], 4_000);
    assert_eq!(shop.try_place(request.clone()).await, Ok(4_000), "a repeat finds the order");
    request.order_id = "Y".into();
    assert_eq!(shop.try_place(request).await, Err("PRICE_DIFFERS".into()));
    let unknown = listed_order("Z", &[("A", 1)], &["NOBODY"]);
    assert_eq!(shop.try_place(unknown).await, Err("COUPON_NOT_GRANTED".into()));
    let money = shop.money("X").await;
    assert_eq!((money.due_minor, money.payments[0].amount_minor), (4_000, 4_000));
    shop.server.stop().await.expect("drained");
}

/// A hold becomes an order by the list's prices, and its coupon is used with that and not before.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hold_is_confirmed_by_the_list() {
    let mut shop = listed(&[("A", 5_000)]).await;
    shop.server.pricing.update_promotion(ten_off(1, 0)).await.expect("defined");
    for id in ["H", "I"] {
        let hold = v1::CreateHoldRequest {
            hold_id: id.into(),
            destination_postal_code: "10001".into(),
            lines: order("", &[("A", 1)]).lines,
            ttl: Some(prost_types::Duration { seconds: 300, nanos: 0 }),
            ..Default::default()
        };
        shop.server.holds.create_hold(hold).await.expect("held");
    }
    let confirm = |id: &str| v1::ConfirmHoldRequest {
        hold_id: id.into(),
        order_id: id.into(),
        lines: order("", &[("A", 1)]).lines,
        server_pricing: Some(by_list(&["TEN"])),
        ..Default::default()
    };
    shop.server.holds.confirm_hold(confirm("H")).await.expect("confirmed");
    assert_eq!((shop.sums("H").await[0], shop.uses().await), (4_000, vec![1]));
    let refused = shop.server.holds.confirm_hold(confirm("I")).await.expect_err("used up");
    assert_eq!(reason(&refused), USED_UP);
    let mut shop = shop.killed().await;
    assert_eq!((shop.sums("H").await[0], shop.uses().await), (4_000, vec![1]));
    let both = v1::ConfirmHoldRequest { pricing: Some(v1::Pricing::default()), ..confirm("I") };
    let refused = shop.server.holds.confirm_hold(both).await.expect_err("one of both");
    assert!(super::super::server::fields(&refused).contains(&"server_pricing".to_owned()));
    let without = v1::ConfirmHoldRequest { lines: vec![], ..confirm("I") };
    let refused = shop.server.holds.confirm_hold(without).await.expect_err("of which lines");
    assert_eq!(super::super::server::fields(&refused), ["lines"]);
    let at_full_price =
        v1::ConfirmHoldRequest { server_pricing: Some(by_list(&[])), ..confirm("I") };
    shop.server.holds.confirm_hold(at_full_price).await.expect("confirmed");
    assert_eq!(shop.sums("I").await[0], 5_000);
    shop.server.stop().await.expect("drained");
}

//! Exchanges: units come back, and others go out for them. Nothing but the difference is ever paid.

use tonic_types::StatusExt;

use super::super::money::{card, vat};
use super::ways::in_days;
use super::*;
use v1::{ExchangeMode as Mode, IntentKind, ReturnCredit as Credit, ReturnGoods as Goods};

/// `B` at that unit price, in a shipment of its own.
fn add_b(unit_price_e4: i64, taxes: Vec<v1::Tax>) -> v1::QuoteChangeRequest {
    let pricing = Some(v1::LinePricing { unit_price_e4, taxes, ..Default::default() });
    let line = v1::AddedLine { sku: "B".into(), quantity: 1, pricing, ..Default::default() };
    let add =
        v1::ChangeOperation { operation: Some(v1::change_operation::Operation::AddLine(line)) };
    v1::QuoteChangeRequest {
        order_id: "O".into(),
        operations: vec![add],
        currency_code: "USD".into(),
        apart: true,
        ..Default::default()
    }
}

/// The unit of `A` of the order `O` comes back.
fn exchanged(mode: Mode, payment: Option<v1::NewPayment>) -> v1::RequestExchangeRequest {
    let is_first = mode == Mode::Reserve;
    let advance_until = (!is_first).then(|| in_days(14).into());
    let asked = v1::RequestReturnRequest { advance_until, ..asked("R", &[(0, 1)]) };
    v1::RequestExchangeRequest {
        asked: Some(asked),
        mode: mode.into(),
        payment,
        ..Default::default()
    }
}

impl Shop {
    /// A shop that sold a unit of `A` at 80.00, which is paid and left, and has one of `B`.
    async fn sold_a() -> (Self, Provider) {
        let (mut shop, provider) = Self::sold(&[("A", 1, 800_000)]).await;
        shop.server.define_item("B").await;
        shop.server.set_stock("B", "NYC", 1).await;
        (shop, provider)
    }

    async fn exchange(
        &mut self,
        quote: v1::QuoteChangeRequest,
        request: v1::RequestExchangeRequest,
    ) -> Result<v1::Return, Status> {
        let quote = self.server.orders.quote_change(quote).await?.into_inner();
        assert!(quote.faults.is_empty(), "{:?}", quote.faults);
        let change_token = quote.change_token;
        let request = v1::RequestExchangeRequest { change_token, ..request };
        let answer = self.server.returns.request_exchange(request).await?;
        Ok(answer.into_inner().rma.expect("a return"))
    }

    /// What the shipment of `B` is refused to do.
    async fn refused_to_ship(&mut self) -> String {
        let request = v1::ShipShipmentRequest {
            order_id: "O".into(),
            shipment_number: 2,
            carrier: "Owl Post".into(),
            ..Default::default()
        };
        let refused = self.server.fulfillment.ship_shipment(request).await.expect_err("it waits");
        refused.get_error_details().error_info().expect("a reason").reason.clone()
    }

    /// All that the provider is asked for is done, twice told; then the books.
    async fn books(&mut self, provider: &mut Provider) -> [i64; 4] {
        provider.answer_all(self, 2).await;
        self.sums("O").await
    }
}

/// B for A, kept for the customer until A came in: nobody begins with it before, and the difference is all
/// that is asked for.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_exchange_for_a_dearer_one_takes_the_difference_once_it_ships() {
    let (mut shop, mut provider) = Shop::sold_a().await;
    let request = exchanged(Mode::Reserve, Some(card("more", 2_000)));
    let rma = shop.exchange(add_b(1_000_000, Vec::new()), request).await.expect("granted");
    let exchange = rma.exchange.expect("an exchange");
    assert_eq!((exchange.first_line_index, exchange.lines, exchange.waits), (1, 1, true));
    assert_eq!(shop.stock("B", "NYC").await, (1, 0, 0), "it is kept");
    // What waits costs nothing, and what is set aside for it stays so.
    assert_eq!(shop.books(&mut provider).await, [8_000, 8_000, 0, -2_000]);
    assert_eq!(shop.refused_to_ship().await, "WAITS_FOR_RETURN");
    shop.receive(report("R", 1, &[(0, 1)])).await.expect("received");
    assert_eq!(shop.books(&mut provider).await, [10_000, 8_000, 0, 0]);
    shop.ship("O", 2).await;
    assert_eq!(shop.books(&mut provider).await, [10_000, 10_000, 0, 0]);
    shop.inspect(as_new("R")).await.expect("looked at");
    assert_eq!(shop.books(&mut provider).await, [10_000, 10_000, 0, 0]);
    assert_eq!(provider.sum(IntentKind::Capture), 2_000, "the difference");
    assert_eq!(provider.sum(IntentKind::Refund), 0);
    assert_eq!(shop.stock("A", "NYC").await, (1, 0, 1), "it is sold again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_exchange_for_a_cheaper_one_gives_the_difference_back() {
    let (mut shop, mut provider) = Shop::sold_a().await;
    let request = exchanged(Mode::Reserve, None);
    shop.exchange(add_b(500_000, Vec::new()), request).await.expect("granted");
    assert_eq!(shop.books(&mut provider).await, [8_000, 8_000, 0, 0]);
    shop.receive(report("R", 1, &[(0, 1)])).await.expect("received");
    assert_eq!(shop.books(&mut provider).await, [5_000, 8_000, 3_000, 0]);
    shop.ship("O", 2).await;
    shop.inspect(as_new("R")).await.expect("looked at");
    assert_eq!(shop.books(&mut provider).await, [5_000, 8_000, 3_000, 0]);
    assert_eq!(provider.sum(IntentKind::Capture), 0);
}

/// A size swap: no money moves, and none is ever asked for.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_exchange_at_the_same_price_moves_no_money() {
    let (mut shop, mut provider) = Shop::sold_a().await;
    let request = exchanged(Mode::Reserve, None);
    shop.exchange(add_b(800_000, Vec::new()), request).await.expect("granted");
    shop.receive(report("R", 1, &[(0, 1)])).await.expect("received");
    shop.ship("O", 2).await;
    shop.inspect(as_new("R")).await.expect("looked at");
    assert_eq!(shop.books(&mut provider).await, [8_000, 8_000, 0, 0]);
    assert_eq!(shop.money("O").await.intents, [], "nothing was asked for");
}

/// ten24/slatwall#2955: tax is paid on the difference, and not on both.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tax_is_on_the_difference_alone() {
    let mut sold = priced("O", &[("A", 1, 800_000)], vec![captured("card", 8_800)]);
    sold.pricing.as_mut().expect("it is priced").lines[0].taxes = vec![vat(1_000)];
    let (mut shop, mut provider) = Shop::sold_as(sold).await;
    shop.server.define_item("B").await;
    shop.server.set_stock("B", "NYC", 1).await;
    let request = exchanged(Mode::Reserve, Some(card("more", 2_200)));
    shop.exchange(add_b(1_000_000, vec![vat(1_000)]), request).await.expect("granted");
    shop.receive(report("R", 1, &[(0, 1)])).await.expect("received");
    shop.ship("O", 2).await;
    assert_eq!(shop.books(&mut provider).await, [11_000, 11_000, 0, 0]);
    assert_eq!(provider.sum(IntentKind::Capture), 2_200);
    assert_eq!(shop.money("O").await.totals.expect("totals").tax_minor, 1_000);
}

/// An advance that is kept is charged; solidus#340: and what left is not sourced once more.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_advance_exchange_that_is_not_returned_is_charged_and_nothing_is_sourced_anew() {
    let (mut shop, mut provider) = Shop::sold_a().await;
    let request = exchanged(Mode::Advance, Some(card("more", 10_000)));
    shop.exchange(add_b(1_000_000, Vec::new()), request).await.expect("granted");
    shop.ship("O", 2).await;
    // The rest of what is set aside stays so: it may have to be taken.
    assert_eq!(shop.books(&mut provider).await, [10_000, 10_000, 0, -8_000]);
    let is_back = |rma: &v1::Return| places(rma).iter().any(|of| of.3 == Credit::ChargedBack);
    shop.pass(15, is_back).await;
    assert_eq!(shop.books(&mut provider).await, [18_000, 18_000, 0, 0]);
    let order = shop.order("O").await;
    assert_eq!((order.shipments.len(), order.state()), (2, v1::OrderState::Closed));
    // It comes after all, and is credited.
    shop.receive(report("R", 1, &[(0, 1)])).await.expect("received");
    shop.inspect(as_new("R")).await.expect("looked at");
    assert_eq!(shop.books(&mut provider).await, [10_000, 18_000, 8_000, 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_advance_exchange_that_is_returned_lets_go_of_what_was_set_aside() {
    let (mut shop, mut provider) = Shop::sold_a().await;
    let request = exchanged(Mode::Advance, Some(card("more", 10_000)));
    shop.exchange(add_b(1_000_000, Vec::new()), request).await.expect("granted");
    shop.ship("O", 2).await;
    shop.receive(report("R", 1, &[(0, 1)])).await.expect("received");
    shop.inspect(as_new("R")).await.expect("looked at");
    assert_eq!(shop.books(&mut provider).await, [10_000, 10_000, 0, 0]);
    assert_eq!(provider.sum(IntentKind::Void), 8_000);
}

/// spree#5598: the deadline passes, and the replacement never shipped. Nothing is charged for it. Once
/// nobody waits for the goods any more, it is cancelled, and free again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replacement_that_never_shipped_is_not_charged() {
    let (mut shop, mut provider) = Shop::sold_a().await;
    let request = exchanged(Mode::Advance, Some(card("more", 10_000)));
    shop.exchange(add_b(1_000_000, Vec::new()), request).await.expect("granted");
    let is_back = |rma: &v1::Return| places(rma).iter().any(|of| of.3 == Credit::ChargedBack);
    shop.pass(15, is_back).await;
    provider.answer_all(&mut shop, 2).await;
    assert_eq!(provider.sum(IntentKind::Capture), 0);
    assert_eq!(shop.refused_to_ship().await, "WAITS_FOR_RETURN");
    let is_expired = |rma: &v1::Return| places(rma).iter().any(|of| of.1 == Goods::Expired);
    shop.pass(31, is_expired).await;
    shop.freed("B").await;
    assert_eq!(shop.books(&mut provider).await, [8_000, 8_000, 0, 0]);
    assert_eq!(provider.sum(IntentKind::Void), 10_000);
    assert_eq!(provider.sum(IntentKind::Capture), 0);
}

/// Goods that go out first have to be covered: the difference, and what would be charged.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_advance_exchange_that_is_not_covered_changes_nothing() {
    let (mut shop, mut provider) = Shop::sold_a().await;
    for payment in [None, Some(card("less", 9_999))] {
        let request = exchanged(Mode::Advance, payment);
        let refused = shop.exchange(add_b(1_000_000, Vec::new()), request).await;
        let refused = refused.expect_err("it is not covered");
        assert_eq!(
            refused.message(),
            "10000 minor units have to be set aside for an exchange of order O, and \
             {} are"
                .replace("{}", if refused.message().contains("9999") { "9999" } else { "0" })
        );
    }
    assert_eq!(shop.books(&mut provider).await, [8_000, 8_000, 0, 0]);
    assert!(shop.order("O").await.returns.is_empty());
}

/// The carrier has the parcel, and what is exchanged for it may go out.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_exchange_on_scan_ships_once_the_carrier_has_the_parcel() {
    let (mut shop, mut provider) = Shop::sold_a().await;
    let request = exchanged(Mode::OnScan, Some(card("more", 8_000)));
    shop.exchange(add_b(800_000, Vec::new()), request).await.expect("granted");
    assert_eq!(shop.refused_to_ship().await, "WAITS_FOR_RETURN");
    let sent = v1::MarkReturnSentRequest {
        order_id: "O".into(),
        return_id: "R".into(),
        carrier: "Owl Post".into(),
        tracking: "1Z".into(),
        ..Default::default()
    };
    shop.server.returns.mark_return_sent(sent).await.expect("sent");
    shop.ship("O", 2).await;
    shop.receive(report("R", 1, &[(0, 1)])).await.expect("received");
    shop.inspect(as_new("R")).await.expect("looked at");
    assert_eq!(shop.books(&mut provider).await, [8_000, 8_000, 0, 0]);
    assert_eq!(provider.sum(IntentKind::Capture) + provider.sum(IntentKind::Refund), 0);
}

/// The customer keeps what he has: what was kept for him is free again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_exchange_whose_return_is_cancelled_is_cancelled() {
    let (mut shop, mut provider) = Shop::sold_a().await;
    let request = exchanged(Mode::Reserve, Some(card("more", 2_000)));
    shop.exchange(add_b(1_000_000, Vec::new()), request).await.expect("granted");
    let (order_id, return_id) = ("O".into(), "R".into());
    let cancel = v1::CancelReturnRequest { order_id, return_id, ..Default::default() };
    shop.server.returns.cancel_return(cancel).await.expect("cancelled");
    shop.freed("B").await;
    assert_eq!(shop.books(&mut provider).await, [8_000, 8_000, 0, 0]);
    assert_eq!(provider.sum(IntentKind::Void), 2_000);
}

/// Asked again, it changes nothing; another one under the id of the return, or a token of something else,
/// is refused.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_exchange_is_made_once() {
    let (mut shop, mut provider) = Shop::sold_a().await;
    let quote = shop.server.orders.quote_change(add_b(800_000, Vec::new())).await;
    let change_token = quote.expect("quoted").into_inner().change_token;
    let request = v1::RequestExchangeRequest { change_token, ..exchanged(Mode::Reserve, None) };
    for _ in 0..2 {
        shop.server.returns.request_exchange(request.clone()).await.expect("granted, and found");
    }
    let order = shop.order("O").await;
    assert_eq!((order.lines.len(), order.returns.len()), (2, 1));
    let other = v1::RequestExchangeRequest { mode: Mode::OnScan.into(), ..request.clone() };
    shop.server.returns.request_exchange(other).await.expect_err("another one");
    let quote = v1::QuoteChangeRequest { apart: false, ..add_b(800_000, Vec::new()) };
    shop.server.set_stock("B", "NYC", 2).await;
    let quote = shop.server.orders.quote_change(quote).await.expect("quoted").into_inner();
    let asked = v1::RequestReturnRequest { return_id: "S".into(), ..asked("S", &[(0, 1)]) };
    let joined = v1::RequestExchangeRequest {
        asked: Some(asked),
        change_token: quote.change_token,
        ..request
    };
    let refused = shop.server.returns.request_exchange(joined).await.expect_err("not apart");
    assert_eq!(refused.code(), tonic::Code::InvalidArgument);
    assert_eq!(shop.books(&mut provider).await, [8_000, 8_000, 0, 0]);
}

impl Shop {
    /// A payment provider tells that so much of the payment `more` is not set aside any more.
    async fn expires(&mut self, amount_minor: i64) {
        let request = v1::RecordPaymentEventRequest {
            order_id: "O".into(),
            payment_id: "more".into(),
            kind: v1::LedgerKind::AuthExpired.into(),
            amount_minor,
            reference: "expiry".into(),
            ..Default::default()
        };
        self.server.payments.record_payment_event(request).await.expect("it is taken");
    }
}

/// What was set aside when the exchange was asked for is not any more when its goods are to leave: they do
/// not, before something else is set aside.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_exchange_is_not_released_unpaid() {
    let (mut shop, mut provider) = Shop::sold_a().await;
    let request = exchanged(Mode::Advance, Some(card("more", 10_000)));
    shop.exchange(add_b(1_000_000, Vec::new()), request).await.expect("granted");
    shop.expires(5_000).await;
    // What ended of the authorisation put the order on hold besides, until something else covers it.
    assert_eq!(shop.refused_to_ship().await, "ORDER_ON_HOLD");
    let (order_id, payment) = ("O".into(), Some(card("again", 5_000)));
    let add = v1::AddPaymentRequest { order_id, payment, ..Default::default() };
    shop.server.payments.add_payment(add).await.expect("added");
    shop.ship("O", 2).await;
    assert_eq!(shop.books(&mut provider).await, [10_000, 10_000, 0, -8_000]);
    shop.receive(report("R", 1, &[(0, 1)])).await.expect("received");
    shop.inspect(as_new("R")).await.expect("looked at");
    assert_eq!(shop.books(&mut provider).await, [10_000, 10_000, 0, 0]);
}

/// An order that is captured when it is placed: after the deadline, its customer does not pay for what did
/// not leave, and gets back what he paid of it. He pays once more, once what he sent came after all.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_did_not_leave_by_the_deadline_is_given_back() {
    let mut sold = priced("O", &[("A", 1, 800_000)], vec![captured("card", 8_000)]);
    sold.pricing.as_mut().expect("it is priced").capture = v1::CapturePolicy::Placement.into();
    let (mut shop, mut provider) = Shop::sold_as(sold).await;
    shop.server.define_item("B").await;
    shop.server.set_stock("B", "NYC", 1).await;
    let request = exchanged(Mode::Advance, Some(card("more", 10_000)));
    shop.exchange(add_b(1_000_000, Vec::new()), request).await.expect("granted");
    assert_eq!(shop.books(&mut provider).await, [10_000, 10_000, 0, -8_000]);
    let is_back = |rma: &v1::Return| places(rma).iter().any(|of| of.3 == Credit::ChargedBack);
    shop.pass(15, is_back).await;
    assert_eq!(shop.books(&mut provider).await, [8_000, 10_000, 2_000, -8_000]);
    shop.receive(report("R", 1, &[(0, 1)])).await.expect("received");
    shop.inspect(as_new("R")).await.expect("looked at");
    shop.ship("O", 2).await;
    assert_eq!(shop.books(&mut provider).await, [10_000, 12_000, 2_000, 0]);
}

//! Orders by the engine's prices that are refused, and how.

use super::*;
use crate::command::fixture::{confirm, hold, order, price_list, promotion, set_prices, told};
use crate::command::{ConfirmHold, LineRequest, PlaceOrder};
use crate::engine::tests::{one_unit, run};
use crate::engine::{Engine, Pump};
use crate::model::effect::Claim;
use crate::model::{CaptureAt, Currency, Minor, RefusalKind};
use crate::state::uses::Counted;

fn listed(coupon: Option<&str>, expected: Option<i64>) -> Box<OrderPrices> {
    let code = |code| CouponCode::new("coupon", code).expect("a code");
    Box::new(OrderPrices::Listed(PricesListed {
        currency: Currency::new("currency_code", "EUR").expect("a currency"),
        group: None,
        contract: None,
        coupons: coupon.map(code).into_iter().collect(),
        country: None,
        taxed: false,
        expected: expected.map(Minor),
        captures: CaptureAt::default(),
        payments: Vec::new(),
    }))
}

/// An engine with one unit of A at 19.99, 10% off with the coupon ONCE, once.
fn priced() -> (Engine, Pump) {
    let (engine, mut pump) = one_unit();
    run(&mut pump, engine.define_price_list(price_list("all")));
    run(&mut pump, engine.set_prices(set_prices("all", "A")));
    let mut once = promotion("once");
    once.promotion.coupon = CouponCode::new("coupon", "ONCE").ok();
    once.promotion.limit = Some(1);
    run(&mut pump, engine.define_promotion(once));
    (engine, pump)
}

fn place(prices: Box<OrderPrices>) -> PlaceOrder {
    let mut place = order();
    place.order.prices = Some(prices);
    place
}

fn confirmed(prices: Box<OrderPrices>) -> ConfirmHold {
    let line = LineRequest { sku: crate::command::fixture::sku("A"), quantity: 1 };
    let lines = Lines([line].into_iter().collect());
    ConfirmHold { lines, prices: Some(prices), ..confirm("H") }
}

/// Uses the coupon up.
fn use_up(engine: &Engine) {
    let of = UsesOf { promotion: PromotionNo(0), customer: None };
    assert!(engine.kernel.state.uses.claim(&of, 1));
    let _ = engine.kernel.state.uses.count(&of, 1, (crate::model::Lsn::FIRST, true));
}

/// The refusals that prices by lists give, whether an order is placed or a hold confirmed.
pub(crate) fn table(refused: impl Fn(&Engine, Box<OrderPrices>) -> Refusal) -> Vec<RefusalKind> {
    let held = |(engine, mut pump): (Engine, Pump)| {
        run(&mut pump, engine.create_hold(hold("H")));
        (engine, pump)
    };
    let (engine, _pump) = held(one_unit());
    let unpriced = refused(&engine, listed(None, None));
    let (engine, _pump) = held(priced());
    let told = [
        unpriced,
        refused(&engine, listed(Some("NEVER"), None)),
        refused(&engine, listed(Some("once"), Some(1_999))),
    ];
    use_up(&engine);
    let used_up = refused(&engine, listed(Some("once"), None));
    let kinds = told.into_iter().chain([used_up]).map(|refusal| refusal.kind()).collect::<Vec<_>>();
    assert_eq!(
        kinds,
        [
            RefusalKind::PriceNotFound,
            RefusalKind::CouponNotGranted,
            RefusalKind::PriceDiffers,
            RefusalKind::CouponUsedUp,
        ]
    );
    kinds
}

/// Those of an order that is placed.
pub(crate) fn of_orders() -> Vec<RefusalKind> {
    table(|engine, prices| told(engine.place_order(place(prices))))
}

/// Those of a hold that is confirmed.
pub(crate) fn of_holds() -> Vec<RefusalKind> {
    table(|engine, prices| told(engine.confirm_hold(confirmed(prices))))
}

#[test]
fn prices_by_lists_refuse_alike_for_orders_and_holds() {
    assert_eq!(of_orders(), of_holds());
}

/// Others claim the last use, and give it back: it is not used up by that.
#[test]
fn who_finds_the_last_use_claimed_waits_for_what_becomes_of_it() {
    let (engine, mut pump) = priced();
    let of = UsesOf { promotion: PromotionNo(0), customer: None };
    assert!(engine.kernel.state.uses.claim(&of, 1));
    let mut placing = std::pin::pin!(engine.place_order(place(listed(Some("ONCE"), None))));
    assert!(crate::engine::tests::poll(placing.as_mut()).is_pending());
    engine.kernel.give_back(Claim::Use(Box::new(of.clone())));
    run(&mut pump, placing);
    assert_eq!(engine.kernel.state.uses.counted(&of).times, 1);
}

/// A refusal after the claim, here for want of stock, gives the use back.
#[test]
fn an_order_that_is_refused_uses_nothing() {
    let (engine, mut pump) = priced();
    run(&mut pump, engine.place_order(order()));
    let mut sold_out = place(listed(Some("ONCE"), None));
    sold_out.order.id = OrderId::new("order_id", "SOLD-OUT").expect("an id");
    run(&mut pump, engine.place_order(sold_out));
    let of = UsesOf { promotion: PromotionNo(0), customer: None };
    assert_eq!(engine.kernel.state.uses.counted(&of), Counted::default());
    assert!(engine.kernel.state.uses.claim(&of, 1));
}

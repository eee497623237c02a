//! Random lives of orders with prices: providers that decline, forget, repeat and come first, and the power
//! goes. The ledger is compared with what a naive provider did.
//!
//! `BACKSTOCK_COMMANDS=1000000 cargo test --release -p backstock-tests --test suite engine::money` sends a
//! million commands; `BACKSTOCK_SEED=7` replays one life.

use std::collections::BTreeMap;

use backstock_engine::command::{
    CancelOrder, LineCancellation, PaymentStep, PlaceOrder, RecordPayment,
};
use backstock_engine::disk::SimulatedDisk;
use backstock_engine::engine::{Engine, EngineError, OrderPrices, PlaceOutcome};
use backstock_engine::model::{
    Allowance, AllowedOf, CaptureAt, Captures, Currency, Intent, IntentKind, LinePrice, Minor,
    NodeKind, PaymentAsked, PaymentId, PaymentOutcome, PricesAsked, RefundId, ShippingPrice,
    Shortage, Taken, TaxAmount, TaxAsked, Text, UnitPrice,
};
use backstock_engine::random::Random;
use backstock_tests::fixture::*;
use backstock_tests::single::Single;

/// Commands of one life.
const COMMANDS: u64 = 400;

fn text(text: &str) -> Text {
    Text::new("text", text).expect("a text")
}

/// What a provider did under a key, once.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Done {
    kind: IntentKind,
    payment: Option<u16>,
    amount: i64,
    outcome: PaymentOutcome,
}

/// What is known of an order without asking the engine: what its units cost, one by one, and which of
/// them are there.
struct Known {
    /// By line: what each unit costs.
    units: Vec<Vec<i64>>,
    kept: Vec<usize>,
    shipping: i64,
    allowed: i64,
}

impl Known {
    fn total(&self) -> i64 {
        let of_line = |(units, kept): (&Vec<i64>, &usize)| units[..*kept].iter().sum::<i64>();
        let units: i64 = self.units.iter().zip(&self.kept).map(of_line).sum();
        let is_empty = self.kept.iter().all(|kept| *kept == 0);
        let worth = units + if is_empty { 0 } else { self.shipping };
        // Amounts that were given back may be more than what is left.
        (worth - self.allowed).max(0)
    }
}

struct Life {
    random: Random,
    disk: SimulatedDisk,
    single: Single,
    orders: BTreeMap<String, Known>,
    /// By key: the provider remembers for ever.
    provider: BTreeMap<String, Done>,
    commands: u64,
    placed: u64,
    crashes: u64,
}

impl Life {
    fn new(seed: u64) -> Self {
        let disk = SimulatedDisk::new();
        let mut single = Single::open(&disk).expect("the engine opens");
        let engine = single.engine.clone();
        single.run(async {
            define_nodes(&engine, &[node("N", NodeKind::Warehouse, 1)]).await;
            define_items(&engine, &["A", "B", "C"]).await;
            for item in ["A", "B", "C"] {
                set(&engine, item, "N", 400).await;
            }
        });
        let (orders, provider) = (BTreeMap::new(), BTreeMap::new());
        let random = Random::new(seed);
        Self { random, disk, single, orders, provider, commands: 0, placed: 0, crashes: 0 }
    }

    fn engine(&self) -> Engine {
        self.single.engine.clone()
    }

    fn live(mut self) -> Self {
        while self.commands < COMMANDS {
            match self.random.within(0..20) {
                0..4 => self.place(),
                4..7 => self.cancel(),
                7..10 => self.ship(),
                10..11 => self.allow(),
                11..12 => self.add_card(),
                12..19 => self.answer(),
                _ => self.crash(),
            }
            self.commands += 1;
        }
        // Until nothing is asked for any more.
        while self.answer_one(100) {}
        self.check();
        self
    }

    fn place(&mut self) {
        let id = format!("O{}", self.placed);
        self.placed += 1;
        let names = ["A", "B", "C"];
        let lines: Vec<(&str, u32)> = names[..self.random.within(1..4) as usize]
            .iter()
            .map(|sku| (*sku, self.random.within(1..5)))
            .collect();
        let price = |random: &mut Random| LinePrice {
            unit_price: UnitPrice(random.within(0..300_000).into()),
            discounts: Vec::new(),
            taxes: vec![TaxAsked {
                name: text("vat"),
                amount: TaxAmount::Rate(random.within(0..2_500)),
            }],
        };
        let prices: Vec<LinePrice> = lines.iter().map(|_| price(&mut self.random)).collect();
        let (units, shipping) = (units(&lines, &prices), i64::from(self.random.within(0..900)));
        let kept = units.iter().map(Vec::len).collect();
        let known = Known { units, kept, shipping, allowed: 0 };
        let taken = *self.random.pick(&[Taken::Nothing, Taken::Authorised, Taken::Captured]);
        let captures = *self.random.pick(&[
            Captures::Many,
            Captures::Many,
            Captures::AllOnFirst,
            Captures::AuthoriseRest,
        ]);
        let at =
            *self.random.pick(&[CaptureAt::Shipment, CaptureAt::Shipment, CaptureAt::Placement]);
        let total = known.total();
        let mut payments = vec![card("first", total / 2 + 1, (taken, captures))];
        payments.push(card("second", total - total / 2 + 1, (taken, captures)));
        let mut request = order(&id, &lines, Shortage::Reject);
        request.prices = Some(Box::new(OrderPrices::Asked(PricesAsked {
            currency: Currency::new("currency", "USD").expect("a currency"),
            tax_included: false,
            lines: prices,
            discounts: Vec::new(),
            shipping: Some(ShippingPrice {
                amount: Minor(shipping),
                discounts: Vec::new(),
                taxes: Vec::new(),
            }),
            captures: at,
            payments,
        })));
        let (engine, command) =
            (self.engine(), PlaceOrder { meta: keyed(&id), placed_at: None, order: request });
        let answer = self.single.run(async { engine.place_order(command).await });
        let PlaceOutcome::Placed(placed) = answer.expect("it is answered").outcome else {
            panic!("what is paid is placed");
        };
        let mut known = known;
        if placed.shipments.is_empty() {
            known.kept.iter_mut().for_each(|kept| *kept = 0);
        }
        self.orders.insert(id, known);
    }

    fn some(&mut self) -> Option<String> {
        let ids: Vec<String> = self.orders.keys().cloned().collect();
        (!ids.is_empty()).then(|| self.random.pick(&ids).clone())
    }

    fn cancel(&mut self) {
        let Some(id) = self.some() else { return };
        let line = self.random.within(0..3);
        let cancellation = LineCancellation { line: line + 1, quantity: 1, of_bundle: false };
        let command = CancelOrder {
            meta: meta(),
            order: order_id(&id),
            lines: vec![cancellation],
            shipment: None,
        };
        let engine = self.engine();
        let done = self.single.run(async { engine.cancel_order(command).await });
        if done.is_ok() {
            self.orders.get_mut(&id).expect("it is known").kept[line as usize] -= 1;
        }
    }

    fn ship(&mut self) {
        let Some(id) = self.some() else { return };
        let engine = self.engine();
        // A part of the orders, and any of them twice: what is not secured does not leave.
        let _ = self.single.run(async { ship(&engine, &id, 1).await });
    }

    fn allow(&mut self) {
        let Some(id) = self.some() else { return };
        let amount = Minor(self.random.within(1..400).into());
        let refund = format!("R{}", self.random.within(0..3));
        let step = PaymentStep::Allow(Allowance {
            id: RefundId::new("refund", refund).expect("an id"),
            amount,
            of: AllowedOf::Order,
            reason: Text::default(),
        });
        let before = self.allowances(&id);
        let done = self.record(&id, step);
        if done.is_ok() && self.allowances(&id) > before {
            self.orders.get_mut(&id).expect("it is known").allowed += amount.0;
        }
    }

    fn allowances(&mut self, id: &str) -> usize {
        let engine = self.engine();
        let order = self.single.run(async { engine.order(&order_id(id)).await });
        order.expect("it is there").order.money.as_ref().expect("prices").allowances.len()
    }

    fn add_card(&mut self) {
        let Some(id) = self.some() else { return };
        let amount = self.random.within(1..5_000);
        let third = card("third", amount.into(), (Taken::Nothing, Captures::Many));
        let _ = self.record(&id, PaymentStep::Add(third));
    }

    /// A provider answers: once, twice, late, not at all, by a webhook, or another time than it did.
    fn answer(&mut self) {
        self.answer_one(60);
    }

    /// Whether something was open; so many of a hundred get an answer that ends it.
    fn answer_one(&mut self, ends_percent: u32) -> bool {
        let engine = self.engine();
        let open = self.single.run(async { engine.orders_with_intents(0, 1_000).await });
        let (open, ..) = open.expect("they are listed");
        if open.is_empty() {
            return false;
        }
        let order = self.random.pick(&open).clone();
        let money = order.money.as_ref().expect("it has prices");
        let in_flight: Vec<(u16, Intent)> =
            (1..).zip(money.intents.iter().cloned()).filter(|(_, of)| of.is_in_flight()).collect();
        let (number, intent) = self.random.pick(&in_flight).clone();
        let key = Intent::id(&order.header.id, usize::from(number));
        let declines = self.random.percent(10) && ends_percent < 100;
        let outcome = if declines { PaymentOutcome::Failed } else { PaymentOutcome::Succeeded };
        let (kind, payment, amount) = (intent.kind, intent.payment, intent.amount.0);
        let new = Done { kind, payment, amount, outcome };
        let done = self.provider.entry(key).or_insert_with(|| new.clone()).clone();
        assert_eq!((done.kind, done.payment, done.amount), (kind, payment, amount), "one key");
        let id = order.header.id.to_string();
        if !self.random.percent(ends_percent) {
            self.tell(&id, number, PaymentOutcome::Unknown);
            return true;
        }
        for _ in 0..self.random.within(1..3) {
            self.tell(&id, number, done.outcome);
        }
        // The other answer, by an older message: it changes nothing.
        if self.random.percent(5) {
            let other = match done.outcome {
                PaymentOutcome::Succeeded => PaymentOutcome::Failed,
                _ => PaymentOutcome::Succeeded,
            };
            self.tell(&id, number, other);
        }
        true
    }

    fn tell(&mut self, id: &str, intent: u16, outcome: PaymentOutcome) {
        let reference = text(&format!("ref-{intent}"));
        let step =
            PaymentStep::Result { intent, outcome, amount: None, reference, observed_at: None };
        self.record(id, step).expect("it is taken");
    }

    fn record(&mut self, id: &str, step: PaymentStep) -> Result<(), EngineError> {
        let command = RecordPayment { meta: meta(), order: order_id(id), step };
        let engine = self.engine();
        self.single.run(async { engine.record_payment(command).await }).map(drop)
    }

    /// The power goes: what was acknowledged is there afterwards, and nothing else is.
    fn crash(&mut self) {
        self.check();
        let seed = self.random.next();
        self.disk = self.disk.crash(seed);
        self.single = Single::open(&self.disk).expect("the engine opens again");
        self.crashes += 1;
        self.check();
    }

    /// The books of each order are those of the provider, and its total is that of its units.
    fn check(&mut self) {
        let engine = self.engine();
        assert_clean(&engine);
        for (id, known) in &self.orders {
            let order = self.single.run(async { engine.order(&order_id(id)).await });
            let order = order.expect("it is there").order;
            let money = order.money.as_ref().expect("it has prices");
            assert_eq!(money.total().0, known.total(), "{id}");
            let sums = money.sums();
            for (no, intent) in (1..).zip(&money.intents) {
                let told = self.provider.get(&Intent::id(&order.header.id, no));
                let is_done = told.is_some_and(|of| of.outcome == PaymentOutcome::Succeeded);
                let says = intent.state == backstock_engine::model::IntentState::Succeeded;
                assert!(!says || is_done, "{id}/{no} is what the provider did");
            }
            let by_provider = |kind| {
                let of = format!("{id}/");
                let done = self.provider.iter().filter(|(key, of_key)| {
                    key.starts_with(&of)
                        && of_key.kind == kind
                        && of_key.outcome == PaymentOutcome::Succeeded
                });
                done.map(|(_, of)| of.amount).sum::<i64>()
            };
            let told: i64 = money
                .ledger
                .iter()
                .filter(|of| of.intent == 0)
                .map(|of| {
                    i64::from(of.kind == backstock_engine::model::LedgerKind::Captured)
                        * of.amount.0
                })
                .sum();
            assert!(sums.captured.0 <= told + by_provider(IntentKind::Capture), "{id}");
            assert!(
                by_provider(IntentKind::Refund) <= sums.captured.0,
                "{id} refunds what it took"
            );
        }
    }
}

fn card(id: &str, amount: i64, (taken, captures): (Taken, Captures)) -> PaymentAsked {
    PaymentAsked {
        id: PaymentId::new("payment", id).expect("an id"),
        method: text("card"),
        amount: Minor(amount),
        captures,
        expires: None,
        taken,
        reference: text("ref"),
    }
}

/// What each unit of lines costs, as naively as can be: the price and its tax are rounded by line, and
/// what is left over by rounding down goes to later units.
fn units(lines: &[(&str, u32)], prices: &[LinePrice]) -> Vec<Vec<i64>> {
    let of_line = |((_, quantity), price): (&(&str, u32), &LinePrice)| {
        let all = i64::from(*quantity);
        let gross = (price.unit_price.0 * all + 50).div_euclid(100);
        let TaxAmount::Rate(rate) = price.taxes[0].amount else { unreachable!("it is a rate") };
        let tax = (gross * i64::from(rate) + 5_000) / 10_000;
        let upto = |amount: i64, units: i64| amount * units / all;
        let unit =
            |at: i64| upto(gross, at + 1) - upto(gross, at) + upto(tax, at + 1) - upto(tax, at);
        (0..all).map(unit).collect()
    };
    lines.iter().zip(prices).map(of_line).collect()
}

#[test]
fn books_close_whatever_providers_answer_and_whenever_the_power_goes() {
    let wanted: u64 =
        std::env::var("BACKSTOCK_COMMANDS").map_or(2_000, |of| of.parse().expect("a number"));
    let seed = std::env::var("BACKSTOCK_SEED").ok().map(|of| of.parse::<u64>().expect("a number"));
    let (mut commands, mut placed, mut crashes) = (0, 0, 0);
    for at in seed.map_or(0..wanted.div_ceil(COMMANDS), |seed| seed..seed + 1) {
        println!("life {at}: replay it with BACKSTOCK_SEED={at}");
        let life = Life::new(at).live();
        commands += life.commands;
        placed += life.placed;
        crashes += life.crashes;
    }
    println!("{commands} commands, {placed} orders, {crashes} crashes");
    assert!(placed > 0 && crashes > 0 || seed.is_some());
}

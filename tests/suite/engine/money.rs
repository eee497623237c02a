//! Random lives of orders with prices: providers that decline, forget, repeat and come first, units that come
//! back to a warehouse and to a partner's return centre, coupons, and the power goes. Money, coupons and
//! goods are compared with what is known without asking the engine.
//!
//! `BACKSTOCK_COMMANDS=1000000 cargo test --release -p backstock-tests --test suite engine::money` sends a
//! million commands, in lives of [`OF_A_LIFE`] commands each, or of as many as `BACKSTOCK_OF_A_LIFE` says.
//! `BACKSTOCK_SEED=7` replays one life.

mod back;
mod books;
mod centre;
mod check;
mod priced;
mod provider;

use std::collections::{BTreeMap, BTreeSet};

use backstock_engine::command::{
    CancelOrder, LineCancellation, LineRequest, Meta, PaymentStep, PlaceOrder, ProgressShipment,
    RecordPayment,
};
use backstock_engine::disk::SimulatedDisk;
use backstock_engine::engine::{Engine, EngineError, OrderPrices, PlaceOutcome};
use backstock_engine::model::{
    Allowance, AllowedOf, CaptureAt, Captures, LinePrice, Minor, NodeKind, Order, PaymentAsked,
    PaymentId, PricesAsked, RefundId, Refusal, ShippingPrice, Shortage, Step, Taken, TaxAmount,
    TaxAsked, Text, Timestamp, UnitPrice,
};
use backstock_engine::random::Random;
use backstock_tests::fixture::*;
use backstock_tests::seed::number;
use backstock_tests::single::Single;

use self::books::Known;
use self::centre::Centre;
use self::provider::Provider;

/// Commands of a life, where nobody says how many.
const OF_A_LIFE: u64 = 600;

/// Commands in all, where nobody says how many.
const COMMANDS: u64 = 3_000;

/// Orders of a life, at most.
const ORDERS_MAX: u64 = 10_000;

/// How often the power goes in a life, about.
const CRASHES: u64 = 20;

/// Where orders ship from, and where a desk takes goods back.
const WAREHOUSE: &str = "N";

/// A partner's return centre. It ships as well, and is far.
const CENTRE: &str = "R";

/// Units of each item at the warehouse for every order of a life: fewer than are ordered.
const UNITS: u64 = 3;

const ITEMS: [&str; 3] = ["A", "B", "C"];

fn text(text: &str) -> Text {
    Text::new("text", text).expect("a text")
}

struct Life {
    /// Commands that it has.
    wanted: u64,
    /// Units of each item that the warehouse had first.
    units: u32,
    now: Timestamp,
    random: Random,
    disk: SimulatedDisk,
    single: Single,
    orders: BTreeMap<String, Known>,
    /// Their ids.
    ids: Vec<String>,
    /// Those of which something was said since they were looked at.
    touched: BTreeSet<String>,
    provider: Provider,
    centre: Centre,
    /// Units that left, by item and node.
    shipped: BTreeMap<(String, String), u32>,
    commands: u64,
    placed: u64,
    crashes: u64,
}

impl Life {
    fn new(seed: u64, wanted: u64) -> Self {
        // Two of fifteen commands place an order.
        let orders = (wanted * 2 / 15).clamp(1, ORDERS_MAX);
        let units = u32::try_from(orders * UNITS).expect("not too many");
        let disk = SimulatedDisk::new();
        let mut single = Single::open(&disk).expect("the engine opens");
        let engine = single.engine.clone();
        single.run(async {
            let nodes = [(WAREHOUSE, NodeKind::Warehouse, 1), (CENTRE, NodeKind::ThirdParty, 80)];
            define_nodes(&engine, &nodes.map(|(name, kind, code)| node(name, kind, code))).await;
            define_items(&engine, &ITEMS).await;
            for item in ITEMS {
                set(&engine, item, WAREHOUSE, units).await;
            }
            priced::define(&engine).await;
            centre::define(&engine).await;
        });
        Self {
            wanted,
            units,
            now: NOW,
            random: Random::new(seed),
            disk,
            single,
            orders: BTreeMap::new(),
            ids: Vec::new(),
            touched: BTreeSet::new(),
            provider: Provider::default(),
            centre: Centre::default(),
            shipped: BTreeMap::new(),
            commands: 0,
            placed: 0,
            crashes: 0,
        }
    }

    fn engine(&self) -> Engine {
        self.single.engine.clone()
    }

    /// Who says something, and when.
    fn meta(&self) -> Meta {
        Meta { at: self.now, ..meta() }
    }

    /// The same, under a key.
    fn keyed(&self, key: &str) -> Meta {
        Meta { at: self.now, ..keyed(key) }
    }

    fn live(mut self) -> Self {
        while self.commands < self.wanted {
            let dies = self.random.next() % self.wanted < CRASHES;
            match self.random.within(0..30) {
                _ if dies => self.crash(),
                0..4 => self.place(),
                4..6 => self.cancel(),
                6..10 => self.ship(),
                10 => self.allow(),
                11 => self.add_card(),
                12..18 => drop(self.answer(60)),
                18..21 => self.request_return(),
                21..26 => self.progress_return(),
                26..29 => self.deliver(),
                _ => self.pass(),
            }
            self.commands += 1;
        }
        // Until nothing is said or asked for any more.
        self.deliver_all();
        while self.answer(100) {}
        self.touched = self.ids.iter().cloned().collect();
        self.check();
        self.check_closed();
        self
    }

    /// Some hours pass: what is not waited for any longer expires, and credits that came first are taken
    /// back where no goods came.
    fn pass(&mut self) {
        let hours = i64::from(*self.random.pick(&[1, 12, 36, 24 * 4]));
        self.now = self.now.saturating_add_micros(hours * DAY / 24);
        self.engine().tell_time(self.now);
        self.single.drain();
        let ends = |known: &Known| known.returns.values().any(|back| back.until.is_some());
        let waiting = self.orders.iter().filter(|(_, known)| ends(known)).map(|(id, _)| id.clone());
        self.touched.extend(waiting);
    }

    /// What is known of an order of which something is said.
    fn known(&mut self, id: &str) -> &mut Known {
        self.touched.insert(id.to_owned());
        self.orders.get_mut(id).expect("it is known")
    }

    fn place(&mut self) {
        if self.placed == ORDERS_MAX {
            return;
        }
        let id = format!("O{}", self.placed);
        self.placed += 1;
        let lines: Vec<(&str, u32)> = ITEMS[..self.random.within(1..4) as usize]
            .iter()
            .map(|sku| (*sku, self.random.within(1..5)))
            .collect();
        let mut request = order(&id, &lines, Shortage::Reject);
        let is_listed = self.random.percent(40);
        let (prices, known) = if is_listed {
            priced::listed(&mut self.random, &request.lines.0)
        } else {
            asked(&mut self.random, &request.lines.0)
        };
        request.prices = Some(Box::new(prices));
        let command = PlaceOrder { meta: self.keyed(&id), placed_at: None, order: request };
        let engine = self.engine();
        match self.single.run(async { engine.place_order(command).await }) {
            Ok(answer) => self.note_placed(id, known, answer.outcome),
            Err(EngineError::Refused(Refusal::CouponUsedUp { .. })) => {
                assert!(known.coupon, "it asked for a use");
                assert_eq!(self.uses(), priced::USES_MAX, "all are used");
            }
            Err(error) => panic!("{id}: {error}"),
        }
    }

    /// What is paid and cannot be promised is placed all the same, and all of it is cancelled at once.
    fn note_placed(&mut self, id: String, mut known: Known, outcome: PlaceOutcome) {
        match outcome {
            PlaceOutcome::Placed(placed) if placed.shipments.is_empty() => {
                known.lines.iter_mut().for_each(|line| line.kept = 0);
            }
            PlaceOutcome::Placed(_) => {}
            PlaceOutcome::SoldOut(_) => return,
        }
        self.orders.insert(id.clone(), known);
        self.touched.insert(id.clone());
        self.ids.push(id);
    }

    /// Uses of the coupon: an order gives its own back with its last unit.
    fn uses(&self) -> usize {
        let has_use = |known: &&Known| known.coupon && !known.is_empty();
        self.orders.values().filter(has_use).count()
    }

    fn some(&mut self) -> Option<String> {
        (!self.ids.is_empty()).then(|| self.random.pick(&self.ids).clone())
    }

    fn cancel(&mut self) {
        let Some(id) = self.some() else { return };
        let line = self.random.within(0..3);
        let cancellation = LineCancellation { line: line + 1, quantity: 1, of_bundle: false };
        let command = CancelOrder {
            meta: self.meta(),
            order: order_id(&id),
            lines: vec![cancellation],
            shipment: None,
        };
        let engine = self.engine();
        let done = self.single.run(async { engine.cancel_order(command).await });
        let lines = &mut self.known(&id).lines;
        let open = lines.get(line as usize).map_or(0, |of| of.kept - of.left);
        assert_eq!(done.is_ok(), open > 0, "{id}: {done:?}");
        if done.is_ok() {
            lines[line as usize].kept -= 1;
        }
    }

    /// A shipment leaves: whole, and not before it is paid. Any of them is told twice.
    fn ship(&mut self) {
        let Some(id) = self.some() else { return };
        let order = self.order(&id);
        let Some(last) = order.shipments.len().checked_sub(1) else { return };
        let shipment = u16::try_from(self.random.up_to(last)).expect("a few");
        let open: Vec<(u16, u32)> =
            order.allocations_of(shipment).map(|a| (a.line, a.open())).collect();
        let step = Step::Ship { packages: vec![], carrier: carrier(), tracking: text("") };
        let (meta, order_id) = (self.meta(), order_id(&id));
        let command = ProgressShipment { meta, order: order_id, shipment: shipment + 1, step };
        let engine = self.engine();
        let done = self.single.run(async { engine.progress_shipment(command).await });
        if done.is_ok() {
            let node = engine.node_no(order.shipments[usize::from(shipment)].node).id.to_string();
            for (line, units) in open {
                let of =
                    &mut self.orders.get_mut(&id).expect("it is known").lines[usize::from(line)];
                of.left += units as usize;
                assert!(of.left <= of.kept, "{id}: what is cancelled does not leave");
                let pair = (of.sku.clone(), node.clone());
                *self.shipped.entry(pair).or_default() += units;
            }
        }
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
        let allowances = |order: &Order| order.money.as_ref().expect("prices").allowances.len();
        let before = allowances(&self.order(&id));
        let done = self.record(&id, step);
        if done.is_ok() && allowances(&self.order(&id)) > before {
            self.known(&id).allowed += amount.0;
        }
    }

    fn add_card(&mut self) {
        let Some(id) = self.some() else { return };
        let amount = self.random.within(1..5_000);
        let third = card("third", amount.into(), (Taken::Nothing, Captures::Many));
        let _ = self.record(&id, PaymentStep::Add(third));
    }

    fn order(&mut self, id: &str) -> std::sync::Arc<Order> {
        let engine = self.engine();
        self.single.run(async { engine.order(&order_id(id)).await }).expect("it is there").order
    }

    fn record(&mut self, id: &str, step: PaymentStep) -> Result<(), EngineError> {
        let command = RecordPayment { meta: self.meta(), order: order_id(id), step };
        let engine = self.engine();
        self.single.run(async { engine.record_payment(command).await }).map(drop)
    }

    /// The power goes: what was acknowledged is there afterwards, and nothing else is.
    fn crash(&mut self) {
        let touched = self.touched.clone();
        self.check();
        let seed = self.random.next();
        self.disk = self.disk.crash(seed);
        self.single = Single::open(&self.disk).expect("the engine opens again");
        self.crashes += 1;
        self.touched = touched;
        self.check();
    }
}

/// An order with the caller's prices, and what is known of it.
fn asked(random: &mut Random, lines: &[LineRequest]) -> (OrderPrices, Known) {
    let price = |random: &mut Random| LinePrice {
        unit_price: UnitPrice(random.within(0..300_000).into()),
        discounts: Vec::new(),
        taxes: vec![TaxAsked {
            name: text("vat"),
            amount: TaxAmount::Rate(random.within(0..2_500)),
        }],
    };
    let prices: Vec<LinePrice> = lines.iter().map(|_| price(random)).collect();
    let units = lines.iter().zip(&prices).map(|(line, price)| books::asked(line, price));
    let known = Known::new(lines, units.collect(), random.within(0..900).into());
    let (total, how) = (known.total(), taken(random));
    let at = *random.pick(&[CaptureAt::Shipment, CaptureAt::Shipment, CaptureAt::Placement]);
    let payments =
        vec![card("first", total / 2 + 1, how), card("second", total - total / 2 + 1, how)];
    let amount = Minor(known.shipping);
    let prices = PricesAsked {
        currency: priced::usd(),
        tax_included: false,
        lines: prices,
        discounts: Vec::new(),
        shipping: Some(ShippingPrice { amount, discounts: Vec::new(), taxes: Vec::new() }),
        captures: at,
        payments,
    };
    (OrderPrices::Asked(prices), known)
}

/// What was done of a payment, and how often it may be captured.
fn taken(random: &mut Random) -> (Taken, Captures) {
    let taken = *random.pick(&[Taken::Nothing, Taken::Authorised, Taken::Captured]);
    let captures = [Captures::Many, Captures::Many, Captures::AllOnFirst, Captures::AuthoriseRest];
    (taken, *random.pick(&captures))
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
        on_expiry: None,
    }
}

#[test]
fn books_and_goods_close_whatever_providers_and_partners_say_and_whenever_the_power_goes() {
    let wanted = number("BACKSTOCK_COMMANDS").unwrap_or(COMMANDS);
    let of_a_life = number("BACKSTOCK_OF_A_LIFE").unwrap_or(OF_A_LIFE);
    let seed = number("BACKSTOCK_SEED");
    let (mut commands, mut placed, mut returns, mut crashes) = (0, 0, 0, 0);
    for at in seed.map_or(0..wanted.div_ceil(of_a_life), |seed| seed..seed + 1) {
        println!("life {at}: replay it with BACKSTOCK_SEED={at}");
        let life = Life::new(at, of_a_life).live();
        commands += life.commands;
        placed += life.placed;
        returns += life.orders.values().map(|known| known.returns.len()).sum::<usize>();
        crashes += life.crashes;
    }
    println!("{commands} commands, {placed} orders, {returns} returns, {crashes} crashes");
    assert!(placed > 0 && returns > 0 && crashes > 0 || seed.is_some());
}

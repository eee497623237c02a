//! Carts by calls of the engine: each is held, and most are confirmed. The others lapse.
//!
//! ```text
//!   cart --> held, durable --+--> confirmed, durable ---> answered
//!                            +--> left alone -----------> answered; lapses after a second
//! ```

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use backstock_engine::command::{ConfirmHold, CreateHold, Lines, Meta, OrderRequest};
use backstock_engine::engine::{Engine, PlaceOutcome};
use backstock_engine::model::{HoldId, OrderId, Timestamp};
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;

use super::answers::{Answers, Placed};
use super::drive::{Pipe, Sending};
use super::error::LoadError;
use super::follow::Followed;
use crate::workload::network::{NOW, meta};

/// One cart in so many is left alone.
const LEFT_ALONE: u64 = 4;
/// For how long a cart is held, in seconds.
const HELD_SECONDS: u32 = 1;
/// Between two looks whether all carts that were left alone have lapsed.
const LOOK: Duration = Duration::from_millis(20);
/// Such looks at most: lapsing is faster than holding.
const LOOKS_MAX: u32 = 3_000;

/// What all callers of a run share: its clock, and what they left alone.
#[derive(Debug)]
pub struct Till {
    opened: Instant,
    carts: AtomicU64,
    units: AtomicU64,
}

impl Default for Till {
    fn default() -> Self {
        Self { opened: Instant::now(), carts: AtomicU64::new(0), units: AtomicU64::new(0) }
    }
}

impl Till {
    fn now(&self) -> Timestamp {
        let passed = i64::try_from(self.opened.elapsed().as_micros()).expect("a run ends before");
        NOW.saturating_add_micros(passed)
    }

    /// Waits until every cart that was left alone has lapsed; answers with how many that were,
    /// as cancellations.
    ///
    /// # Errors
    /// When they do not lapse.
    pub async fn close(&self, engine: &Engine) -> Result<Followed, LoadError> {
        engine.tell_time(self.now().saturating_add_micros(i64::from(HELD_SECONDS) * 1_000_000));
        for _ in 0..LOOKS_MAX {
            let live = engine.status().live_holds as u64;
            if live == 0 {
                let (cancelled, cancelled_units) =
                    (self.carts.load(Ordering::Relaxed), self.units.load(Ordering::Relaxed));
                return Ok(Followed { cancelled, cancelled_units, ..Followed::default() });
            }
            tokio::time::sleep(LOOK).await;
        }
        let found = engine.status().live_holds as u64;
        Err(LoadError::Mismatch {
            what: "holds that are live after their time",
            found,
            expected: 0,
        })
    }
}

/// What became of a cart.
enum Became {
    Order(OrderId),
    LeftAlone,
    SoldOut,
}

/// A cart that is answered.
struct Cart {
    due: Instant,
    units: u32,
    became: Became,
}

type Answered = Pin<Box<dyn Future<Output = Result<Cart, LoadError>> + Send>>;

/// Carts of one caller on their way.
pub struct Holding {
    engine: Engine,
    till: Arc<Till>,
    carts: FuturesUnordered<Answered>,
    in_flight_max: usize,
    sent: u64,
}

impl Holding {
    /// None yet, and at most `in_flight_max`.
    pub fn new(engine: Engine, till: Arc<Till>, in_flight_max: usize) -> Self {
        Self { engine, till, carts: FuturesUnordered::new(), in_flight_max, sent: 0 }
    }

    fn count(&self, answers: &mut Answers, cart: Cart, now: Instant) {
        answers.answered(cart.due, now);
        match cart.became {
            Became::SoldOut => answers.sold_out(),
            Became::Order(id) => {
                answers.placed(cart.units, || Placed { id, first_shipment: 0, first_line: 0 });
            }
            Became::LeftAlone => {
                // Placed, and cancelled by time.
                answers.placed(cart.units, || unreachable!("nobody follows it up"));
                self.till.carts.fetch_add(1, Ordering::Relaxed);
                self.till.units.fetch_add(cart.units.into(), Ordering::Relaxed);
            }
        }
    }
}

impl Pipe for Holding {
    fn has_room(&self) -> bool {
        self.carts.len() < self.in_flight_max
    }

    fn is_idle(&self) -> bool {
        self.carts.is_empty()
    }

    async fn send(&mut self, sending: Sending, _: &mut Answers) -> Result<(), LoadError> {
        self.sent += 1;
        let confirms = !self.sent.is_multiple_of(LEFT_ALONE);
        let (due, units) = (sending.due, sending.offer.units);
        let (engine, till) = (self.engine.clone(), Arc::clone(&self.till));
        self.carts.push(Box::pin(async move {
            let became = hold(&engine, &till, sending.offer.command.order, confirms).await?;
            Ok(Cart { due, units, became })
        }));
        Ok(())
    }

    async fn flush(&mut self) -> Result<(), LoadError> {
        Ok(())
    }

    async fn answer(&mut self, answers: &mut Answers) -> Result<(), LoadError> {
        if let Some(cart) = self.carts.next().await {
            self.count(answers, cart?, Instant::now());
        }
        Ok(())
    }
}

async fn hold(
    engine: &Engine,
    till: &Till,
    order: OrderRequest,
    confirms: bool,
) -> Result<Became, LoadError> {
    let id = order.id.clone();
    let hold = HoldId::new("hold", id.as_str()).expect("an order's id can be a hold's");
    let now = || Meta { at: till.now(), ..meta() };
    let command = CreateHold::new(now(), hold.clone(), (HELD_SECONDS, None), order);
    let held = engine.create_hold(command).await?;
    if matches!(held.outcome, PlaceOutcome::SoldOut(_)) {
        return Ok(Became::SoldOut);
    }
    if !confirms {
        return Ok(Became::LeftAlone);
    }
    let confirm = ConfirmHold {
        meta: now(),
        hold,
        order: id.clone(),
        customer: None,
        channel: None,
        destination: None,
        service: None,
        deliver_by: None,
        lines: Lines::default(),
        prices: None,
    };
    engine.confirm_hold(confirm).await?;
    Ok(Became::Order(id))
}

//! Orders by calls of the engine. Many are submitted, and one watermark tells that
//! all of them are durable.

use std::collections::VecDeque;
use std::pin::Pin;
use std::time::Instant;

use backstock_engine::engine::{Engine, EngineError, OrderAnswer, PlaceOutcome, Submitted};
use backstock_engine::model::Order;

use super::answers::{Answers, Placed};
use super::drive::{Pipe, Sending};
use super::error::LoadError;
use crate::workload::network::NOW;

/// Answers between two looks at the clock. The time of the last one counts for all,
/// so latency is told too long, if at all.
const ANSWERS_A_LOOK: usize = 16;

/// An order whose answer is waited for by itself.
struct Front {
    due: Instant,
    units: u32,
    placed: Pin<Box<dyn Future<Output = Result<OrderAnswer, EngineError>> + Send>>,
}

/// An order that is submitted.
struct InFlight {
    due: Instant,
    units: u32,
    submitted: Submitted,
}

/// Orders of one caller on their way.
pub struct InProcess {
    engine: Engine,
    in_flight: VecDeque<InFlight>,
    in_flight_max: usize,
    front: Option<Front>,
}

impl InProcess {
    /// None yet, and at most `in_flight_max`.
    pub fn new(engine: Engine, in_flight_max: usize) -> Self {
        let in_flight = VecDeque::with_capacity(in_flight_max);
        Self { engine, in_flight, in_flight_max, front: None }
    }

    /// Answers the order that is waited for by itself.
    async fn answer_front(&mut self, answers: &mut Answers) -> Result<(), LoadError> {
        if let Some(front) = &mut self.front {
            let placed = front.placed.as_mut().await?;
            let (due, units) = (front.due, front.units);
            self.front = None;
            answers.answered(due, Instant::now());
            count(answers, units, placed);
        }
        Ok(())
    }
}

impl Pipe for InProcess {
    fn has_room(&self) -> bool {
        self.in_flight.len() < self.in_flight_max
    }

    fn is_idle(&self) -> bool {
        self.in_flight.is_empty() && self.front.is_none()
    }

    async fn send(&mut self, sending: Sending, _: &mut Answers) -> Result<(), LoadError> {
        for sku in &sending.looks {
            self.engine.availability(sku, NOW).await?;
        }
        let (due, units) = (sending.due, sending.offer.units);
        let submitted = self.engine.submit_order(sending.offer.command).await?;
        self.in_flight.push_back(InFlight { due, units, submitted });
        Ok(())
    }

    async fn flush(&mut self) -> Result<(), LoadError> {
        Ok(())
    }

    async fn answer(&mut self, answers: &mut Answers) -> Result<(), LoadError> {
        if self.front.is_none() {
            self.front = self.in_flight.pop_front().map(|InFlight { due, units, submitted }| {
                Front { due, units, placed: Box::pin(submitted.acknowledged()) }
            });
        }
        self.answer_front(answers).await
    }

    /// Half of what is in flight: one wake-up serves it.
    async fn answer_some(&mut self, answers: &mut Answers) -> Result<(), LoadError> {
        self.answer_front(answers).await?;
        let mut left = self.in_flight.len().div_ceil(2);
        while left > 0 {
            let mut due = [Instant::now(); ANSWERS_A_LOOK];
            let count_now = left.min(ANSWERS_A_LOOK);
            for (due, order) in due.iter_mut().zip(self.in_flight.drain(..count_now)) {
                *due = order.due;
                count(answers, order.units, order.submitted.acknowledged().await?);
            }
            let now = Instant::now();
            due[..count_now].iter().for_each(|due| answers.answered(*due, now));
            left -= count_now;
        }
        Ok(())
    }
}

fn count(answers: &mut Answers, units: u32, placed: OrderAnswer) {
    match placed.outcome {
        PlaceOutcome::Placed(order) => {
            answers.placed(units, || Placed {
                id: order.header.id.clone(),
                first_shipment: first_shipment(&order),
                first_line: order.lines.first().map_or(0, |line| line.ordered),
            });
        }
        PlaceOutcome::SoldOut(_) => answers.sold_out(),
    }
}

/// Units of an order's first shipment.
fn first_shipment(order: &Order) -> u64 {
    let allocations = order.allocations.iter().filter(|allocation| allocation.shipment == 0);
    allocations.map(|allocation| u64::from(allocation.units)).sum()
}

//! One caller: sends what is due, takes what is answered.
//!
//! ```text
//!   schedule --due--> player --order--> pipe ~~~ engine ~~~> answers --> record
//!                                         |                        \---> follow-ups
//!                                         full: in flight is bounded
//! ```

use std::sync::Arc;
use std::time::Instant;

use backstock_engine::model::Sku;

use super::alarm::Alarm;
use super::answers::{Answers, Tally};
use super::error::LoadError;
use super::follow::FollowUps;
use super::schedule::{Due, Schedule};
use crate::workload::ring::{Offer, Player};

/// Orders sent between two looks at the clock and at what was answered.
const BURST: usize = 64;

/// An order on its way into a pipe.
#[derive(Debug)]
pub struct Sending {
    /// When it was due.
    pub due: Instant,
    /// The order.
    pub offer: Offer,
    /// SKUs whose availability is read before.
    pub looks: Vec<Sku>,
}

/// How orders reach the engine. Orders in flight are bounded, and answers come by
/// themselves.
pub trait Pipe: Send + 'static {
    /// Whether one more order may be sent.
    fn has_room(&self) -> bool;

    /// Whether no answer is owed.
    fn is_idle(&self) -> bool;

    /// Sends an order, or keeps it for a message that is not full yet.
    fn send(
        &mut self,
        sending: Sending,
        answers: &mut Answers,
    ) -> impl Future<Output = Result<(), LoadError>> + Send;

    /// Sends what was kept.
    fn flush(&mut self) -> impl Future<Output = Result<(), LoadError>> + Send;

    /// Waits for an answer, at least one being owed. Dropped while it waits, it has
    /// lost none.
    fn answer(
        &mut self,
        answers: &mut Answers,
    ) -> impl Future<Output = Result<(), LoadError>> + Send;

    /// Waits for several answers, where that is cheaper than one by one.
    fn answer_some(
        &mut self,
        answers: &mut Answers,
    ) -> impl Future<Output = Result<(), LoadError>> + Send {
        self.answer(answers)
    }
}

/// A caller.
pub struct Caller<P> {
    /// How it reaches the engine.
    pub pipe: P,
    /// What it orders.
    pub player: Player,
    /// When it is woken.
    pub alarm: Arc<Alarm>,
    /// Reads before each order.
    pub looks: u32,
    /// Where follow-ups go, if there are any.
    pub follow_ups: Option<FollowUps>,
}

/// Why a caller stopped sending.
enum Pause {
    Full,
    Burst,
    Until(Instant),
    Over,
}

impl<P: Pipe> Caller<P> {
    /// Plays a schedule until all of it is answered.
    pub async fn play(
        &mut self,
        mut schedule: Schedule,
        mut answers: Answers,
    ) -> Result<Tally, LoadError> {
        loop {
            match self.send_due(&mut schedule, &mut answers).await? {
                Pause::Burst => {}
                Pause::Full => {
                    self.pipe.flush().await?;
                    self.pipe.answer_some(&mut answers).await?;
                }
                Pause::Until(at) => {
                    self.pipe.flush().await?;
                    self.wait_until(at, &mut answers).await?;
                }
                Pause::Over => {
                    self.pipe.flush().await?;
                    if self.pipe.is_idle() {
                        return Ok(answers.tally);
                    }
                    self.pipe.answer_some(&mut answers).await?;
                }
            }
            self.follow_up(&mut answers).await;
        }
    }

    async fn send_due(
        &mut self,
        schedule: &mut Schedule,
        answers: &mut Answers,
    ) -> Result<Pause, LoadError> {
        let now = Instant::now();
        for _ in 0..BURST {
            if !self.pipe.has_room() {
                return Ok(Pause::Full);
            }
            let due = match schedule.take(now)? {
                Due::Since(due) => due,
                Due::At(at) => return Ok(Pause::Until(at)),
                Due::Over => return Ok(Pause::Over),
            };
            let looks = (0..self.looks).map(|ahead| self.player.sku_ahead(ahead)).collect();
            let sending = Sending { due, offer: self.player.offer(), looks };
            self.pipe.send(sending, answers).await?;
        }
        Ok(Pause::Burst)
    }

    /// Takes answers until an order is due.
    async fn wait_until(&mut self, at: Instant, answers: &mut Answers) -> Result<(), LoadError> {
        if self.pipe.is_idle() {
            self.alarm.wait_until(at).await;
            return Ok(());
        }
        tokio::select! {
            biased;
            answered = self.pipe.answer(answers) => answered,
            () = self.alarm.wait_until(at) => Ok(()),
        }
    }

    async fn follow_up(&mut self, answers: &mut Answers) {
        let Some(follow_ups) = &self.follow_ups else {
            return;
        };
        for follow_up in answers.follow_ups.drain(..) {
            follow_ups.send(follow_up).await;
        }
    }
}

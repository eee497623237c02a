//! Holds lapse when their time runs out. No caller asks for it: it runs beside the commands.
//!
//! ```text
//!   the time passes the first hold's instant --> due holds in hand, their units claimed
//!        --> one event of a bounded number of holds --> applied --> the next ones
//! ```
//! A hold that a command has in hand, or that has units at a pair that is being changed, is left to
//! that command: it lapses afterwards, if it is live still. Meanwhile others lapse, and nobody asks
//! for it again before a bell of what is in the way has rung.

use std::collections::HashSet;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};

use super::ended::{EndedHold, HoldsEnded};
use super::prolonged::{HoldsProlonged, ProlongedHold};
use crate::journal::{Ticket, Wait};
use crate::limits::{LAPSED_HOLDS_MAX, LAPSED_PARTS_MAX};
use crate::model::effect::Claim;
use crate::model::event::{Numbered, Record};
use crate::model::{HoldState, Order, OrderNo, Pair, Timestamp};
use crate::placing::opening;
use crate::state::stock::Grant;
use crate::transaction::attempts::{Attempt, passes_by_itself};
use crate::transaction::bells::Listening;
use crate::transaction::claims::Claims;
use crate::transaction::command::recorded;
use crate::transaction::error::EngineError;
use crate::transaction::find::read_order;
use crate::transaction::kernel::Kernel;

/// Lets holds lapse for as long as the engine runs.
///
/// # Errors
/// What stopped the engine.
pub async fn run(kernel: Arc<Kernel>) -> Result<(), String> {
    let ended = tokio::select! {
        biased;
        () = kernel.state.unsettled.closed() => Ok(()),
        ended = lapse_all(&kernel) => ended,
    };
    match ended {
        Ok(()) | Err(EngineError::Closing) => Ok(()),
        Err(error) => Err(error.to_string()),
    }
}

/// What is in the way of holds that are due and were left.
struct Left<'k> {
    kernel: &'k Kernel,
    /// What may let some of them end: a bell of what is in hand, or a step.
    awaited: FuturesUnordered<BoxFuture<'k, Result<InTheWay, EngineError>>>,
    /// Those that changed meanwhile, for which no bell rings: a step is awaited if there are any.
    by_step: Vec<OrderNo>,
    /// The step after the beginning of a look: what happens during the look is not missed.
    step: Option<Wait<'k>>,
}

/// What was in the way of holds.
enum InTheWay {
    /// Somebody who had something in hand that these need.
    Bell(Vec<OrderNo>),
    /// What was being applied.
    Step,
}

impl<'k> Left<'k> {
    fn none(kernel: &'k Kernel) -> Self {
        Self { kernel, awaited: FuturesUnordered::new(), by_step: Vec::new(), step: None }
    }

    /// Something else is in the way of holds: the bell of what is in hand, or what changed.
    fn leave(&mut self, nos: Vec<OrderNo>, bell: Option<Listening<'k>>) {
        for no in &nos {
            self.kernel.state.holds.leave(*no);
        }
        if let Some(bell) = bell {
            self.awaited.push(Box::pin(bell.rung().map(|()| Ok(InTheWay::Bell(nos)))));
            return;
        }
        if self.by_step.is_empty() {
            let step = self.step.take().unwrap_or_else(|| self.kernel.next_step());
            let stepped = self.kernel.stepped(step);
            self.awaited.push(Box::pin(stepped.map(|stepped| stepped.map(|()| InTheWay::Step))));
        }
        self.by_step.extend(nos);
    }

    /// Waits until some of them may end, and has these asked for again. The others are left: none
    /// of those that are due is kept waiting for what is asked for in vain.
    async fn take_back(&mut self) -> Result<(), EngineError> {
        let Some(first) = self.awaited.next().await else { return std::future::pending().await };
        let mut done = Some(first);
        while let Some(in_the_way) = done {
            let nos = match in_the_way? {
                InTheWay::Bell(nos) => nos,
                InTheWay::Step => std::mem::take(&mut self.by_step),
            };
            self.kernel.state.holds.take_back(&nos);
            done = self.awaited.next().now_or_never().flatten();
        }
        Ok(())
    }
}

async fn lapse_all(kernel: &Kernel) -> Result<(), EngineError> {
    let mut left = Left::none(kernel);
    loop {
        // However many others are due: none of those that were left is kept waiting for them.
        left.take_back().now_or_never().transpose()?;
        left.step = Some(kernel.next_step());
        let Some(due) = due(kernel) else {
            tokio::select! {
                taken_back = left.take_back() => taken_back?,
                () = kernel.state.holds.wait() => {}
            }
            continue;
        };
        let ended = match lapse(kernel, &due, kernel.state.now(), &mut left).await {
            Ok(Some(ticket)) => kernel.acknowledged(ticket).await.map(drop),
            // None of these can end now. Others may be due.
            Ok(None) => Ok(()),
            Err(error) => Err(error),
        };
        match ended {
            Ok(()) => {}
            Err(EngineError::DiskFull) => tokio::select! {
                () = kernel.state.unsettled.asked() => {}
                looked = again(kernel, kernel.next_step()) => looked?,
            },
            Err(error) if passes_by_itself(&error) => {
                tracing::warn!(%error, "holds that are due lapse later");
                again(kernel, kernel.next_step()).await?;
            }
            Err(error) => return Err(error),
        }
    }
}

/// Waits until something happens: a step of the applier, or somebody asks for due holds.
async fn again(kernel: &Kernel, step: Wait<'_>) -> Result<(), EngineError> {
    tokio::select! {
        () = kernel.state.holds.wait() => Ok(()),
        stepped = kernel.stepped(step) => stepped,
    }
}

/// Holds whose time has run out, but for those that were left. Before the process was told the
/// time, nobody knows.
fn due(kernel: &Kernel) -> Option<Vec<OrderNo>> {
    let is_known = kernel.state.has_time();
    let due = is_known.then(|| kernel.state.holds.due(kernel.state.now(), LAPSED_HOLDS_MAX));
    due.filter(|due| !due.is_empty())
}

/// Ends those of the holds that no command has in hand, as many as one event takes, and has those
/// wait longer whose sale was put off. The others are left.
async fn lapse<'k>(
    kernel: &'k Kernel,
    due: &[OrderNo],
    now: Timestamp,
    left: &mut Left<'k>,
) -> Result<Option<Ticket>, EngineError> {
    let (mut claims, mut holds, mut units) = (Claims::new(kernel), Vec::new(), 0);
    let (mut wait, mut longer) = (Claims::new(kernel), Vec::new());
    for no in due {
        let Some((order, in_hand)) = in_hand(kernel, *no, now, left).await? else { continue };
        let until = opening::prolonged(&kernel.state, &order);
        if let Some(until) = until.filter(|until| *until > now) {
            longer.push(ProlongedHold::of(&order, until));
            wait.take(in_hand);
            continue;
        }
        let ended = EndedHold::of(kernel, &order)?;
        units += ended.units.len();
        holds.push(ended);
        claims.take(in_hand);
        if units >= LAPSED_PARTS_MAX {
            break;
        }
    }
    let prolonged = prolong(kernel, longer, wait, now)?;
    let Some((event, more)) = claim(kernel, holds, left).await? else { return Ok(prolonged) };
    claims.take(more);
    let ends: HashSet<OrderNo> = event.holds.iter().map(|hold| hold.no).collect();
    claims.give_up(|claim| !matches!(claim, Claim::InHand(no) if !ends.contains(no)));
    let record = Record { at: now, request: None, origin: None, event: Numbered(event) };
    let ticket = kernel.append(record, recorded)?;
    claims.hand_over();
    Ok(Some(ticket))
}

/// Has holds that are in hand wait longer, if there are any.
fn prolong(
    kernel: &Kernel,
    holds: Vec<ProlongedHold>,
    claims: Claims<'_>,
    now: Timestamp,
) -> Result<Option<Ticket>, EngineError> {
    if holds.is_empty() {
        return Ok(None);
    }
    let event = Numbered(HoldsProlonged { holds });
    let record = Record { at: now, request: None, origin: None, event };
    let ticket = kernel.append(record, recorded)?;
    claims.hand_over();
    Ok(Some(ticket))
}

/// Takes a hold in hand that is due; leaves it if another command has it.
async fn in_hand<'k>(
    kernel: &'k Kernel,
    no: OrderNo,
    now: Timestamp,
    left: &mut Left<'k>,
) -> Result<Option<(Order, Claims<'k>)>, EngineError> {
    let mut claims = Claims::new(kernel);
    let order = read_order(kernel, no).await?;
    let is_due = |order: &Order| order.open_hold().is_some_and(|hold| hold.until <= now);
    let Some(order) = order.filter(|order| is_due(order)) else {
        // The step that ends it, or gives it more time, has not ended.
        left.leave(vec![no], None);
        return Ok(None);
    };
    match claims.in_hand_as_of(no, order.last_lsn).await? {
        Attempt::Done(()) => Ok(Some((order, claims))),
        Attempt::InTheWay(bell) => {
            left.leave(vec![no], Some(bell));
            Ok(None)
        }
        Attempt::Overtaken | Attempt::Again => {
            left.leave(vec![no], None);
            Ok(None)
        }
    }
}

/// Claims the units of holds that are in hand, and leaves those that have any at a pair which
/// refuses; none if that are all of them.
async fn claim<'k>(
    kernel: &'k Kernel,
    mut holds: Vec<EndedHold>,
    left: &mut Left<'k>,
) -> Result<Option<(HoldsEnded, Claims<'k>)>, EngineError> {
    loop {
        if holds.is_empty() {
            return Ok(None);
        }
        let event = HoldsEnded { state: HoldState::Lapsed, holds };
        let (refuses, bell) = match claim_all(kernel, &event).await? {
            Claimed::All(claims) => return Ok(Some((event, claims))),
            Claimed::Refused(pair, bell) => (pair, bell),
        };
        let (goes, stays): (Vec<_>, Vec<_>) = event
            .holds
            .into_iter()
            .partition(|hold| hold.units.iter().any(|peg| peg.pair == refuses));
        left.leave(goes.iter().map(|hold| hold.no).collect(), bell);
        holds = stays;
    }
}

/// What claiming the units of holds comes to.
enum Claimed<'k> {
    /// All are claimed.
    All(Claims<'k>),
    /// This pair refuses: the bell of who has it in hand, or it has other units than was read.
    Refused(Pair, Option<Listening<'k>>),
}

async fn claim_all<'k>(kernel: &'k Kernel, event: &HoldsEnded) -> Result<Claimed<'k>, EngineError> {
    let mut claims = Claims::new(kernel);
    for (pair, repeg) in event.by_pair() {
        match claims.repeg(pair, &Arc::new(repeg), Box::default(), None).await? {
            Ok(Grant::Granted) => {}
            Ok(_) => return Ok(Claimed::Refused(pair, None)),
            Err(bell) => return Ok(Claimed::Refused(pair, Some(bell))),
        }
    }
    Ok(Claimed::All(claims))
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::Poll;

    use super::*;
    use crate::command::StockOperation;
    use crate::command::fixture::{AT, hold, hold_id, item, receive, sku};
    use crate::engine::tests::{NODE, PAIR, one_unit, poll, run};
    use crate::engine::{Engine, Pump};
    use crate::model::{OrderId, Proposal};
    use crate::state::stock::Edit;

    /// The hold `A` has a unit of `A`, and the hold `B` one of `B`.
    fn two_held() -> (Engine, Pump) {
        let (engine, mut pump) = one_unit();
        run(&mut pump, engine.define_item(item("B")));
        run(&mut pump, engine.change_stock(receive("B", NODE)));
        run(&mut pump, engine.create_hold(hold("A")));
        let mut other = hold("B");
        other.order.lines.0[0].sku = sku("B");
        run(&mut pump, engine.create_hold(other));
        (engine, pump)
    }

    /// The time of both holds runs out; answers which ones are live after that.
    fn live(engine: &Engine, pump: &mut Pump) -> Vec<&'static str> {
        engine.tell_time(AT.saturating_add_micros(60_000_000));
        while pump.pump().expect("the engine does not halt") {}
        let mut is_live = |id: &&str| {
            let order = run(pump, engine.order(&OrderId::of_hold(&hold_id(id)))).order;
            order.open_hold().is_some()
        };
        ["A", "B"].into_iter().filter(|id| is_live(id)).collect()
    }

    #[test]
    fn a_hold_lapses_though_one_before_it_is_in_other_hands() {
        let (engine, mut pump) = two_held();
        let mut cashier = Claims::new(&engine.kernel);
        let of_hold = OrderId::of_hold(&hold_id("A"));
        assert!(matches!(poll(pin!(cashier.in_hand(&of_hold))), Poll::Ready(Ok(_))));
        assert_eq!(live(&engine, &mut pump), ["A"]);
        drop(cashier);
        assert_eq!(live(&engine, &mut pump), [""; 0], "its bell has rung");
    }

    #[test]
    fn a_hold_lapses_though_the_pair_of_one_before_it_is_being_changed() {
        let (engine, mut pump) = two_held();
        let mut editor = Claims::new(&engine.kernel);
        let count = Proposal::Operation(StockOperation::Count { on_hand: 5 });
        let edit = poll(pin!(editor.edit(PAIR, &count)));
        assert!(matches!(edit, Poll::Ready(Ok(Ok(Edit::Granted(_))))));
        assert_eq!(live(&engine, &mut pump), ["A"]);
        let mut cashier = Claims::new(&engine.kernel);
        let of_hold = OrderId::of_hold(&hold_id("A"));
        assert!(
            matches!(poll(pin!(cashier.in_hand(&of_hold))), Poll::Ready(Ok(_))),
            "nobody has it"
        );
        drop(cashier);
        drop(editor);
        assert_eq!(live(&engine, &mut pump), [""; 0], "its bell has rung");
    }
}

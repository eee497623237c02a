//! Claims of a transaction: given back when it ends before its event is written.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use smallvec::SmallVec;

use crate::actor::{Actor, Ask, Slot};
use crate::model::command::StockOperation;
use crate::model::{OrderNo, Pair, Parts};
use crate::state::stock::{Claim, Edit, Standing, StockActor, StockMessage, StockReply};
use crate::transaction::attempts::{Attempt, Ear};
use crate::transaction::bells::{Awaited, Listening};
use crate::transaction::error::EngineError;
use crate::transaction::kernel::Kernel;
use crate::transaction::written::{Reserve, parts};

/// The actors that a transaction has a claim on. Dropping it frees them all.
pub struct Claims<'a> {
    kernel: &'a Kernel,
    held: SmallVec<[(Pair, Held); 4]>,
}

enum Held {
    Units(Parts),
    Shipment(u32),
    Release,
    Edit,
    /// A place in the line of changes.
    Line,
}

impl<'a> Claims<'a> {
    /// No claim yet.
    pub fn new(kernel: &'a Kernel) -> Self {
        Self { kernel, held: SmallVec::new() }
    }

    /// Claims what an order reserves at one pair; the pair's bell when others have it in
    /// hand.
    pub async fn units(
        &mut self,
        reserves: &[Reserve],
    ) -> Result<Result<Claim, Listening<'a>>, EngineError> {
        let (reserve, parts) = (reserves[0], parts(reserves));
        let (kernel, actor) = (self.kernel, Awaited::Pair(reserve.pair));
        let undo = |reply| {
            if claim_of(reply) == Claim::Granted {
                give_back(kernel, actor, reserve.ask(kernel, StockMessage::Unclaim(parts.clone())));
            }
        };
        let mut ear = Ear::at(kernel, actor);
        loop {
            let asked = reserve.ask(kernel, StockMessage::Claim(parts.clone()));
            match claim_of(Asked::new(kernel, asked, undo).await?) {
                Claim::InFlight => {
                    if let Some(bell) = ear.refused() {
                        return Ok(Err(bell));
                    }
                }
                Claim::Granted => {
                    self.held.push((reserve.pair, Held::Units(parts)));
                    return Ok(Ok(Claim::Granted));
                }
                refused => return Ok(Ok(refused)),
            }
        }
    }

    /// Claims the leaving of units from one pair; the pair's bell when others have it in
    /// hand.
    pub async fn shipment(
        &mut self,
        pair: Pair,
        order: OrderNo,
        line: u16,
        units: u32,
        ahead: u32,
    ) -> Result<Result<Claim, Listening<'a>>, EngineError> {
        let (kernel, actor, cell) =
            (self.kernel, Awaited::Pair(pair), self.kernel.state.cell(pair));
        let undo = |reply| {
            if claim_of(reply) == Claim::Granted {
                give_back(kernel, actor, cell.ask(StockMessage::Unship(units)));
            }
        };
        let mut ear = Ear::at(kernel, actor);
        loop {
            let message = StockMessage::ClaimShip { order, line, units, ahead };
            match claim_of(Asked::new(kernel, cell.ask(message), undo).await?) {
                Claim::InFlight => {
                    if let Some(bell) = ear.refused() {
                        return Ok(Err(bell));
                    }
                }
                Claim::Granted => {
                    self.held.push((pair, Held::Shipment(units)));
                    return Ok(Ok(Claim::Granted));
                }
                refused => return Ok(Ok(refused)),
            }
        }
    }

    /// Announces to one pair that units are about to be given back: from now on nobody
    /// begins to wait there. Done once those in flight who do are [waited
    /// for](Self::released).
    pub async fn release(&mut self, pair: Pair) -> Result<(), EngineError> {
        let cell = self.kernel.state.cell(pair);
        let undo =
            |_| give_back(self.kernel, Awaited::Pair(pair), cell.ask(StockMessage::Unrelease));
        Asked::new(self.kernel, cell.ask(StockMessage::ClaimRelease), undo).await?;
        self.held.push((pair, Held::Release));
        Ok(())
    }

    /// Whether those who were about to wait at a pair, when it was told of a release, do
    /// so; the pair's bell while they are in flight.
    pub async fn released(&self, pair: Pair) -> Result<Attempt<'a, ()>, EngineError> {
        let (kernel, cell) = (self.kernel, self.kernel.state.cell(pair));
        let mut ear = Ear::at(kernel, Awaited::Pair(pair));
        loop {
            let standing = standing_of(ask(kernel, cell, StockMessage::ReadStanding).await?);
            if !standing.about_to_wait {
                return Ok(Attempt::Done(()));
            }
            if let Some(bell) = ear.refused() {
                return Ok(Attempt::InTheWay(bell));
            }
        }
    }

    /// Decides a change of one pair's supply, and holds the pair for it; the pair's bell
    /// while others have it in hand. Asked again, it keeps the place in line that it had.
    pub async fn edit(
        &mut self,
        pair: Pair,
        operation: &StockOperation,
    ) -> Result<Result<Edit, Listening<'a>>, EngineError> {
        let mut ear = Ear::at(self.kernel, Awaited::Pair(pair));
        loop {
            let edit = self.edit_once(pair, operation.clone()).await?;
            if !matches!(edit, Edit::InFlight | Edit::InLine) {
                return Ok(Ok(edit));
            }
            if let Some(bell) = ear.refused() {
                return Ok(Err(bell));
            }
        }
    }

    async fn edit_once(
        &mut self,
        pair: Pair,
        operation: StockOperation,
    ) -> Result<Edit, EngineError> {
        let (kernel, actor, cell) =
            (self.kernel, Awaited::Pair(pair), self.kernel.state.cell(pair));
        let in_line =
            self.held.iter().position(|held| matches!(held, (p, Held::Line) if *p == pair));
        // The turn takes the place, whatever it answers.
        let in_line = in_line.map(|at| self.held.swap_remove(at)).is_some();
        // Whoever left the line with nothing in hand wakes those behind it.
        let left_line = || {
            if in_line {
                kernel.bells.ring(actor);
            }
        };
        let undo = |reply| match edit_of(reply) {
            Edit::Granted(_) => give_back(kernel, actor, cell.ask(StockMessage::Unedit)),
            Edit::InLine => give_back(kernel, actor, cell.ask(StockMessage::LeaveLine)),
            Edit::Refused(_) | Edit::UnknownInbound | Edit::InFlight => left_line(),
        };
        let message = StockMessage::Edit { operation, in_line };
        let edit = edit_of(Asked::new(kernel, cell.ask(message), undo).await?);
        match &edit {
            Edit::Granted(_) => self.held.push((pair, Held::Edit)),
            Edit::InLine => self.held.push((pair, Held::Line)),
            Edit::Refused(_) | Edit::UnknownInbound | Edit::InFlight => left_line(),
        }
        Ok(edit)
    }

    /// The event is in the journal: applying it settles the claims.
    pub fn hand_over(mut self) {
        self.held.clear();
    }
}

impl Drop for Claims<'_> {
    fn drop(&mut self) {
        for (pair, held) in self.held.drain(..) {
            let message = match held {
                Held::Units(parts) => StockMessage::Unclaim(parts),
                Held::Shipment(units) => StockMessage::Unship(units),
                Held::Release => StockMessage::Unrelease,
                Held::Edit => StockMessage::Unedit,
                Held::Line => StockMessage::LeaveLine,
            };
            give_back(self.kernel, Awaited::Pair(pair), self.kernel.state.cell(pair).ask(message));
        }
    }
}

/// A question whose answer may hold something for the asker. An asker that is
/// dropped while another thread runs the actor's turns waits for the answer, which
/// is as long as a few turns take, and gives back what it holds.
pub struct Asked<'a, A: Actor, U: FnMut(A::Reply)> {
    kernel: &'a Kernel,
    ask: Option<Ask<A>>,
    undo: U,
}

impl<'a, A: Actor, U: FnMut(A::Reply)> Asked<'a, A, U> {
    /// A question that was asked, and what undoes its answer.
    pub fn new(kernel: &'a Kernel, ask: Ask<A>, undo: U) -> Self {
        Self { kernel, ask: Some(ask), undo }
    }
}

// Nothing in it is ever pinned: an `Ask` moves out by value.
impl<A: Actor, U: FnMut(A::Reply)> Unpin for Asked<'_, A, U> {}

impl<A: Actor, U: FnMut(A::Reply)> Future for Asked<'_, A, U> {
    type Output = Result<A::Reply, EngineError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let ask = self.ask.as_mut().expect("polled after it was answered");
        let answer = ready!(Pin::new(ask).poll(context));
        self.ask = None;
        Poll::Ready(answer.map_err(|panicked| self.kernel.panicked(panicked)))
    }
}

impl<A: Actor, U: FnMut(A::Reply)> Drop for Asked<'_, A, U> {
    fn drop(&mut self) {
        if let Some(Ok(reply)) = self.ask.take().map(Ask::wait) {
            (self.undo)(reply);
        }
    }
}

/// Gives back what was held of an actor, and wakes whoever sleeps for it. Waits until the
/// actor has taken it, as long as a few turns take: the woken must find it free.
pub fn give_back<A: Actor>(kernel: &Kernel, actor: Awaited, given: Ask<A>) {
    // An actor that panicked has nothing more to give, and the engine halts.
    let _ = given.wait();
    kernel.bells.ring(actor);
}

/// Asks a stock actor; a panicked one stops the engine.
pub async fn ask(
    kernel: &Kernel,
    cell: Slot<'_, StockActor>,
    message: StockMessage,
) -> Result<StockReply, EngineError> {
    cell.ask(message).await.map_err(|panicked| kernel.panicked(panicked))
}

fn edit_of(reply: StockReply) -> Edit {
    match reply {
        StockReply::Edit(edit) => edit,
        other => unreachable!("an edit is answered with an edit, not {other:?}"),
    }
}

/// What a pair answers when it is asked how it stands.
pub fn standing_of(reply: StockReply) -> Standing {
    match reply {
        StockReply::Standing(standing) => standing,
        other => unreachable!("a pair says how it stands, and not {other:?}"),
    }
}

fn claim_of(reply: StockReply) -> Claim {
    match reply {
        StockReply::Claim(claim) => claim,
        other => unreachable!("a claim is answered with a claim, not {other:?}"),
    }
}

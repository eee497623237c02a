//! Asks of actors whose replies may carry a claim.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use super::error::EngineError;
use super::kernel::Kernel;
use crate::actor::{Actor, Ask, Slot};
use crate::state::stock::{StockActor, StockMessage, StockReply};

/// An ask whose reply may carry a claim. If it is dropped while another thread runs
/// the actor's turns, it waits for the reply, as long as a few turns take, and
/// undoes the claim.
pub struct Asked<'a, A: Actor, U: FnMut(A::Reply)> {
    kernel: &'a Kernel,
    ask: Option<Ask<A>>,
    undo: U,
}

impl<'a, A: Actor, U: FnMut(A::Reply)> Asked<'a, A, U> {
    /// An ask that was sent, and what undoes its reply.
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

/// Asks a stock actor; a panicked one stops the engine.
pub async fn ask(
    kernel: &Kernel,
    cell: Slot<'_, StockActor>,
    message: StockMessage,
) -> Result<StockReply, EngineError> {
    cell.ask(message).await.map_err(|panicked| kernel.panicked(panicked))
}

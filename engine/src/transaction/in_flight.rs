//! One command on its way to the journal.

use tokio::sync::MutexGuard;

use super::begin::Key;
use super::claims::Claims;
use super::error::EngineError;
use super::kernel::Kernel;
use crate::journal::Ticket;
use crate::model::{Refusal, SkuNo};
use crate::state::{ItemsDefined, State};

/// What a command holds until its event is in the journal: its key, its claims, and a turn
/// where commands come one at a time. Dropped before that, all of it is given back.
pub struct Transaction<'k> {
    kernel: &'k Kernel,
    /// What it has claimed of actors.
    pub claims: Claims<'k>,
    key: Option<Key<'k>>,
    // Dropped last, and the claims first: a number is free before the next one's turn.
    turn: Option<Turn<'k>>,
}

/// A turn at something that commands do one after the other.
enum Turn<'k> {
    /// Nodes and the policy change one at a time; this is the last change.
    Configuring(MutexGuard<'k, Option<Ticket>>),
    /// Items are numbered in the order of the journal.
    Numbering { _held: MutexGuard<'k, ()>, number: Option<SkuNo> },
}

/// The numbers of new items, locked: none is given out or taken back meanwhile.
type NumbersHeld<'k> = parking_lot::MutexGuard<'k, ItemsDefined>;

impl<'k> Transaction<'k> {
    /// A command begins that has that key in hand, if it has one.
    pub(super) fn begin(kernel: &'k Kernel, key: Option<Key<'k>>) -> Self {
        Self { kernel, claims: Claims::new(kernel), key, turn: None }
    }

    /// What all transactions share.
    pub const fn kernel(&self) -> &'k Kernel {
        self.kernel
    }

    /// What is in memory.
    pub const fn state(&self) -> &'k State {
        &self.kernel.state
    }

    /// Waits until no other command changes nodes or the policy. A change whose caller
    /// went away is waited for as well: the next change is decided on the state that
    /// it leaves.
    pub async fn take_turn_at_configuring(&mut self) -> Result<(), EngineError> {
        let last = self.kernel.configuring.lock().await;
        if let Some(ticket) = *last {
            match self.kernel.acknowledged(ticket).await {
                Ok(_) | Err(EngineError::DiskFull) => {}
                Err(error) => return Err(error),
            }
        }
        self.turn = Some(Turn::Configuring(last));
        Ok(())
    }

    /// Waits until no other command is between its item's number and the journal.
    pub async fn take_turn_at_numbering(&mut self) {
        self.turn =
            Some(Turn::Numbering { _held: self.kernel.numbering.lock().await, number: None });
    }

    /// Notes the number that its new item gets.
    pub fn numbered(&mut self, no: SkuNo) {
        if let Some(Turn::Numbering { number, .. }) = &mut self.turn {
            *number = Some(no);
        }
    }

    /// Holds the numbers of new items while the event is handed to the journal. The disk
    /// may have had no room for items before this one since it got its number: then the
    /// number is not the next one any more.
    ///
    /// # Errors
    /// [`Refusal::Contended`] then.
    pub(super) fn still_next(&self) -> Result<Option<NumbersHeld<'k>>, Refusal> {
        let Some(Turn::Numbering { number: Some(no), .. }) = &self.turn else { return Ok(None) };
        let state = self.state();
        let new = state.items_defined.lock();
        if no.0 as usize + 1 == state.catalogue.len() + new.numbers.len() {
            Ok(Some(new))
        } else {
            Err(Refusal::Contended)
        }
    }

    /// Lets the next command have its turn.
    pub fn end_turn(&mut self) {
        self.turn = None;
    }

    /// The event is in the journal: applying it settles the claims and the key.
    pub(super) fn hand_over(self, ticket: Ticket) {
        let Self { claims, key, turn, .. } = self;
        if let Some(Turn::Configuring(mut last)) = turn {
            *last = Some(ticket);
        }
        claims.hand_over();
        if let Some(key) = key {
            key.hand_over();
        }
    }
}

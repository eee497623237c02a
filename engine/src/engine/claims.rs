//! Claims of a transaction: given back when it ends before its event is written.

use smallvec::SmallVec;

use super::core::Core;
use super::error::EngineError;
use crate::actor::stock::{Claim, StockActor, StockMessage, StockReply};
use crate::actor::{ActorCell, ActorPanicked};
use crate::model::{OrderNo, Pair, Parts};

/// The actors that a transaction has a claim on. Dropping it frees them all.
pub struct Claims<'a> {
    core: &'a Core,
    held: SmallVec<[(Pair, Held); 4]>,
}

enum Held {
    Units(Parts),
    Shipment(u32),
    Edit,
}

impl<'a> Claims<'a> {
    /// No claim yet.
    pub fn new(core: &'a Core) -> Self {
        Self { core, held: SmallVec::new() }
    }

    /// Claims units of one pair.
    pub async fn units(&mut self, pair: Pair, parts: Parts) -> Result<Claim, EngineError> {
        let cell = cell(self.core, pair);
        let claim = claim_of(ask(cell, StockMessage::Claim(parts.clone())).await?);
        if claim == Claim::Granted {
            self.held.push((pair, Held::Units(parts)));
        }
        Ok(claim)
    }

    /// Claims the leaving of units from one pair.
    pub async fn shipment(
        &mut self,
        pair: Pair,
        order: OrderNo,
        line: u16,
        units: u32,
        ahead: u32,
    ) -> Result<Claim, EngineError> {
        let message = StockMessage::ClaimShip { order, line, units, ahead };
        let claim = claim_of(ask(cell(self.core, pair), message).await?);
        if claim == Claim::Granted {
            self.held.push((pair, Held::Shipment(units)));
        }
        Ok(claim)
    }

    /// Notes that a pair is held for a change.
    pub fn edit(&mut self, pair: Pair) {
        self.held.push((pair, Held::Edit));
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
                Held::Edit => StockMessage::Unedit,
            };
            cell(self.core, pair).tell(message);
        }
    }
}

/// The actor of a pair.
pub fn cell(core: &Core, pair: Pair) -> &ActorCell<StockActor> {
    core.catalogue.entry(pair.sku).pair(pair.node).cell
}

/// Asks a stock actor; a panicked one stops the engine.
pub async fn ask(
    cell: &ActorCell<StockActor>,
    message: StockMessage,
) -> Result<StockReply, EngineError> {
    cell.ask(message).await.map_err(halted)
}

/// The error that a panicked actor gives.
pub fn halted(panicked: ActorPanicked) -> EngineError {
    EngineError::Halted(panicked.to_string())
}

fn claim_of(reply: StockReply) -> Claim {
    match reply {
        StockReply::Claim(claim) => claim,
        other => unreachable!("a claim is answered with a claim, not {other:?}"),
    }
}

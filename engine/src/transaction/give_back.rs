//! Giving back what was claimed.

use super::bells::Awaited;
use super::kernel::Kernel;
use crate::actor::{Actor, Ask};
use crate::model::effect::{Claim, StockClaim};
use crate::state::order::OrderMessage;
use crate::state::stock::StockMessage;

impl Kernel {
    /// Gives back a claim of a command that wrote no event, and wakes the commands that
    /// wait for it.
    pub fn give_back(&self, claim: Claim) {
        match claim {
            Claim::Stock(pair, claim) => {
                let hid_units = !matches!(claim, StockClaim::Leaving(_) | StockClaim::InLine);
                if hid_units {
                    self.state.comes_free(pair.sku);
                }
                let given = self.state.cell(pair).ask(StockMessage::GiveBack(claim));
                give_back(self, Awaited::Pair(pair), given);
                if hid_units {
                    // Once more, now that it shows: an order may have been planned between.
                    self.state.comes_free(pair.sku);
                }
            }
            Claim::InHand(no) => {
                if let Some(cell) = self.state.orders.by_no(no) {
                    give_back(self, Awaited::Order(no), cell.ask(OrderMessage::GiveBack));
                }
            }
            Claim::Item(sku) => {
                self.state.items_defined.lock().end(&sku);
                self.gave_up_name();
            }
            Claim::Name(id) => {
                self.state.orders.abandon(&id);
                self.gave_up_name();
            }
            Claim::Room(at, load) => {
                // Nobody sleeps for it. A counter that panicked has nothing more to give.
                let _ = self.state.loads.end(at, load);
            }
            Claim::Partner(partner) => {
                self.state.documents.let_go(&partner);
                self.gave_up_name();
            }
            Claim::ProviderEvents => {
                self.state.documents.let_go_provider_events();
                self.gave_up_name();
            }
            Claim::Use(of) => {
                self.state.uses.end(&of);
                self.gave_up_name();
            }
            Claim::Owner(owner) => {
                self.state.holds.abandon(&owner);
                self.gave_up_name();
            }
        }
    }
}

/// Gives back a claim on an actor, and wakes the commands that sleep for the actor. Waits
/// until the actor has taken the claim back, as long as a few turns take: the woken
/// commands must find it free.
pub fn give_back<A: Actor>(kernel: &Kernel, actor: Awaited, given: Ask<A>) {
    // An actor that panicked has nothing more to give, and the engine halts.
    let _ = given.wait();
    kernel.bells.ring(actor);
}

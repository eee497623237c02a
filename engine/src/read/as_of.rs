//! The durable state as of one event, read while later events are applied.
//!
//! ```text
//!   applier   before the first change of a part since the event: keeps the part as it is
//!   reader    reads the part ---> no later event changed it: this is it
//!                            \--> else: it was kept before
//! ```
//! Items, pairs and orders tell the last event that changed them, and are kept before a
//! later event reaches them. So neither side waits for the other, and no read needs to know
//! how far the applier is. What is kept is what changes meanwhile, each part once.
//!
//! Nodes and policy are one value, and the reader keeps the one of that event; what is counted
//! of nodes' days is copied as it begins. The sum
//! over requests is as of the event too; it goes on step by step after this value is
//! gone.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::model::{NodeDay, OrderNo, PackedDocument, Pair, Parts, SkuNo, Stock, UsesOf};
use crate::state::Applied;
use crate::state::assortment::Assorted;
use crate::state::before::BeforeImages;
use crate::state::before::read_pair;
use crate::state::catalogue::{Definition, Entry};
use crate::state::network::Network;
use crate::state::order::{OrderMessage, OrderReply};
use crate::state::orders::OrderCell;
use crate::state::pricing::Pricing;
use crate::state::return_rules::ReturnRules;
use crate::state::stock::LineSupply;
use crate::state::uses::Counted;
use crate::transaction::error::{EngineError, Halt};
use crate::transaction::kernel::Kernel;
use crate::transaction::rests::line_at;

/// The state as of one event, for as long as this lives. There is one at a time.
pub struct AsOf<'a> {
    kernel: &'a Kernel,
    applied: Applied,
    items: SkuNo,
    documents: u64,
    network: Arc<Network>,
    pricing: Arc<Pricing>,
    return_rules: Arc<ReturnRules>,
    assortment: Arc<Assorted>,
    loads: Vec<(NodeDay, [u64; 2])>,
    before: Arc<BeforeImages>,
}

impl<'a> AsOf<'a> {
    /// The state as it stands. Waits for a step of the applier at most. Begins to sum up
    /// the requests as well.
    ///
    /// # Errors
    /// When the applier died half way in a step: actors show some of it.
    pub fn begin(kernel: &'a Kernel) -> Result<Self, EngineError> {
        let gate = kernel.state.gate.lock();
        if kernel.state.applying.load(Ordering::Relaxed) > gate.lsn.get() {
            // The engine may hear of it a moment later.
            let halt = kernel.halted().cloned();
            let died = || Halt::Program("the applier has ended".into());
            return Err(halt.unwrap_or_else(died).into());
        }
        let loads = kernel.state.loads.counted().map_err(|panicked| kernel.panicked(panicked))?;
        let before = Arc::new(BeforeImages::at(gate.lsn));
        let other = kernel.state.before.swap(Some(Arc::clone(&before)));
        debug_assert!(other.is_none(), "there is one reader at a time");
        kernel.state.requests.begin_hash();
        let (items, network) = (kernel.state.catalogue.next(), kernel.state.network.load_full());
        let (pricing, documents) =
            (kernel.state.pricing.load_full(), kernel.state.documents.last());
        let assortment = kernel.state.assortment.load_full();
        let return_rules = kernel.state.return_rules.load_full();
        let applied = *gate;
        Ok(Self {
            kernel,
            applied,
            items,
            documents,
            network,
            pricing,
            return_rules,
            assortment,
            loads,
            before,
        })
    }

    /// The event, and the running hash at it.
    pub const fn applied(&self) -> Applied {
        self.applied
    }

    /// Nodes and policy.
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// What prices are made of.
    pub fn pricing(&self) -> &Pricing {
        &self.pricing
    }

    /// What may come back.
    pub fn return_rules(&self) -> &ReturnRules {
        &self.return_rules
    }

    /// Styles and associations.
    pub fn assortment(&self) -> &Assorted {
        &self.assortment
    }

    /// How often promotions were used.
    pub fn uses(&self) -> impl Iterator<Item = (UsesOf, Counted)> {
        let uses = self.kernel.state.uses.all().into_iter();
        uses.map(|(of, read)| {
            let is_later = read.lsn > self.applied.lsn;
            let kept = if is_later { self.before.uses.get(&of).map(|kept| *kept) } else { None };
            (of, kept.unwrap_or(read))
        })
    }

    /// What was counted of nodes' days.
    pub fn loads(&self) -> &[(NodeDay, [u64; 2])] {
        &self.loads
    }

    /// All items, ascending by number; their rows may have pairs that came later, which
    /// were empty.
    pub fn items(&self) -> impl Iterator<Item = (SkuNo, &'a Entry)> {
        self.kernel.state.catalogue.iter().take(self.items.0 as usize)
    }

    /// An item's definition.
    pub fn definition(&self, no: SkuNo, entry: &Entry) -> Definition {
        let read = entry.definition();
        if read.last_lsn <= self.applied.lsn {
            return read;
        }
        self.before.items.get(&no).map_or(read, |kept| kept.clone())
    }

    /// A pair; one that no event had changed is empty.
    pub fn pair(&self, pair: Pair) -> Result<Box<Stock>, EngineError> {
        let read = read_pair(&self.kernel.state.catalogue, pair)
            .map_err(|panicked| self.kernel.panicked(panicked))?;
        if read.last_lsn <= self.applied.lsn {
            return Ok(read);
        }
        Ok(self.before.pairs.get(&pair).map_or(read, |kept| kept.clone()))
    }

    /// How many documents there are: the number of the last one.
    pub const fn documents(&self) -> u64 {
        self.documents
    }

    /// The document of a number.
    pub fn document(&self, no: u64) -> Option<PackedDocument> {
        let (_, read) = self.kernel.state.documents.copy(no, no).pop()?;
        if read.last_lsn <= self.applied.lsn {
            return Some(read);
        }
        Some(self.before.documents.get(&no).map_or(read, |kept| kept.clone()))
    }

    /// What a line of an order has reserved at a pair.
    pub fn line(&self, order: OrderNo, line: u16, pair: Pair) -> Result<Parts, EngineError> {
        let LineSupply { rests, last_lsn } = line_at(self.kernel, order, line, pair)?;
        let parts: Parts = rests.iter().map(|rest| (rest.supply, rest.units)).collect();
        if last_lsn <= self.applied.lsn {
            return Ok(parts);
        }
        let kept = self.before.pairs.get(&pair);
        Ok(kept.map_or(parts, |kept| {
            let held = kept.reservations.of_line(order, line);
            held.map(|reservation| (reservation.supply, reservation.units)).collect()
        }))
    }

    /// The order of a number: vacant, in memory, or known to have left it.
    pub fn order(&self, no: OrderNo, cell: &OrderCell) -> Result<OrderReply, EngineError> {
        let read = cell.ask(OrderMessage::Read).wait();
        let read = read.map_err(|panicked| self.kernel.panicked(panicked))?;
        let last_lsn = match &read {
            OrderReply::Resident(kept) => kept.last_lsn,
            OrderReply::Archived(archived) => archived.last_lsn,
            _ => return Ok(read),
        };
        if last_lsn <= self.applied.lsn {
            return Ok(read);
        }
        // One that was not kept was placed later.
        let kept = self.before.orders.get(&no).map(|kept| kept.clone());
        Ok(kept.map_or(OrderReply::Vacant, OrderReply::Resident))
    }
}

impl Drop for AsOf<'_> {
    fn drop(&mut self) {
        self.kernel.state.before.store(None);
        // A step that is under way keeps some more, and would else have to free it all.
        drop(self.kernel.state.gate.lock());
    }
}

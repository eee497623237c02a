//! The parts of a running engine that a snapshot copies, and puts back.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::archived::{ArchivedIn, recall};
use super::content::Content;
use super::error::{SnapshotError, StoredFault};
use super::image::ImageError;
use super::parts::{
    CompanionPart, CompanionsOf, ItemState, OrderState, PricingPart, Request, UsesPart,
};
use crate::actor::ActorPanicked;
use crate::limits::REQUESTS_PER_LOCK;
use crate::model::{ArchivedOrder, Lsn, NodeNo, OrderNo, SkuNo, StateHash, Stock};
use crate::state::assortment::Assorted;
use crate::state::order::{OrderMessage, OrderReply};
use crate::state::pricing::Pricing;
use crate::state::requests::Piece;
use crate::state::stock::{StockMessage, StockReply};
use crate::state::{Applied, State};

/// The numbers of parts of styles and associations begin here, and those of what was learnt.
const ASSORTMENT_PARTS: u64 = 1 << 60;
const LEARNT_PARTS: u64 = 2 << 60;

/// The state of an engine, and what a snapshot needs to know besides.
#[derive(Clone, Copy)]
pub struct Source<'a> {
    pub(super) state: &'a State,
    pub(super) postal_codes: usize,
    pub(super) archived_in: &'a dyn ArchivedIn,
}

impl<'a> Source<'a> {
    /// A state whose network is of so many postal codes, and where its closed orders are.
    pub fn new(state: &'a State, postal_codes: usize, archived_in: &'a dyn ArchivedIn) -> Self {
        Self { state, postal_codes, archived_in }
    }
}

/// Where copying begins: what is there at one LSN. All that comes to be later is
/// in the journal after it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Begin {
    pub start: Lsn,
    pub items: u32,
    pub order_last: u64,
    /// The number of the last document.
    pub documents: u64,
}

/// Copying. Each actor is asked in a turn of its own; nothing is held meanwhile.
impl Source<'_> {
    pub(super) fn begin(&self) -> Begin {
        let applied = self.state.gate.lock();
        Begin {
            start: applied.lsn,
            items: self.state.catalogue.next().0,
            order_last: self.state.order_last.load(Ordering::Relaxed),
            documents: self.state.documents.last(),
        }
    }

    /// The LSN and the hash at one moment after all copying: no copy is newer.
    pub(super) fn end(&self) -> Applied {
        *self.state.gate.lock()
    }

    pub(super) fn copy_network(&self) -> Content {
        Content::Catalogue(self.state.network.load_full())
    }

    /// What prices are made of, in chunks of so many parts at most, as it is at one event.
    pub(super) fn copy_pricing(&self, max: usize) -> Vec<Content> {
        let pricing = self.state.pricing.load_full();
        let part = |(no, change, lsn)| PricingPart { no, change, lsn };
        let mut parts = pricing.parts().map(part).peekable();
        let mut chunks = Vec::new();
        while parts.peek().is_some() {
            chunks.push(Content::Pricing(parts.by_ref().take(max).collect()));
        }
        chunks
    }

    /// What may come back; none where no policy was ever set.
    pub(super) fn copy_return_rules(&self) -> Option<Content> {
        let rules = self.state.return_rules.load_full();
        rules.policy().is_some().then_some(Content::ReturnRules(rules))
    }

    /// Styles and associations, in chunks of so many parts at most, as they are at one event.
    pub(super) fn copy_assortment(&self, max: usize) -> Vec<Content> {
        let assorted = self.state.assortment.load_full();
        let lsn = assorted.lsn();
        let parts: Vec<_> = (ASSORTMENT_PARTS..)
            .zip(assorted.parts())
            .map(|(no, change)| CompanionPart { no, of: CompanionsOf::Assortment(change), lsn })
            .collect();
        parts.chunks(max).map(|parts| Content::Companions(parts.to_vec())).collect()
    }

    /// The parts of what was learnt numbered `from..from + max`; none behind the last one. Whoever learns must be kept
    /// from it from the first of these calls to the last one.
    pub(super) fn copy_learnt(&self, from: usize, max: usize) -> Option<Content> {
        let all = self.state.companions.read();
        let part = |no| {
            let of = CompanionsOf::Learnt(all.learnt.page(no)?, all.since);
            Some(CompanionPart { no: LEARNT_PARTS + no as u64, of, lsn: all.upto })
        };
        let pages = from..(from + max).min(all.learnt.pages());
        (!pages.is_empty()).then(|| Content::Companions(pages.filter_map(part).collect()))
    }

    /// How often promotions were used, in chunks of so many counts at most.
    pub(super) fn copy_uses(&self, max: usize) -> Vec<Content> {
        let mut all = self.state.uses.all();
        all.sort_unstable();
        let parts = (0..).zip(all).map(|(no, (of, counted))| UsesPart { no, of, counted });
        let parts: Vec<UsesPart> = parts.collect();
        parts.chunks(max).map(|chunk| Content::Uses(chunk.to_vec())).collect()
    }

    /// The items numbered `from..to` with their pairs.
    pub(super) fn copy_items(&self, from: u32, to: u32) -> Result<Content, ActorPanicked> {
        let items = (from..to).map(|no| self.copy_item(SkuNo(no)));
        Ok(Content::Items(items.collect::<Result<_, _>>()?))
    }

    fn copy_item(&self, no: SkuNo) -> Result<ItemState, ActorPanicked> {
        let entry = self.state.catalogue.entry(no);
        let mut pairs = Vec::with_capacity(entry.row.len());
        for slot in &entry.row {
            match slot.ask(StockMessage::Read).wait()? {
                // A pair without an event is a claim's, and claims are not state.
                StockReply::State(stock) if stock.last_lsn == Lsn::NONE => {}
                StockReply::State(stock) => pairs.push((slot.node, *stock)),
                other => unreachable!("a read is answered with a state, not {other:?}"),
            }
        }
        Ok(ItemState { no, definition: entry.definition(), pairs })
    }

    /// The placed orders numbered `from..=to`; those that left memory come without
    /// their content.
    pub(super) fn copy_orders(&self, from: u64, to: u64) -> Result<OrdersCopy, ActorPanicked> {
        let mut copy = OrdersCopy::default();
        for no in (from..=to).map(OrderNo) {
            let Some(cell) = self.state.orders.by_no(no) else { continue };
            match cell.ask(OrderMessage::Read).wait()? {
                OrderReply::Vacant => {}
                OrderReply::Resident(kept) => copy.resident.push((no, kept)),
                OrderReply::Archived(archived) => copy.archived.push((no, archived)),
                other => unreachable!("a read is answered with a state, not {other:?}"),
            }
        }
        Ok(copy)
    }

    /// All of these orders, those that left memory read again.
    pub(super) fn complete(&self, copy: OrdersCopy) -> Result<Content, SnapshotError> {
        let OrdersCopy { mut resident, archived } = copy;
        if !archived.is_empty() {
            resident.extend(recall(&*self.archived_in.store()?, &archived)?);
            resident.sort_unstable_by_key(|(no, _)| *no);
        }
        Ok(Content::Orders(resident))
    }

    /// The documents numbered `from..=to`.
    pub(super) fn copy_documents(&self, from: u64, to: u64) -> Content {
        Content::Documents(self.state.documents.copy(from, to))
    }

    /// At most `max` of the requests remembered after `after`. The applier waits for the
    /// lock under which they are copied, so the lock is let go after every few of them.
    /// Without a bound all the rest is copied under one lock: else newer requests would
    /// come for ever.
    pub(super) fn copy_requests(&self, after: Lsn, max: usize) -> Piece {
        if max == usize::MAX {
            return self.state.requests.copy_after(after, max);
        }
        let mut piece = self.state.requests.copy_after(after, max.min(REQUESTS_PER_LOCK));
        while !piece.is_last
            && piece.requests.len() < max
            && let Some((_, last)) = piece.requests.last()
        {
            let left = max - piece.requests.len();
            let next = self.state.requests.copy_after(last.lsn, left.min(REQUESTS_PER_LOCK));
            piece.requests.extend(next.requests);
            (piece.oldest, piece.is_last) = (next.oldest, next.is_last);
        }
        piece
    }
}

/// Putting back, into an engine without state, in two steps: what has to be done chunk
/// after chunk, and what any thread may do at any time after. Refuses what is there
/// already, or out of place.
impl Source<'_> {
    /// Puts back what is numbered or remembered in order. Answers with what is left
    /// to do. `items_hash` is the hash of all items, if that is what the content is.
    pub(super) fn restore_in_order(
        &self,
        content: Content,
        items_hash: StateHash,
        requests_from: Lsn,
    ) -> Result<Rest, RestoreError> {
        let mut hash = StateHash::default();
        let mut rest = Rest::default();
        match content {
            Content::Catalogue(network) => {
                hash.merge(network.hash());
                self.state.network.store(network);
            }
            Content::Items(items) => {
                // It was compared when the chunk was read: nothing is hashed twice.
                hash.merge(items_hash);
                rest.rows.reserve_exact(items.len());
                for item in items {
                    rest.rows.push(self.restore_item(item)?);
                }
            }
            Content::Orders(orders) => {
                // Rooms lie in the order of their numbers.
                if let Some((last, _)) = orders.last() {
                    self.state.orders.cell(*last);
                }
                rest.orders = orders;
            }
            Content::Requests(requests) => {
                let newer = |(_, done): &Request| done.lsn >= requests_from;
                for (id, done) in requests.into_iter().filter(newer) {
                    hash.merge(self.state.requests.remember(id, done));
                }
            }
            Content::Pricing(parts) => hash.merge(self.restore_pricing(parts)?),
            Content::Companions(parts) => hash.merge(self.restore_companions(parts)?),
            Content::Documents(documents) => {
                for (no, document) in documents {
                    let moved = self.state.documents.restore(no, document);
                    hash.merge(moved.ok_or_else(|| out_of_place("document", no))?);
                }
            }
            Content::ReturnRules(rules) => {
                hash.merge(rules.hash());
                self.state.return_rules.store(rules);
            }
            Content::Uses(parts) => {
                for UsesPart { no, of, counted } in parts {
                    let restored = self.state.uses.restore(of, counted);
                    hash.merge(restored.ok_or_else(|| out_of_place("count of uses", no))?);
                }
            }
        }
        Ok(Rest { hash, ..rest })
    }

    /// Parts come in the order of their numbers: a list before its prices. What is there already is
    /// none of a state without any.
    fn restore_pricing(&self, parts: Vec<PricingPart>) -> Result<StateHash, RestoreError> {
        let mut pricing = Pricing::clone(&self.state.pricing.load());
        let before = pricing.hash().value();
        for part in parts {
            let number = part.no.number();
            if !pricing.takes(&part.change) {
                return Err(out_of_place("part of prices", number));
            }
            pricing.change(part.change, part.lsn);
        }
        let moved = pricing.hash().value().wrapping_sub(before);
        self.state.pricing.store(Arc::new(pricing));
        Ok(StateHash::from_value(moved))
    }

    /// Styles follow each other, and what was learnt is put into what learnt nothing.
    fn restore_companions(&self, parts: Vec<CompanionPart>) -> Result<StateHash, RestoreError> {
        let mut assorted = Assorted::clone(&self.state.assortment.load());
        let before = assorted.hash().value();
        for CompanionPart { no, of, lsn } in parts {
            match of {
                CompanionsOf::Assortment(change) if assorted.takes(&change) => {
                    assorted.change(change, lsn);
                }
                CompanionsOf::Assortment(_) => return Err(out_of_place("part of styles", no)),
                CompanionsOf::Learnt(page, since) => {
                    let put_back = self.state.companions.put_back(page, (since, lsn));
                    put_back.map_err(|_| out_of_place("part of what was learnt", no))?;
                }
            }
        }
        let moved = assorted.hash().value().wrapping_sub(before);
        self.state.assortment.store(Arc::new(assorted));
        Ok(StateHash::from_value(moved))
    }

    /// Puts back what is left, the content of closed orders on demand only. Answers with
    /// the hash of all that was put back.
    pub(super) fn restore_rest(
        &self,
        rest: Rest,
        closed_by: Lsn,
    ) -> Result<StateHash, RestoreError> {
        let mut hash = rest.hash;
        for (no, pairs) in rest.rows {
            self.restore_row(no, pairs)?;
        }
        for order in rest.orders {
            hash.merge(self.restore_order(order, closed_by)?);
        }
        Ok(hash)
    }

    /// Puts an item back, with places for its pairs: actors made in order lie in order,
    /// and threads that fill them do not write beside each other.
    fn restore_item(&self, state: ItemState) -> Result<(SkuNo, Pairs), RestoreError> {
        let (no, item) = (state.no, state.definition.item);
        if no != self.state.catalogue.next()
            || self.state.catalogue.sku_no(item.sku.as_str()).is_some()
        {
            return Err(out_of_place("item", &item.sku));
        }
        let item = Arc::unwrap_or_clone(item);
        self.state.catalogue.define(no, item, state.definition.last_lsn);
        if let Some(draw) = state.definition.draw {
            self.state.catalogue.restore_draw(no, *draw);
        }
        let row = &self.state.catalogue.entry(no).row;
        for (before, (node, _)) in state.pairs.iter().enumerate() {
            row.get_or_insert(*node);
            if row.len() != before + 1 {
                return Err(out_of_place("pair of node", node.0));
            }
        }
        Ok((no, state.pairs))
    }

    fn restore_row(&self, sku: SkuNo, pairs: Pairs) -> Result<(), RestoreError> {
        let row = &self.state.catalogue.entry(sku).row;
        for (slot, (_, stock)) in row.iter().zip(pairs) {
            slot.ask(StockMessage::Restore(Box::new(stock))).wait()?;
        }
        Ok(())
    }

    fn restore_order(
        &self,
        (no, kept): OrderState,
        closed_by: Lsn,
    ) -> Result<StateHash, RestoreError> {
        let id = kept.packed.id();
        let cell = self.state.orders.by_no(no).expect("its room was made in order");
        let held = kept.packed.is_held().then(|| kept.order());
        let is_new =
            match held.as_ref().and_then(|order| Some((order, order.header.hold.as_ref()?))) {
                Some((order, hold)) => self.state.recover_hold(order, hold),
                None => self.state.orders.recover(id, no),
            };
        if kept.packed.is_priced() {
            self.state.references.note_all(&kept.order());
            if !kept.packed.may_leave_memory() {
                self.state.intents.note(no);
            }
        }
        if kept.packed.is_returned() {
            let order = kept.order();
            self.state.rmas.note_all(&order);
            self.state.open_returns.note(&order);
        }
        let may_be_due =
            [kept.packed.is_on_hold(), kept.packed.has_expiry(), kept.packed.is_returned()];
        if (may_be_due.contains(&true) || kept.packed.is_authorised())
            && let Some((at, _)) = kept.order().next_due()
        {
            self.state.wakes.note(no, at);
        }
        let last_lsn = kept.last_lsn;
        // An order that was copied late may have a number that was not given out yet when
        // copying began.
        self.state.order_last.fetch_max(no.0, Ordering::Relaxed);
        match cell.ask(OrderMessage::Place(kept)).wait()? {
            // A place that is taken keeps what it has, and the hash does not move.
            OrderReply::Applied(moved) if is_new && moved != StateHash::default() => {
                if last_lsn <= closed_by && self.state.orders.archive(no, closed_by)? {
                    self.state.rmas.forget(no);
                    self.state.open_returns.forget(no);
                }
                Ok(moved)
            }
            OrderReply::Applied(_) => Err(out_of_place("order", no)),
            other => unreachable!("a placing is answered with a hash, not {other:?}"),
        }
    }
}

/// Orders of one chunk, as a moment each had them: ascending, the two lists together
/// are all of them.
#[derive(Default)]
pub(super) struct OrdersCopy {
    pub resident: Vec<OrderState>,
    pub archived: Vec<(OrderNo, ArchivedOrder)>,
}

impl OrdersCopy {
    pub(super) fn len(&self) -> usize {
        self.resident.len() + self.archived.len()
    }

    /// The hash of all of them.
    pub(super) fn hash(&self) -> StateHash {
        let mut hash = StateHash::default();
        self.resident.iter().for_each(|(_, kept)| hash.add(kept.hash()));
        self.archived.iter().for_each(|(_, archived)| hash.add(archived.hash));
        hash
    }

    /// The last LSN of all of them.
    pub(super) fn last_lsn(&self) -> Lsn {
        let resident = self.resident.iter().map(|(_, kept)| kept.last_lsn);
        let archived = self.archived.iter().map(|(_, archived)| archived.last_lsn);
        resident.chain(archived).max().unwrap_or(Lsn::NONE)
    }
}

/// Pairs of one item, in the order of their coming to be.
type Pairs = Vec<(NodeNo, Stock)>;

/// What of a chunk is still to be put back.
#[derive(Default)]
pub(super) struct Rest {
    /// Of what is put back already.
    hash: StateHash,
    /// Pairs whose places are there.
    rows: Vec<(SkuNo, Pairs)>,
    /// Orders whose rooms are there.
    orders: Vec<OrderState>,
}

/// Why parts could not be put back.
#[derive(Debug, thiserror::Error)]
pub(super) enum RestoreError {
    #[error(transparent)]
    OutOfPlace(#[from] StoredFault),
    #[error(transparent)]
    Panicked(#[from] ActorPanicked),
}

fn out_of_place(what: &'static str, which: impl std::fmt::Display) -> RestoreError {
    let detail = format!("{which} is there twice, or not in order");
    StoredFault::from(ImageError::inconsistent(what, detail)).into()
}

//! Applying: what the journal says, done to the actors, in its order. Cannot fail.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::actor::{ActorPanicked, Ask};
use crate::apply::counting::{Counting, count_node};
use crate::apply::expecting::expect_all;
use crate::apply::sharing::{Channels, introduce_all};
use crate::companions::AssortmentChange;
use crate::model::Configuration;
use crate::model::SkuNo;
use crate::model::catalog::Item;
use crate::model::returns::ReturnPolicy;
use crate::model::{
    Act, DocumentEffect, DocumentKey, KeptOrder, Lsn, Node, NodeNo, Order, OrderEffect, OrderNo,
    PackedOrder, Pair, Policy, Request, Said, StateHash, StockEffect, Timestamp, UsesOf,
};
use crate::model::{Draw, Effect, Effects, StockChange};
use crate::pricing::PricingChange;
use crate::state::Applied;
use crate::state::before::BeforeImages;
use crate::state::order::{Missed, OrderActor, OrderMessage, OrderReply};
use crate::state::orders::Found;
use crate::state::requests::Remembered;
use crate::state::return_rules::ReturnRules;
use crate::state::stock::{StockActor, StockMessage, StockReply};
use crate::transaction::bells::{Awaited, Bells};
use crate::transaction::kernel::Kernel;
use crate::transaction::written::Recorded;
use crate::transaction::written::{self, Placement, Reserve, Room, Written, reserved};

/// Applies events one after the other. There is one applier.
pub struct Applier<'a> {
    kernel: &'a Kernel,
    applied: Applied,
    /// Whether events settle claims of this process. In recovery there are no claims.
    settles: bool,
    /// Where a part is kept before it changes, while a reader reads the state as of an
    /// earlier event.
    before: Option<Arc<BeforeImages>>,
    stock_turns: Vec<(Pair, Ask<StockActor>)>,
    order_turns: Vec<(OrderNo, Ask<OrderActor>)>,
    /// SKUs of which something came free in this step.
    freed: Vec<SkuNo>,
    /// SKUs of which pairs changed that do not publish all that they could promise.
    unseen: Vec<SkuNo>,
    /// Actors that commands may sleep for.
    to_ring: Vec<Awaited>,
    /// Whether what orders put on days is counted. Recovery counts it at its end.
    counts: bool,
    counting: Counting,
    /// Whether pairs with segments are told whose units are whose. Recovery tells them at its end.
    shares: bool,
    channels: Channels,
    /// Orders of which the step's events changed a return, or the money of one with returns.
    returned: BTreeSet<OrderNo>,
    /// Documents whose hands the step's events let go of, once they show: partners, and what payment providers told.
    let_go: Vec<DocumentKey>,
}

impl<'a> Applier<'a> {
    /// An applier that goes on after `applied`.
    pub fn new(kernel: &'a Kernel, applied: Applied, settles: bool) -> Self {
        let before = kernel.state.before.load_full();
        Self {
            kernel,
            applied,
            settles,
            before,
            stock_turns: Vec::new(),
            order_turns: Vec::new(),
            freed: Vec::new(),
            unseen: Vec::new(),
            to_ring: Vec::new(),
            counts: settles && kernel.state.loads.is_used(),
            counting: Counting::default(),
            shares: settles && kernel.state.has_segments(),
            channels: Channels::default(),
            returned: BTreeSet::new(),
            let_go: Vec::new(),
        }
    }

    /// How far this applier has come.
    pub fn applied(&self) -> Applied {
        self.applied
    }

    /// Applies the record at `lsn`.
    ///
    /// # Errors
    /// When an actor panicked, now or before: nothing may be applied any more.
    pub fn apply(&mut self, lsn: Lsn, written: Written) -> Result<(), ActorPanicked> {
        let (request, order) = match written {
            Written::Placed(placed) => {
                // What is reserved is large, and only looked at.
                let Placement { request, no, packed, ref reserves, room, uses } = *placed;
                if self.counts {
                    self.count_placed(&packed, reserves, room);
                }
                for of in uses.into_iter().flatten() {
                    self.count_use(&of, 1, lsn);
                }
                self.place(lsn, no, packed, reserves)?;
                (request, Some(no))
            }
            Written::Other(recorded) => {
                let Recorded { request, said, effects } = *recorded;
                self.note_channels(&effects);
                effects.into_iter().try_for_each(|effect| self.effect(lsn, effect, &said))?;
                (request, None)
            }
        };
        if let Some(Request { id, fingerprint }) = request {
            let moved =
                self.kernel.state.requests.remember(id, Remembered { fingerprint, lsn, order });
            self.applied.hash.merge(moved);
        }
        self.applied.lsn = lsn;
        Ok(())
    }

    /// Waits for the turns that other threads run for this applier, and so ends the step:
    /// an event is visible before any caller is told of it. The applier lets go of the
    /// copies that it kept for a reader, so that the reader is the last to hold them:
    /// freeing all of them takes long.
    pub fn end_step(mut self) -> Result<Ended<'a>, ActorPanicked> {
        self.end_turns()?;
        self.note_returned()?;
        if self.counts {
            self.kernel.state.loads.sweep(self.kernel.state.now());
        }
        let Self { kernel, applied, to_ring, mut freed, mut unseen, let_go, .. } = self;
        for key in let_go {
            match key {
                DocumentKey::Partner(partner) => kernel.state.documents.let_go(&partner),
                _ => kernel.state.documents.let_go_provider_events(),
            }
        }
        unseen.dedup();
        for sku in unseen {
            kernel.state.catalogue.entry(sku).note_unseen();
        }
        // Once more, now that it shows: an order may have been planned between the two.
        freed.dedup();
        for sku in freed {
            kernel.state.comes_free(sku);
        }
        Ok(Ended { kernel, applied, to_ring })
    }

    /// Waits for the turns that other threads run, and counts what they moved.
    fn end_turns(&mut self) -> Result<(), ActorPanicked> {
        for (pair, turn) in self.stock_turns.drain(..) {
            self.applied.hash.merge(moved_stock(turn.wait()?, pair, &mut self.unseen));
            note(&self.kernel.bells, &mut self.to_ring, Awaited::Pair(pair));
        }
        let mut turns = std::mem::take(&mut self.order_turns);
        for (no, turn) in turns.drain(..) {
            self.ordered(no, turn.wait()?)?;
            note(&self.kernel.bells, &mut self.to_ring, Awaited::Order(no));
        }
        // It keeps its room.
        self.order_turns = turns;
        self.counting.count(&self.kernel.state)
    }

    /// Notes what is open of the orders whose returns changed, as the step left them: recovery does so once
    /// it is at its end.
    ///
    /// # Errors
    /// When an order panicked.
    pub fn note_returned(&mut self) -> Result<(), ActorPanicked> {
        let state = &self.kernel.state;
        for no in std::mem::take(&mut self.returned) {
            match state.orders.cell(no).ask(OrderMessage::Read).wait()? {
                OrderReply::Resident(kept) => state.open_returns.note(&kept.order()),
                // A replay met events that the order had when it left memory.
                _ => state.open_returns.forget(no),
            }
        }
        Ok(())
    }

    fn effect(&mut self, lsn: Lsn, effect: Effect, said: &Said) -> Result<(), ActorPanicked> {
        match effect {
            Effect::Stock(pair, effect) => self.stock(pair, lsn, effect),
            Effect::Order(no, OrderEffect::Place(packed)) => {
                if self.counts {
                    self.counting.placed(unpacked(&packed).loads());
                }
                if self.kernel.state.releases.is_on() {
                    self.kernel.state.wakes.note(no, self.kernel.state.now());
                }
                if packed.is_priced() {
                    self.note_money(no, &packed);
                }
                self.place_order(lsn, no, packed)
            }
            Effect::Order(no, effect) => self.change_order(lsn, no, effect, said),
            Effect::Name(id, no) => {
                self.kernel.state.orders.recover(id, no);
                Ok(())
            }
            Effect::Renumber(id, no) => {
                self.kernel.state.orders.renumber(id, no);
                Ok(())
            }
            Effect::Document(of) => {
                let (key, effect) = *of;
                self.document(lsn, &key, effect);
                Ok(())
            }
            Effect::Configuration(Configuration::Item(no, item)) => {
                self.define_item(no, *item, lsn);
                Ok(())
            }
            Effect::Configuration(Configuration::Opened(no, draw)) => {
                self.open_sale(no, draw, lsn);
                Ok(())
            }
            Effect::Configuration(Configuration::Node(no, node)) => {
                self.define_node(no, *node, lsn)
            }
            Effect::Configuration(Configuration::Paused(no, until)) => {
                self.pause_node(no, until, lsn);
                Ok(())
            }
            Effect::Configuration(Configuration::Policy(policy)) => self.set_policy(*policy, lsn),
            Effect::Configuration(Configuration::Pricing(change)) => {
                self.change_pricing(*change, lsn);
                Ok(())
            }
            Effect::Configuration(Configuration::ReturnPolicy(policy)) => {
                self.set_return_policy(*policy, lsn);
                Ok(())
            }
            Effect::Configuration(Configuration::Assortment(change)) => {
                self.change_assortment(*change, lsn);
                Ok(())
            }
            Effect::Use(of, more) => {
                self.count_use(&of, more, lsn);
                Ok(())
            }
            Effect::Counted(at, load) => {
                self.counting.claimed(Some(Box::new([(at, load)])));
                Ok(())
            }
        }
    }

    fn document(&mut self, lsn: Lsn, key: &DocumentKey, effect: DocumentEffect) {
        let documents = &self.kernel.state.documents;
        if let Some(before) = &self.before {
            before.keep_document(documents, key);
        }
        self.applied.hash.merge(documents.apply(key, effect, lsn));
        let is_taken = matches!(key, DocumentKey::Partner(_) | DocumentKey::ProviderEvent(..));
        if self.settles && is_taken {
            self.let_go.push(key.clone());
        }
        if let DocumentKey::ProviderEvent(..) = key {
            self.look_for_order(key);
        }
    }

    /// What an event frees at a pair is the backlog's to have.
    fn mark(&mut self, sku: SkuNo) {
        if self.settles {
            self.freed.push(sku);
            self.kernel.state.comes_free(sku);
        }
    }

    /// Nodes or the policy changed: any backlog may have something to gain.
    fn mark_all(&self) {
        if self.settles {
            self.kernel.state.all_comes_free();
        }
    }

    fn define_item(&mut self, no: SkuNo, item: Item, lsn: Lsn) {
        let state = &self.kernel.state;
        if let Some(before) = &self.before {
            before.keep_item(&state.catalogue, no);
        }
        let is_new = no >= state.catalogue.next();
        let was_closed = self.settles && !is_new && state.catalogue.entry(no).is_closed();
        if was_closed {
            // It may have no opening any more: who waits in line is served from now on.
            state.opens(no);
        }
        // In one with the definition, which the number goes on from.
        let mut new = state.items_defined.lock();
        new.end(&item.sku);
        self.applied.hash.merge(state.catalogue.define(no, item, lsn));
        drop(new);
        if is_new {
            state.end_draws(no);
        }
        if self.settles && state.catalogue.entry(no).is_closed() {
            state.note_opening(no);
        } else if was_closed {
            state.opens(no);
        }
    }

    fn open_sale(&mut self, no: SkuNo, draw: Draw, lsn: Lsn) {
        let state = &self.kernel.state;
        if let Some(before) = &self.before {
            before.keep_item(&state.catalogue, no);
        }
        self.applied.hash.merge(state.open_sale(no, draw, lsn));
    }

    fn define_node(&mut self, no: NodeNo, node: Node, lsn: Lsn) -> Result<(), ActorPanicked> {
        let network = self.kernel.state.network.load();
        let known = network.nodes.get(usize::from(no.0));
        if known.is_some_and(|known| known.last_lsn >= lsn) {
            return Ok(());
        }
        let mut hash = self.applied.hash.value();
        hash = hash.wrapping_sub(network.hash_node(no).value());
        let changed = network.with_node(no, node, lsn);
        hash = hash.wrapping_add(changed.hash_node(no).value());
        self.applied.hash = StateHash::from_value(hash);
        if self.settles && changed.is_bounded(no) && !network.is_bounded(no) {
            // What was applied before is in the orders that are counted here.
            self.end_turns()?;
            known.map_or(Ok(()), |_| count_node(&self.kernel.state, no))?;
            self.kernel.state.loads.begin();
            self.counts = true;
        }
        // Days begin at other instants there.
        let is_moved =
            known.is_some_and(|known| known.node.time_zone != changed.node(no).node.time_zone);
        self.mark_all();
        let releases = changed.node(no);
        let releases_anew = releases.node.release.is_some()
            && known.is_none_or(|known| {
                known.node.release != releases.node.release || known.calendar != releases.calendar
            });
        self.kernel.state.network.store(Arc::new(changed));
        self.mark_all();
        if releases_anew {
            self.kernel.state.releases.begin(no);
            self.kernel.state.wakes.ring();
        }
        if is_moved { self.expect_anew(|of| of == no) } else { Ok(()) }
    }

    /// Nobody gains by it, so no backlog is marked.
    fn pause_node(&mut self, no: NodeNo, until: Timestamp, lsn: Lsn) {
        let network = self.kernel.state.network.load();
        let known = network.node(no);
        if known.last_lsn >= lsn || known.node.paused_until >= Some(until) {
            return;
        }
        let hash = self.applied.hash.value().wrapping_sub(network.hash_node(no).value());
        let changed = network.with_pause(no, until, lsn);
        self.applied.hash = StateHash::from_value(hash.wrapping_add(changed.hash_node(no).value()));
        self.kernel.state.network.store(Arc::new(changed));
    }

    fn set_policy(&mut self, policy: Policy, lsn: Lsn) -> Result<(), ActorPanicked> {
        let network = self.kernel.state.network.load();
        if network.policy_lsn >= lsn {
            return Ok(());
        }
        let counts_as_before = policy.overdue_days == network.policy.overdue_days;
        let changed = network.with_policy(policy, lsn);
        let hash = self.applied.hash.value().wrapping_sub(network.hash_policy().value());
        self.applied.hash = StateHash::from_value(hash.wrapping_add(changed.hash_policy().value()));
        self.mark_all();
        self.kernel.state.network.store(Arc::new(changed));
        self.mark_all();
        if counts_as_before { Ok(()) } else { self.expect_anew(|_| true) }
    }

    /// Prices are no supply, so no backlog is marked.
    fn change_pricing(&mut self, change: PricingChange, lsn: Lsn) {
        let pricing = self.kernel.state.pricing.load();
        let Some(changed) = pricing.with(change, lsn) else { return };
        let hash = self.applied.hash.value().wrapping_sub(pricing.hash().value());
        self.applied.hash = StateHash::from_value(hash.wrapping_add(changed.hash().value()));
        self.kernel.state.pricing.store(Arc::new(changed));
    }

    /// Returns that were granted keep their terms.
    fn set_return_policy(&mut self, policy: ReturnPolicy, lsn: Lsn) {
        let before = self.kernel.state.return_rules.load();
        if before.lsn() >= lsn {
            return;
        }
        let after = ReturnRules::set(policy, lsn);
        let hash = self.applied.hash.value().wrapping_sub(before.hash().value());
        self.applied.hash = StateHash::from_value(hash.wrapping_add(after.hash().value()));
        self.kernel.state.return_rules.store(Arc::new(after));
    }

    /// What is suggested is no supply either.
    fn change_assortment(&mut self, change: AssortmentChange, lsn: Lsn) {
        let assorted = self.kernel.state.assortment.load();
        let Some(changed) = assorted.with(change, lsn) else { return };
        let hash = self.applied.hash.value().wrapping_sub(assorted.hash().value());
        self.applied.hash = StateHash::from_value(hash.wrapping_add(changed.hash().value()));
        self.kernel.state.assortment.store(Arc::new(changed));
    }

    fn count_use(&mut self, of: &UsesOf, more: i32, lsn: Lsn) {
        let uses = &self.kernel.state.uses;
        if let Some(before) = &self.before {
            before.keep_uses(uses, of);
        }
        self.applied.hash.merge(uses.count(of, more, (lsn, self.settles)));
    }

    /// Supplies on their way to some nodes count until another instant than before.
    #[cold]
    fn expect_anew(&mut self, at: impl Fn(NodeNo) -> bool) -> Result<(), ActorPanicked> {
        if !self.settles {
            return Ok(());
        }
        // What was applied before is in the pairs that are read here.
        self.end_turns()?;
        expect_all(&self.kernel.state, at)
    }

    /// Counts what an order puts on days, if any of its nodes has a capacity.
    fn count_placed(&mut self, packed: &PackedOrder, reserves: &[Reserve], room: Room) {
        let network = self.kernel.state.network.load();
        if reserves.iter().any(|reserve| network.is_bounded(reserve.pair.node)) {
            self.counting.placed(unpacked(packed).loads());
        }
        self.counting.claimed(room);
    }

    fn place(
        &mut self,
        lsn: Lsn,
        no: OrderNo,
        packed: PackedOrder,
        reserves: &[Reserve],
    ) -> Result<(), ActorPanicked> {
        let (held, priority) = (packed.is_held(), packed.priority());
        for reserves in written::by_pair(reserves) {
            let (pair, effect) = (reserves[0].pair, reserved(reserves, (no, held, priority)));
            let message = StockMessage::Apply { pair, lsn, effect, settles: self.settles };
            self.introduce_placed(pair, no, &packed)?;
            self.keep(pair)?;
            self.stock_turn(pair, reserves[0].ask(&self.kernel.state, message))?;
        }
        self.note_placed(no, reserves);
        if packed.is_priced() {
            self.note_money(no, &packed);
        }
        self.place_order(lsn, no, packed)
    }

    /// What is derived of an order with prices, as an event places or replaces it.
    #[cold]
    fn note_money(&self, no: OrderNo, packed: &PackedOrder) {
        let state = &self.kernel.state;
        state.intents.note(no);
        state.references.note_all(&unpacked(packed));
        if packed.is_authorised() || state.documents.provider_events_count() > 0 {
            state.wakes.note(no, state.now());
        }
    }

    /// The order that something may be of which a payment provider told before: it is there by now.
    #[cold]
    fn look_for_order(&self, key: &DocumentKey) {
        let state = &self.kernel.state;
        let Some(document) = state.documents.read(key) else { return };
        let of = document.provider_event().and_then(|event| event.order.as_ref());
        if let Some(Found::There(no, _)) = of.map(|id| state.orders.by_id(id)) {
            state.wakes.note(no, state.now());
        }
    }

    /// What was placed may be due for release, where a node of it releases shipments by a rule: behind
    /// what was due before.
    fn note_placed(&self, no: OrderNo, reserves: &[Reserve]) {
        let state = &self.kernel.state;
        if !state.releases.is_on() {
            return;
        }
        let network = state.network.load();
        let has_rule = |of: &Reserve| network.node(of.pair.node).node.release.is_some();
        if reserves.iter().any(has_rule) {
            state.wakes.note(no, state.now());
        }
    }

    fn place_order(
        &mut self,
        lsn: Lsn,
        no: OrderNo,
        packed: PackedOrder,
    ) -> Result<(), ActorPanicked> {
        let state = &self.kernel.state;
        if !self.settles {
            // In this process the number came from the counter; a replayed order moves the
            // counter on.
            state.order_last.fetch_max(no.0, Ordering::Relaxed);
        }
        if packed.is_held() {
            self.note_hold(no, &packed);
        }
        let cell = state.orders.cell(no);
        self.order(no, cell.ask(OrderMessage::Place(KeptOrder::placed(packed, lsn))))
    }

    /// What is derived of an order that began as a hold, as an event places or replaces it.
    #[cold]
    fn note_hold(&self, no: OrderNo, packed: &PackedOrder) {
        let holds = &self.kernel.state.holds;
        let order = unpacked(packed);
        match order.open_hold() {
            Some(hold) => holds.placed(&order, hold),
            None => holds.ended(no),
        }
    }

    /// The same, of an order that is another one from now on, under the number that it had.
    #[cold]
    fn note_replaced(&self, no: OrderNo, packed: &PackedOrder) {
        let holds = &self.kernel.state.holds;
        let order = unpacked(packed);
        match order.open_hold() {
            Some(hold) => holds.changed(&order, hold),
            None => holds.ended(no),
        }
    }

    fn change_order(
        &mut self,
        lsn: Lsn,
        order: OrderNo,
        effect: OrderEffect,
        said: &Said,
    ) -> Result<(), ActorPanicked> {
        let cell = self.kernel.state.orders.cell(order);
        if let Some(before) = &self.before {
            before.keep_order(order, cell)?;
        }
        if self.kernel.state.releases.is_on() && may_release(&effect) {
            // Behind what was due before.
            self.kernel.state.wakes.note(order, self.kernel.state.now());
        }
        if effect.may_mint() {
            self.kernel.state.intents.note(order);
        }
        if self.moves_returns(order, &effect) {
            self.returned.insert(order);
        }
        if effect.may_authorise() {
            self.kernel.state.wakes.note(order, said.at);
        }
        match effect.plain() {
            OrderEffect::Place(packed) => self.note_hold(order, packed),
            OrderEffect::Replace(packed) => {
                self.note_replaced(order, packed);
                if packed.is_priced() {
                    self.note_money(order, packed);
                }
            }
            OrderEffect::Pay(told) => self.kernel.state.references.note_told(order, &told.told),
            OrderEffect::Extend { until, .. } | OrderEffect::Prolong(until) => {
                self.kernel.state.holds.extended(order, *until, false);
            }
            OrderEffect::EndHold(_) => self.kernel.state.holds.ended(order),
            OrderEffect::Repeg(repegged) => {
                if let Some(until) = repegged.offered_until {
                    self.kernel.state.holds.extended(order, until, true);
                }
            }
            OrderEffect::MoveBundle(lines) => {
                if let Some(until) = lines.iter().find_map(|line| line.offered_until) {
                    self.kernel.state.holds.extended(order, until, true);
                }
            }
            OrderEffect::Hold(hold) => {
                if let Some(until) = hold.stock_until {
                    self.kernel.state.wakes.note(order, until);
                }
            }
            // What waited for the end of the hold may be due.
            OrderEffect::ReleaseHold { .. } => self.kernel.state.wakes.note(order, said.at),
            OrderEffect::Return(returning) => {
                self.kernel.state.rmas.note(order, returning);
                self.kernel.state.wakes.note(order, said.at);
            }
            OrderEffect::Progress(progress) => {
                if let Some(until) = progress.kept_until() {
                    self.kernel.state.wakes.note(order, until);
                }
            }
            OrderEffect::GiveUpStock(_)
            | OrderEffect::ResolveDecline(_)
            | OrderEffect::Cancel(_)
            | OrderEffect::CancelPicked(_)
            | OrderEffect::Expire(_)
            | OrderEffect::DeclinePart(_)
            | OrderEffect::Ship { .. }
            | OrderEffect::Answer { .. }
            | OrderEffect::Prioritise(_)
            | OrderEffect::Change(_)
            | OrderEffect::ClaimWork { .. }
            | OrderEffect::Mint(_)
            | OrderEffect::LetGo => {}
        }
        let Self { settles, counts, .. } = *self;
        let said = said.clone();
        let message = OrderMessage::Apply { lsn, effect, said, settles, counts };
        self.order(order, cell.ask(message))
    }

    /// Whether an effect moves units of a return of its order, or the money of an order that has one.
    fn moves_returns(&self, order: OrderNo, effect: &OrderEffect) -> bool {
        match effect.plain() {
            OrderEffect::Return(_) => true,
            OrderEffect::Pay(_) => self.kernel.state.open_returns.knows(order),
            _ => effect.may_mint() && self.kernel.state.open_returns.knows(order),
        }
    }

    fn stock(&mut self, pair: Pair, lsn: Lsn, effect: StockEffect) -> Result<(), ActorPanicked> {
        self.introduce(pair, &effect)?;
        if effect.frees() || self.moves_shares(pair, &effect) {
            self.mark(pair.sku);
        }
        if let StockEffect::Change { change, .. } = &effect
            && self.settles
            && let Some(eta) = change.eta()
        {
            self.kernel.state.note_expected(pair, eta);
        }
        let message = StockMessage::Apply { pair, lsn, effect, settles: self.settles };
        self.keep(pair)?;
        self.stock_turn(pair, self.kernel.state.cell(pair).ask(message))
    }

    /// What an event says of the channels of orders.
    fn note_channels(&mut self, effects: &Effects) {
        if self.shares {
            self.channels.clear();
            for effect in effects {
                if let Effect::Order(no, effect) = effect {
                    self.channels.note(*no, effect);
                }
            }
        }
    }

    /// Whether segments of a pair get other units though none comes free: what they are shares of
    /// leaves, or is another channel's.
    fn moves_shares(&self, pair: Pair, effect: &StockEffect) -> bool {
        let moves = matches!(
            effect,
            StockEffect::Ship { .. } | StockEffect::Handle(_) | StockEffect::Repeg(_)
        );
        self.shares && moves && self.has_terms(pair)
    }

    fn has_terms(&self, pair: Pair) -> bool {
        self.kernel.state.cell(pair).shared().glance().has_terms
    }

    /// Tells a pair with segments whose the units are that an effect gives, or all that there are
    /// where segments are new.
    fn introduce(&mut self, pair: Pair, effect: &StockEffect) -> Result<(), ActorPanicked> {
        let state = &self.kernel.state;
        if let StockEffect::Change { change: StockChange::Termed(terms), .. } = effect
            && self.settles
            && !terms.segments.0.is_empty()
        {
            state.note_segments(pair.sku, &terms.segments);
            self.shares = true;
            // What was applied before is in the orders that are read here.
            self.end_turns()?;
            return introduce_all(state, pair);
        }
        if self.shares && self.has_terms(pair) {
            return self.channels.introduce(state, pair, effect);
        }
        Ok(())
    }

    /// The same, of an order that is placed.
    #[inline]
    fn introduce_placed(
        &mut self,
        pair: Pair,
        no: OrderNo,
        packed: &PackedOrder,
    ) -> Result<(), ActorPanicked> {
        if !self.shares || !self.has_terms(pair) {
            return Ok(());
        }
        let channel = unpacked(packed).header.channel;
        let introduce = StockMessage::Introduce(Box::new([(no, channel)]));
        self.kernel.state.cell(pair).ask(introduce).wait().map(drop)
    }

    #[inline]
    fn keep(&self, pair: Pair) -> Result<(), ActorPanicked> {
        self.before
            .as_ref()
            .map_or(Ok(()), |before| before.keep_pair(&self.kernel.state.catalogue, pair))
    }

    fn stock_turn(&mut self, pair: Pair, mut turn: Ask<StockActor>) -> Result<(), ActorPanicked> {
        match turn.try_take() {
            Some(reply) => {
                self.applied.hash.merge(moved_stock(reply?, pair, &mut self.unseen));
                note(&self.kernel.bells, &mut self.to_ring, Awaited::Pair(pair));
            }
            None => self.stock_turns.push((pair, turn)),
        }
        Ok(())
    }

    fn order(&mut self, no: OrderNo, mut turn: Ask<OrderActor>) -> Result<(), ActorPanicked> {
        match turn.try_take() {
            Some(reply) => {
                self.ordered(no, reply?)?;
                note(&self.kernel.bells, &mut self.to_ring, Awaited::Order(no));
            }
            None => self.order_turns.push((no, turn)),
        }
        Ok(())
    }

    /// Counts what an apply moved. An order that left memory is recalled for it: only a replay meets one,
    /// since a command takes an order in hand, and so recalls it, before it writes.
    fn ordered(&mut self, no: OrderNo, reply: OrderReply) -> Result<(), ActorPanicked> {
        let reply = match reply {
            OrderReply::Missed(missed) => {
                let Missed { archived, message } = *missed;
                let order = self.kernel.archive.read_now(no, archived);
                let order = order.unwrap_or_else(|error| panic!("ARCHIVE_UNREADABLE: {error}"));
                self.kernel.state.orders.recall(no, order)?;
                self.kernel.state.orders.cell(no).ask(message).wait()?
            }
            reply => reply,
        };
        self.applied.hash.merge(moved_order(reply, &mut self.counting));
        Ok(())
    }
}

/// A step that has ended.
pub struct Ended<'a> {
    kernel: &'a Kernel,
    /// How far it came.
    pub applied: Applied,
    to_ring: Vec<Awaited>,
}

impl Ended<'_> {
    /// Wakes the commands that sleep for an actor that events were applied to, once
    /// for each actor, however many events that were. What was applied is visible by
    /// then: commands woken earlier would be refused once more, and spend their tries.
    pub fn ring(mut self) {
        self.to_ring.sort_unstable();
        self.to_ring.dedup();
        for actor in self.to_ring {
            self.kernel.bells.ring(actor);
        }
    }
}

/// Whether shipments of an order may be due for release by what an event does to it: they are new, on
/// other supply, or of other units, or their node may answer for a recall until another instant.
fn may_release(effect: &OrderEffect) -> bool {
    match effect.plain() {
        OrderEffect::Place(_)
        | OrderEffect::Replace(_)
        | OrderEffect::Repeg(_)
        | OrderEffect::MoveBundle(_)
        | OrderEffect::DeclinePart(_)
        | OrderEffect::Cancel(_)
        | OrderEffect::CancelPicked(_)
        | OrderEffect::Change(_)
        | OrderEffect::Return(_) => true,
        OrderEffect::Progress(progress) => {
            matches!(progress.act, Act::Recall | Act::RefuseRecall)
        }
        _ => false,
    }
}

fn unpacked(packed: &PackedOrder) -> Order {
    packed.unpack().expect("REPLAY_EQUAL: what was packed unpacks")
}

/// Notes an actor whose turn is over, if any command listens. A command that begins to
/// listen later asks after that turn, and is not refused by the claim that the turn ended.
#[inline]
fn note(bells: &Bells, to_ring: &mut Vec<Awaited>, actor: Awaited) {
    if bells.have_listeners() {
        to_ring.push(actor);
    }
}

fn moved_stock(reply: StockReply, pair: Pair, unseen: &mut Vec<SkuNo>) -> StateHash {
    match reply {
        StockReply::Applied(moved) => moved,
        StockReply::AppliedUnseen(moved) => {
            unseen.push(pair.sku);
            moved
        }
        other => unreachable!("an apply is answered with a hash, not {other:?}"),
    }
}

fn moved_order(reply: OrderReply, counting: &mut Counting) -> StateHash {
    match reply {
        OrderReply::Applied(moved) => moved,
        OrderReply::Moves(moved, loads) => {
            counting.moved(*loads);
            moved
        }
        other => unreachable!("an apply is answered with a hash, not {other:?}"),
    }
}

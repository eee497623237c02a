//! Bundles in a look at the backlog: what they are given, and whom they would pass.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::super::bundle::{Moved, Waiting};
use super::super::passed::given_up;
use super::super::pool::{Demand, Pool};
use super::super::read::read_lines;
use super::{DEMANDS_AT_ONCE, Look, Planned, Repegging, note_comings};
use crate::limits::{PASSED_BUNDLES_MAX, PASSED_DEMANDS_MAX};
use crate::model::{Order, OrderState, OrderedBundle, SkuNo, Text};
use crate::state::stock::{Asker, Asks};
use crate::transaction::attempts::Attempt;
use crate::transaction::error::EngineError;
use crate::transaction::find::read_order;
use crate::transaction::kernel::Kernel;

impl Look {
    /// The components of a bundle that were not looked at yet.
    pub(super) fn unseen(&self, order: &Order, bundle: &OrderedBundle) -> Vec<SkuNo> {
        let all = bundle.lines().map(|line| order.lines[usize::from(line)].sku);
        all.filter(|sku| !self.pools.has(*sku)).collect()
    }

    /// What happens to bundles of an order; none if they stay as they are, or if the look begins anew
    /// because more is looked at.
    pub(super) async fn bundle_served(
        &mut self,
        kernel: &Kernel,
        bundle: OrderedBundle,
        order: Order,
    ) -> Result<Attempt<'static, Option<Planned>>, EngineError> {
        let unseen = match self.note_starved(kernel, &bundle, &order).await? {
            Attempt::Done(unseen) => unseen,
            Attempt::Again => {
                (self.left_one, self.planned) = (true, self.demands.len());
                return Ok(Attempt::Done(None));
            }
            _ => return Ok(Attempt::Overtaken),
        };
        if unseen.is_empty() {
            return self.bundle_planned(kernel, bundle, order).map(Attempt::Done);
        }
        if self.begins_anew(&[]) {
            self.see_all(kernel, &unseen).await?;
        }
        Ok(Attempt::Done(None))
    }

    /// Notes bundles that are served before one which keeps a component, and wait for that: nothing is
    /// free of it, so that they were not looked at. Answers what else they need that was not looked at
    /// yet, if there is anything.
    async fn note_starved(
        &mut self,
        kernel: &Kernel,
        bundle: &OrderedBundle,
        order: &Order,
    ) -> Result<Attempt<'static, Vec<SkuNo>>, EngineError> {
        let kept = self.waiting(kernel, bundle, order).kept()?.into_iter().map(|kept| kept.sku);
        let kept: BTreeSet<SkuNo> = kept.filter(|sku| !self.starved_of.contains(sku)).collect();
        if kept.is_empty() || self.moved(kernel, bundle, order)?.is_none() {
            return Ok(Attempt::Done(Vec::new()));
        }
        let newer = &self.demands[self.planned].1;
        let newer = (newer.priority, newer.place, newer.order);
        for sku in kept {
            let entry = kernel.state.catalogue.entry(sku);
            let draw = entry.draw();
            let looked = read_lines(kernel, sku).await?;
            let (_, all) = Pool::of(looked, (draw.as_deref(), entry.is_closed()), |_| true);
            let before = |of: &&Demand| (of.priority, of.place, of.order) < newer && !of.is_kept;
            let older = all.iter().filter(before).take(PASSED_DEMANDS_MAX);
            let most = self.starved.len() + PASSED_BUNDLES_MAX;
            for (at, demand) in older.enumerate() {
                if self.starved.len() >= most {
                    break;
                }
                if at.is_multiple_of(DEMANDS_AT_ONCE) {
                    tokio::task::yield_now().await;
                }
                let Some(older) = read_order(kernel, demand.order).await? else { continue };
                let Some(of) = older.bundle_of(demand.line).copied() else { continue };
                if older.state() != OrderState::Open || older.is_passed_over(of.line) {
                    continue;
                }
                if self.given.contains(&demand.order) {
                    // The next look sees what it waits for still.
                    return Ok(Attempt::Again);
                }
                if older.last_lsn > self.at {
                    return Ok(Attempt::Overtaken);
                }
                let unseen = self.unseen(&older, &of);
                if !unseen.is_empty() {
                    return Ok(Attempt::Done(unseen));
                }
                self.starved.push((older, of));
            }
            self.starved_of.insert(sku);
        }
        Ok(Attempt::Done(Vec::new()))
    }

    /// What happens to bundles of an order; none if they stay as they are.
    fn bundle_planned(
        &mut self,
        kernel: &Kernel,
        bundle: OrderedBundle,
        order: Order,
    ) -> Result<Option<Planned>, EngineError> {
        let Some(moved) = self.moved(kernel, &bundle, &order)? else {
            self.bundle = Some((order.no, bundle));
            self.planned += 1;
            let would_pass = !order.is_passed_over(bundle.line);
            if would_pass && self.stayed.len() < PASSED_BUNDLES_MAX {
                self.stayed.push((order, bundle));
            }
            return Ok(None);
        };
        let given_up = self.given_up(kernel, &bundle, (&order, &moved))?;
        let gives_up = given_up.is_some();
        let moved = given_up.unwrap_or(moved);
        let leaves_others = moved.leaves_others;
        let planned = self.bundle_moved(kernel, (&order, &bundle), moved);
        if gives_up || leaves_others {
            // Whom it is for comes first in the next look, and so do others of these bundles, which
            // wait elsewhere: newer orders would pass them in this one.
            self.planned = self.demands.len();
        }
        Ok(Some(planned))
    }

    /// What there is for bundles of an order that are not all there.
    pub(super) fn moved(
        &self,
        kernel: &Kernel,
        bundle: &OrderedBundle,
        order: &Order,
    ) -> Result<Option<Moved>, EngineError> {
        if order.state() != OrderState::Open || order.is_passed_over(bundle.line) {
            return Ok(None);
        }
        let mut moved = self.waiting(kernel, bundle, order).moved()?;
        if let (Some(moved), true) = (&mut moved, kernel.state.loads.is_used()) {
            self.taken.fit_moved(kernel, &self.network, order, moved);
        }
        Ok(moved)
    }

    fn waiting<'a>(
        &'a self,
        kernel: &'a Kernel,
        bundle: &'a OrderedBundle,
        order: &'a Order,
    ) -> Waiting<'a> {
        let (network, pools, looked_at) = (&self.network, &self.pools, self.at);
        Waiting { kernel, network, pools, order, bundle, looked_at, taken: &self.taken }
    }

    /// That bundles of an order give up what they keep to those that stayed, if they pass one.
    fn given_up(
        &self,
        kernel: &Kernel,
        bundle: &OrderedBundle,
        (order, moved): (&Order, &Moved),
    ) -> Result<Option<Moved>, EngineError> {
        let older = self.stayed.iter().chain(&self.starved);
        given_up(&self.waiting(kernel, bundle, order), moved, older)
    }

    /// That bundles of an order are given something, with what it claims.
    fn bundle_moved(
        &mut self,
        kernel: &Kernel,
        (order, bundle): (&Order, &OrderedBundle),
        moved: Moved,
    ) -> Planned {
        let Moved { event, steps, room, leaves_others } = moved;
        let mut comings = Vec::new();
        for (sku, steps) in &steps {
            note_comings((*sku, self.pools.of(*sku)), steps, &mut comings);
        }
        let channel = order.header.channel.as_ref();
        for (sku, steps) in &steps {
            self.pools.take(*sku, steps, channel.map(Text::as_str));
        }
        let asks = steps.iter().any(|(sku, _)| self.pools.of(*sku).has_terms()).then(|| {
            let who =
                vec![Asker { order: Some(order.no), channel: channel.cloned(), is_known: true }];
            Arc::new(Asks { at: kernel.state.now(), who })
        });
        (self.served, self.has_served, self.left_one) = (Some(order.no), true, true);
        self.given.insert(order.no);
        // They were those before this one.
        self.starved.clear();
        self.starved_of.clear();
        self.bundle = (!leaves_others).then_some((order.no, *bundle));
        self.planned += 1;
        let orders = vec![(order.no, order.last_lsn)];
        Planned { event: Repegging::Bundle(event), orders, comings, room, asks }
    }
}

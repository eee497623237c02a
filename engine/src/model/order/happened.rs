//! What an entry of a timeline says of an effect on its order.

use super::amended::Amounts;
use super::timeline::{DateMoved, Entry, Happened, Said, Timeline};
use super::{
    AllocationUnits, Exchanged, KeptOrder, LineRepegged, Order, OrderChange, OrderEffect,
    Returning, Telling, count,
};
use crate::limits::TIMELINE_FACTS_MAX;
use crate::model::answer::{Answer, AnswerKind};
use crate::model::fulfilment::{Act, Dispatch, Package, Progress};
use crate::model::lsn::Lsn;
use crate::model::meta::Meta;
use crate::model::returns::Moved;
use crate::model::time::Day;

impl Entry {
    /// An entry without any fact.
    pub fn new(lsn: Lsn, what: Happened, Said { at, origin }: &Said) -> Self {
        Self {
            lsn,
            at: *at,
            what,
            shipment: None,
            origin: origin.clone(),
            lines: None,
            packages: None,
            carrier: None,
            dates: None,
            cause: None,
            declined: None,
            until: None,
            was_at: None,
            left_out: None,
            hold: None,
            added: None,
            goes_to: None,
            note: None,
            amounts: None,
            of_return: None,
        }
    }

    /// The entry for what an event is about to do to an order; none where the order says it by
    /// itself, or nothing happens.
    pub fn of(order: &Order, lsn: Lsn, effect: &OrderEffect, said: &Said) -> Option<Self> {
        let new = |what| Self::new(lsn, what, said);
        Some(match effect {
            OrderEffect::Cancel(units) => new(Happened::Cancelled).with_units(units),
            OrderEffect::CancelPicked(all) => new(Happened::Cancelled).with_units(&all.cancelled),
            OrderEffect::Ship { shipment, dispatch } => {
                new(Happened::Shipped).shipping(order, *shipment, dispatch)
            }
            OrderEffect::Progress(progress) => new(of_act(progress.act)).with_progress(progress),
            OrderEffect::Expire(expiry) => {
                let entry = new(Happened::Expired).with_packages(&expiry.packages);
                Self { shipment: Some(expiry.shipment), ..entry.with_units(&expiry.units) }
            }
            OrderEffect::DeclinePart(part) => {
                let answered = new(Happened::Declined).answering(part.shipment, part.answer);
                let what = if part.asks { Happened::CustomerAsked } else { answered.what };
                let entry = Self { what, ..answered };
                match &part.units {
                    Some(units) => entry.with_units(units),
                    None if part.asks => entry.with_lines(order.open_in(part.shipment)),
                    None => entry,
                }
            }
            OrderEffect::Answer { shipment, answer } => {
                new(Happened::Accepted).answering(*shipment, *answer)
            }
            OrderEffect::Repeg(line) => new(Happened::Resourced).moving(std::slice::from_ref(line)),
            OrderEffect::MoveBundle(lines) => new(Happened::Resourced).moving(lines),
            OrderEffect::Prioritise(_) => new(Happened::Prioritised),
            OrderEffect::Extend { until, .. } | OrderEffect::Prolong(until) => {
                Self { until: Some(*until), ..new(Happened::HoldExtended) }
            }
            OrderEffect::Replace(_) => new(Happened::HoldChanged),
            OrderEffect::EndHold(_) => new(Happened::HoldEnded),
            OrderEffect::Hold(hold) => {
                let (until, hold) = (hold.stock_until, Some(hold.clone()));
                Self { until, hold, ..new(Happened::OrderHeld) }
            }
            OrderEffect::ReleaseHold { hold, told } => {
                let hold = order.order_hold(hold).cloned().map(Box::new);
                let mut entry = Self { hold, ..new(Happened::OrderHoldReleased) };
                let dates = told.iter().map(|told| DateMoved {
                    shipment: told.shipment,
                    before: told.deliver_by_before,
                    after: told.days.map(|(_, deliver_by)| deliver_by),
                });
                let moved = dates.filter(|of| of.before != of.after);
                entry.dates = entry.some_of(moved.collect());
                entry
            }
            OrderEffect::ResolveDecline(at) => {
                let entry = new(Happened::DeclineResolved).with_lines(order.open_in(*at));
                Self { shipment: Some(*at), ..entry }
            }
            OrderEffect::GiveUpStock(given_up) => {
                let entry = new(Happened::StockLetGo).moving(&given_up.lines);
                Self { what: Happened::StockLetGo, ..entry }
            }
            OrderEffect::Change(change) => new(Happened::Changed).with_change(order, change),
            OrderEffect::Mint(minting) => {
                return Self::of(order, lsn, &minting.0, said);
            }
            OrderEffect::Return(returning) => {
                new(Happened::of_returning(returning)).returning(order, returning)
            }
            OrderEffect::Pay(told) => match (&told.told, order.hold_ended_by(told)) {
                (Telling::Ending { hold: Some(hold), .. }, _) => {
                    Self { hold: Some(hold.clone()), ..new(Happened::OrderHeld) }
                }
                (_, Some(ended)) => {
                    Self { hold: Some(Box::new(ended)), ..new(Happened::OrderHoldReleased) }
                }
                (told, None) => new(Happened::of_payment(told)),
            },
            // Who works on it is of no matter afterwards.
            OrderEffect::ClaimWork { .. } | OrderEffect::Place(_) | OrderEffect::LetGo => {
                return None;
            }
        })
    }

    fn with_units(self, units: &[AllocationUnits]) -> Self {
        self.with_lines(units.iter().map(|part| (part.line, part.units)))
    }

    /// Units by line, those of a line together.
    fn with_lines(mut self, units: impl Iterator<Item = (u16, u32)>) -> Self {
        let mut lines: Vec<(u16, u32)> = Vec::new();
        for (line, units) in units {
            match lines.iter_mut().find(|(of, _)| *of == line) {
                Some((_, known)) => *known += units,
                None => lines.push((line, units)),
            }
        }
        self.lines = self.some_of(lines);
        self
    }

    /// As many as an entry has room for; none where there are none.
    fn some_of<T>(&mut self, mut all: Vec<T>) -> Option<Vec<T>> {
        if let Some(over) = all.len().checked_sub(TIMELINE_FACTS_MAX).filter(|over| *over > 0) {
            all.truncate(TIMELINE_FACTS_MAX);
            let over = u32::try_from(over).unwrap_or(u32::MAX);
            self.left_out = Some(self.left_out.unwrap_or(0).saturating_add(over));
        }
        Some(all).filter(|all| !all.is_empty())
    }

    fn with_dispatch(mut self, dispatch: &Dispatch) -> Self {
        self.carrier = Some(Box::new((dispatch.carrier.clone(), dispatch.tracking.clone())));
        self
    }

    fn shipping(self, order: &Order, shipment: u16, dispatch: &Dispatch) -> Self {
        let entry = self.with_lines(order.open_in(shipment));
        Self { shipment: Some(shipment), ..entry }.with_dispatch(dispatch)
    }

    fn answering(self, shipment: u16, Answer { kind, .. }: Answer) -> Self {
        let (what, declined) = match kind {
            AnswerKind::Declined(reason) => (Happened::Declined, Some(reason)),
            AnswerKind::Accepted => (Happened::Accepted, None),
        };
        Self { what, declined, shipment: Some(shipment), ..self }
    }

    /// Units rest on other supply, and days are told anew.
    fn moving(mut self, lines: &[LineRepegged]) -> Self {
        let mut dates: Vec<DateMoved> = Vec::new();
        for told in lines.iter().flat_map(|line| &line.told) {
            let after = told.days.map(|(_, deliver_by)| deliver_by);
            // Of the lines of a bundle, each tells what it comes to.
            if let Some(known) = dates.iter_mut().find(|known| known.shipment == told.shipment) {
                known.after = after;
            } else {
                let (shipment, before) = (told.shipment, told.deliver_by_before);
                dates.push(DateMoved { shipment, before, after });
            }
        }
        dates.retain(|date| date.before != date.after);
        if !dates.is_empty() {
            self.what = Happened::DateMoved;
        }
        self.cause = lines.iter().find_map(|line| line.why.as_deref()).map(|why| why.cause);
        self.until = lines.iter().find_map(|line| line.offered_until);
        self.dates = self.some_of(dates);
        let moves = lines.iter().flat_map(|of| of.moves.iter().map(|m| (of.line, m.units)));
        self.with_lines(moves)
    }

    fn with_change(self, order: &Order, change: &OrderChange) -> Self {
        let first = count(order.lines.len());
        let lines = (first..).zip(&change.lines).map(|(line, added)| (line, added.units));
        let mut entry = self.with_units(&change.cancelled);
        entry.added = entry.some_of(lines.collect());
        let new = (count(order.shipments.len())..).zip(&change.shipments);
        let arrives = |days: Option<(Day, Day)>| days.map(|(_, deliver_by)| deliver_by);
        let new = new.map(|(shipment, added)| {
            let before = order.arrived_before(change, shipment);
            DateMoved { shipment, before, after: arrives(added.days) }
        });
        let told = change.told.iter().map(|of| DateMoved {
            shipment: of.shipment,
            before: order.shipments[usize::from(of.shipment)].deliver_by,
            after: arrives(of.days),
        });
        let dates = told.chain(new).filter(|of| of.before != of.after);
        entry.dates = entry.some_of(dates.collect());
        entry.goes_to.clone_from(&change.redirect);
        entry.note.clone_from(&change.note);
        entry.amounts = change.amounts.as_ref().map(|of| {
            let lines = entry.some_of(of.lines.clone()).unwrap_or_default();
            Box::new(Amounts { currency: of.currency, lines })
        });
        if change.only_moves() {
            let is_told = entry.dates.is_some();
            entry.what = if is_told { Happened::DateMoved } else { Happened::Resourced };
            return entry.with_units(&change.moved);
        }
        entry
    }

    fn with_progress(self, progress: &Progress) -> Self {
        let Progress { shipment, act, put_back, picked, packages, recall, .. } = progress;
        let until = recall.or(progress.kept_until());
        let entry = Self { shipment: Some(*shipment), until, ..self };
        match act {
            Act::Pick => entry.with_units(picked),
            Act::Unpick | Act::Recall | Act::RefuseRecall | Act::Release => {
                entry.with_units(put_back)
            }
            _ => entry.with_packages(packages),
        }
    }

    /// Units of a return: those that were asked for, or that went another way in a step.
    fn returning(self, order: &Order, returning: &Returning) -> Self {
        match returning {
            Returning::Asked(asked) => {
                let of_return = Some(count(order.returns.len()));
                let lines = asked.lines.iter().map(|of| (of.line, of.units()));
                Self { of_return, ..self.with_lines(lines) }
            }
            Returning::Exchanged(exchanged) => {
                let Exchanged { asked, change, .. } = &**exchanged;
                let of_return = Some(count(order.returns.len()));
                let lines = asked.lines.iter().map(|of| (of.line, of.units()));
                Self { of_return, ..self.with_change(order, change).with_lines(lines) }
            }
            Returning::Stepped { no, step } => {
                let lines = &order.returns[usize::from(*no)].lines;
                // What came may have been looked at in the same step: it is told once.
                let is_receipt = step.act == crate::model::returns::table::Act::Receive;
                let goes = |of: &&Moved| {
                    let arrives = of.from.goods.has_arrived() != of.to.goods.has_arrived();
                    let is_other =
                        (of.from.goods, of.from.decision) != (of.to.goods, of.to.decision);
                    is_other && (arrives || !is_receipt)
                };
                let moved = step.moves.iter().filter(goes);
                let moved = moved.map(|of| (lines[usize::from(of.line)].line, of.units));
                let mut entry = self.with_lines(moved);
                if let Some(sent) = &step.sent {
                    entry.carrier = Some(Box::new((sent.carrier.clone(), sent.tracking.clone())));
                }
                Self { of_return: Some(*no), ..entry }
            }
        }
    }

    fn with_packages(mut self, packages: &[Package]) -> Self {
        let ids = packages.iter().map(|package| package.id.clone()).collect();
        self.packages = self.some_of(ids);
        let ended = packages.iter().find_map(|package| package.ended);
        self.was_at = ended.map(|ended| ended.at).filter(|at| *at != self.at);
        let entry = self.with_lines(packages.iter().flat_map(|package| package.lines.clone()));
        match packages.iter().find_map(|package| package.dispatch.as_deref()) {
            Some(dispatch) => entry.with_dispatch(dispatch),
            None => entry,
        }
    }
}

impl Order {
    /// When units arrive that a change has leave in a shipment, from 0, as they were to leave before;
    /// none of units that it adds.
    fn arrived_before(&self, change: &OrderChange, shipment: u16) -> Option<Day> {
        let mut placed = change.placed.iter().filter(|of| of.shipment == shipment);
        placed.find_map(|of| {
            let moved = change.moved.iter().find(|moved| moved.line == of.line)?;
            let from = self.allocations[usize::from(moved.allocation)].shipment;
            self.shipments[usize::from(from)].deliver_by
        })
    }

    /// Units by line that are still to leave of a shipment, from 0.
    fn open_in(&self, shipment: u16) -> impl Iterator<Item = (u16, u32)> + '_ {
        let units = self.allocations_of(shipment).map(|a| (a.line, a.open()));
        units.filter(|(_, units)| *units > 0)
    }

    /// What happened to it after it was placed, as far as it is known, the oldest first: of an
    /// order that older versions changed, first the decisions that are kept.
    pub fn story(&self) -> Vec<Entry> {
        let mut kept: Vec<Entry> = self.timeline.iter().collect();
        let hold = self.header.hold.as_deref().map(|hold| hold.created);
        let held = hold.filter(|created| *created != Lsn::NONE).unwrap_or(self.placed_lsn);
        for first in kept.iter_mut().filter(|entry| entry.lsn == Lsn::NONE) {
            first.lsn = if first.what == Happened::Held { held } else { self.placed_lsn };
        }
        let first = kept.iter().map(|entry| entry.lsn).min();
        let is_older = |lsn: Lsn| first.is_none_or(|first| lsn < first);
        let decided = self.decisions.iter().filter(|_| self.timeline.dropped() == 0);
        let decided: Vec<_> = decided.filter(|decision| is_older(decision.lsn)).collect();
        let mut story: Vec<Entry> = decided
            .chunk_by(|a, b| a.lsn == b.lsn)
            .map(|of| {
                let lines: Vec<_> = of.iter().map(|decision| decision.line.clone()).collect();
                let why = lines.iter().find_map(|line| line.why.as_deref());
                let said = Said { at: why.map(|why| why.at).unwrap_or_default(), origin: None };
                Entry::new(of[0].lsn, Happened::Resourced, &said).moving(&lines)
            })
            .collect();
        story.extend(kept);
        story
    }
}

impl Order {
    /// Notes who is about to place it, if that was said. Its event has no number yet, and so the entry
    /// has none.
    pub fn note_who_places(&mut self, meta: &Meta) {
        let Some(origin) = &meta.origin else { return };
        let said = Said { at: meta.at, origin: Some(origin.clone()) };
        if said.names_somebody() {
            let is_held = self.open_hold().is_some();
            let what = if is_held { Happened::Held } else { Happened::Placed };
            self.timeline.keep(&Entry::new(Lsn::NONE, what, &said));
        }
    }
}

impl KeptOrder {
    /// The order after the event at `lsn`, which is new to it, with what its record says in the
    /// order's timeline.
    #[must_use]
    pub fn changed(&self, lsn: Lsn, effect: &OrderEffect, said: &Said) -> Self {
        if let OrderEffect::Replace(packed) = effect.plain()
            && !self.packed.has_timeline()
            && !packed.has_timeline()
            && !packed.has_open_hold()
        {
            // A hold is confirmed: the order says all that there is to say.
            return Self::placed(packed.clone(), lsn);
        }
        let mut order = self.order();
        let entry = Entry::of(&order, lsn, effect, said);
        let mut timeline = std::mem::take(&mut order.timeline);
        order.apply(lsn, effect);
        let is_confirmed =
            matches!(effect.plain(), OrderEffect::Replace(_)) && order.open_hold().is_none();
        if is_confirmed {
            // Who confirms it, if that was said, comes first.
            if !order.timeline.is_empty() && timeline.dropped() == 0 {
                let mut all = Timeline::default();
                order.timeline.iter().for_each(|entry| all.keep(&Entry { lsn, ..entry }));
                timeline.iter().for_each(|entry| all.keep(&entry));
                timeline = all;
            }
        } else if let Some(entry) = entry {
            timeline.keep(&entry);
        }
        order.timeline = timeline;
        Self::of(&order)
    }
}

impl Happened {
    /// What it is that something was done of a return.
    const fn of_returning(returning: &Returning) -> Self {
        use crate::model::returns::table::Act;
        let step = match returning {
            Returning::Asked(_) => return Self::ReturnRequested,
            Returning::Exchanged(_) => return Self::ExchangeRequested,
            Returning::Stepped { step, .. } => step,
        };
        match step.act {
            Act::Authorise | Act::KeepIt | Act::Advance => Self::ReturnAuthorised,
            Act::Refuse => Self::ReturnRefused,
            Act::Cancel => Self::ReturnCancelled,
            Act::Send => Self::ReturnSent,
            Act::Receive | Act::Correct => Self::ReturnReceived,
            Act::Inspect | Act::Approve | Act::Reduce | Act::Reject | Act::Credit => {
                Self::ReturnInspected
            }
            Act::Restock
            | Act::Refurbish
            | Act::Liquidate
            | Act::ReturnToVendor
            | Act::Scrap
            | Act::SendBack
            | Act::Missing => Self::ReturnDisposed,
            Act::Lose => Self::ReturnLost,
            Act::GrantLost => Self::ReturnGranted,
            Act::Expire => Self::ReturnExpired,
            Act::ChargeBack => Self::ReturnChargedBack,
        }
    }

    /// What it is that something of an order's money was told.
    const fn of_payment(told: &Telling) -> Self {
        match told {
            Telling::Added(..) => Self::PaymentAdded,
            Telling::Allowed(_) => Self::Allowed,
            Telling::Conflict { .. } => Self::PaymentConflict,
            Telling::Result { .. } | Telling::Unasked { .. } | Telling::Ending { .. } => {
                Self::PaymentTold
            }
        }
    }
}

const fn of_act(act: Act) -> Happened {
    match act {
        Act::Release => Happened::Released,
        Act::Recall => Happened::Recalled,
        Act::RefuseRecall => Happened::RecallRefused,
        Act::Pick => Happened::Picked,
        Act::Unpick => Happened::Unpicked,
        Act::Pack => Happened::Packed,
        Act::Unpack => Happened::Unpacked,
        Act::MakeReady => Happened::MadeReady,
        Act::Ship => Happened::Shipped,
        Act::Deliver => Happened::Delivered,
        Act::Lose => Happened::Lost,
        Act::Collect => Happened::Collected,
        Act::Decline => Happened::Declined,
        Act::Cancel => Happened::Cancelled,
        Act::Expire => Happened::Expired,
    }
}

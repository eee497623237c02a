//! Units of an order that come back: the return, and what becomes of the order's money with it.

use minicbor::{Decode, Encode};

use super::money::{CaptureAt, PaymentTold, PricesAdded, UnitsBack};
use super::{Allocation, Order, OrderChange, Shipment, count};
use crate::model::fulfilment::Dispatch;
use crate::model::ids::ReturnId;
use crate::model::money::Minor;
use crate::model::returns::{Credit, Exchange, Moved, Return, ReturnProgress};
use crate::model::stock::LineUnits;
use crate::model::time::Day;

/// What an event did of the returns of an order. The numbers are those of events.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Returning {
    /// Units are to come back.
    #[n(1)]
    Asked(#[n(0)] Box<Return>),
    /// A return took a step.
    #[n(2)]
    Stepped {
        /// Which one, from 0.
        #[n(0)]
        no: u16,
        /// What was done.
        #[n(1)]
        step: ReturnProgress,
    },
    /// Units are to come back, and the customer gets others for them.
    #[n(3)]
    Exchanged(#[n(0)] Box<Exchanged>),
}

/// Units are to come back, lines are added for them, and how that is paid.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Exchanged {
    /// The return.
    #[n(0)]
    pub asked: Box<Return>,
    /// The lines.
    #[n(1)]
    pub change: Box<OrderChange>,
    /// By what it is paid, if that is new.
    #[n(2)]
    pub payment: Option<PaymentTold>,
}

impl Order {
    /// A return by its id, with its number, from 0.
    pub fn return_of(&self, id: &ReturnId) -> Option<(u16, &Return)> {
        (0u16..).zip(&self.returns).find(|(_, of)| of.id == *id)
    }

    /// What so many units of a line, from 0, are worth that are credited next: what they cost, or what the
    /// caller said that they do.
    pub fn worth_of(&self, line: u16, units: u32) -> Minor {
        let Some(money) = self.money.as_deref() else {
            return Minor(self.amount_of_units(line, units));
        };
        let open: u32 = money.of_line(line).map(|of| of.kept() - of.credited.min(of.kept())).sum();
        money.value_of_line(line, open.saturating_sub(units))
    }

    /// The last day on which a part of a line, from 0, that left came to the customer, as it was reported;
    /// as it was promised, where nobody reported it. None where nothing left.
    pub fn had_on(&self, line: u16) -> Option<Day> {
        let left = self.allocations.iter().filter(|a| a.line == line && a.shipped > 0);
        let shipments = left.map(|a| &self.shipments[usize::from(a.shipment)]);
        shipments.flat_map(|shipment| shipment.had_on(line)).max()
    }

    /// Takes what was done of its returns. The money follows: what is credited is worth nothing any more.
    pub(super) fn take_back_units(&mut self, returning: &Returning) {
        let before = self.money.as_deref().map_or(0, |money| money.credited_in_all().0);
        let no = match returning {
            Returning::Asked(asked) => self.take_return((**asked).clone()),
            Returning::Exchanged(exchanged) => self.exchange(exchanged),
            Returning::Stepped { no, step } => {
                for moved in &step.moves {
                    self.follow(*no, moved);
                }
                self.returns[usize::from(*no)].take_facts(step);
                *no
            }
        };
        self.place_prices();
        let Self { money, returns, .. } = self;
        if let Some(money) = money.as_deref_mut() {
            let of = &returns[usize::from(no)];
            let is_none = of.lines.iter().all(|line| line.credited() == 0);
            money.refund_shipping((no, &of.id), (of.terms.shipping, is_none), before);
        }
    }

    /// A return comes behind the others.
    fn take_return(&mut self, asked: Return) -> u16 {
        let no = count(self.returns.len());
        let known = std::mem::take(&mut self.returns).into_vec().into_iter();
        self.returns = known.chain([asked]).collect();
        self.credit_at_once(no);
        no
    }

    /// Units are to come back, and lines are added for them, which cost nothing before they are redeemed.
    fn exchange(&mut self, exchanged: &Exchanged) -> u16 {
        let Exchanged { asked, change, payment } = exchanged;
        let (mut asked, mut change) = (Return::clone(asked), OrderChange::clone(change));
        if let Some(payment) = payment {
            self.money_mut().tell(payment);
        }
        if let Some(PricesAdded { names, units }) = change.prices.take() {
            self.money_mut().names.extend(names);
            if let Some(exchange) = asked.exchange.as_deref_mut() {
                exchange.prices = units;
            }
        }
        self.change(&change);
        self.take_return(asked)
    }

    /// What customers get costs its price from the event on that credits the last unit that comes back. As
    /// long as one of them is not credited, or not any more, only what left costs it: nobody pays for what
    /// he does not get.
    pub(super) fn place_prices(&mut self) {
        let Self { money: Some(money), returns, allocations, .. } = self else { return };
        let left = |line: u16| {
            let of_line = allocations.iter().filter(|a| a.line == line);
            of_line.map(|a| a.shipped).sum()
        };
        for of in returns {
            let is_redeemed = of.is_redeemed();
            let Some(exchange) = of.exchange.as_deref_mut() else { continue };
            for line in exchange.all_lines() {
                let costs = if is_redeemed { u32::MAX } else { left(line) };
                money.have_first((line, costs), &mut exchange.prices);
            }
        }
    }

    /// The return on whose units a part of a shipment, from 0, waits that its customer gets for them.
    pub fn waits_for_return(&self, shipment: u16) -> Option<&Return> {
        self.returns.iter().find(|of| {
            let is_of = |exchange: &Exchange| {
                self.allocations_of(shipment).any(|a| a.open() > 0 && exchange.has(a.line))
            };
            of.keeps_waiting() && of.exchange.as_deref().is_some_and(is_of)
        })
    }

    /// Units by line, from 0, that are still to leave of what a return, from 0, does not bring its customer
    /// any more.
    pub fn given_up_for(&self, no: u16) -> LineUnits {
        let of = &self.returns[usize::from(no)];
        let Some(exchange) = of.exchange.as_deref().filter(|_| of.falls_through()) else {
            return LineUnits::new();
        };
        let open = |line: u16| -> u32 {
            let of_line = self.allocations.iter().filter(|a| a.line == line);
            of_line.map(Allocation::open).sum()
        };
        exchange
            .all_lines()
            .map(|line| (line, open(line)))
            .filter(|(_, units)| *units > 0)
            .collect()
    }

    /// What has to stay set aside beyond what the order comes to, for what customers get before what they
    /// send is theirs: the price of what waits, and credits that may have to be taken back.
    pub(super) fn kept_for_exchanges(&self) -> Minor {
        let Some(money) = self.money.as_deref() else { return Minor::ZERO };
        let exchanged = self.returns.iter().filter_map(|of| Some((of, of.exchange.as_deref()?)));
        let kept = exchanged.map(|(of, exchange)| {
            let at_risk =
                of.lines.iter().map(|line| money.last_credited(line.line, line.advanced()));
            exchange.pending() + at_risk.sum::<Minor>()
        });
        kept.sum()
    }

    /// What has to be set aside for goods that go out before others come in, and what is, where that is
    /// less. None where nothing is said of how it is paid, or the caller captures.
    pub fn lacks_for_exchanges(&self) -> Option<(Minor, Minor)> {
        self.lacks_beyond_total(self.kept_for_exchanges())
    }

    /// The same before a shipment, from 0, is released of which a part goes out for goods that are credited
    /// and did not come: what was set aside when it was asked for may have expired, or been let go, since.
    pub fn lacks_for_release(&self, shipment: u16) -> Option<(Minor, Minor)> {
        let exchanged = self.returns.iter().filter_map(|of| Some((of, of.exchange.as_deref()?)));
        let at_risk = |of: &Return| of.lines.iter().any(|line| line.advanced_unseen() > 0);
        let mut first = exchanged.filter(|(of, exchange)| exchange.goes_first() && at_risk(of));
        let is_of = |exchange: &Exchange| {
            self.allocations_of(shipment).any(|a| a.open() > 0 && exchange.has(a.line))
        };
        let is_first = first.any(|(_, exchange)| is_of(exchange));
        is_first.then(|| self.lacks_beyond_total(self.at_risk_of_exchanges())).flatten()
    }

    /// What is credited of goods that did not come, for which others go out first.
    fn at_risk_of_exchanges(&self) -> Minor {
        let Some(money) = self.money.as_deref() else { return Minor::ZERO };
        let is_first = |of: &&Return| of.exchange.as_deref().is_some_and(Exchange::goes_first);
        let lines = self.returns.iter().filter(is_first).flat_map(|of| &of.lines);
        lines.map(|of| money.last_credited(of.line, of.advanced_unseen())).sum()
    }

    /// What has to be set aside so that so much beyond what the order comes to can be taken, and what is,
    /// where that is less.
    fn lacks_beyond_total(&self, more: Minor) -> Option<(Minor, Minor)> {
        let money = self.money.as_deref().filter(|money| !money.payments.is_empty())?;
        let sums = money.sums();
        let paid = sums.balance() + sums.capturing - sums.refunding;
        let total = money.total();
        let needed = total + more - paid.min(total);
        let open = (0..count(money.payments.len())).map(|at| money.open_of(at)).sum();
        (money.captures != CaptureAt::Caller && open < needed).then_some((needed, open))
    }

    /// What a return is credited for as it is granted.
    fn credit_at_once(&mut self, no: u16) {
        let Self { money: Some(money), returns, .. } = self else { return };
        let of = &returns[usize::from(no)];
        for line in &of.lines {
            let back = UnitsBack { of: no, line: line.line, units: line.credited() };
            if back.units > 0 {
                money.credit(back, (None, &of.terms.fees));
            }
        }
    }

    /// Units of a return go from one place to another, and its credit with them.
    fn follow(&mut self, no: u16, moved: &Moved) {
        let at = usize::from(no);
        let line = self.returns[at].lines[usize::from(moved.line)].line;
        let advanced =
            self.returns.iter().filter_map(|of| Some(of.lines[of.place(line)?].advanced()));
        let advanced: u32 = advanced.sum();
        self.returns[at].take_move(moved);
        let Self { money: Some(money), returns, .. } = self else { return };
        let (of, back) = (&returns[at], UnitsBack { of: no, line, units: moved.units });
        let reduction = moved.to.decision.reduction();
        if moved.from.credit == moved.to.credit {
            return;
        }
        match moved.to.credit {
            Credit::None => {}
            Credit::Advanced | Credit::Given => money.credit(back, (reduction, &of.terms.fees)),
            Credit::Earned => {
                if let Some(reduction) = reduction {
                    money.reduce(back, (reduction, &of.terms.fees, advanced));
                }
            }
            Credit::ChargedBack => money.uncredit(back, of),
        }
    }
}

impl Shipment {
    /// When each package of a line came to the customer, or was promised to.
    fn had_on(&self, line: u16) -> impl Iterator<Item = Day> {
        let promised = |of: &Dispatch| {
            let left = Day::of(of.at);
            self.deliver_by.map_or(left, |day| day.max(left))
        };
        let packages = self.work.iter().flat_map(|work| &work.packages);
        let packages = packages.filter(move |package| package.units(line) > 0);
        let came = packages.filter_map(move |package| match package.ended {
            Some(ended) => Some(Day::of(ended.at)),
            None => package.dispatch.as_deref().map(promised),
        });
        came.chain(self.shipped.as_deref().map(promised))
    }
}

#[cfg(test)]
mod tests;

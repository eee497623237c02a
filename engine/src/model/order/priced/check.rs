//! What must be true of the money of an order.

use crate::model::invariants::Breach;
use crate::model::order::money::{OrderMoney, PricedUnits};
use crate::model::order::{Order, count};
use crate::model::returns::ReturnLine;

impl Order {
    /// `MONEY_CONSERVED`: units that are cancelled took their share along, as many are credited as came
    /// back, no more is given back than was taken of any payment, and all that is due is asked for.
    pub fn money_conserved(&self) -> Result<(), Breach> {
        let Some(money) = self.money.as_deref() else { return Ok(()) };
        let breach = |detail: String| {
            Breach::new("MONEY_CONSERVED", format!("order {}: {detail}", self.header.id))
        };
        for of_line in money.units.chunk_by(|a, b| a.line == b.line) {
            let at = of_line[0].line;
            let line = &self.lines[usize::from(at)];
            let exchanges = self.returns.iter().filter_map(|of| of.exchange.as_deref());
            let beside = exchanges.flat_map(|of| &of.prices).filter(|of| of.line == at);
            let all = of_line.iter().chain(beside);
            let (priced, cancelled) =
                all.fold((0, 0), |(all, gone), of| (all + of.units, gone + of.cancelled));
            if priced == line.ordered && cancelled != line.cancelled {
                let gone = line.cancelled;
                return Err(breach(format!(
                    "{gone} units are cancelled, {cancelled} are not paid"
                )));
            }
        }
        self.credits_agree(money).map_err(breach)?;
        for at in 0..count(money.payments.len()) {
            let sums = money.sums_of_payment(at);
            if sums.refunded + sums.refunding + sums.charged_back > sums.captured {
                return Err(breach(format!("payment {at} gives back more than it took: {sums:?}")));
            }
        }
        let due = self.intents_due();
        if due.is_empty() { Ok(()) } else { Err(breach(format!("{due:?} is not asked for"))) }
    }

    /// Whether as many units of each line are credited as its returns say; else what they say.
    fn credits_agree(&self, money: &OrderMoney) -> Result<(), String> {
        for of_line in money.units.chunk_by(|a, b| a.line == b.line) {
            let at = of_line[0].line;
            let places = self.returns.iter().filter_map(|of| Some(&of.lines[of.place(at)?]));
            let said: u32 = places.map(ReturnLine::credited).sum();
            let kept: u32 = of_line.iter().map(PricedUnits::kept).sum();
            let credited = money.credited_of(at);
            if credited != said.min(kept) {
                return Err(format!("{said} units came back, {credited} are credited"));
            }
        }
        Ok(())
    }
}

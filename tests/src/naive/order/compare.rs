//! An order beside the engine's.

use backstock_engine::model::fulfilment::Content;
use backstock_engine::model::{self, OrderState};

use super::{Order, Parcel};
use crate::naive::pair::same;

/// How many decisions are kept after the first one.
const DECISIONS_KEPT: usize = 16;

impl Order {
    /// Compares every figure with the engine's.
    pub fn compare(&self, order: &model::Order) -> Result<(), String> {
        same("number", &order.no.0, &self.no)?;
        same("state", &order.state(), &self.state())?;
        let kept: Vec<_> = order.decisions.iter().map(|decision| decision.lsn).collect();
        let newest = self.decisions.len().saturating_sub(DECISIONS_KEPT);
        same("decisions", &kept, &self.decisions[newest..].to_vec())?;
        self.compare_timeline(order)?;
        same("priority", &order.header.priority, &self.priority)?;
        let holds = order.order_holds.iter();
        let holds = holds.map(|hold| (hold.id.to_string(), (hold.stock_until, hold.let_go)));
        same("holds", &holds.collect(), &self.holds)?;
        let asked = order.shipments.iter().zip(0..).filter(|(shipment, _)| shipment.asks);
        same("asked about", &asked.map(|(_, at)| at).collect(), &self.asked)?;
        let figures = |a: &model::Allocation| (a.shipped, a.cancelled, a.picked);
        let engine: Vec<_> = order.allocations.iter().map(figures).collect();
        let naive = (0..self.allotted.len())
            .map(|at| (self.shipped[at], self.cancelled[at], self.picked[at]));
        same("shipped, cancelled and picked", &engine, &naive.collect())?;
        let packages = order.shipments.iter().zip(0..).flat_map(|(_, at)| {
            Content::of(order, at)
                .packages()
                .into_iter()
                .map(move |package| ((at, package.id.to_string()), Parcel::of(&package)))
        });
        same("packages", &packages.collect(), &self.packages)?;
        for (at, line) in order.lines.iter().enumerate() {
            let of_line = || {
                self.allotted
                    .iter()
                    .zip(&self.cancelled)
                    .filter(move |(part, _)| usize::from(part.line) == at)
            };
            let moved =
                (0..self.allotted.len()).filter(|of| usize::from(self.allotted[*of].line) == at);
            let moved: u32 = moved.map(|of| self.moved[of]).sum();
            let allotted: u32 = of_line().map(|(part, _)| part.units).sum::<u32>() - moved;
            let cancelled: u32 = of_line().map(|(_, cancelled)| *cancelled).sum();
            let naive = (self.ordered[at], cancelled + self.ordered[at] - allotted);
            same("ordered and cancelled", &(line.ordered, line.cancelled), &naive)?;
        }
        let bundles = order.bundles.iter().map(|of| (of.units, of.lines().collect::<Vec<_>>()));
        let naive = self
            .bundles
            .iter()
            .map(|of| (of.units, of.lines.iter().map(|(line, _)| *line).collect::<Vec<_>>()));
        same("bundles", &bundles.collect::<Vec<_>>(), &naive.collect())?;
        self.bundles.iter().try_for_each(|bundle| bundle.check(&self.open_allotted()))?;
        let answers = order.shipments.iter().zip(0..);
        let answers = answers.filter_map(|(of, no)| Some((no, of.answer?.kind))).collect();
        same("answers", &answers, &self.answers)?;
        let works = order.shipments.iter().zip(0..);
        let claims = works.filter_map(|(of, no)| {
            let claim = of.work.as_deref()?.claim.as_deref()?;
            Some((no, (claim.owner.to_string(), claim.until)))
        });
        same("claims", &claims.collect(), &self.claims)?;
        let works = order.shipments.iter().zip(0..);
        let recalls = works.filter_map(|(of, no)| Some((no, of.work.as_deref()?.recall?)));
        same("recalls", &recalls.collect(), &self.recalls)?;
        match (&self.hold, order.header.hold.as_deref()) {
            (Some(naive), Some(engine)) => naive.compare(engine),
            (naive, engine) => same("is a hold", &engine.is_some(), &naive.is_some()),
        }
    }

    /// Compares the versions of the order's timeline with those at which something happened to it,
    /// and what is dropped of it with what is missing.
    fn compare_timeline(&self, order: &model::Order) -> Result<(), String> {
        let kept: Vec<_> = order.timeline.iter().map(|entry| entry.lsn).collect();
        let mut known = self.changes.clone();
        known.retain(|version| kept.contains(version));
        same("timeline", &kept, &known)?;
        let dropped = usize::try_from(order.timeline.dropped()).expect("few");
        same("dropped of the timeline", &(kept.len() + dropped), &self.changes.len())
    }

    fn state(&self) -> OrderState {
        if (0..self.allotted.len()).any(|at| self.open(at) > 0) {
            OrderState::Open
        } else if self.shipped.iter().any(|units| *units > 0) {
            OrderState::Closed
        } else {
            OrderState::Cancelled
        }
    }
}

//! What a step of a shipment made happen.

use minicbor::{Decode, Encode};
use serde_json::{Value, json};

use super::super::handled::handled;
use super::super::units;
use crate::model::effect::{Effect, Effects};
use crate::model::event::Event;
use crate::model::{
    Act, AllocationUnits, Handled, OrderEffect, OrderId, OrderNo, Package, Pair, Progress,
    StockEffect, Timestamp,
};
use crate::transaction::command::Effective;

/// A shipment took a step.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct ShipmentProgressed {
    /// The order's number.
    #[n(0)]
    pub no: OrderNo,
    /// The order's id.
    #[n(1)]
    pub id: OrderId,
    /// The shipment, from 0.
    #[n(2)]
    pub shipment: u16,
    /// When.
    #[n(3)]
    pub at: Timestamp,
    /// What was done.
    #[n(4)]
    pub act: Act,
    /// Units that went back to the shelf.
    #[n(5)]
    pub put_back: Vec<AllocationUnits>,
    /// Units that were picked, those that were not told of before.
    #[n(6)]
    pub picked: Vec<AllocationUnits>,
    /// Units that left the node and were picked before.
    #[n(7)]
    pub left: Vec<AllocationUnits>,
    /// Whether those that were picked just now left with them.
    #[n(8)]
    pub all_left: bool,
    /// The packages that changed, as they are from now on; one without lines is no more.
    #[n(9)]
    pub packages: Vec<Package>,
    /// Until when the node may answer that it is asked to give the shipment back.
    #[n(10)]
    pub recall: Option<Timestamp>,
    /// Whether others wait of a line that must not be split, of which these units are the first to be
    /// picked: what waits may go elsewhere from then on. None otherwise; the event is extended where it is.
    #[n(11)]
    pub parts: Option<bool>,
}

impl ShipmentProgressed {
    /// All units that left.
    pub(super) fn all_left(&self) -> Vec<AllocationUnits> {
        let just_now = if self.all_left { &self.picked[..] } else { &[] };
        self.left.iter().chain(just_now).copied().collect()
    }

    /// Packages that are ready from now on wait for the customer until then.
    pub(super) fn keep_until(&mut self, until: Timestamp) {
        let at = self.at;
        for package in self.packages.iter_mut().filter(|package| package.ready == Some(at)) {
            package.until = Some(until);
        }
    }

    /// What it does to each pair, pairs ascending.
    pub(super) fn handled(&self) -> Vec<(Pair, Handled)> {
        let parts = self.parts == Some(true);
        let all = handled(self.no, [&self.put_back, &self.picked, &self.all_left(), &[]]);
        all.into_iter().map(|(pair, of)| (pair, Handled { parts, ..of })).collect()
    }
}

impl Event for ShipmentProgressed {
    const CALLED: &'static [&'static str] = &[
        "shipment_released",
        "shipment_asked_back",
        "shipment_recalled",
        "shipment_recall_refused",
        "shipment_picked",
        "shipment_unpicked",
        "shipment_packed",
        "shipment_unpacked",
        "shipment_ready",
        "shipment_shipped",
        "shipment_delivered",
        "shipment_lost",
        "shipment_collected",
    ];

    fn called(&self) -> Option<&'static str> {
        Some(match self.act {
            Act::Release => "shipment_released",
            // A node that is asked has not given the shipment back.
            Act::Recall if self.recall.is_some() => "shipment_asked_back",
            Act::Recall => "shipment_recalled",
            Act::RefuseRecall => "shipment_recall_refused",
            Act::Pick => "shipment_picked",
            Act::Unpick => "shipment_unpicked",
            Act::Pack => "shipment_packed",
            Act::Unpack => "shipment_unpacked",
            Act::MakeReady => "shipment_ready",
            Act::Ship => "shipment_shipped",
            Act::Deliver => "shipment_delivered",
            Act::Lose => "shipment_lost",
            Act::Collect => "shipment_collected",
            Act::Decline | Act::Cancel | Act::Expire => {
                unreachable!("they have events of their own")
            }
        })
    }

    fn extension(&self) -> usize {
        match self.parts {
            Some(_) => 2,
            None => usize::from(self.packages.iter().any(|package| package.until.is_some())),
        }
    }

    fn describe(&self) -> Value {
        let Self { no, id, shipment, at, act, .. } = self;
        let package = |package: &Package| {
            let lines = package.lines.iter();
            let lines = lines.map(|(line, units)| json!({ "line": line, "units": units }));
            json!({
                "package_id": package.id.as_str(), "state": package.state().as_str(),
                "lines": lines.collect::<Vec<_>>(),
                "shipped_at": package.dispatch.as_ref().map(|dispatch| dispatch.at.to_string()),
                "carrier": package.dispatch.as_ref().map(|dispatch| dispatch.carrier.as_str()),
                "tracking": package.dispatch.as_ref().map(|dispatch| dispatch.tracking.as_str()),
                "ready_until": package.until.map(|until| until.to_string()),
            })
        };
        let left = self.packages.iter().find_map(|package| package.dispatch.as_deref());
        json!({
            "order_id": id.as_str(), "order_no": no.0, "shipment": shipment,
            "at": at.to_string(), "step": act.as_str(),
            "put_back": units(&self.put_back), "picked": units(&self.picked),
            "units": units(&self.all_left()),
            "shipped_at": left.map(|dispatch| dispatch.at.to_string()),
            "carrier": left.map(|dispatch| dispatch.carrier.as_str()),
            "tracking": left.map(|dispatch| dispatch.tracking.as_str()),
            "packages": self.packages.iter().map(package).collect::<Vec<_>>(),
            "recall_until": self.recall.map(|until| until.to_string()),
        })
    }
}

impl Effective for ShipmentProgressed {
    fn effects(self) -> Effects {
        let stock = self.handled().into_iter();
        let stock =
            stock.map(|(pair, handled)| Effect::Stock(pair, StockEffect::Handle(handled.into())));
        let mut effects: Effects = stock.collect();
        let (no, left) = (self.no, self.all_left());
        let Self { shipment, at, act, put_back, picked, packages, recall, .. } = self;
        let progress = Progress { shipment, at, act, put_back, picked, left, packages, recall };
        effects.push(Effect::Order(no, OrderEffect::Progress(progress.into())));
        effects
    }
}

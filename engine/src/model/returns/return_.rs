//! A return: units of an order that come back.

use minicbor::{Decode, Encode};

use super::destination::Considered;
use super::exchange::Exchange;
use super::goods::Goods;
use super::line::{Moved, ReturnLine};
use super::parcel::{Sent, Stray};
use super::progress::ReturnProgress;
use super::reason::{ReturnMode, ReturnReason};
use super::state::Credit;
use super::status::{Exempt, Status};
use super::terms::ReturnTerms;
use crate::limits::{ORDER_LINES_MAX, RETURN_CONSIDERED_KEPT, RETURN_STRAYS_MAX, STOCK_UNITS_MAX};
use crate::model::ids::{NodeNo, ReturnId, Text};
use crate::model::time::Timestamp;

/// Units of an order that come back, as a shipment is units of it that go out.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Return {
    /// The caller's id, unique in the order.
    #[n(0)]
    pub id: ReturnId,
    /// What comes first: goods, permission or money.
    #[n(1)]
    pub mode: ReturnMode,
    /// Where the goods go; none where they need not come.
    #[n(2)]
    pub node: Option<NodeNo>,
    /// Why they come back.
    #[n(3)]
    pub reason: ReturnReason,
    /// What the customer says to it.
    #[n(4)]
    pub note: Option<Text>,
    /// When it was asked for.
    #[n(5)]
    pub requested_at: Timestamp,
    /// Until when the goods are waited for.
    #[n(6)]
    pub expires_at: Timestamp,
    /// Until when goods have to come whose credit came first.
    #[n(7)]
    pub advance_until: Option<Timestamp>,
    /// On what terms it was granted.
    #[n(8)]
    pub terms: ReturnTerms,
    /// Its lines, ascending by the order's line, each once.
    #[n(9)]
    pub lines: Box<[ReturnLine]>,
    /// The label that the customer was given.
    #[n(10)]
    pub label: Option<Text>,
    /// How the goods are on their way, as it was told last.
    #[n(11)]
    pub sent: Option<Box<Sent>>,
    /// The revision of the last report of what came; 0 before the first.
    #[n(12)]
    pub revision: u32,
    /// What came that is of no line, ascending by item, each once.
    #[n(13)]
    pub strays: Box<[Stray]>,
    /// What the customer gets for it, of an exchange.
    #[n(14)]
    pub exchange: Option<Box<Exchange>>,
    /// When the first report of what is there came in; none where nothing came.
    #[n(15)]
    pub came_at: Option<Timestamp>,
    /// The nodes that it might have gone to when it was asked for, the chosen one first; none where its
    /// caller said where it goes. At most [`RETURN_CONSIDERED_KEPT`].
    #[n(16)]
    pub considered: Option<Box<[Considered]>>,
}

impl Return {
    /// The place of a line of the order in it.
    pub fn place(&self, line: u16) -> Option<usize> {
        self.lines.binary_search_by_key(&line, |of| of.line).ok()
    }

    /// Whether anything of it came in.
    pub fn has_come(&self) -> bool {
        let line = |line: &ReturnLine| line.arrived() > 0 || line.surplus > 0;
        self.lines.iter().any(line) || !self.strays.is_empty()
    }

    /// For what it credits units that did not come.
    pub const fn exempt(&self) -> Exempt {
        Exempt {
            keep_it: matches!(self.mode, ReturnMode::KeepIt),
            advance: matches!(self.mode, ReturnMode::Advance),
            lost: self.terms.covers_loss,
        }
    }

    /// When time alone does something to it next: goods are not waited for any longer, or a credit that came
    /// before them is taken back. None where nothing is left to do.
    pub fn wakes_at(&self) -> Option<Timestamp> {
        let has = |is_it: &dyn Fn(Status) -> bool| self.lines.iter().any(|of| of.sum(is_it) > 0);
        let is_open = |of: Status| matches!(of.goods, Goods::Expected | Goods::InTransit);
        let expires = has(&is_open).then_some(self.expires_at);
        let owes = |of: Status| of.credit == Credit::Advanced && !of.goods.has_arrived();
        let charged_back = self.advance_until.filter(|_| has(&owes));
        [expires, charged_back].into_iter().flatten().min()
    }

    /// Takes what became of it. It cannot fail.
    pub fn apply(&mut self, progress: &ReturnProgress) {
        progress.moves.iter().for_each(|moved| self.take_move(moved));
        self.take_facts(progress);
    }

    /// Units go from one place to another.
    pub(in crate::model) fn take_move(&mut self, moved: &Moved) {
        if let Some(line) = self.lines.get_mut(usize::from(moved.line)) {
            line.apply(moved);
        }
    }

    /// Takes what a step says beside the units that moved.
    pub(in crate::model) fn take_facts(&mut self, progress: &ReturnProgress) {
        self.node = progress.node.or(self.node);
        if let Some(sent) = &progress.sent {
            self.sent = Some(sent.clone());
        }
        if let Some(report) = &progress.report {
            self.revision = report.revision;
            for (at, units) in &report.surplus {
                if let Some(line) = self.lines.get_mut(usize::from(*at)) {
                    line.surplus = *units;
                }
            }
            self.strays = report.strays.clone().into_boxed_slice();
            let came_at = self.came_at.unwrap_or(progress.at);
            self.came_at = self.has_come().then_some(came_at);
        }
    }

    /// Whether it can be so: each unit is somewhere, credited only where its goods were looked at or the
    /// terms say otherwise, and sold again only where the customer is owed for it.
    pub fn is_sound(&self) -> bool {
        let exempt = self.exempt();
        let lines = (1..=ORDER_LINES_MAX).contains(&self.lines.len())
            && self.lines.is_sorted_by(|a, b| a.line < b.line)
            && self.lines.iter().all(|line| line.is_sound(exempt));
        let strays = self.strays.len() <= RETURN_STRAYS_MAX
            && self.strays.is_sorted_by(|a, b| a.sku < b.sku)
            && self.strays.iter().all(|stray| (1..=STOCK_UNITS_MAX).contains(&stray.units));
        let considered = self.considered.as_deref().unwrap_or_default().len();
        lines && strays && considered <= RETURN_CONSIDERED_KEPT
    }
}

/// Units of a line of an order that can be asked to come back: of those that left, those that no return
/// has. What came of a return in part is not offered again. What expired is, once it is cancelled.
pub fn returnable(left: u32, returns: &[Return], line: u16) -> u32 {
    let of_line = |of: &Return| of.place(line).map_or(0, |at| of.lines[at].taken());
    left.saturating_sub(returns.iter().map(of_line).sum())
}

//! What nodes do of an order's shipments and say to them, and what may become of these then.

use backstock_engine::model::{Act, AnswerKind, Timestamp};

use super::{Allotted, Order};

impl Order {
    /// A node does something of a shipment, from 0: not what a hold keeps it from.
    pub fn work(&mut self, (shipment, act): (u16, Act), packs_anew: bool) -> Result<(), String> {
        let goes_on = match act {
            Act::Release | Act::Pick | Act::Pack | Act::MakeReady => false,
            Act::Ship => !packs_anew,
            _ => true,
        };
        if !self.holds.is_empty() && !goes_on {
            return Err(format!("a node goes on, and it is on hold: {self:?}"));
        }
        self.began.insert(shipment);
        self.recalls.remove(&shipment);
        match act {
            Act::Recall | Act::Unpick | Act::RefuseRecall => {}
            _ => drop(self.released.insert(shipment)),
        }
        Ok(())
    }

    /// A node answers to a shipment, counted from 1.
    pub fn answer(&mut self, shipment: u16, answer: AnswerKind) -> Result<(), String> {
        if self.in_shipment(shipment).is_empty() {
            return Err("nothing is left of the shipment to answer to".into());
        }
        match self.answers.insert(shipment - 1, answer) {
            Some(AnswerKind::Declined(_)) => Err("it was declined before".into()),
            Some(before) if before == answer => Err("that was answered before".into()),
            _ => Ok(()),
        }
    }

    /// A shipment, from 0, is not the node's any more, which may have accepted it.
    pub fn take_back(&mut self, shipment: u16) {
        self.taken_back.insert(shipment);
        self.answers.remove(&shipment);
        self.claims.remove(&shipment);
        self.released.remove(&shipment);
        if !self.packages.keys().any(|(of, _)| *of == shipment) {
            self.began.remove(&shipment);
        }
    }

    /// Its node is asked to give a shipment, from 0, back, and may answer until then.
    pub fn ask_back(&mut self, shipment: u16, until: Timestamp) {
        self.recalls.insert(shipment, until);
    }

    /// Whether a shipment, from 0, is one that no node answered to, or began with, and of which no
    /// claim lasts.
    pub fn may_be_joined(&self, shipment: u16, now: Timestamp) -> bool {
        !self.began.contains(&shipment)
            && !self.answers.contains_key(&shipment)
            && self.claims.get(&shipment).is_none_or(|(_, until)| *until <= now)
    }

    /// Whether a shipment, from 0, can be released: its node was not told, and would be of
    /// something, and has no time to give it back. No rule does so where somebody took it back.
    pub fn may_be_released(&self, shipment: u16, (at, by_rule): (Timestamp, bool)) -> bool {
        let parts = (0..self.allotted.len()).filter(|at| self.allotted[*at].shipment == shipment);
        let is_of_some = parts.into_iter().any(|at| self.loose(at) > 0);
        let is_known = self.released.contains(&shipment) || self.was_declined(shipment);
        let is_asked_for = self.recalls.get(&shipment).is_some_and(|until| at <= *until);
        let is_taken_back = by_rule && self.taken_back.contains(&shipment);
        self.holds.is_empty() && is_of_some && !is_known && !is_asked_for && !is_taken_back
    }

    /// Whether a shipment, from 0, was declined.
    pub fn was_declined(&self, shipment: u16) -> bool {
        matches!(self.answers.get(&shipment), Some(AnswerKind::Declined(_)))
    }

    /// Units of a line that are still in shipments which their node, this one, declined.
    pub fn declined_at(&self, line: u16, node: &str) -> u32 {
        let of_it = (0..self.allotted.len()).filter(|at| {
            let Allotted { line: of, node: there, shipment, .. } = &self.allotted[*at];
            (*of, there.as_str()) == (line, node) && self.was_declined(*shipment)
        });
        of_it.map(|at| self.open(at)).sum()
    }

    /// Whether a node may ship a line, from 0, as far as that must not be split: once units of it
    /// are picked at a node, or left it, no other one may, but where that node declined others of
    /// them.
    pub fn may_ship(&self, line: u16, node: &str) -> bool {
        let of_line = || self.allotted.iter().enumerate().filter(|(_, part)| part.line == line);
        let declined = |node: &str| {
            of_line().any(|(_, part)| part.node == node && self.was_declined(part.shipment))
        };
        let begun = of_line().filter(|(at, _)| self.picked[*at] > 0 || self.shipped[*at] > 0);
        let mut kept = begun.map(|(_, part)| part.node.as_str()).filter(|node| !declined(node));
        let first = kept.next().filter(|_| self.is_whole);
        first.is_none_or(|first| first == node || kept.any(|other| other == node))
    }
}

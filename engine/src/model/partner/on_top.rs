//! What a partner remembers of what overtook its missing messages, and a count that comes late.

use super::fact::Move;
use super::message::{Measure, PartnerMessage};
use super::overtaking::{OnHandMove, Overtaking, Overtook};
use super::sender::Partner;
use crate::limits::PARTNER_OVERTAKING_MAX;
use crate::model::ids::Sku;

impl Partner {
    /// A message came that overtook others. What overtook nothing any more is forgotten, and of too much
    /// the oldest.
    pub fn overtook(&mut self, message: &PartnerMessage, all: Vec<Overtook>) {
        let (seq, expected) = (message.seq, self.seqs.expected());
        let node = message.node.clone();
        let more =
            all.into_iter().filter_map(|of| Some(Overtaking { seq, node: node.clone()?, of }));
        self.overtaking.extend(more);
        self.overtaking.retain(|of| of.seq > expected);
        let beyond = self.overtaking.len().saturating_sub(PARTNER_OVERTAKING_MAX);
        self.overtaking.drain(..beyond);
    }

    /// What a message moves. Of a count, with what overtook it on top, and nothing of an item that was
    /// counted since.
    pub fn on_top(&self, message: &PartnerMessage, moves: Vec<Move>) -> Vec<Move> {
        if !message.subject.is_count() || self.overtaking.is_empty() {
            return moves;
        }
        let since = |sku: &Sku| {
            let later = self.overtaking.iter().filter(|of| of.seq > message.seq);
            let here = later.filter(|of| message.node.as_ref() == Some(&of.node));
            here.filter(|of| of.of.sku == *sku).map(|of| of.of.how).collect::<Vec<_>>()
        };
        let on_top = |of: Move| {
            let mut units = of.to;
            for how in since(&of.sku) {
                match (how, &of.measure) {
                    (OnHandMove::Counted, _) => return None,
                    (OnHandMove::By(by), Measure::OnHand) => units += by,
                    (OnHandMove::By(_), _) => {}
                }
            }
            Some(Move { to: units.max(0), ..of })
        };
        moves.into_iter().filter_map(on_top).collect()
    }
}

//! A partner: its nodes, and what came of it lately.

use std::collections::VecDeque;

use minicbor::{Decode, Encode};

use super::message::PartnerMessage;
use super::overtaking::Overtaking;
use super::seqs::Seqs;
use crate::limits::{PARTNER_IDS_KEPT, PARTNER_QUARANTINED_MAX, PARTNER_UNMATCHED_MAX};
use crate::model::ids::{MessageId, NodeId, PartnerId};
use crate::model::time::Timestamp;

/// What is remembered of a message by its id.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct RememberedId {
    /// The id.
    #[n(0)]
    pub id: MessageId,
    /// Tells its content from another one.
    #[n(1)]
    pub content: u64,
}

/// A partner, and its inbox as far as it is not of one fact.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Partner {
    /// Its id.
    #[n(0)]
    pub id: PartnerId,
    /// Its nodes: it says nothing of others, and sees nothing of them. Ascending.
    #[n(1)]
    pub nodes: Vec<NodeId>,
    /// Which of its messages came.
    #[n(2)]
    pub seqs: Seqs,
    /// The last messages that were kept, the oldest first; at most [`PARTNER_IDS_KEPT`]. Of an older
    /// one, what its fact remembers has to do.
    #[n(3)]
    pub recent: VecDeque<RememberedId>,
    /// Its messages that are in quarantine; at most [`PARTNER_QUARANTINED_MAX`].
    #[n(4)]
    pub quarantined: u32,
    /// Goods that it says came back and that are of no return; at most [`PARTNER_UNMATCHED_MAX`].
    #[n(5)]
    pub unmatched: u32,
    /// What overtook messages that are missing, in the order in which it came; at most
    /// [`PARTNER_OVERTAKING_MAX`](crate::limits::PARTNER_OVERTAKING_MAX).
    #[n(6)]
    #[cbor(default)]
    pub overtaking: Vec<Overtaking>,
}

impl Partner {
    /// A partner of which nothing came yet.
    pub fn new(id: PartnerId, mut nodes: Vec<NodeId>) -> Self {
        nodes.sort_unstable();
        nodes.dedup();
        let (recent, overtaking) = (VecDeque::new(), Vec::new());
        let (quarantined, unmatched) = (0, 0);
        Self { id, nodes, seqs: Seqs::default(), recent, quarantined, unmatched, overtaking }
    }

    /// Whether it may speak of this node.
    pub fn has(&self, node: &NodeId) -> bool {
        self.nodes.binary_search(node).is_ok()
    }

    /// The content of the message that had this id, if it is remembered.
    pub fn content_of(&self, id: &MessageId) -> Option<u64> {
        self.recent.iter().find(|it| it.id == *id).map(|it| it.content)
    }

    /// Whether no further message of it may go into quarantine.
    pub const fn is_full(&self) -> bool {
        self.quarantined as usize >= PARTNER_QUARANTINED_MAX
    }

    /// Whether no further goods of it may be of no return.
    pub const fn has_no_room_for_unmatched(&self) -> bool {
        self.unmatched as usize >= PARTNER_UNMATCHED_MAX
    }

    /// A message came, and was judged. Its id is remembered, unless it is known already: the first
    /// content under an id is the one that counts.
    pub fn came(&mut self, message: &PartnerMessage, now: Timestamp) {
        self.seqs.came(message.seq, now);
        if self.content_of(&message.id).is_some() {
            return;
        }
        let (id, content) = (message.id.clone(), message.content());
        self.recent.push_back(RememberedId { id, content });
        if self.recent.len() > PARTNER_IDS_KEPT {
            self.recent.pop_front();
        }
    }
}

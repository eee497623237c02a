//! What a partner's messages come to, as tables and as properties.

mod facts;
mod order;
mod recorded;
mod seqs;
mod table;

use super::{Detail, FactLine, Measure, Partner, PartnerMessage, Subject};
use crate::model::ids::{InboundId, MessageId, NodeId, PartnerId, Reference, Sku};
use crate::model::time::Timestamp;

/// A partner of the nodes `east` and `west`.
fn partner() -> Partner {
    let node = |name: &str| NodeId::new("node", name).expect("a name");
    let id = PartnerId::new("partner", "3pl-7").expect("a name");
    Partner::new(id, vec![node("west"), node("east")])
}

fn receipt(inbound: &str) -> Subject {
    Subject::Receipt { inbound: InboundId::new("inbound", inbound).expect("a name"), part: None }
}

fn count(no: &str) -> Subject {
    Subject::Count(Reference::new("count", no).expect("a name"))
}

fn sku(name: &str) -> Sku {
    Sku::new("sku", name).expect("a name")
}

/// Message `seq` of the partner, with so many received units of SKUs.
fn message(seq: u64, subject: Subject, revision: u32, units: &[(&str, i64)]) -> PartnerMessage {
    let measure = if subject.is_count() { Measure::OnHand } else { Measure::Received };
    let line = |(name, units): &(&str, i64)| FactLine {
        sku: sku(name),
        counts: vec![(measure.clone(), *units)],
    };
    PartnerMessage {
        sender: partner().id,
        seq,
        id: MessageId::new("id", format!("m-{seq}")).expect("a name"),
        subject,
        node: Some(NodeId::new("node", "east").expect("a name")),
        occurred_at: Timestamp::from_micros(1_000_000),
        revision,
        lines: units.iter().map(line).collect(),
        detail: Detail::Nothing,
    }
    .in_order()
}

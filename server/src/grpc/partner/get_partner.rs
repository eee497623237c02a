//! `GetPartner`: its nodes, what is missing of its messages, and those in quarantine.

use backstock_engine::model::partner::{Gap, Quarantined};
use backstock_engine::model::{NodeId, PartnerId, Timestamp};
use backstock_proto::v1;
use tonic::Status;

use super::answer::candidates;
use crate::grpc::times::timestamp;
use crate::grpc::{Api, plain};
use crate::status::Violations;

#[expect(clippy::unused_async, reason = "every method of a service is called so")]
pub(super) async fn handle(
    api: &Api,
    request: v1::GetPartnerRequest,
) -> Result<v1::GetPartnerResponse, Status> {
    let mut found = Violations::default();
    let id = found.id("partner_id", &request.partner_id, PartnerId::new);
    let id = found.finish(id)?;
    let view = api.engine().partner(&id).map_err(plain)?;
    let (partner, now) = (view.partner, api.0.clock.now());
    let overdue: Vec<Gap> = partner.seqs.overdue(now).copied().collect();
    Ok(v1::GetPartnerResponse {
        node_ids: partner.nodes.iter().map(NodeId::to_string).collect(),
        expected_seq: partner.seqs.expected(),
        gaps: partner.seqs.gaps().iter().map(|of| gap(of, overdue.contains(of))).collect(),
        given_up_count: partner.seqs.given_up(),
        quarantined: view.quarantined.iter().map(quarantined).collect(),
        version: view.version.get(),
    })
}

pub(super) fn gap(gap: &Gap, overdue: bool) -> v1::MessageGap {
    let Gap { from, to, since } = *gap;
    v1::MessageGap { from_seq: from, to_seq: to, since: Some(timestamp(since)), overdue }
}

pub(super) fn quarantined(kept: &Quarantined) -> v1::QuarantinedMessage {
    let message = &kept.message;
    let since: Timestamp = kept.since;
    v1::QuarantinedMessage {
        message_id: message.id.to_string(),
        seq: message.seq,
        r#type: message.subject.kind().to_owned(),
        revision: message.revision,
        node_id: message.node.as_ref().map(NodeId::to_string).unwrap_or_default(),
        reason: kept.reason.name().to_owned(),
        candidates: candidates(&kept.candidates),
        create_time: Some(timestamp(since)),
    }
}

//! `DefinePartner`: which nodes are a partner's.

use backstock_engine::command::DefinePartner;
use backstock_engine::limits::PARTNER_NODES_MAX;
use backstock_engine::model::{NodeId, PartnerId};
use backstock_proto::v1;
use tonic::Status;

use crate::grpc::fields::FieldNames;
use crate::grpc::{Api, plain};
use crate::status::Violations;

pub(super) async fn handle(
    api: &Api,
    request: v1::DefinePartnerRequest,
) -> Result<v1::DefinePartnerResponse, Status> {
    let mut found = Violations::default();
    let partner = found.id("partner_id", &request.partner_id, PartnerId::new);
    // One more than there may be is enough for the command to say so.
    let nodes = request.node_ids.iter().take(PARTNER_NODES_MAX + 1).enumerate();
    let nodes = nodes.map(|(at, id)| found.id(&format!("node_ids[{at}]"), id, NodeId::new));
    let nodes: Vec<NodeId> = nodes.collect();
    let request_id = found.request_id(&request.request_id);
    let meta = api.meta(request_id.flatten(), false);
    let command = DefinePartner { meta, partner, nodes };
    found.rules(command.validate(), &FieldNames::PLAIN);
    let command = found.finish(command)?;
    let done = api.engine().define_partner(command).await.map_err(plain)?;
    Ok(v1::DefinePartnerResponse { version: done.version.get(), is_repeat: done.is_repeat })
}

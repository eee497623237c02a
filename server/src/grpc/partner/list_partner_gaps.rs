//! `ListPartnerGaps`: what somebody has to look at of what partners said.

use backstock_engine::engine::{IssueOf, PartnerIssue};
use backstock_engine::model::partner::{ArrivalOf, Fact, ReturnNames, Subject};
use backstock_engine::model::{NodeId, OrderId, PartnerId, Reference, Sku};
use backstock_proto::v1;
use tonic::Status;

use super::get_partner::{gap, quarantined};
use crate::grpc::pages::Page;
use crate::grpc::times::timestamp;
use crate::grpc::{Api, plain};
use crate::status::Violations;

#[expect(clippy::unused_async, reason = "every method of a service is called so")]
pub(super) async fn handle(
    api: &Api,
    request: v1::ListPartnerGapsRequest,
) -> Result<v1::ListPartnerGapsResponse, Status> {
    let mut found = Violations::default();
    let named = Some(&request.partner_id).filter(|id| !id.is_empty());
    let partner = named.map(|id| found.id("partner_id", id, PartnerId::new));
    let page = Page::read(&mut found, request.page_size, &request.page_token);
    let page = found.converted(page)?;
    let version = api.version();
    let issues = api.engine().partner_issues(partner.as_ref(), api.0.clock.now()).map_err(plain)?;
    let (gaps, next_page_token) = page.list(issues.iter().map(message));
    Ok(v1::ListPartnerGapsResponse { gaps, next_page_token, version })
}

fn message(issue: &PartnerIssue) -> v1::PartnerGap {
    let what = match &issue.what {
        IssueOf::Gap(of) => v1::partner_gap::What::Missing(gap(of, true)),
        IssueOf::Quarantined(kept) => v1::partner_gap::What::Quarantined(quarantined(kept)),
        IssueOf::Unmatched(subject, fact) => {
            v1::partner_gap::What::Unmatched(unmatched(subject, fact))
        }
    };
    let (partner_id, since) = (issue.partner.to_string(), Some(timestamp(issue.since)));
    v1::PartnerGap { partner_id, since, what: Some(what) }
}

fn unmatched(subject: &Subject, fact: &Fact) -> v1::UnmatchedGoods {
    let names = match subject {
        Subject::ReturnReceipt(names) => Some(self::names(names)),
        _ => None,
    };
    let candidates = fact.arrival.as_ref().and_then(|arrival| arrival.candidates.as_deref());
    let node = fact.arrival.as_ref().map(|arrival| arrival.node.clone());
    v1::UnmatchedGoods {
        names,
        node_id: node.as_ref().map(NodeId::to_string).unwrap_or_default(),
        message_id: fact.message.to_string(),
        revision: fact.revision,
        lines: fact.left().iter().map(line).collect(),
        candidates: candidates.into_iter().flatten().map(candidate).collect(),
    }
}

fn names(of: &ReturnNames) -> v1::GoodsNames {
    v1::GoodsNames {
        rma: of.rma.as_ref().map(Reference::to_string).unwrap_or_default(),
        tracking: of.tracking.as_ref().map(Reference::to_string).unwrap_or_default(),
        order_id: of.order.as_ref().map(OrderId::to_string).unwrap_or_default(),
    }
}

fn line((sku, units): &(Sku, u32)) -> v1::GoodsLine {
    v1::GoodsLine { sku: sku.to_string(), quantity: (*units).into() }
}

fn candidate(of: &ArrivalOf) -> v1::GoodsCandidate {
    v1::GoodsCandidate { order_id: of.order.to_string(), return_id: of.id.to_string() }
}

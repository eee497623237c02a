//! A return centre, simulated: it tells what came in its own messages, each twice, the later one first.

use backstock_engine::model::Timestamp;
use backstock_proto::v1;
use bytes::Bytes;
use serde_json::json;

use super::super::data::SuperstoreOrder;
use super::super::error::DemoError;
use super::super::hash::spread_below;
use super::super::setup::instant;
use super::prices::node;
use super::{id_of, sku_of};
use crate::client::Client;

/// The centre.
const PARTNER: &str = "return-centre";

/// What came back.
#[derive(Default)]
pub(super) struct Came {
    returns: usize,
    messages: usize,
    counted: usize,
}

impl Came {
    /// For the person who watches.
    pub(super) fn told(&self) -> String {
        let Self { returns, messages, counted } = self;
        format!(
            "{returns} customers sent a unit back; the return centre told of it in {messages} messages, \
             twice and the later first, of which {counted} counted; each unit is sold again"
        )
    }
}

/// Of every fifth order or so, a unit of the first line comes back, at that instant.
pub(super) async fn take_back(
    client: &Client,
    orders: &[&SuperstoreOrder],
    at: Timestamp,
) -> Result<Came, DemoError> {
    let request = v1::DefinePartnerRequest {
        partner_id: PARTNER.into(),
        node_ids: vec![node().into()],
        ..Default::default()
    };
    client.partners().define_partner(request).await?;
    let mut came = Came::default();
    for order in orders.iter().filter(|order| spread_below("returns", &order.id, 5) == 0) {
        came.returns += 1;
        ask(client, order).await?;
        // The one without a grade is older, and comes later.
        for (revision, times) in [(2, 2), (1, 1)] {
            let message = message(order, at, (came.returns * 2 + revision - 2, revision));
            for _ in 0..times {
                came.messages += 1;
                came.counted += usize::from(report(client, message.clone()).await?);
            }
        }
        look_at(client, order).await?;
    }
    Ok(came)
}

async fn ask(client: &Client, order: &SuperstoreOrder) -> Result<(), DemoError> {
    let request = v1::RequestReturnRequest {
        order_id: id_of(order),
        return_id: id_of(order),
        mode: v1::ReturnMode::Normal.into(),
        reason: v1::ReturnReason::ChangedMind.into(),
        node_id: node().into(),
        lines: vec![v1::LineQuantity { line_index: 0, quantity: 1 }],
        terms: Some(v1::ReturnTerms::default()),
        ..Default::default()
    };
    client.returns().request_return(request).await?;
    Ok(())
}

fn message(order: &SuperstoreOrder, at: Timestamp, (seq, revision): (usize, usize)) -> Bytes {
    let message = json!({
        "sender": PARTNER, "seq": seq, "id": format!("m-{seq}"), "type": "return_receipt",
        "occurred_at": instant(at).to_string(), "node": node(), "subject": { "rma": id_of(order) },
        "revision": revision, "lines": [{ "sku": sku_of(&order.lines[0].sku), "received": 1 }],
    });
    message.to_string().into()
}

/// Sends a message; whether it counted.
async fn report(client: &Client, json: Bytes) -> Result<bool, DemoError> {
    let content = Some(v1::report_request::Content::Json(json));
    let request = v1::ReportRequest { partner_id: PARTNER.into(), content };
    let answer = client.partners().report(request).await?.into_inner();
    let answer = answer.answers.into_iter().next().unwrap_or_default();
    match answer.status() {
        v1::MessageStatus::Accepted | v1::MessageStatus::Gap => Ok(true),
        v1::MessageStatus::Duplicate | v1::MessageStatus::Stale => Ok(false),
        _ => Err(DemoError::Refused { what: answer.message_id, why: answer.reason }),
    }
}

/// The desk looks at what came: it is as new.
async fn look_at(client: &Client, order: &SuperstoreOrder) -> Result<(), DemoError> {
    let request = v1::InspectReturnRequest {
        order_id: id_of(order),
        return_id: id_of(order),
        grade: v1::ReturnGrade::A.into(),
        verdict: v1::ReturnVerdict::Approve.into(),
        disposition: v1::ReturnDisposition::Restock.into(),
        ..Default::default()
    };
    client.returns().inspect_return(request).await?;
    Ok(())
}

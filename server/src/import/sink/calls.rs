//! Items and nodes: a call each, many at once.

use std::collections::HashSet;

use backstock_proto::v1::{self, catalog_service_client::CatalogServiceClient};
use futures_util::future::join_all;
use tonic::transport::Channel;

use super::bad;
use crate::client::ClientError;
use crate::import::limits::CALLS_AT_ONCE;
use crate::import::parse::Content;
use crate::import::report::FileReport;

/// Rows that wait to be sent together. No id is among them twice, so that of
/// two rows with one id the later one wins.
pub(in crate::import) struct Calls {
    client: CatalogServiceClient<Channel>,
    rows: Vec<(u64, Content)>,
    ids: HashSet<String>,
}

impl Calls {
    pub(super) fn new(client: CatalogServiceClient<Channel>) -> Self {
        Self { client, rows: Vec::new(), ids: HashSet::new() }
    }

    pub(super) async fn push(
        &mut self,
        line: u64,
        content: Content,
        report: &mut FileReport,
    ) -> Result<(), ClientError> {
        if self.rows.len() >= CALLS_AT_ONCE || self.ids.contains(id(&content)) {
            self.flush(report).await?;
        }
        self.ids.insert(id(&content).to_owned());
        self.rows.push((line, content));
        Ok(())
    }

    /// Sends all that waits.
    pub(super) async fn flush(&mut self, report: &mut FileReport) -> Result<(), ClientError> {
        self.ids.clear();
        let calls = self.rows.drain(..).map(|(line, content)| {
            let client = self.client.clone();
            async move { (line, call(client, content).await) }
        });
        for (line, answer) in join_all(calls).await {
            match answer {
                Ok(()) => report.count_applied(1),
                Err(ClientError::Refused(refused)) => report.bad(bad(line, &refused)),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

fn id(content: &Content) -> &str {
    match content {
        Content::Item(item) => &item.sku,
        Content::Node(node) => &node.node_id,
        Content::Stock(row) => &row.sku,
        Content::Order(order) => &order.order_id,
    }
}

async fn call(
    mut client: CatalogServiceClient<Channel>,
    content: Content,
) -> Result<(), ClientError> {
    match content {
        Content::Item(item) => {
            let item = Some(item);
            let request = v1::UpdateItemRequest { item, allow_missing: true, ..Default::default() };
            client.update_item(request).await?;
        }
        Content::Node(node) => {
            let node = Some(node);
            let request = v1::UpdateNodeRequest { node, allow_missing: true, ..Default::default() };
            client.update_node(request).await?;
        }
        Content::Stock(_) | Content::Order(_) => unreachable!("these have a stream of their own"),
    }
    Ok(())
}

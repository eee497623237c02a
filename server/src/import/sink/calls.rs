//! Items and nodes: a call each, many at once.

use std::collections::HashSet;

use backstock_proto::v1::catalog_service_client::CatalogServiceClient;
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
        let mut lost = None;
        for (line, answer) in join_all(calls).await {
            match answer {
                Ok(()) => report.count_applied(1),
                Err(ClientError::Refused(refused)) => report.bad(bad(line, &refused)),
                Err(error) => {
                    lost.get_or_insert(error);
                }
            }
            if lost.is_none() {
                report.answered(line);
            }
        }
        lost.map_or(Ok(()), Err)
    }
}

fn id(content: &Content) -> &str {
    match content {
        Content::Item(update) => update.item.as_ref().map_or("", |item| &item.sku),
        Content::Node(update) => update.node.as_ref().map_or("", |node| &node.node_id),
        Content::Stock(row) => &row.sku,
        Content::Order(order) => &order.order_id,
    }
}

async fn call(
    mut client: CatalogServiceClient<Channel>,
    content: Content,
) -> Result<(), ClientError> {
    match content {
        Content::Item(update) => drop(client.update_item(update).await?),
        Content::Node(update) => drop(client.update_node(*update).await?),
        Content::Stock(_) | Content::Order(_) => unreachable!("these have a stream of their own"),
    }
    Ok(())
}

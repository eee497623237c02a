//! Items and nodes: a call each, many at once.

use std::collections::HashSet;

use backstock_proto::v1::catalog_service_client::CatalogServiceClient;
use futures_util::future::join_all;
use tonic::transport::Channel;

use super::again::{Again, Answer};
use crate::client::ClientError;
use crate::import::limits::CALLS_AT_ONCE;
use crate::import::parse::{Content, Row};
use crate::import::report::FileReport;

/// Rows that wait to be sent together. No id is among them twice, so that of
/// two rows with one id the later one wins.
pub(in crate::import) struct Calls {
    client: CatalogServiceClient<Channel>,
    rows: Vec<Row<Content>>,
    ids: HashSet<String>,
    again: Again<Content>,
}

impl Calls {
    pub(super) fn new(client: CatalogServiceClient<Channel>) -> Self {
        let again = Again::new(|content| id(content).to_owned());
        Self { client, rows: Vec::new(), ids: HashSet::new(), again }
    }

    pub(super) async fn push(
        &mut self,
        row: Row<Content>,
        report: &mut FileReport,
    ) -> Result<(), ClientError> {
        if self.rows.len() >= CALLS_AT_ONCE || self.ids.contains(id(&row.content)) {
            self.flush(report).await?;
        }
        self.ids.insert(id(&row.content).to_owned());
        self.rows.push(row);
        Ok(())
    }

    /// Sends all that waits.
    pub(super) async fn flush(&mut self, report: &mut FileReport) -> Result<(), ClientError> {
        self.ids.clear();
        let mut rows = std::mem::take(&mut self.rows);
        while !rows.is_empty() {
            let calls = rows.into_iter().map(|row| {
                let client = self.client.clone();
                async move { (call(client, row.content.clone()).await, row) }
            });
            for (answer, row) in join_all(calls).await {
                let answer = match answer {
                    Ok(()) => Answer::Taken,
                    Err(ClientError::Refused(refused)) => Answer::Refused(*refused),
                    Err(lost) => return Err(lost),
                };
                self.again.note(row, answer, report)?;
            }
            rows = self.again.take(report).await?;
        }
        Ok(())
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

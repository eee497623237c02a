//! Items, nodes and terms: a call each, many at once.

use std::collections::HashSet;

use backstock_proto::v1::catalog_service_client::CatalogServiceClient;
use backstock_proto::v1::inventory_service_client::InventoryServiceClient;
use futures_util::future::join_all;

use super::again::{Again, Answer};
use crate::client::{Client, ClientError, Wire};
use crate::import::limits::CALLS_AT_ONCE;
use crate::import::parse::{Content, Row};
use crate::import::report::FileReport;

/// Rows that wait to be sent together. No id is among them twice, so that of
/// two rows with one id the later one wins.
pub(in crate::import) struct Calls {
    catalog: CatalogServiceClient<Wire>,
    inventory: InventoryServiceClient<Wire>,
    rows: Vec<Row<Content>>,
    ids: HashSet<String>,
    again: Again<Content>,
}

impl Calls {
    pub(super) fn new(client: &Client) -> Self {
        let (catalog, inventory) = (client.catalog(), client.inventory());
        Self { catalog, inventory, rows: Vec::new(), ids: HashSet::new(), again: Again::new(id) }
    }

    pub(super) async fn push(
        &mut self,
        row: Row<Content>,
        report: &mut FileReport,
    ) -> Result<(), ClientError> {
        if self.rows.len() >= CALLS_AT_ONCE || self.ids.contains(&id(&row.content)) {
            self.flush(report).await?;
        }
        self.ids.insert(id(&row.content));
        self.rows.push(row);
        Ok(())
    }

    /// Sends all that waits.
    pub(super) async fn flush(&mut self, report: &mut FileReport) -> Result<(), ClientError> {
        self.ids.clear();
        let mut rows = std::mem::take(&mut self.rows);
        while !rows.is_empty() {
            let calls = rows.into_iter().map(|row| {
                let clients = (self.catalog.clone(), self.inventory.clone());
                async move { (call(clients, row.content.clone()).await, row) }
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

/// What a row is about. Ids are printable ASCII: none has a line's end.
fn id(content: &Content) -> String {
    match content {
        Content::Item(update) => update.item.as_ref().map_or("", |item| &item.sku).to_owned(),
        Content::Node(update) => update.node.as_ref().map_or("", |node| &node.node_id).to_owned(),
        Content::Terms(set) => format!("{}\n{}", set.sku, set.node_id),
        Content::Stock(row) => row.sku.clone(),
        Content::Order(order) => order.order_id.clone(),
    }
}

async fn call(
    (mut catalog, mut inventory): (CatalogServiceClient<Wire>, InventoryServiceClient<Wire>),
    content: Content,
) -> Result<(), ClientError> {
    match content {
        Content::Item(update) => drop(catalog.update_item(update).await?),
        Content::Node(update) => drop(catalog.update_node(*update).await?),
        Content::Terms(set) => drop(inventory.set_stock_terms(set).await?),
        Content::Stock(_) | Content::Order(_) => unreachable!("these have a stream of their own"),
    }
    Ok(())
}

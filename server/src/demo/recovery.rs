//! The kill half way: what was acknowledged has to be there after it.

use std::path::Path;
use std::time::{Duration, Instant};

use backstock_engine::model::RefusalKind;
use backstock_proto::v1;
use futures_util::future::join_all;

use super::child::ServerProcess;
use super::error::DemoError;
use super::ledger::{Acknowledged, Ledger};
use crate::client::{Client, ClientError, Refused};

/// Orders that are sent in one go before the kill, so that some are on their
/// way when it comes.
pub(super) const BURST_ORDERS: usize = 48;

/// Of those, how many answers are waited for before the kill.
pub(super) const BURST_ANSWERS: usize = 8;
const _: () = assert!(BURST_ANSWERS < BURST_ORDERS);
const _: () = assert!(BURST_ORDERS <= super::orders::IN_FLIGHT_MAX);

/// Orders read at once while they are checked.
const READS_AT_ONCE: usize = 128;

/// Differences that are shown; the others are counted.
const SHOWN_MAX: usize = 10;

/// What was found after the kill.
#[derive(Debug, Default)]
pub(super) struct Recovery {
    /// Orders that had been acknowledged.
    pub(super) orders: usize,
    /// Shipments that had been acknowledged as left.
    pub(super) shipments: usize,
    /// Orders that were on their way.
    pub(super) in_flight: usize,
    /// Of those, how many had reached the journal all the same.
    pub(super) in_flight_durable: usize,
    /// From the start of the new process until it answered.
    pub(super) took: Duration,
    /// The highest version that any order was acknowledged with, and the
    /// version that the new process began at.
    pub(super) versions: (u64, u64),
    /// How many differences there are.
    pub(super) difference_count: usize,
    /// The first [`SHOWN_MAX`] of them.
    pub(super) differences: Vec<String>,
}

impl Recovery {
    /// Whether nothing acknowledged is missing or different.
    pub(super) fn is_complete(&self) -> bool {
        self.difference_count == 0 && self.versions.1 >= self.versions.0
    }

    fn differ(&mut self, found: Vec<String>) {
        self.difference_count += found.len();
        let room = SHOWN_MAX.saturating_sub(self.differences.len());
        self.differences.extend(found.into_iter().take(room));
    }
}

/// Starts a server on the directory of one that was killed, and compares all
/// that it has with all that was acknowledged.
pub(super) async fn restart_and_check(
    directory: &Path,
    now: jiff::Timestamp,
    ledger: &Ledger,
    unanswered: &[v1::PlaceOrderRequest],
) -> Result<(ServerProcess, Client, Recovery), DemoError> {
    let started = Instant::now();
    let server = ServerProcess::start(directory, now).await?;
    let client = Client::connect(server.addr()).await?;
    let status = client.admin().get_status(v1::GetStatusRequest {}).await?.into_inner();
    let told = ledger.orders().map(|order| order.placed.version).max().unwrap_or_default();
    let mut recovery = Recovery {
        orders: ledger.orders().len(),
        shipments: ledger.shipped_count(),
        in_flight: unanswered.len(),
        took: started.elapsed(),
        versions: (told, status.applied_lsn),
        ..Recovery::default()
    };
    let orders: Vec<_> = ledger.orders().collect();
    for some in orders.chunks(READS_AT_ONCE) {
        for found in join_all(some.iter().map(|order| compare(&client, order))).await {
            recovery.differ(found?);
        }
    }
    for request in unanswered {
        let found = read(&client, &request.order_id).await?;
        recovery.in_flight_durable += usize::from(found.is_ok());
    }
    Ok((server, client, recovery))
}

async fn compare(client: &Client, told: &Acknowledged) -> Result<Vec<String>, DemoError> {
    if told.placed.outcome() == v1::OrderOutcome::Rejected {
        // There is no order, and nothing to be lost.
        return Ok(Vec::new());
    }
    let id = &told.request.order_id;
    Ok(match read(client, id).await? {
        Ok(order) => told.differences(&order),
        Err(refused) => vec![format!("{id}: {refused}")],
    })
}

/// An order, or that there is none; an error is all else.
async fn read(client: &Client, id: &str) -> Result<Result<v1::Order, Box<Refused>>, DemoError> {
    let request = v1::GetOrderRequest { order_id: id.to_owned(), min_version: 0 };
    match client.orders().get_order(request).await.map_err(ClientError::from) {
        Ok(answer) => Ok(Ok(answer.into_inner().order.unwrap_or_default())),
        Err(ClientError::Refused(refused))
            if refused.reason == RefusalKind::OrderNotFound.name() =>
        {
            Ok(Err(refused))
        }
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_or_an_older_version_is_no_complete_recovery() {
        let whole = Recovery { versions: (7, 9), ..Recovery::default() };
        assert!(whole.is_complete());
        let older = Recovery { versions: (7, 6), ..Recovery::default() };
        assert!(!older.is_complete());
        let mut differs = whole;
        differs.differ(vec!["order W1: not there".to_owned(); SHOWN_MAX + 2]);
        assert!(!differs.is_complete());
        assert_eq!((differs.difference_count, differs.differences.len()), (12, SHOWN_MAX));
    }
}

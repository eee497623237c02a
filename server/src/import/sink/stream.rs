//! Stock and orders: many in a message, some messages on their way.

use std::collections::VecDeque;

use backstock_proto::v1;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Streaming;

use super::bad;
use crate::client::{Client, ClientError, Refused};
use crate::import::limits::{MESSAGES_IN_FLIGHT, ORDERS_PER_MESSAGE, STOCK_ROWS_PER_MESSAGE};
use crate::import::report::FileReport;

/// A stream of messages, each with some rows, answered in the order sent.
pub(in crate::import) struct Messages<Request, Response, Row> {
    requests: mpsc::Sender<Request>,
    responses: Streaming<Response>,
    /// Lines of the messages that are not answered yet, the oldest first.
    in_flight: VecDeque<Vec<u64>>,
    lines: Vec<u64>,
    rows: Vec<Row>,
    rows_per_message: usize,
    pack: fn(Vec<Row>) -> Request,
    note: fn(Response, &[u64], &mut FileReport),
}

/// Opens the stock feed.
pub(super) async fn stock(
    client: &Client,
) -> Result<Messages<v1::LoadStockRequest, v1::LoadStockResponse, v1::StockRow>, ClientError> {
    let (requests, receiver) = mpsc::channel(MESSAGES_IN_FLIGHT);
    let responses = client.inventory().load_stock(ReceiverStream::new(receiver)).await?;
    let pack = |rows| v1::LoadStockRequest { rows, request_id: String::new() };
    Ok(Messages {
        requests,
        responses: responses.into_inner(),
        in_flight: VecDeque::new(),
        lines: Vec::new(),
        rows: Vec::new(),
        rows_per_message: STOCK_ROWS_PER_MESSAGE,
        pack,
        note: note_stock,
    })
}

/// Opens a stream of orders.
pub(super) async fn orders(
    client: &Client,
) -> Result<
    Messages<v1::PlaceOrdersRequest, v1::PlaceOrdersResponse, v1::PlaceOrderRequest>,
    ClientError,
> {
    let (requests, receiver) = mpsc::channel(MESSAGES_IN_FLIGHT);
    let responses = client.orders().place_orders(ReceiverStream::new(receiver)).await?;
    Ok(Messages {
        requests,
        responses: responses.into_inner(),
        in_flight: VecDeque::new(),
        lines: Vec::new(),
        rows: Vec::new(),
        rows_per_message: ORDERS_PER_MESSAGE,
        pack: |orders| v1::PlaceOrdersRequest { orders },
        note: note_orders,
    })
}

impl<Request, Response, Row> Messages<Request, Response, Row> {
    pub(super) async fn push(
        &mut self,
        line: u64,
        row: Row,
        report: &mut FileReport,
    ) -> Result<(), ClientError> {
        self.lines.push(line);
        self.rows.push(row);
        if self.rows.len() >= self.rows_per_message {
            self.send(report).await?;
        }
        Ok(())
    }

    pub(super) async fn finish(mut self, report: &mut FileReport) -> Result<(), ClientError> {
        if !self.rows.is_empty() {
            self.send(report).await?;
        }
        while !self.in_flight.is_empty() {
            self.receive(report).await?;
        }
        Ok(())
    }

    async fn send(&mut self, report: &mut FileReport) -> Result<(), ClientError> {
        if self.in_flight.len() >= MESSAGES_IN_FLIGHT {
            self.receive(report).await?;
        }
        self.in_flight.push_back(std::mem::take(&mut self.lines));
        let request = (self.pack)(std::mem::take(&mut self.rows));
        if self.requests.send(request).await.is_err() {
            // The stream has ended: reading it says why.
            self.receive(report).await?;
        }
        Ok(())
    }

    async fn receive(&mut self, report: &mut FileReport) -> Result<(), ClientError> {
        let ended = || ClientError::Lost("the stream ended before all was answered".to_owned());
        let response = self.responses.message().await?.ok_or_else(ended)?;
        let lines = self.in_flight.pop_front().ok_or_else(ended)?;
        (self.note)(response, &lines, report);
        if let Some(last) = lines.last() {
            report.answered(*last);
        }
        Ok(())
    }
}

fn note_stock(response: v1::LoadStockResponse, lines: &[u64], report: &mut FileReport) {
    report.count_applied(response.rows_applied.into());
    for fault in response.faults {
        let line = lines.get(fault.row_index as usize).copied().unwrap_or_default();
        report.bad(bad(line, &Refused::from(fault.fault.unwrap_or_default())));
    }
}

fn note_orders(response: v1::PlaceOrdersResponse, lines: &[u64], report: &mut FileReport) {
    use v1::place_orders_result::Result;
    for (result, line) in response.results.into_iter().zip(lines) {
        match result.result {
            Some(Result::Response(placed)) => report.placed(*line, placed),
            Some(Result::Fault(fault)) => report.bad(bad(*line, &Refused::from(fault))),
            None => report.bad(bad(*line, &Refused::from(v1::Fault::default()))),
        }
    }
}

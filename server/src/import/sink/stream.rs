//! Stock and orders: many in a message, some messages on their way.

use std::collections::VecDeque;

use backstock_proto::v1;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Streaming;

use super::again::{Again, Answer};
use crate::client::{Client, ClientError, Refused};
use crate::import::limits::{MESSAGES_IN_FLIGHT, ORDERS_PER_MESSAGE, STOCK_ROWS_PER_MESSAGE};
use crate::import::parse::Row;
use crate::import::report::FileReport;

/// The stock feed.
pub(super) type Stock = Messages<v1::LoadStockRequest, v1::LoadStockResponse, v1::StockRow>;

/// A stream of orders.
pub(super) type Orders =
    Messages<v1::PlaceOrdersRequest, v1::PlaceOrdersResponse, v1::PlaceOrderRequest>;

/// A stream of messages, each with some rows, answered in the order sent.
pub(in crate::import) struct Messages<Request, Response, C> {
    requests: mpsc::Sender<Request>,
    responses: Streaming<Response>,
    /// The messages that are not answered yet, the oldest first.
    in_flight: VecDeque<Vec<Row<C>>>,
    /// The next one.
    rows: Vec<Row<C>>,
    again: Again<C>,
    rows_per_message: usize,
    pack: fn(Vec<C>) -> Request,
    /// The answers to so many rows.
    unpack: fn(Response, usize) -> Vec<Answer>,
}

/// Opens the stock feed.
pub(super) async fn stock(client: &Client) -> Result<Stock, ClientError> {
    let (requests, receiver) = mpsc::channel(MESSAGES_IN_FLIGHT);
    let responses = client.inventory().load_stock(ReceiverStream::new(receiver)).await?;
    Ok(Messages {
        requests,
        responses: responses.into_inner(),
        in_flight: VecDeque::new(),
        rows: Vec::new(),
        again: Again::new(|row| format!("{}\n{}", row.sku, row.node_id)),
        rows_per_message: STOCK_ROWS_PER_MESSAGE,
        pack: |rows| v1::LoadStockRequest { rows, request_id: String::new() },
        unpack: stock_answers,
    })
}

/// Opens a stream of orders.
pub(super) async fn orders(client: &Client) -> Result<Orders, ClientError> {
    let (requests, receiver) = mpsc::channel(MESSAGES_IN_FLIGHT);
    let responses = client.orders().place_orders(ReceiverStream::new(receiver)).await?;
    Ok(Messages {
        requests,
        responses: responses.into_inner(),
        in_flight: VecDeque::new(),
        rows: Vec::new(),
        again: Again::new(|order| order.order_id.clone()),
        rows_per_message: ORDERS_PER_MESSAGE,
        pack: |orders| v1::PlaceOrdersRequest { orders },
        unpack: order_answers,
    })
}

impl<Request, Response, C: Clone> Messages<Request, Response, C> {
    pub(super) async fn push(
        &mut self,
        row: Row<C>,
        report: &mut FileReport,
    ) -> Result<(), ClientError> {
        self.rows.push(row);
        if self.rows.len() >= self.rows_per_message {
            self.send_next(report).await?;
        }
        Ok(())
    }

    pub(super) async fn finish(mut self, report: &mut FileReport) -> Result<(), ClientError> {
        if !self.rows.is_empty() {
            self.send_next(report).await?;
        }
        self.receive_all(report).await?;
        self.send_again(report).await
    }

    async fn send_next(&mut self, report: &mut FileReport) -> Result<(), ClientError> {
        if self.in_flight.len() >= MESSAGES_IN_FLIGHT {
            self.receive(report).await?;
        }
        if self.again.is_due() {
            self.receive_all(report).await?;
            self.send_again(report).await?;
        }
        let rows = std::mem::take(&mut self.rows);
        self.send(rows, report).await
    }

    /// Sends rows again until all are answered. Nothing else is on its way meanwhile.
    async fn send_again(&mut self, report: &mut FileReport) -> Result<(), ClientError> {
        loop {
            let mut rows = self.again.take(report).await?.into_iter();
            if rows.len() == 0 {
                return Ok(());
            }
            while rows.len() > 0 {
                let message = rows.by_ref().take(self.rows_per_message).collect();
                self.send(message, report).await?;
                self.receive_all(report).await?;
            }
        }
    }

    async fn send(
        &mut self,
        rows: Vec<Row<C>>,
        report: &mut FileReport,
    ) -> Result<(), ClientError> {
        let request = (self.pack)(rows.iter().map(|row| row.content.clone()).collect());
        self.in_flight.push_back(rows);
        if self.requests.send(request).await.is_err() {
            // The stream has ended: reading it says why.
            self.receive(report).await?;
        }
        Ok(())
    }

    async fn receive_all(&mut self, report: &mut FileReport) -> Result<(), ClientError> {
        while !self.in_flight.is_empty() {
            self.receive(report).await?;
        }
        Ok(())
    }

    async fn receive(&mut self, report: &mut FileReport) -> Result<(), ClientError> {
        let ended = || ClientError::Lost("the stream ended before all was answered".to_owned());
        let response = self.responses.message().await?.ok_or_else(ended)?;
        let rows = self.in_flight.pop_front().ok_or_else(ended)?;
        let answers = (self.unpack)(response, rows.len());
        for (row, answer) in rows.into_iter().zip(answers) {
            self.again.note(row, answer, report)?;
        }
        Ok(())
    }
}

fn stock_answers(response: v1::LoadStockResponse, rows: usize) -> Vec<Answer> {
    let mut answers: Vec<_> = std::iter::repeat_with(|| Answer::Taken).take(rows).collect();
    for v1::RowFault { row_index, fault } in response.faults {
        if let Some(answer) = answers.get_mut(row_index as usize) {
            *answer = Answer::Refused(Refused::from(fault.unwrap_or_default()));
        }
    }
    answers
}

fn order_answers(response: v1::PlaceOrdersResponse, rows: usize) -> Vec<Answer> {
    use v1::place_orders_result::Result;
    let answers = response.results.into_iter().map(|result| match result.result {
        Some(Result::Response(placed)) => Answer::Placed(placed),
        Some(Result::Fault(fault)) => Answer::Refused(fault.into()),
        None => Answer::Refused(v1::Fault::default().into()),
    });
    let none = std::iter::repeat_with(|| Answer::Refused(v1::Fault::default().into()));
    answers.chain(none).take(rows).collect()
}

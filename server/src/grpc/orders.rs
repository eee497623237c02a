//! `OrderService`: placing, reading, cancelling, explaining.

use backstock_engine::engine::{EngineError, Submitted};
use backstock_engine::limits;
use backstock_engine::model::command::{CancelOrder, LineCancellation, Meta, PlaceOrder};
use backstock_engine::model::{OrderId, Origin, Rule, Text};
use backstock_proto::v1::order_service_server::OrderService;
use backstock_proto::{Encoded, v1};
use tonic::{Request, Response, Status, Streaming};

use super::limits::ANSWER_BYTES;
use super::meters::OrderTally;
use super::order_text::{self, OrderText};
use super::streams::Answers;
use super::{Api, errors, explain, order_answer, order_request, order_stream, order_view, plain};
use crate::status::Violations;

/// The last line that an order may have, the first being 0.
#[expect(clippy::cast_possible_truncation, reason = "orders have some hundred lines at most")]
const LINE_INDEX_MAX: u32 = limits::ORDER_LINES_MAX as u32 - 1;

#[tonic::async_trait]
impl OrderService for Api {
    async fn place_order(
        &self,
        request: Request<Encoded<v1::PlaceOrderRequest>>,
    ) -> Result<Response<Encoded<v1::PlaceOrderResponse>>, Status> {
        let mut bytes = request.into_inner().into_bytes();
        if OrderText::read(&bytes).is_err() {
            bytes = order_text::canonical::<v1::PlaceOrderRequest>(&bytes)?;
        }
        let request = OrderText::read(&bytes).expect("a canonical message is plain");
        let mut answer = Vec::with_capacity(ANSWER_BYTES);
        if request.validate_only {
            self.quote(&request, &mut answer).await?;
        } else {
            let command = self.placing(&request)?;
            let submitted = self.engine().submit_order(command).await.map_err(refused)?;
            let mut tally = OrderTally::default();
            self.acknowledge(&bytes, submitted, &mut answer, &mut tally).await?;
            self.0.orders.placed(tally);
        }
        Ok(Response::new(Encoded::new(answer)))
    }

    type PlaceOrdersStream = Answers<order_stream::Reply>;

    async fn place_orders(
        &self,
        request: Request<Streaming<Encoded<v1::PlaceOrdersRequest>>>,
    ) -> Result<Response<Self::PlaceOrdersStream>, Status> {
        Ok(Response::new(order_stream::start(self.clone(), request)))
    }

    async fn get_order(
        &self,
        request: Request<v1::GetOrderRequest>,
    ) -> Result<Response<v1::GetOrderResponse>, Status> {
        let v1::GetOrderRequest { order_id, min_version } = request.into_inner();
        let id = read_id(order_id)?;
        self.reach(min_version).await?;
        let view = self.engine().order(&id).await.map_err(plain)?;
        let order = order_view::order(self.engine(), &view).await.map_err(plain)?;
        let version = view.version.get();
        Ok(Response::new(v1::GetOrderResponse { order: Some(order), version }))
    }

    async fn cancel_order(
        &self,
        request: Request<v1::CancelOrderRequest>,
    ) -> Result<Response<v1::CancelOrderResponse>, Status> {
        let request = request.into_inner();
        let command = self.cancellation(request)?;
        let id = command.order.clone();
        let done = self.engine().cancel_order(command).await;
        let done = done.map_err(plain)?;
        let (version, is_repeat) = (done.version.get(), done.is_repeat);
        let view = self.engine().order(&id).await.map_err(plain)?;
        let order = order_view::order(self.engine(), &view).await.map_err(plain)?;
        Ok(Response::new(v1::CancelOrderResponse { order: Some(order), version, is_repeat }))
    }

    async fn explain_order(
        &self,
        request: Request<v1::ExplainOrderRequest>,
    ) -> Result<Response<v1::ExplainOrderResponse>, Status> {
        let v1::ExplainOrderRequest { order_id, min_version } = request.into_inner();
        let id = read_id(order_id)?;
        self.reach(min_version).await?;
        let version = self.version();
        let (order, trace) = self.engine().explain(&id).await.map_err(plain)?;
        let trace = explain::trace(self.engine(), &order, &trace).await.map_err(plain)?;
        Ok(Response::new(v1::ExplainOrderResponse { traces: vec![trace], version }))
    }
}

/// Reads the id of an order.
pub(super) fn read_id(order_id: String) -> Result<OrderId, Status> {
    let mut found = Violations::default();
    let id = found.taken("order_id", OrderId::new("order_id", order_id));
    found.converted(id)
}

impl Api {
    /// The command of an order that is placed now.
    pub(super) fn placing(&self, request: &OrderText<'_>) -> Result<PlaceOrder, Status> {
        let (order, placed_at) = order_request::order(request)?;
        let clock = &self.0.clock;
        let at = placed_at.map_or_else(|| clock.now(), |placed_at| clock.taken(placed_at));
        Ok(PlaceOrder { meta: Meta { at, ..Meta::default() }, placed_at, order })
    }

    /// Writes the answer that placing the order now would give. On an error, nothing
    /// is written.
    pub(super) async fn quote(
        &self,
        request: &OrderText<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), Status> {
        let command = self.placing(request)?;
        let version = self.version();
        let quoted = self.engine().quote_order(&command).await.map_err(refused)?;
        let written = order_answer::quoted(self.engine(), request, quoted, version, out);
        written.await.map_err(refused)
    }

    /// Writes the answer to an order, once it is durable, and counts it. On an error,
    /// nothing is written.
    pub(super) async fn acknowledge(
        &self,
        request: &[u8],
        submitted: Submitted,
        out: &mut Vec<u8>,
        tally: &mut OrderTally,
    ) -> Result<(), Status> {
        let is_repeat = submitted.is_repeat();
        let placed = submitted.acknowledged().await.map_err(refused)?;
        if is_repeat {
            // Units that were promised before are not promised again.
            return order_answer::repeated(self.engine(), placed, out).await.map_err(plain);
        }
        let told = order_answer::placed(self.engine(), request, placed, out).await;
        tally.add(told.map_err(plain)?);
        Ok(())
    }

    fn cancellation(&self, request: v1::CancelOrderRequest) -> Result<CancelOrder, Status> {
        let mut found = Violations::default();
        let order = found.taken("order_id", OrderId::new("order_id", request.order_id));
        let reason = found.taken("reason", Text::new("reason", request.reason));
        let request_id = found.request_id(&request.request_id);
        let max = limits::ORDER_LINES_MAX;
        if request.lines.len() > max {
            found.breaks("lines", request.lines.len(), Rule::TooMany { max });
        }
        let lines = &request.lines[..request.lines.len().min(max)];
        for (at, line) in lines.iter().enumerate() {
            cancelled_line(&mut found, at, *line, &lines[..at]);
        }
        // The engine counts lines from 1.
        let lines = lines.iter().map(|line| LineCancellation {
            line: line.line_index.saturating_add(1),
            quantity: line.quantity,
        });
        let command = (|| {
            let mut meta = self.meta(request_id?, request.validate_only);
            meta.origin = origin(reason?);
            Some(CancelOrder { meta, order: order?, lines: lines.collect() })
        })();
        found.converted(command)
    }
}

/// Checks one line of a cancellation. Its index is told as the caller counts: the
/// engine would tell its own number.
fn cancelled_line(
    found: &mut Violations,
    at: usize,
    line: v1::CancelOrderLine,
    before: &[v1::CancelOrderLine],
) {
    let path = format!("lines[{at}].line_index");
    found.within(&path, line.line_index.into(), 0, LINE_INDEX_MAX);
    if before.iter().any(|other| other.line_index == line.line_index) {
        found.breaks(&path, line.line_index, Rule::Duplicate);
    }
    let path = format!("lines[{at}].quantity");
    found.within(&path, line.quantity.into(), 1, limits::LINE_UNITS_MAX);
}

/// The status of an order that is refused.
pub(super) fn refused(error: EngineError) -> Status {
    errors::status(error, &order_request::NAMES)
}

/// Who and why, where a request says so.
pub(super) fn origin(reason: Text) -> Option<Box<Origin>> {
    let said = !reason.as_str().is_empty();
    said.then(|| Box::new(Origin { reason, ..Origin::default() }))
}

//! `OrderService`: placing, reading, cancelling, explaining.

use backstock_engine::engine::Submitted;
use backstock_engine::limits;
use backstock_engine::model::command::{CancelOrder, LineCancellation, PlaceOrder};
use backstock_engine::model::{OrderId, Origin, Rule, Text};
use backstock_proto::v1;
use backstock_proto::v1::order_service_server::OrderService;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, Streaming};

use super::fields::FieldNames;
use super::{Api, errors, explain, order_answer, order_request, order_stream, order_view, plain};
use crate::status::Violations;

/// How the engine calls the fields of a cancellation.
const CANCEL_NAMES: FieldNames = FieldNames::new("", &[("line", "line_index")]);

#[tonic::async_trait]
impl OrderService for Api {
    async fn place_order(
        &self,
        request: Request<v1::PlaceOrderRequest>,
    ) -> Result<Response<v1::PlaceOrderResponse>, Status> {
        let request = request.into_inner();
        if request.validate_only {
            return self.quote(request).await.map(Response::new);
        }
        let (order, placed_at) = order_request::order(&request, &self.0.clock)?;
        let meta = self.meta(None, false);
        let submitted = self.engine().submit_order(PlaceOrder { meta, placed_at, order }).await;
        let submitted = submitted.map_err(|error| errors::status(error, &order_request::NAMES))?;
        self.acknowledge(request, submitted).await.map(Response::new)
    }

    type PlaceOrdersStream = ReceiverStream<Result<v1::PlaceOrdersResponse, Status>>;

    async fn place_orders(
        &self,
        request: Request<Streaming<v1::PlaceOrdersRequest>>,
    ) -> Result<Response<Self::PlaceOrdersStream>, Status> {
        Ok(Response::new(order_stream::start(self.clone(), request.into_inner())))
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
        let version = self.engine().cancel_order(command).await;
        let version = version.map_err(|error| errors::status(error, &CANCEL_NAMES))?.get();
        let view = self.engine().order(&id).await.map_err(plain)?;
        let order = order_view::order(self.engine(), &view).await.map_err(plain)?;
        Ok(Response::new(v1::CancelOrderResponse { order: Some(order), version }))
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
    /// The answer that placing the order now would give.
    pub(super) async fn quote(
        &self,
        request: v1::PlaceOrderRequest,
    ) -> Result<v1::PlaceOrderResponse, Status> {
        let (order, at) = order_request::order(&request, &self.0.clock)?;
        let version = self.version();
        let error = |error| errors::status(error, &order_request::NAMES);
        let draft = self.engine().quote_order(&order, at).await.map_err(error)?;
        let quoted = order_answer::quoted(self.engine(), request, &order, &draft, version).await;
        quoted.map_err(error)
    }

    /// The answer to an order, once it is durable.
    pub(super) async fn acknowledge(
        &self,
        request: v1::PlaceOrderRequest,
        submitted: Submitted,
    ) -> Result<v1::PlaceOrderResponse, Status> {
        let is_repeat = submitted.is_repeat();
        let placed = submitted.acknowledged().await;
        let placed = placed.map_err(|error| errors::status(error, &order_request::NAMES))?;
        let answer = order_answer::placed(self.engine(), request, placed).await.map_err(plain)?;
        // Units that were promised before are not promised again.
        if !is_repeat {
            self.0.orders.placed(answer.outcome(), order_answer::units_promised(&answer));
        }
        Ok(answer)
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
        for (at, line) in request.lines.iter().enumerate().take(max) {
            let path = format!("lines[{at}].quantity");
            found.within(&path, line.quantity.into(), 1, limits::LINE_UNITS_MAX);
        }
        // The engine counts lines from 1.
        let lines = request.lines.iter().map(|line| LineCancellation {
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

/// Who and why, where a request says so.
pub(super) fn origin(reason: Text) -> Option<Box<Origin>> {
    let said = !reason.as_str().is_empty();
    said.then(|| Box::new(Origin { reason, ..Origin::default() }))
}

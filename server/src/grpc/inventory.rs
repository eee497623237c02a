//! `InventoryService`: availability, and all that changes stock.

use backstock_engine::engine::{Done, EngineError};
use backstock_engine::model::command::{ChangeStock, StockOperation};
use backstock_engine::model::{NodeId, RequestId, Sku, Text};
use backstock_proto::v1::inventory_service_server::InventoryService;
use backstock_proto::{Encoded, undecodable, v1};
use tonic::{Request, Response, Status, Streaming};

use super::availability::{AVAILABILITY_BYTES, Asked};
use super::fields::FieldNames;
use super::limits::SKUS_MAX;
use super::orders::origin;
use super::pages::Page;
use super::stock_request::{self, Wanted};
use super::streams::Answers;
use super::{Api, errors, feed, plain, stock_view, wire};
use crate::status::Violations;

/// Fields of requests that carry a level, an announcement, or neither.
const LEVEL: FieldNames = FieldNames::new("level.", &[("quantity", "vendor_feed.quantity")]);
const INBOUND: FieldNames = FieldNames::new("inbound.", &[]);
const ADJUSTMENT: FieldNames = FieldNames::new("adjustment.", &[("delta", "on_hand_delta")]);
const COUNT: FieldNames = FieldNames::new("", &[("on_hand", "counted")]);

/// A change of one pair, read from a request.
struct Requested {
    sku: Sku,
    node: NodeId,
    wanted: Wanted,
    /// Why, for people; empty when nobody said or the operation has it.
    reason: Text,
    request_id: Option<RequestId>,
    validate_only: bool,
}

/// Answers a mutation: reads it, does it, and says what the pair is like then.
macro_rules! mutation {
    ($api:ident, $request:ident, $names:expr, $answer:ident, $read:expr) => {
        mutation!($api, $request, $names, $answer, $read, reason: "")
    };
    ($api:ident, $request:ident, $names:expr, $answer:ident, $read:expr, reason: $reason:expr) => {{
        let $request = $request.into_inner();
        let mut found = Violations::default();
        let pair = stock_request::pair(&mut found, &$request.sku, &$request.node_id);
        let request_id = found.request_id(&$request.request_id);
        let read: fn(&mut Violations, &_) -> Option<Wanted> = $read;
        let wanted = read(&mut found, &$request);
        let reason = found.taken("reason", Text::new("reason", $reason));
        let requested = (|| {
            let (sku, node) = pair?;
            let (wanted, reason, request_id) = (wanted?, reason?, request_id?);
            let validate_only = $request.validate_only;
            Some(Requested { sku, node, wanted, reason, request_id, validate_only })
        })();
        let requested = found.converted(requested)?;
        let (stock, done) = $api.change(requested, &$names).await?;
        let (stock, version, is_repeat) = (Some(stock), done.version.get(), done.is_repeat);
        Ok(Response::new(v1::$answer { stock, version, is_repeat }))
    }};
}

#[tonic::async_trait]
impl InventoryService for Api {
    async fn get_availability(
        &self,
        request: Request<Encoded<v1::GetAvailabilityRequest>>,
    ) -> Result<Response<Encoded<v1::GetAvailabilityResponse>>, Status> {
        let request = request.into_inner().decode().map_err(|error| undecodable(&error))?;
        let mut found = Violations::default();
        let sku = found.taken("sku", Sku::new("sku", request.sku));
        let now = self.0.clock.now();
        let asked = Asked::read(&mut found, &request.node_ids, request.at.as_ref(), now);
        let (sku, asked) = found.converted(sku.zip(asked))?;
        self.reach(request.min_version).await?;
        asked.check(self.engine())?;
        let mut answer = Vec::with_capacity(AVAILABILITY_BYTES);
        let version = asked.answer(self.engine(), &sku, &mut answer).await.map_err(plain)?;
        wire::number(&mut answer, 2, version);
        Ok(Response::new(Encoded::new(answer)))
    }

    async fn batch_get_availability(
        &self,
        request: Request<Encoded<v1::BatchGetAvailabilityRequest>>,
    ) -> Result<Response<Encoded<v1::BatchGetAvailabilityResponse>>, Status> {
        let request = request.into_inner().decode().map_err(|error| undecodable(&error))?;
        let mut found = Violations::default();
        let count = request.skus.len();
        if !(1..=SKUS_MAX).contains(&count) {
            found.add("skus", format!("{count} SKUs; 1 to {SKUS_MAX} in a request"));
        }
        let now = self.0.clock.now();
        let asked = Asked::read(&mut found, &request.node_ids, request.at.as_ref(), now);
        let asked = found.converted(asked)?;
        self.reach(request.min_version).await?;
        asked.check(self.engine())?;
        asked.answer_all(self.engine(), &request.skus).await.map(Encoded::new).map(Response::new)
    }

    async fn get_stock(
        &self,
        request: Request<v1::GetStockRequest>,
    ) -> Result<Response<v1::GetStockResponse>, Status> {
        let v1::GetStockRequest { sku, node_id, min_version } = request.into_inner();
        let mut found = Violations::default();
        let pair = stock_request::pair(&mut found, &sku, &node_id);
        let (sku, node) = found.converted(pair)?;
        self.reach(min_version).await?;
        let (stock, version) = self.stock(&sku, &node).await.map_err(plain)?;
        Ok(Response::new(v1::GetStockResponse { stock: Some(stock), version }))
    }

    async fn list_reservations(
        &self,
        request: Request<v1::ListReservationsRequest>,
    ) -> Result<Response<v1::ListReservationsResponse>, Status> {
        let request = request.into_inner();
        let mut found = Violations::default();
        let pair = stock_request::pair(&mut found, &request.sku, &request.node_id);
        let page = Page::read(&mut found, request.page_size, &request.page_token);
        let ((sku, node), page) = found.converted(pair.zip(page))?;
        self.reach(request.min_version).await?;
        self.reservations(&sku, &node, page).await.map(Response::new).map_err(plain)
    }

    async fn set_stock(
        &self,
        request: Request<v1::SetStockRequest>,
    ) -> Result<Response<v1::SetStockResponse>, Status> {
        mutation!(self, request, LEVEL, SetStockResponse, |found, request: &v1::SetStockRequest| {
            stock_request::level(found, "level", request.level.as_ref())
        })
    }

    async fn receive_stock(
        &self,
        request: Request<v1::ReceiveStockRequest>,
    ) -> Result<Response<v1::ReceiveStockResponse>, Status> {
        mutation!(
            self,
            request,
            FieldNames::PLAIN,
            ReceiveStockResponse,
            |found, request: &v1::ReceiveStockRequest| {
                let quantity = found.units("quantity", request.quantity, 1);
                let most = quantity.unwrap_or(backstock_engine::limits::STOCK_UNITS_MAX);
                let unavailable = found.within("unavailable", request.unavailable, 0, most);
                let (quantity, unavailable) = (quantity?, unavailable?);
                Some(Wanted::Operation(StockOperation::Receive { quantity, unavailable }))
            }
        )
    }

    async fn adjust_stock(
        &self,
        request: Request<v1::AdjustStockRequest>,
    ) -> Result<Response<v1::AdjustStockResponse>, Status> {
        mutation!(
            self,
            request,
            ADJUSTMENT,
            AdjustStockResponse,
            |found, request: &v1::AdjustStockRequest| {
                let reason = found.taken("reason", Text::new("reason", request.reason.as_str()));
                let reason = reason.unwrap_or_default();
                let adjustment = request.adjustment.as_ref();
                stock_request::adjustment(found, "adjustment", adjustment, reason)
            }
        )
    }

    async fn count_stock(
        &self,
        request: Request<v1::CountStockRequest>,
    ) -> Result<Response<v1::CountStockResponse>, Status> {
        mutation!(
            self,
            request,
            COUNT,
            CountStockResponse,
            |found, request: &v1::CountStockRequest| {
                let counted = found.required("counted", request.counted)?;
                let on_hand = found.units("counted", counted, 0)?;
                Some(Wanted::Operation(StockOperation::Count { on_hand }))
            },
            reason: request.reason.as_str()
        )
    }

    async fn set_safety_stock(
        &self,
        request: Request<v1::SetSafetyStockRequest>,
    ) -> Result<Response<v1::SetSafetyStockResponse>, Status> {
        mutation!(
            self,
            request,
            FieldNames::PLAIN,
            SetSafetyStockResponse,
            |found, request: &v1::SetSafetyStockRequest| {
                let safety = found.required("safety", request.safety)?;
                let safety = Some(found.units("safety", safety, 0)?);
                let set = StockOperation::Set { on_hand: None, unavailable: None, safety };
                Some(Wanted::Operation(set))
            }
        )
    }

    async fn announce_inbound(
        &self,
        request: Request<v1::AnnounceInboundRequest>,
    ) -> Result<Response<v1::AnnounceInboundResponse>, Status> {
        mutation!(
            self,
            request,
            INBOUND,
            AnnounceInboundResponse,
            |found, request: &v1::AnnounceInboundRequest| {
                stock_request::announcement(found, "inbound", request.inbound.as_ref())
            }
        )
    }

    async fn update_inbound(
        &self,
        request: Request<v1::UpdateInboundRequest>,
    ) -> Result<Response<v1::UpdateInboundResponse>, Status> {
        mutation!(
            self,
            request,
            FieldNames::PLAIN,
            UpdateInboundResponse,
            |found, request: &v1::UpdateInboundRequest| {
                let id = stock_request::inbound_id(found, "inbound_id", &request.inbound_id);
                let given = request.quantity;
                let quantity =
                    given.map_or(Some(None), |units| found.units("quantity", units, 1).map(Some));
                let eta = request
                    .eta
                    .as_ref()
                    .map_or(Some(None), |date| super::times::day(found, "eta", date).map(Some));
                if given.is_none() && request.eta.is_none() {
                    found.add("quantity", "neither quantity nor eta is set");
                }
                Some(Wanted::Change { id: id?, quantity: quantity?, eta: eta? })
            }
        )
    }

    async fn receive_inbound(
        &self,
        request: Request<v1::ReceiveInboundRequest>,
    ) -> Result<Response<v1::ReceiveInboundResponse>, Status> {
        mutation!(
            self,
            request,
            FieldNames::PLAIN,
            ReceiveInboundResponse,
            |found, request: &v1::ReceiveInboundRequest| {
                let id = stock_request::inbound_id(found, "inbound_id", &request.inbound_id);
                let least = u32::from(!request.complete);
                let quantity = found.units("quantity", request.quantity, least);
                let (id, quantity, closes) = (id?, quantity?, request.complete);
                Some(Wanted::Operation(StockOperation::ReceiveInbound { id, quantity, closes }))
            }
        )
    }

    async fn cancel_inbound(
        &self,
        request: Request<v1::CancelInboundRequest>,
    ) -> Result<Response<v1::CancelInboundResponse>, Status> {
        mutation!(
            self,
            request,
            FieldNames::PLAIN,
            CancelInboundResponse,
            |found, request: &v1::CancelInboundRequest| {
                let id = stock_request::inbound_id(found, "inbound_id", &request.inbound_id)?;
                Some(Wanted::Operation(StockOperation::CancelInbound { id }))
            },
            reason: request.reason.as_str()
        )
    }

    type LoadStockStream = Answers<v1::LoadStockResponse>;

    async fn load_stock(
        &self,
        request: Request<Streaming<v1::LoadStockRequest>>,
    ) -> Result<Response<Self::LoadStockStream>, Status> {
        Ok(Response::new(feed::start(self.clone(), request)))
    }
}

impl Api {
    async fn change(
        &self,
        requested: Requested,
        names: &FieldNames,
    ) -> Result<(v1::Stock, Done), Status> {
        let Requested { sku, node, wanted, reason, request_id, validate_only } = requested;
        // An unknown item is named before a node without which a day has no
        // instant.
        self.engine().item(&sku).map_err(plain)?;
        let mut meta = self.meta(request_id, validate_only);
        meta.content = wanted.content(&sku, &node);
        meta.origin = origin(reason);
        let operation = wanted.at(self.engine(), &node).map_err(plain)?;
        let command = ChangeStock { meta, sku: sku.clone(), node: node.clone(), operation };
        let done = self.engine().change_stock(command).await;
        let done = done.map_err(|error| errors::status(error, names))?;
        let (stock, _) = self.stock(&sku, &node).await.map_err(plain)?;
        Ok((stock, done))
    }

    async fn stock(&self, sku: &Sku, id: &NodeId) -> Result<(v1::Stock, u64), EngineError> {
        let view = self.engine().stock(sku, id).await?;
        let node = self.engine().node(id)?;
        Ok((stock_view::message(sku, &node, &view.stock), view.version.get()))
    }

    async fn reservations(
        &self,
        sku: &Sku,
        id: &NodeId,
        page: Page,
    ) -> Result<v1::ListReservationsResponse, EngineError> {
        let view = self.engine().stock(sku, id).await?;
        let here = view.stock.reservations.iter().skip(page.from).take(page.peek());
        let mut read: Vec<_> = here.collect();
        let next_page_token = page.cut(&mut read);
        let mut reservations = Vec::with_capacity(read.len());
        for reservation in read {
            reservations.push(self.reservation(&view.stock, reservation).await?);
        }
        let version = view.version.get();
        Ok(v1::ListReservationsResponse { reservations, next_page_token, version })
    }

    async fn reservation(
        &self,
        stock: &backstock_engine::model::Stock,
        reservation: backstock_engine::model::Reservation,
    ) -> Result<v1::Reservation, EngineError> {
        let order = self.engine().order_id(reservation.order).await?;
        Ok(v1::Reservation {
            order_id: order.map(|id| id.to_string()).unwrap_or_default(),
            line_index: reservation.line.into(),
            quantity: reservation.units.into(),
            supply: Some(stock_view::supply_of(stock, reservation.supply)),
        })
    }
}

//! `LoadStock`: the bulk feed.
//!
//! Rows of one request go in together: those of different pairs at the same
//! time, so that one group commit serves them, those of one pair one after the
//! other. Requests follow one another, so that pairs keep their order there too.

use std::collections::HashMap;

use backstock_engine::command::{ChangeStock, Meta, StockOperation};
use backstock_engine::engine::{Done, EngineError};
use backstock_engine::model::{NodeId, RequestId, Rule, Sku, Text};
use backstock_proto::v1;
use futures_util::StreamExt;
use futures_util::stream;
use prost::Message as _;
use tonic::{Code, Request, Status, Streaming};

use super::wanted::{self, ADJUSTMENT, INBOUND, LEVEL, Wanted};
use crate::grpc::caller::Caller;
use crate::grpc::fields::FieldNames;
use crate::grpc::limits::{FEED_REQUEST_ID_BYTES_MAX, ROWS_PER_REQUEST_MAX};
use crate::grpc::transport::meters::Results;
use crate::grpc::transport::streams::{self, Answering, Answers, Requests, wait_for_room};
use crate::grpc::{Api, errors};
use crate::status::{Violations, fault};

/// A row that can be tried.
struct Row {
    at: u32,
    sku: Sku,
    node: NodeId,
    wanted: Wanted,
    names: &'static FieldNames,
}

/// What became of a row: what the engine did, or why it is not in.
type RowDone = (u32, Result<Done, Status>);

/// Starts the task of a feed.
pub(super) fn start(
    api: Api,
    caller: Caller,
    request: Request<Streaming<v1::LoadStockRequest>>,
) -> Answers<v1::LoadStockResponse> {
    let (answering, answers) = streams::answers(request.extensions(), &api.0.streams.load_stock);
    tokio::spawn(caller.during(load_all(api, request.into_inner(), answering)));
    answers
}

async fn load_all(
    api: Api,
    requests: Streaming<v1::LoadStockRequest>,
    mut answering: Answering<v1::LoadStockResponse>,
) {
    let mut requests = Requests::new(&api, requests);
    let how = loop {
        let loaded = match requests.next().await {
            Ok(None) => break Ok(()),
            Ok(Some(request)) => load(&api, request).await,
            Err(status) => Err(status),
        };
        match loaded {
            Ok(answer) => {
                let bytes = answer.encoded_len();
                if answering.send(answer, bytes).await.is_err() {
                    return;
                }
            }
            Err(status) => break Err(status),
        }
    };
    answering.end(how);
}

async fn load(api: &Api, request: v1::LoadStockRequest) -> Result<v1::LoadStockResponse, Status> {
    let key = check(&request)?;
    let mut done: Vec<RowDone> = Vec::with_capacity(request.rows.len());
    let mut by_pair: HashMap<(Sku, NodeId), Vec<Row>> = HashMap::new();
    for (row, at) in request.rows.iter().zip(0u32..) {
        match read(row, at) {
            Ok(row) => by_pair.entry((row.sku.clone(), row.node.clone())).or_default().push(row),
            Err(status) => done.push((at, Err(status))),
        }
    }
    let pairs = by_pair.into_values().map(|rows| apply_in_order(api, key.as_deref(), rows));
    // More at a time than the engine admits would only keep each other out.
    let at_a_time = usize::try_from(api.0.commands_in_flight_max).unwrap_or(usize::MAX);
    let at_a_time = at_a_time.min(ROWS_PER_REQUEST_MAX);
    let applied: Vec<Vec<RowDone>> =
        stream::iter(pairs).buffer_unordered(at_a_time).collect().await;
    done.extend(applied.into_iter().flatten());
    done.sort_by_key(|(at, _)| *at);
    let mut results = Results::default();
    for (_, done) in &done {
        results.add(done.as_ref().err().map_or(Code::Ok, Status::code));
    }
    api.0.streams.load_stock.answered(&results);
    Ok(response(done))
}

/// Refuses a request whose rows cannot be told apart; the feed ends with that.
fn check(request: &v1::LoadStockRequest) -> Result<Option<String>, Status> {
    let mut found = Violations::default();
    let count = request.rows.len();
    if !(1..=ROWS_PER_REQUEST_MAX).contains(&count) {
        found.add("rows", format!("{count} rows; 1 to {ROWS_PER_REQUEST_MAX} in a request"));
    }
    let id = found.request_id(&request.request_id).flatten();
    if request.request_id.len() > FEED_REQUEST_ID_BYTES_MAX {
        let rule = Rule::TooLong { max: FEED_REQUEST_ID_BYTES_MAX };
        found.breaks("request_id", &request.request_id, rule);
    }
    found.finish(id.map(|id| id.to_string()))
}

fn read(row: &v1::StockRow, at: u32) -> Result<Row, Status> {
    use v1::stock_row::Change;
    let mut found = Violations::default();
    let pair = wanted::pair(&mut found, &row.sku, &row.node_id);
    let change = found.required("change", row.change.as_ref());
    let wanted = change.and_then(|change| {
        let found = &mut found;
        Some(match change {
            Change::Level(level) => (wanted::level(found, "level", Some(level))?, &LEVEL),
            Change::Adjustment(change) => {
                let reason = Text::default();
                (wanted::adjustment(found, "adjustment", Some(change), reason)?, &ADJUSTMENT)
            }
            Change::Inbound(inbound) => (wanted::stated(found, "inbound", inbound), &INBOUND),
        })
    });
    if let Some((wanted, names)) = &wanted {
        found.rules(wanted.validate(), names);
    }
    let row = pair.zip(wanted);
    let row = row.map(|((sku, node), (wanted, names))| Row { at, sku, node, wanted, names });
    found.converted(row)
}

async fn apply_in_order(api: &Api, key: Option<&str>, rows: Vec<Row>) -> Vec<RowDone> {
    let mut done = Vec::with_capacity(rows.len());
    for row in rows {
        let (at, names) = (row.at, row.names);
        let applied = apply(api, key, row).await;
        done.push((at, applied.map_err(|error| errors::status(error, names))));
    }
    done
}

/// Applies a row.
async fn apply(api: &Api, key: Option<&str>, row: Row) -> Result<Done, EngineError> {
    let Row { at, sku, node, wanted, .. } = row;
    api.engine().item(&sku)?;
    let content = wanted.content(&sku, &node);
    let operation = wanted.at(api.engine(), &node)?;
    let key_of = |suffix: &str| {
        key.map(|key| RequestId::new("request_id", format!("{key}/{at}{suffix}"))).transpose()
    };
    // Older versions carried out a row that changed a supply as another command, under this key.
    let older = key_of("c")?.filter(|key| api.engine().carried_out(key).is_some());
    let (request_id, operation) = match (older, operation) {
        (Some(key), StockOperation::StateInbound { id, ordered, eta }) => {
            let (quantity, eta) = (Some(ordered), Some(eta));
            (Some(key), StockOperation::ChangeInbound { id, quantity, eta })
        }
        (_, operation) => (key_of("")?, operation),
    };
    let meta = Meta { content, ..api.meta(request_id, false) };
    let command = ChangeStock { meta, sku, node, operation };
    for attempt in 1.. {
        match api.engine().change_stock(command.clone()).await {
            Ok(done) => return Ok(done),
            Err(error) => wait_for_room(api, attempt, error).await?,
        }
    }
    unreachable!("the last try is answered")
}

fn response(done: Vec<RowDone>) -> v1::LoadStockResponse {
    let mut response = v1::LoadStockResponse::default();
    for (row_index, result) in done {
        match result {
            Ok(done) => {
                response.rows_applied += 1;
                response.rows_repeated += u32::from(done.is_repeat);
                response.version = response.version.max(done.version.get());
            }
            Err(status) => {
                let fault = Some(fault(&status));
                response.faults.push(v1::RowFault { row_index, fault });
            }
        }
    }
    response
}

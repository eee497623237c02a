//! The gRPC services: conversion between the messages of `backstock.v1` and the
//! engine. No rules: what is checked here is what the engine's types cannot even
//! hold.
//!
//! | file | what |
//! |---|---|
//! | `catalog`, `inventory`, `orders`, `fulfillment`, `admin` | one service each |
//! | `order_stream`, `feed` | the two bidirectional streams |
//! | `streams` | how streams take, wait and end |
//! | `arriving`, `leaving`, `open_ended` | what a connection knows of its requests and answers |
//! | `fields`, `times`, `places`, `order_text`, `order_request`, `nodes`, `policy`, `stock_request` | from messages to commands |
//! | `order_answer`, `order_view`, `stock_view`, `availability`, `explain` | from state to messages |
//! | `wire` | protobuf by hand, for placing orders |
//! | `errors` | the one map from the engine's errors to statuses |
//! | `limits` | what bounds one request, one page, one stream |
//! | `opening`, `router`, `meters` | which service a request is for, from when on, and how long it takes |

mod admin;
mod arriving;
mod availability;
mod catalog;
mod errors;
mod explain;
mod feed;
mod fields;
mod fulfillment;
mod inventory;
mod leaving;
mod limits;
mod meters;
mod nodes;
mod open_ended;
mod opening;
mod order_answer;
mod order_request;
mod order_stream;
mod order_text;
mod order_view;
mod orders;
mod pages;
mod places;
mod policy;
mod router;
mod snapshots;
mod stock_request;
mod stock_view;
mod streams;
mod times;
mod wire;

use std::path::PathBuf;
use std::sync::Arc;

use backstock_engine::engine::{Engine, EngineError};
use backstock_engine::model::command::Meta;
use backstock_engine::model::{Lsn, RequestId, Timestamp};
use tonic::Status;

use crate::clock::Clock;
use crate::observability::names;
use crate::shutdown::Shutdown;
use fields::FieldNames;
use meters::{OrderMeters, StreamMeters};
pub use opening::Opening;
pub use router::{Generated, Router, SERVICE_NAMES, TAKES_NO_COMMANDS};
use snapshots::Exports;

/// All services over one engine. Cheap to clone.
#[derive(Clone)]
pub struct Api(Arc<Shared>);

/// What the services share.
struct Shared {
    engine: Engine,
    clock: Arc<Clock>,
    shutdown: Shutdown,
    started: Timestamp,
    commands_in_flight_max: u32,
    orders: OrderMeters,
    streams: StreamMeters,
    exports: Exports,
    /// A node that is changed in part is read, merged and defined; two such
    /// changes at a time would lose one.
    merging_nodes: tokio::sync::Mutex<()>,
}

/// What services are made of.
pub struct ApiOptions {
    /// The engine.
    pub engine: Engine,
    /// What time it is.
    pub clock: Arc<Clock>,
    /// Streams end when it drains.
    pub shutdown: Shutdown,
    /// Commands admitted at once, as status tells it.
    pub commands_in_flight_max: usize,
    /// Where snapshots lie while they are being sent; made when needed.
    pub exports: PathBuf,
}

impl Api {
    /// Services over an engine.
    pub fn new(options: ApiOptions) -> Self {
        let ApiOptions { engine, clock, shutdown, commands_in_flight_max, exports } = options;
        // Dashboards see the 0 that they begin with, and the first is to stay.
        metrics::counter!(names::AUDIT_BREACHES).increment(0);
        metrics::counter!(names::OVERLOADED).increment(0);
        Self(Arc::new(Shared {
            engine,
            started: clock.now(),
            clock,
            shutdown,
            commands_in_flight_max: u32::try_from(commands_in_flight_max).unwrap_or(u32::MAX),
            orders: OrderMeters::default(),
            streams: StreamMeters::default(),
            exports: Exports::new(exports),
            merging_nodes: tokio::sync::Mutex::default(),
        }))
    }

    fn engine(&self) -> &Engine {
        &self.0.engine
    }

    /// What a command carries that has no time of its own.
    fn meta(&self, request_id: Option<RequestId>, validate_only: bool) -> Meta {
        Meta { request_id, content: None, origin: None, at: self.0.clock.now(), validate_only }
    }

    /// Waits until reads show `min_version`.
    async fn reach(&self, min_version: u64) -> Result<(), Status> {
        self.engine().at_least(Lsn::new(min_version)).await.map_err(plain)
    }

    /// The newest version.
    fn version(&self) -> u64 {
        self.engine().version().get()
    }
}

/// The status of an error whose fields are called as the engine calls them.
fn plain(error: EngineError) -> Status {
    errors::status(error, &FieldNames::PLAIN)
}

//! The gRPC services: conversion between the messages of `backstock.v1` and the
//! engine. No rules: what is checked here is what the engine's types cannot even
//! hold.
//!
//! A service is a folder, a method a file in it by its name; `mod.rs` of the folder lists
//! them. What callers may send is decided by the `validate` of the engine's command alone:
//! handlers tell what it finds beside what they could not read.
//!
//! | folder or file | what |
//! |---|---|
//! | `catalog`, `inventory`, `order`, `hold`, `fulfillment`, `payment`, `pricing`, `returns`, `partner`, `suggestion`, `feed`, `webhook`, `admin` | one service each |
//! | `transport` | routing, arrival, leaving, streams, metrics: the same for all methods |
//! | `service` | how a service is put together |
//! | `fields`, `enums`, `places`, `times`, `pages`, `update` | parts of messages that services share |
//! | `wire` | protobuf by hand, for placing orders |
//! | `errors` | the one map from the engine's errors to statuses |
//! | `limits` | what bounds one request, one page, one stream |

mod admin;
pub(crate) mod caller;
mod catalog;
mod enums;
mod errors;
mod feed;
mod fields;
mod fulfillment;
mod hold;
mod inventory;
mod limits;
mod order;
mod pages;
mod partner;
mod payment;
mod places;
mod pricing;
mod returns;
mod service;
mod suggestion;
mod times;
mod transport;
mod update;
mod webhook;
mod wire;

use std::path::PathBuf;
use std::sync::Arc;

use backstock_engine::command::Meta;
use backstock_engine::engine::{Engine, EngineError};
use backstock_engine::model::{Lsn, RequestId, Text, Timestamp};
use tokio::sync::Semaphore;
use tonic::Status;

use crate::clock::Clock;
use crate::observability::names;
use crate::shutdown::Shutdown;
use crate::webhooks::Webhooks;
use admin::Exports;
use feed::Feeds;
pub(crate) use feed::{SOURCE, SPEC_VERSION, event};
use fields::FieldNames;
use transport::meters::{OrderMeters, StreamMeters};
pub use transport::{Generated, Opening, Router, SERVICE_NAMES, TAKE_NO_COMMANDS};

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
    /// Watches of availability that may be opened yet.
    watches: Arc<Semaphore>,
    feeds: Feeds,
    webhooks: Webhooks,
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
    /// Sends the feed to endpoints.
    pub webhooks: Webhooks,
    /// Where snapshots lie while they are being sent; made when needed.
    pub exports: PathBuf,
}

impl Api {
    /// Services over an engine.
    pub fn new(options: ApiOptions) -> Self {
        let ApiOptions { engine, clock, shutdown, commands_in_flight_max, webhooks, exports } =
            options;
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
            watches: Arc::new(Semaphore::new(limits::WATCHES_MAX)),
            feeds: Feeds::default(),
            webhooks,
            merging_nodes: tokio::sync::Mutex::default(),
        }))
    }

    fn engine(&self) -> &Engine {
        &self.0.engine
    }

    /// What a command carries that has no time of its own.
    fn meta(&self, request_id: Option<RequestId>, validate_only: bool) -> Meta {
        let origin = caller::origin(Text::default());
        Meta { request_id, content: None, origin, at: self.0.clock.now(), validate_only }
    }

    /// Waits until reads show `min_version`.
    async fn reach(&self, min_version: u64) -> Result<(), Status> {
        self.engine().at_least(Lsn::new(min_version)).await.map_err(plain)
    }

    /// Does what waits for the disk on a thread that may.
    ///
    /// # Errors
    /// What it answers, and a panic of it.
    async fn on_disk<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Self) -> Result<T, EngineError> + Send + 'static,
    ) -> Result<T, Status> {
        let api = self.clone();
        match tokio::task::spawn_blocking(move || work(&api)).await {
            Ok(done) => done.map_err(plain),
            Err(panicked) => Err(errors::internal(panicked.to_string())),
        }
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

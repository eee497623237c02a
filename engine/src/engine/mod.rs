//! The transaction, and the one public face of the engine.
//!
//! ```text
//!   command --> plan ----> claim ----> append ~~~ durable ~~~> apply --> reply
//!               published  a turn at   one        group        journal   watermark
//!               free       each actor  record     commit       order
//! ```
//! A command plans on what it can see, claims what it needs from the actors
//! concerned, writes one event, and the event, once durable, is applied to those
//! actors in journal order. Refused or dropped before its event is written, it
//! lets go of everything it claimed.

mod apply;
mod archive;
mod as_of;
mod attempts;
mod audit;
mod begin;
pub(crate) mod catalogue;
mod change;
mod claims;
pub(crate) mod core;
mod directory;
mod error;
mod fulfil;
mod mark;
pub(crate) mod network;
mod open;
pub(crate) mod orders;
mod pipeline;
mod place;
mod plan;
mod read;
mod replay;
pub(crate) mod requests;
mod restore;
mod sku_index;
mod snapshots;
mod submitted;
#[cfg(test)]
mod tests;
mod trace;
mod written;

use std::path::Path;
use std::sync::Arc;

pub use audit::{AuditReport, BREACHES_SHOWN_MAX};
pub use directory::{init, lock_data};
pub use error::{EngineError, Halt};
pub use mark::mark_file;
pub use network::PostalTable;
pub use open::{OpenError, OpenOptions, Recovered, Until, journal_directory, snapshot_directory};
pub use pipeline::Pump;
pub use place::{LineShortage, Quoted};
pub use plan::Draft;
pub use read::{Availability, NodeAvailability, OrderView, StockView};
pub use restore::{
    Dropped, Lost, Point, RestoreError, RestoreOptions, Restored, audit_directory, require_data,
    restore,
};
pub use submitted::{PlaceOutcome, Placed, Submitted};
pub use trace::{Candidate, Trace, Verdict};

use self::core::Core;
use change::Change;
use snapshots::Snapshots;
use tokio::sync::MutexGuard;
use tokio::task::coop::consume_budget;

use crate::calendar::Calendar;
use crate::journal::{History, Listener, Ticket};
use crate::model::command::{
    CancelOrder, ChangeStock, DefineItem, DefineNode, PlaceOrder, SetPolicy, ShipShipment,
};
use crate::model::{
    Day, InboundId, Item, Lsn, Node, NodeId, NodeNo, OrderId, OrderNo, Pair, Policy, Refusal,
    RequestId, Sku, SkuNo, StateHash, Supply, Timestamp,
};
use crate::service::{Services, SnapshotFailed};
use crate::snapshot::{Exported, SledStore, SnapshotError, StoreError, TakeReport};

/// The engine. Cheap to clone; all clones are one engine.
#[derive(Clone)]
pub struct Engine {
    core: Arc<Core>,
    /// Nodes and policy change one at a time; this is the last change.
    configuring: Arc<tokio::sync::Mutex<Option<Ticket>>>,
    snapshots: Arc<Snapshots>,
    history: Arc<dyn History>,
    /// None in an engine that one thread runs.
    services: Option<Services>,
}

/// Where the engine stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status {
    /// The last event applied: the newest version.
    pub applied: Lsn,
    /// The hash of all durable state at that event.
    pub state_hash: StateHash,
    /// The last event on stable storage.
    pub durable: Lsn,
    /// The last event handed to the journal.
    pub tail: Lsn,
    /// Bytes that went to the journal since it was opened.
    pub journal_bytes_written: u64,
    /// Items defined.
    pub items: usize,
    /// Nodes defined.
    pub nodes: usize,
    /// SKU-location pairs.
    pub pairs: usize,
    /// Orders placed.
    pub orders: usize,
    /// Those of them that are closed and left memory.
    pub archived_orders: usize,
    /// Idempotency keys remembered.
    pub requests: usize,
    /// Commands in flight.
    pub in_flight: usize,
    /// Whether the disk has no room for the journal, so that no command is taken.
    pub is_journal_full: bool,
}

/// Life.
impl Engine {
    fn over(core: Arc<Core>, snapshots: Arc<Snapshots>, history: Arc<dyn History>) -> Self {
        Self { core, configuring: Arc::default(), snapshots, history, services: None }
    }

    /// Takes a snapshot without a pause, verifies it, and cuts the journal
    /// behind the older one that is kept.
    ///
    /// # Errors
    /// See [`SnapshotFailed`]; the snapshots before it are untouched.
    pub async fn take_snapshot(&self, created_at: Timestamp) -> Result<TakeReport, SnapshotFailed> {
        let Some(services) = &self.services else {
            return Err(SnapshotFailed::Other("this engine has no snapshotter".into()));
        };
        match services.snapshot(created_at).await {
            Err(SnapshotFailed::Ended) if self.is_closing() => Err(SnapshotFailed::Closing),
            answer => answer,
        }
    }

    /// The store that holds this engine's snapshots.
    ///
    /// # Errors
    /// When the store cannot be opened.
    pub fn snapshot_store(&self) -> Result<Arc<SledStore>, SnapshotError> {
        Ok(self.snapshots.store()?)
    }

    /// Where replay over the newest snapshot begins; zero without any. Blocks its
    /// thread.
    ///
    /// # Errors
    /// When there is a store that cannot be read.
    pub fn snapshot_start(&self) -> Result<Lsn, SnapshotError> {
        self.snapshots.newest_start()
    }

    /// Lets `listener` know, on the journal's thread, of each batch that becomes
    /// durable from now on. The first listener stays.
    pub fn listen_to_journal(&self, listener: Listener) {
        self.core.journal.listen(listener);
    }

    /// Says whether the disk has no room for the journal, and then has the journal look
    /// for it: while no command comes, it does not by itself.
    pub fn look_for_room(&self) -> bool {
        self.core.journal.look_for_room()
    }

    /// Writes a generation, with the journal records that make it whole, to one
    /// file. Blocks its thread.
    ///
    /// # Errors
    /// See [`SnapshotFailed`]; a file that was there stays as it was.
    pub fn export_snapshot(&self, generation: u64, to: &Path) -> Result<Exported, SnapshotFailed> {
        Ok(self.snapshots.export(&*self.history, generation, to)?)
    }

    /// Waits until the engine has halted, and says why. Only a fault halts it.
    pub async fn halted(&self) -> Halt {
        loop {
            let halt = self.core.halt.notified();
            if let Some(halt) = self.halt() {
                return halt;
            }
            halt.await;
        }
    }

    /// Why the engine has halted; none while it runs.
    pub fn halt(&self) -> Option<Halt> {
        self.core.halted().cloned()
    }

    fn is_closing(&self) -> bool {
        self.core.closing.load(std::sync::atomic::Ordering::Acquire)
    }

    /// Takes no more commands, lets what is in flight become durable, ends the
    /// services, and leaves the data directory to others.
    pub async fn shut_down(&self) {
        self.core.closing.store(true, std::sync::atomic::Ordering::Release);
        self.core.journal.close();
        if let Some(services) = &self.services {
            services.ended().await;
        }
        self.snapshots.close();
    }

    /// Kills the service of that name, as a fault would. For tests of what
    /// follows: `journal writer`, `applier` or `snapshotter`.
    pub async fn kill_service(&self, name: &str) -> bool {
        match &self.services {
            Some(services) => services.kill(name).await,
            None => false,
        }
    }
}

/// What a command came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Done {
    /// The version of its event, or one that shows that nothing had to change.
    pub version: Lsn,
    /// Whether the same request was carried out before; nothing was done again.
    pub is_repeat: bool,
}

/// Commands. Each answers with its version once its event is durable and applied.
impl Engine {
    /// Defines an item, or changes it.
    pub async fn define_item(&self, command: DefineItem) -> Result<Done, EngineError> {
        let _permit = self.core.admit()?;
        let change = change::define_item(&self.core, command).await?;
        self.finish(change).await
    }

    /// Defines an item unless there is one of its SKU, which stays as it is.
    pub async fn ensure_item(&self, command: DefineItem) -> Result<Done, EngineError> {
        let _permit = self.core.admit()?;
        let change = change::ensure_item(&self.core, command).await?;
        self.finish(change).await
    }

    /// Defines a node, or changes it.
    pub async fn define_node(&self, command: DefineNode) -> Result<Done, EngineError> {
        let _permit = self.core.admit()?;
        let mut last = self.configure().await?;
        let change = change::define_node(&self.core, command).await?;
        if let Change::Written(ticket) = change {
            *last = Some(ticket);
        }
        self.finish(change).await
    }

    /// Sets the sourcing policy.
    pub async fn set_policy(&self, command: SetPolicy) -> Result<Done, EngineError> {
        let _permit = self.core.admit()?;
        let mut last = self.configure().await?;
        let change = change::set_policy(&self.core, command).await?;
        if let Change::Written(ticket) = change {
            *last = Some(ticket);
        }
        self.finish(change).await
    }

    /// Changes the supply of a pair.
    pub async fn change_stock(&self, command: ChangeStock) -> Result<Done, EngineError> {
        let _permit = self.core.admit()?;
        let change = change::change_stock(&self.core, command).await?;
        self.finish(change).await
    }

    /// Places an order.
    pub async fn place_order(&self, command: PlaceOrder) -> Result<Placed, EngineError> {
        self.submit_order(command).await?.acknowledged().await
    }

    /// Places an order up to the journal. Whoever streams orders submits them
    /// one after the other and then waits for all: one watermark serves them.
    pub async fn submit_order(&self, command: PlaceOrder) -> Result<Submitted, EngineError> {
        // Mostly nothing here has to wait. A caller whose task never gave its thread back
        // would keep it from those whose turns it ran: woken there, they wait behind it.
        consume_budget().await;
        let permit = self.core.admit()?;
        let placing = place::place(&self.core, &command).await?;
        Ok(Submitted::new(permit, placing))
    }

    /// Decides on an order as placing it would, and changes nothing. It holds nothing
    /// either, and is not counted among the commands in flight.
    pub async fn quote_order(&self, command: &PlaceOrder) -> Result<Quoted, EngineError> {
        self.core.decides()?;
        place::quote(&self.core, command).await
    }

    /// Cancels what is left of an order, or units of some lines.
    pub async fn cancel_order(&self, command: CancelOrder) -> Result<Done, EngineError> {
        let _permit = self.core.admit()?;
        let change = fulfil::cancel(&self.core, command).await?;
        self.finish(change).await
    }

    /// Reports that a shipment left its node.
    pub async fn ship_shipment(&self, command: ShipShipment) -> Result<Done, EngineError> {
        let _permit = self.core.admit()?;
        let change = fulfil::ship(&self.core, command).await?;
        self.finish(change).await
    }

    /// Waits until nobody else changes nodes or the policy. A change whose caller
    /// went away is waited for as well: the next one is decided on what it left.
    async fn configure(&self) -> Result<MutexGuard<'_, Option<Ticket>>, EngineError> {
        let last = self.configuring.lock().await;
        match *last {
            Some(ticket) => match self.core.acknowledged(ticket).await {
                Ok(_) | Err(EngineError::DiskFull) => Ok(last),
                Err(error) => Err(error),
            },
            None => Ok(last),
        }
    }

    async fn finish(&self, change: Change) -> Result<Done, EngineError> {
        let version = match change {
            Change::Written(ticket) => self.core.acknowledged(ticket).await?,
            Change::Repeat(lsn) | Change::Known(lsn) => lsn,
        };
        Ok(Done { version, is_repeat: matches!(change, Change::Repeat(_)) })
    }
}

/// Reads. They show durable state only; `min_version` is met before reading.
impl Engine {
    /// Waits until the engine has applied `version`.
    pub async fn at_least(&self, version: Lsn) -> Result<(), EngineError> {
        loop {
            let next = self.core.next_step();
            let newest = self.core.watermark.applied();
            if newest >= version {
                return Ok(());
            }
            if self.core.journal.tail() < version {
                return Err(EngineError::VersionAhead { wanted: version, newest });
            }
            self.core.stepped(next).await?;
        }
    }

    /// The version that a request became, if one with that key was carried out.
    pub fn carried_out(&self, request: &RequestId) -> Option<Lsn> {
        self.core.requests.done(request).map(|done| done.lsn)
    }

    /// What can be promised of a SKU by an instant.
    pub async fn availability(
        &self,
        sku: &Sku,
        at: Timestamp,
    ) -> Result<Availability, EngineError> {
        read::availability(&self.core, sku, at).await
    }

    /// One pair, whole.
    pub async fn stock(&self, sku: &Sku, node: &NodeId) -> Result<StockView, EngineError> {
        read::stock(&self.core, sku, node).await
    }

    /// An order, and what its open units rest on.
    pub async fn order(&self, id: &OrderId) -> Result<OrderView, EngineError> {
        read::order(&self.core, id).await
    }

    /// Why an order was sourced as it was.
    pub async fn explain(
        &self,
        id: &OrderId,
    ) -> Result<(Arc<crate::model::Order>, Trace), EngineError> {
        read::explain(&self.core, id).await
    }

    /// One item.
    pub fn item(&self, sku: &Sku) -> Result<Arc<Item>, EngineError> {
        read::item(&self.core, sku)
    }

    /// Items from a number on, at most `max`.
    pub fn items(&self, from: SkuNo, max: usize) -> Vec<(SkuNo, Arc<Item>)> {
        let items = self.core.catalogue.iter().skip(from.0 as usize).take(max);
        items.map(|(no, entry)| (no, entry.definition().item)).collect()
    }

    /// One node.
    pub fn node(&self, id: &NodeId) -> Result<Arc<Node>, EngineError> {
        read::node(&self.core, id)
    }

    /// All nodes, by number.
    pub fn nodes(&self) -> Vec<Arc<Node>> {
        self.core.network.load().nodes.iter().map(|n| Arc::clone(&n.node)).collect()
    }

    /// The sourcing policy.
    pub fn policy(&self) -> Arc<Policy> {
        Arc::clone(&self.core.network.load().policy)
    }

    /// The SKU of a number that the engine gave out.
    pub fn sku_no(&self, no: SkuNo) -> &Sku {
        self.core.catalogue.entry(no).sku()
    }

    /// The node of a number that the engine gave out.
    pub fn node_no(&self, no: NodeNo) -> Arc<Node> {
        Arc::clone(&self.core.network.load().node(no).node)
    }

    /// The first instant of a day at a node, in its zone: what a date without a
    /// time means there.
    pub fn start_of_day(&self, node: &NodeId, day: Day) -> Result<Timestamp, EngineError> {
        let network = self.core.network.load();
        let no = network.node_no(node).ok_or_else(|| Refusal::UnknownNode(node.clone()))?;
        Ok(network.node(no).calendar.zone().instant(day, 0))
    }

    /// The calendar of a node.
    pub fn calendar(&self, node: &NodeId) -> Result<Arc<Calendar>, EngineError> {
        let network = self.core.network.load();
        let no = network.node_no(node).ok_or_else(|| Refusal::UnknownNode(node.clone()))?;
        Ok(Arc::clone(&network.node(no).calendar))
    }

    /// The local day of an instant at a node.
    pub fn local_day(&self, node: NodeNo, at: Timestamp) -> Day {
        self.core.network.load().node(node).calendar.zone().local_day(at)
    }

    /// The id of an order by its number; none while it is being placed.
    pub async fn order_id(&self, no: OrderNo) -> Result<Option<OrderId>, EngineError> {
        Ok(begin::read_order(&self.core, no).await?.map(|order| order.header.id.clone()))
    }

    /// The caller's id of an inbound supply, while it is open.
    pub async fn inbound_id(
        &self,
        pair: Pair,
        supply: Supply,
    ) -> Result<Option<InboundId>, EngineError> {
        read::inbound_id(&self.core, pair, supply).await
    }

    /// Checks every named invariant at one LSN, that of an event which was applied when
    /// it was asked for or later. Blocks its thread, and waits for an audit that runs; the
    /// engine goes on meanwhile. Orders that left memory are read as they are at the end.
    /// Of the snapshots it says what is known to be lost, or why that cannot be known.
    pub fn audit(&self) -> Result<AuditReport, EngineError> {
        let mut report = audit::audit(&self.core)?;
        report.snapshots(match self.snapshots.known_faults() {
            Err(SnapshotError::Store(StoreError::Closed { .. })) => {
                return Err(EngineError::Closing);
            }
            faults => faults.unwrap_or_else(|error| vec![error.to_string()]),
        });
        Ok(report)
    }

    /// The newest version: all reads from now on include it.
    pub fn version(&self) -> Lsn {
        self.core.watermark.applied()
    }

    /// Where the engine stands.
    pub fn status(&self) -> Status {
        let applied = self.core.applied();
        Status {
            applied: applied.lsn,
            state_hash: applied.hash,
            durable: self.history.last(),
            tail: self.core.journal.tail(),
            journal_bytes_written: self.core.journal.bytes_written(),
            items: self.core.catalogue.len(),
            nodes: self.core.network.load().nodes.len(),
            pairs: self.core.catalogue.pairs(),
            orders: self.core.orders.len(),
            archived_orders: self.core.orders.archived(),
            requests: self.core.requests.len(),
            in_flight: self.core.in_flight(),
            is_journal_full: self.core.journal.is_full(),
        }
    }
}

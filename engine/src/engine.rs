//! The one public face of the engine.

mod changes;
mod commands;
mod feed;
mod reads;
#[cfg(test)]
pub(crate) mod tests;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

pub use crate::apply::pipeline::Pump;
pub use crate::feed::{Consumer, Feed, Filter, SubjectFilter, Told};
pub use crate::model::order::trace::{Candidate, Trace};
pub use crate::paths::{journal_directory, mark_file, snapshot_directory};
pub use crate::placing::Quoted;
pub use crate::placing::basket::{Basket, BasketPriced};
pub use crate::placing::costs::{OrderPrices, PricesListed};
pub use crate::placing::judge::LineShortage;
pub use crate::placing::services::ServiceQuote;
pub use crate::placing::submitted::{OrderAnswer, PlaceOutcome, Submitted};
pub use crate::planning::Draft;
pub use crate::read::audit::{AuditReport, BREACHES_SHOWN_MAX};
pub use crate::read::curve::{Curve, Step};
pub use crate::read::node_load::{DayLoad, NodeLoad, Planned};
pub use crate::read::open_returns::{Listing, OpenRefund, OpenReturn, RefundPlace, ReturnsAgeing};
pub use crate::read::partner::PartnerView;
pub use crate::read::partner_issues::{IssueCounts, IssueOf, PartnerIssue};
pub use crate::read::stamp::Stamp;
pub use crate::read::suggest::{Suggest, Suggestion, Suggestions};
pub use crate::read::work::{NodeWork, ShipmentWork, WorkKey, WorkUnits};
pub use crate::read::{
    Availability, NodeAvailability, OrderView, ReturnsExpected, StockView, Whom,
};
pub use crate::recovery::directory::lock_data;
pub use crate::recovery::enter::init;
pub use crate::recovery::error::OpenError;
pub use crate::recovery::open::{OpenOptions, Recovered, Until};
pub use crate::recovery::restore::{
    Dropped, Lost, Point, RestoreError, RestoreOptions, Restored, audit_directory, require_data,
    restore,
};
pub use crate::sourcing::Verdict;
pub use crate::state::network::PostalTable;
pub use crate::state::open_returns::{Ageing, ReturnPlace};
pub use crate::transaction::error::{EngineError, Halt};
pub use changes::ChangeAnswer;
pub use commands::Done;
pub use reads::Status;

use crate::disk::Disk;
use crate::feed::Readers;
use crate::journal::{History, Listener};
use crate::learning::Learner;
use crate::model::{Lsn, Timestamp};
use crate::read::audit::Audits;
use crate::read::work::seen::SeenWork;
use crate::recovery::open::{Opened, beside, start};
use crate::service::{Services, SnapshotFailed};
use crate::snapshot::snapshots::Snapshots;
use crate::snapshot::{Exported, SledStore, SnapshotError, TakeReport};
use crate::transaction::kernel::Kernel;

/// The engine. Cheap to clone; all clones are one engine.
#[derive(Clone)]
pub struct Engine {
    pub(crate) kernel: Arc<Kernel>,
    pub(crate) audits: Arc<Audits>,
    snapshots: Arc<Snapshots>,
    history: Arc<dyn History>,
    readers: Arc<Readers>,
    pub(crate) seen_work: Arc<SeenWork>,
    learner: Option<Arc<Learner>>,
    /// None in an engine that one thread runs.
    services: Option<Services>,
}

/// Life.
impl Engine {
    /// Opens the engine on a data directory and starts its services on the
    /// current tokio runtime. Blocks while it recovers.
    ///
    /// # Errors
    /// See [`OpenError`]. Then nothing was changed, except that a torn tail may
    /// have been cut from the journal.
    pub async fn open(
        options: &OpenOptions,
        disk: Arc<dyn Disk>,
        postal: PostalTable,
    ) -> Result<(Self, Recovered), OpenError> {
        let (opened, writer) = Opened::recover(options, disk, postal, true)?;
        let services = start(&opened, writer).await?;
        Ok(Self::over(opened, Some(services)))
    }

    /// Opens the engine for one thread: nothing is written or applied but by
    /// [`Pump::pump`]. A simulation then decides what happens when.
    ///
    /// # Errors
    /// As [`Engine::open`].
    pub fn open_single_threaded(
        options: &OpenOptions,
        disk: Arc<dyn Disk>,
        postal: PostalTable,
    ) -> Result<(Self, Pump, Recovered), OpenError> {
        let (opened, writer) = Opened::recover(options, disk, postal, false)?;
        let repegger = Box::pin(beside(&opened.kernel));
        let pump = Pump::new(Arc::clone(&opened.kernel), writer, repegger);
        let (engine, recovered) = Self::over(opened, None);
        Ok((engine, pump, recovered))
    }

    fn over(opened: Opened, services: Option<Services>) -> (Self, Recovered) {
        let Opened { kernel, snapshots, history, readers, learner, recovered } = opened;
        let (audits, seen_work) = (Arc::default(), Arc::default());
        let engine =
            Self { kernel, audits, snapshots, history, readers, seen_work, learner, services };
        (engine, recovered)
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

    /// Tells the engine what time it is: it has no clock. Every command brings its own time;
    /// after a start, backlogs wait for the first of the two.
    pub fn tell_time(&self, now: Timestamp) {
        self.kernel.state.tell_time(now);
        self.readers.tell_time(now);
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
        self.kernel.journal.listen(listener);
    }

    /// Says whether the disk has no room for the journal. If so, has the journal look
    /// for room: without a command it does not look by itself.
    pub fn look_for_room(&self) -> bool {
        let is_full = self.kernel.journal.look_for_room();
        if !is_full {
            // What had no room may go on.
            self.kernel.state.unsettled.ask();
        }
        is_full
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
            let halt = self.kernel.halt.notified();
            if let Some(halt) = self.halt() {
                return halt;
            }
            halt.await;
        }
    }

    /// Why the engine has halted; none while it runs.
    pub fn halt(&self) -> Option<Halt> {
        self.kernel.halted().cloned()
    }

    fn is_closing(&self) -> bool {
        self.kernel.closing.load(Ordering::Acquire)
    }

    /// Takes no more commands, lets what is in flight become durable, ends the
    /// services, and leaves the data directory to others.
    pub async fn shut_down(&self) {
        self.kernel.closing.store(true, Ordering::Release);
        self.kernel.journal.close();
        self.kernel.state.unsettled.close();
        // Before the services: a snapshot waits for who learns.
        self.learner.iter().for_each(|learner| learner.end());
        if let Some(services) = &self.services {
            services.ended().await;
        }
        self.snapshots.close();
    }

    /// Kills the service of that name, as a fault would. For tests of what
    /// follows: `journal writer`, `applier`, `re-pegger` or `snapshotter`.
    pub async fn kill_service(&self, name: &str) -> bool {
        match &self.services {
            Some(services) => services.kill(name).await,
            None => false,
        }
    }
}

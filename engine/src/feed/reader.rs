//! A place in the feed, from which events are read in order.

use std::ops::ControlFlow;
use std::sync::Arc;

use serde_json::Value;

use super::filter::Filter;
use super::names::{Names, name};
use super::subjects::subjects;
use super::times::Times;
use crate::blocking::block_on;
use crate::command::AnyEvent;
use crate::journal::{Cursor, LogError};
use crate::limits::{FEED_BATCH_BYTES, FEED_BATCH_RECORDS};
use crate::model::{Lsn, NodeNo, OrderId, OrderNo, Origin, Record, SkuNo, Timestamp};
use crate::state::network::Network;
use crate::transaction::error::EngineError;
use crate::transaction::find::read_order;
use crate::transaction::kernel::Kernel;

/// An event as a reader of the feed is told of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Told {
    /// Its LSN, the version that it made.
    pub version: Lsn,
    /// When its command was taken.
    pub at: Timestamp,
    /// What happened, as `order_placed`.
    pub name: &'static str,
    /// What it is about, each once: first the orders and holds that it names.
    pub subjects: Vec<String>,
    /// What it says of itself, by callers' ids.
    pub data: Value,
    /// Who brought it about, where and why, as far as that was said.
    pub origin: Origin,
}

/// A place in the feed. Reading blocks its thread.
pub struct Feed {
    kernel: Arc<Kernel>,
    cursor: Box<dyn Cursor>,
    times: Arc<Times>,
    /// What is wrong with the next record, once that is known.
    failed: Option<(Lsn, EngineError)>,
}

impl Feed {
    /// A place before the record that a cursor reads next.
    pub(super) fn new(kernel: Arc<Kernel>, cursor: Box<dyn Cursor>, times: Arc<Times>) -> Self {
        Self { kernel, cursor, times, failed: None }
    }

    /// The version that is looked at next: all before it were.
    pub fn next(&self) -> Lsn {
        self.failed.as_ref().map_or_else(|| self.cursor.next(), |(lsn, _)| *lsn)
    }

    /// The events that follow and that the filter lets in, up to the newest that is applied, or
    /// as many as are read at once. There may be none although [`next`](Self::next) moved.
    ///
    /// # Errors
    /// [`EngineError::VersionDropped`] when the journal was cut behind the next one, and
    /// [`EngineError::JournalUnreadable`]. What comes before was told then.
    pub fn read(&mut self, filter: &Filter) -> Result<Vec<Told>, EngineError> {
        if let Some((_, error)) = &self.failed {
            return Err(error.clone());
        }
        let newest = self.kernel.watermark.applied();
        if self.cursor.next() > newest {
            return Ok(Vec::new());
        }
        let mut batch = Batch::new(filter, newest);
        let read = self.cursor.read(&mut |lsn, payload| batch.take(lsn, payload));
        // What is damaged behind the records that were read is found again with the next ones.
        if batch.records == 0 {
            read.map_err(unread)?;
        }
        self.failed = batch.failed.take();
        if let Some((lsn, record)) = batch.events.first() {
            self.times.note(*lsn, record.at);
        }
        let told = self.told(batch.events, filter);
        match &self.failed {
            Some((_, error)) if told.is_empty() => Err(error.clone()),
            _ => Ok(told),
        }
    }

    /// Up to the first that cannot be told.
    fn told(&mut self, events: Vec<(Lsn, Record<AnyEvent>)>, filter: &Filter) -> Vec<Told> {
        let network = self.kernel.state.network.load();
        let names = Known { kernel: &self.kernel, network: &network };
        let mut all = Vec::with_capacity(events.len());
        for (lsn, record) in events {
            match told(lsn, record, &names) {
                Ok(told) if filter.lets_subjects_in(&told.subjects) => all.push(told),
                Ok(_) => {}
                Err(error) => {
                    self.failed = Some((lsn, error));
                    break;
                }
            }
        }
        all
    }
}

/// What is read at once.
struct Batch<'a> {
    filter: &'a Filter,
    newest: Lsn,
    events: Vec<(Lsn, Record<AnyEvent>)>,
    failed: Option<(Lsn, EngineError)>,
    /// Records, and bytes of them, those that are not told included.
    records: usize,
    bytes: usize,
}

impl<'a> Batch<'a> {
    const fn new(filter: &'a Filter, newest: Lsn) -> Self {
        Self { filter, newest, events: Vec::new(), failed: None, records: 0, bytes: 0 }
    }

    fn take(&mut self, lsn: Lsn, payload: &[u8]) -> ControlFlow<()> {
        match minicbor::decode::<Record<AnyEvent>>(payload) {
            Ok(record) if self.filter.lets_name_in(record.event.name()) => {
                self.events.push((lsn, record));
            }
            Ok(_) => {}
            Err(error) => self.failed = Some((lsn, unknown(lsn, &error))),
        }
        self.records += 1;
        self.bytes += payload.len();
        let is_full = self.records >= FEED_BATCH_RECORDS || self.bytes >= FEED_BATCH_BYTES;
        // The cursor stands behind the record at which this breaks.
        if self.failed.is_some() || is_full || lsn >= self.newest {
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }
}

fn told(lsn: Lsn, record: Record<AnyEvent>, names: &dyn Names) -> Result<Told, EngineError> {
    let Record { at, origin, event, .. } = record;
    let event_name = event.name();
    let mut data = event.describe();
    name(&mut data, names);
    let subjects = subjects(event, &data, names).map_err(|error| unknown(lsn, &error))?;
    let origin = origin.map_or_else(Origin::default, |origin| *origin);
    Ok(Told { version: lsn, at, name: event_name, subjects, data, origin })
}

fn unknown(lsn: Lsn, error: &dyn std::error::Error) -> EngineError {
    EngineError::JournalUnreadable(format!("version {lsn} is no event that is known: {error}"))
}

fn unread(error: LogError) -> EngineError {
    match error {
        LogError::Dropped { asked, first } => EngineError::VersionDropped { wanted: asked, first },
        error => EngineError::JournalUnreadable(error.to_string()),
    }
}

/// The names that applied events gave.
struct Known<'a> {
    kernel: &'a Kernel,
    network: &'a Network,
}

impl Names for Known<'_> {
    fn sku(&self, no: SkuNo) -> Option<String> {
        let catalogue = &self.kernel.state.catalogue;
        (no < catalogue.next()).then(|| catalogue.entry(no).sku().to_string())
    }

    fn node(&self, no: NodeNo) -> Option<String> {
        let node = self.network.nodes.get(usize::from(no.0))?;
        Some(node.node.id.to_string())
    }

    /// An order that left memory is read for it, if it can be.
    fn order(&self, no: OrderNo) -> Option<OrderId> {
        let order = block_on(read_order(self.kernel, no)).ok().flatten()?;
        Some(order.header.id.clone())
    }
}

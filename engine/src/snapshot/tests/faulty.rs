//! A database library that fails, panics, or never returns, as a test has it.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use parking_lot::{Condvar, Mutex};

use super::world::{Run, World};
use crate::model::Timestamp;
use crate::snapshot::database::Library;
use crate::snapshot::layout::{ODD, numbers};
use crate::snapshot::tree::{Tree, open_tree};
use crate::snapshot::workers::{Start, Workers, start_thread};
use crate::snapshot::{
    SledStore, SnapshotError, Source, TakeReport, list, load_newest, take, verify,
};

pub(super) const AT: Timestamp = Timestamp::from_micros(1_764_000_000_000_000);

/// How long a call may take here: nothing but a call that hangs takes that long, also
/// where others keep the disk busy.
pub(super) const CALL_MAX: Duration = Duration::from_secs(5);

/// What the next call of a kind does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// It finds no room, and the library never answers again, as `sled` does.
    NoRoom,
    Hangs,
    Panics,
    /// The call after it does as well.
    PanicsAlways,
    /// It finds damage; the call after it does as well.
    Damaged,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Call {
    Insert,
    Remove,
    Get,
    Keys,
    Flush,
}

/// What goes wrong with the database that is opened in `odd-1`.
#[derive(Default)]
pub(super) struct Plan {
    next: Mutex<Option<(Call, Fault)>>,
    pub(super) hangs: AtomicBool,
    /// Calls that hung.
    pub(super) hung: AtomicU32,
    is_over: Mutex<bool>,
    over: Condvar,
}

impl Plan {
    pub(super) fn expect(&self, call: Call, fault: Fault) {
        *self.next.lock() = Some((call, fault));
    }

    /// Waits until the test is over.
    fn hang(&self) {
        self.hangs.store(true, Ordering::Release);
        self.hung.fetch_add(1, Ordering::Release);
        self.over.wait_while(&mut self.is_over.lock(), |is_over| !*is_over);
    }

    /// Lets go of the calls that hang.
    pub(super) fn end(&self) {
        *self.is_over.lock() = true;
        self.over.notify_all();
    }

    fn meet(&self, call: Call) -> sled::Result<()> {
        if self.hangs.load(Ordering::Acquire) {
            self.hang();
        }
        let mut next = self.next.lock();
        let Some((_, fault)) = next.filter(|(expected, _)| *expected == call) else {
            return Ok(());
        };
        if !matches!(fault, Fault::Damaged | Fault::PanicsAlways) {
            *next = None;
        }
        drop(next);
        match fault {
            Fault::NoRoom => {
                self.hangs.store(true, Ordering::Release);
                Err(io::Error::from(io::ErrorKind::StorageFull).into())
            }
            Fault::Hangs => {
                self.hang();
                Ok(())
            }
            Fault::Panics | Fault::PanicsAlways => panic!("as planned"),
            Fault::Damaged => Err(sled::Error::Corruption { at: None, bt: () }),
        }
    }
}

pub(super) struct Faulty {
    pub(super) tree: Arc<dyn Tree>,
    pub(super) plan: Arc<Plan>,
}

impl Tree for Faulty {
    fn get(&self, key: &[u8]) -> sled::Result<Option<Vec<u8>>> {
        self.plan.meet(Call::Get)?;
        self.tree.get(key)
    }
    fn insert(&self, key: &[u8], value: &[u8]) -> sled::Result<()> {
        self.plan.meet(Call::Insert)?;
        self.tree.insert(key, value)
    }
    fn remove(&self, key: &[u8]) -> sled::Result<()> {
        self.plan.meet(Call::Remove)?;
        self.tree.remove(key)
    }
    fn keys(&self, prefix: &[u8]) -> sled::Result<Vec<Vec<u8>>> {
        self.plan.meet(Call::Keys)?;
        self.tree.keys(prefix)
    }
    fn flush(&self) -> sled::Result<()> {
        self.plan.meet(Call::Flush)?;
        self.tree.flush()
    }
}

impl Drop for Faulty {
    fn drop(&mut self) {
        if self.plan.hangs.load(Ordering::Acquire) {
            self.plan.hang();
        }
    }
}

/// A store whose first databases do as planned, and a state that goes into it.
pub(super) struct Fixture {
    pub(super) directory: tempfile::TempDir,
    pub(super) library: Library,
    pub(super) store: SledStore,
    /// Of `odd-1`.
    pub(super) plan: Arc<Plan>,
    /// Of `even-1`.
    pub(super) even: Arc<Plan>,
    pub(super) run: Run,
}

impl Fixture {
    /// With `generations` taken.
    pub(super) fn with(generations: usize) -> Self {
        Self::starting(start_thread, CALL_MAX, generations)
    }

    /// With threads that are started so, and calls that may take that long.
    pub(super) fn starting(start: Start, call_max: Duration, generations: usize) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let (plan, even) = (Arc::<Plan>::default(), Arc::<Plan>::default());
        let planned = [("odd-1", Arc::clone(&plan)), ("even-1", Arc::clone(&even))];
        let opener = move |path: &Path| {
            let tree = open_tree(path)?;
            match planned.iter().find(|(name, _)| path.ends_with(name)) {
                Some((_, plan)) => {
                    Ok(Arc::new(Faulty { tree, plan: Arc::clone(plan) }) as Arc<dyn Tree>)
                }
                None => Ok(tree),
            }
        };
        let library = Library {
            opener: Arc::new(opener),
            call_max,
            close_max: Duration::from_millis(100),
            workers: Arc::new(Workers::starting(start)),
            ..Library::default()
        };
        let store = SledStore::open_by(&library, directory.path()).unwrap();
        let run = Run::new(23);
        let fixture = Self { directory, library, store, plan, even, run };
        for _ in 0..generations {
            fixture.take().unwrap();
        }
        fixture
    }

    pub(super) fn take(&self) -> Result<TakeReport, SnapshotError> {
        self.run.go_on(50);
        take(Source::from(&self.run.world), &self.store, AT)
    }

    /// Takes until two generations are there that are read back, and loaded.
    pub(super) fn check(self) {
        for _ in 0..2 {
            self.take().unwrap();
        }
        let report = self.take().unwrap();
        assert!(report.journal_from.is_some(), "both are whole, and apart");
        assert_eq!(self.store.faults().unwrap(), [""; 0]);
        for report in list(&self.store).unwrap() {
            verify(&self.store, report.generation).unwrap();
        }
        let Self { directory, store, plan, run, .. } = self;
        drop(store);
        let store = SledStore::open(directory.path()).unwrap();
        let recovered = load_newest(&store, None, || World::new(50)).unwrap();
        assert_eq!(recovered.state.hash(), run.world.hash());
        plan.end();
    }

    pub(super) fn numbers(&self) -> Vec<u32> {
        numbers(self.directory.path(), ODD).unwrap()
    }
}

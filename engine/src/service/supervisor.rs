//! The supervisor: halts the engine when what it cannot do without ends, and
//! starts anew what can be.

use std::sync::Arc;

use ractor::{Actor, ActorCell, ActorProcessingErr, ActorRef, SupervisionEvent};

use tokio::sync::{Semaphore, oneshot};

use super::snapshotter::{SnapshotFailed, SnapshotRequest, Snapshotter, Snapshotting};
use super::thread::{ThreadService, Work};
use crate::model::Timestamp;
use crate::snapshot::TakeReport;

/// What the supervisor does to the engine.
pub trait Supervised: Send + Sync {
    /// Nothing more may be acknowledged; the first cause is the one that is told.
    fn halt(&self, cause: String);

    /// Whether the engine is shutting down: its threads are meant to end.
    fn is_closing(&self) -> bool;
}

/// What the supervisor starts with.
pub struct Start {
    /// The engine.
    pub engine: Arc<dyn Supervised>,
    /// The thread that writes and syncs the journal.
    pub writer: Work,
    /// The thread that applies.
    pub applier: Work,
    /// The thread that settles backlogs.
    pub repegger: Work,
    /// What takes snapshots.
    pub snapshotting: Arc<dyn Snapshotting>,
}

/// The running services.
#[derive(Clone)]
pub struct Services {
    supervisor: ActorRef<Ask>,
    /// The turn to take a snapshot: there is one.
    snapshot_turn: Arc<Semaphore>,
}

/// What can be asked of the supervisor.
pub enum Ask {
    /// A snapshot: passed on to the snapshotter.
    Snapshot(SnapshotRequest),
    /// The actors that run, by name: for tests that kill them.
    Who(ractor::RpcReplyPort<Vec<(&'static str, ActorCell)>>),
}

struct Supervisor;

struct State {
    start: Running,
    writer: ActorCell,
    applier: ActorCell,
    repegger: ActorCell,
    snapshotter: ActorRef<SnapshotRequest>,
    threads: u8,
}

struct Running {
    engine: Arc<dyn Supervised>,
    snapshotting: Arc<dyn Snapshotting>,
}

impl Services {
    /// Starts the services.
    ///
    /// # Errors
    /// When an actor or a thread could not be started.
    pub async fn start(start: Start) -> Result<Self, ractor::SpawnErr> {
        let (supervisor, _) = Actor::spawn(None, Supervisor, start).await?;
        Ok(Self { supervisor, snapshot_turn: Arc::new(Semaphore::new(1)) })
    }

    /// Takes a snapshot. It is taken to its end, also when its caller stops waiting.
    ///
    /// # Errors
    /// See [`SnapshotFailed`].
    pub async fn snapshot(&self, created_at: Timestamp) -> Result<TakeReport, SnapshotFailed> {
        let turn = Arc::clone(&self.snapshot_turn).try_acquire_owned();
        let turn = turn.map_err(|_| SnapshotFailed::Running)?;
        let (reply, taken) = oneshot::channel();
        let request = SnapshotRequest { created_at, reply, turn };
        self.supervisor.cast(Ask::Snapshot(request)).map_err(|_| SnapshotFailed::Ended)?;
        taken.await.unwrap_or(Err(SnapshotFailed::Ended))
    }

    /// Waits until all threads have ended after the engine was closed.
    pub async fn ended(&self) {
        // The supervisor stops by itself; it never panics on the way.
        let _ = self.supervisor.get_cell().wait(None).await;
    }

    /// Kills the service of that name, as a fault would: for tests.
    pub async fn kill(&self, name: &str) -> bool {
        let Ok(ractor::rpc::CallResult::Success(who)) = self.supervisor.call(Ask::Who, None).await
        else {
            return false;
        };
        let found = who.into_iter().find(|(known, _)| *known == name);
        found.map(|(_, cell)| cell.kill()).is_some()
    }
}

impl Actor for Supervisor {
    type Msg = Ask;
    type State = State;
    type Arguments = Start;

    async fn pre_start(
        &self,
        myself: ActorRef<Ask>,
        start: Start,
    ) -> Result<State, ActorProcessingErr> {
        let me = myself.get_cell();
        let Start { engine, writer, applier, repegger, snapshotting } = start;
        let applier = ("applier", applier);
        let (applier, _) = Actor::spawn_linked(None, ThreadService, applier, me.clone()).await?;
        let writer = ("journal writer", writer);
        let (writer, _) = Actor::spawn_linked(None, ThreadService, writer, me.clone()).await?;
        let repegger = ("re-pegger", repegger);
        let (repegger, _) = Actor::spawn_linked(None, ThreadService, repegger, me.clone()).await?;
        let snapshotter = spawn_snapshotter(&snapshotting, me).await?;
        Ok(State {
            start: Running { engine, snapshotting },
            writer: writer.get_cell(),
            applier: applier.get_cell(),
            repegger: repegger.get_cell(),
            snapshotter,
            threads: 3,
        })
    }

    async fn handle(
        &self,
        _: ActorRef<Ask>,
        ask: Ask,
        state: &mut State,
    ) -> Result<(), ActorProcessingErr> {
        match ask {
            // A request that finds the snapshotter dead is dropped, and with it
            // the way back: the asker learns it from that.
            Ask::Snapshot(request) => drop(state.snapshotter.cast(request)),
            Ask::Who(reply) => {
                let who = vec![
                    ("journal writer", state.writer.clone()),
                    ("applier", state.applier.clone()),
                    ("re-pegger", state.repegger.clone()),
                    ("snapshotter", state.snapshotter.get_cell()),
                ];
                let _ = reply.send(who);
            }
        }
        Ok(())
    }

    async fn handle_supervisor_evt(
        &self,
        myself: ActorRef<Ask>,
        event: SupervisionEvent,
        state: &mut State,
    ) -> Result<(), ActorProcessingErr> {
        match event {
            SupervisionEvent::ActorTerminated(who, _, reason) => {
                let reason = reason.unwrap_or_else(|| "it ended".into());
                self.ended(&myself, state, &who, &reason).await
            }
            SupervisionEvent::ActorFailed(who, error) => {
                self.ended(&myself, state, &who, &error.to_string()).await
            }
            SupervisionEvent::ActorStarted(_) | SupervisionEvent::ProcessGroupChanged(_) => Ok(()),
        }
    }

    async fn post_stop(
        &self,
        _: ActorRef<Ask>,
        state: &mut State,
    ) -> Result<(), ActorProcessingErr> {
        if !state.start.engine.is_closing() {
            state.start.engine.halt("the supervisor was stopped".into());
        }
        Ok(())
    }
}

impl Supervisor {
    async fn ended(
        &self,
        myself: &ActorRef<Ask>,
        state: &mut State,
        who: &ActorCell,
        why: &str,
    ) -> Result<(), ActorProcessingErr> {
        if who.get_id() == state.snapshotter.get_id() {
            tracing::error!(why, "the snapshotter ended; starting it anew");
            state.snapshotter =
                spawn_snapshotter(&state.start.snapshotting, myself.get_cell()).await?;
            return Ok(());
        }
        let threads = [(&state.writer, "journal writer"), (&state.applier, "applier")];
        let known = threads.iter().find(|(cell, _)| cell.get_id() == who.get_id());
        let name = known.map_or("re-pegger", |(_, name)| name);
        if !state.start.engine.is_closing() {
            state.start.engine.halt(format!("the {name} ended: {why}"));
        }
        state.threads -= 1;
        if state.threads == 0 {
            state.snapshotter.stop(None);
            myself.stop(None);
        }
        Ok(())
    }
}

async fn spawn_snapshotter(
    snapshotting: &Arc<dyn Snapshotting>,
    supervisor: ActorCell,
) -> Result<ActorRef<SnapshotRequest>, ActorProcessingErr> {
    let snapshotting = Arc::clone(snapshotting);
    let (actor, _) = Actor::spawn_linked(None, Snapshotter, snapshotting, supervisor).await?;
    Ok(actor)
}

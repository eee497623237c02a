//! A service that is one thread: the actor lives as long as the thread does.

use std::panic::{AssertUnwindSafe, catch_unwind};

use ractor::{Actor, ActorProcessingErr, ActorRef};

use crate::panics;

/// What the thread does until it is told to end by what it works on.
pub type Work = Box<dyn FnOnce() -> Result<(), String> + Send>;

/// Runs a thread and reports its end. Killing the actor does not kill the
/// thread: the supervisor halts what the thread works on.
pub struct ThreadService;

/// The thread has ended.
pub struct Ended(Result<(), String>);

impl Actor for ThreadService {
    type Msg = Ended;
    type State = ();
    type Arguments = (&'static str, Work);

    async fn pre_start(
        &self,
        myself: ActorRef<Ended>,
        (name, work): (&'static str, Work),
    ) -> Result<(), ActorProcessingErr> {
        std::thread::Builder::new().name(name.into()).spawn(move || {
            let ended = catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
                Err(format!("the {name} panicked: {}", panics::text(panic.as_ref())))
            });
            // The actor may have been killed; its supervisor knows then.
            let _ = myself.cast(Ended(ended));
        })?;
        Ok(())
    }

    async fn handle(
        &self,
        myself: ActorRef<Ended>,
        Ended(ended): Ended,
        (): &mut (),
    ) -> Result<(), ActorProcessingErr> {
        ended?;
        myself.stop(None);
        Ok(())
    }
}

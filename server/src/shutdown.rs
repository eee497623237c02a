//! From running to ended: what has begun is finished, nothing new is taken.
//!
//! ```text
//! Running --first signal--> Draining --second signal, or drain_max--> Cut
//! ```
//!
//! Phases only go forward. At `Draining`, a task that serves takes no new work and
//! finishes what it has. At `Cut`, the process stops waiting for the tasks that
//! still finish.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// How far a shutdown is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Work is taken.
    Running,
    /// What has begun is finished; nothing new is taken.
    Draining,
    /// The drain is cut short: end at once.
    Cut,
}

/// The process's shutdown, shared by all that ask for it or heed it.
#[derive(Debug, Clone)]
pub struct Shutdown {
    phase: Arc<watch::Sender<Phase>>,
}

impl Default for Shutdown {
    fn default() -> Self {
        Self { phase: Arc::new(watch::Sender::new(Phase::Running)) }
    }
}

impl Shutdown {
    /// How far it is.
    pub fn phase(&self) -> Phase {
        *self.phase.borrow()
    }

    /// Begins to drain; nothing changes if that has begun.
    pub fn drain(&self) {
        self.advance(Phase::Draining);
    }

    /// Cuts the drain short.
    pub fn cut(&self) {
        self.advance(Phase::Cut);
    }

    fn advance(&self, to: Phase) {
        self.phase.send_if_modified(|phase| {
            let forward = *phase < to;
            if forward {
                *phase = to;
            }
            forward
        });
    }

    /// Waits until draining has begun.
    pub async fn draining(&self) {
        self.reached(Phase::Draining).await;
    }

    /// Waits until the drain is cut short: by a second signal, or `drain_max`
    /// after it began.
    pub async fn cut_short(&self, drain_max: Duration) {
        self.draining().await;
        if tokio::time::timeout(drain_max, self.reached(Phase::Cut)).await.is_err() {
            self.cut();
        }
    }

    async fn reached(&self, wanted: Phase) {
        let mut phase = self.phase.subscribe();
        // An error would mean that the sender is gone, but `self` holds it.
        let _ = phase.wait_for(|phase| *phase >= wanted).await;
    }

    /// Turns SIGTERM and SIGINT into phases from now on: the first one drains,
    /// the second one cuts the drain short. SIGHUP, which would end the process, is
    /// told to the log: there is nothing to read anew, and a terminal that closes is no
    /// reason to end.
    ///
    /// # Errors
    /// The handlers cannot be installed.
    pub fn heed_signals(&self) -> io::Result<()> {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut hang_up = signal(SignalKind::hangup())?;
        let shutdown = self.clone();
        tokio::spawn(async move {
            for next in [Phase::Draining, Phase::Cut] {
                tokio::select! {
                    _ = terminate.recv() => tracing::info!("SIGTERM"),
                    _ = interrupt.recv() => tracing::info!("SIGINT"),
                }
                shutdown.advance(next);
            }
        });
        tokio::spawn(async move {
            while hang_up.recv().await.is_some() {
                tracing::info!("SIGHUP: nothing is read anew");
            }
        });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_hours(1);
    const AT_ONCE: Duration = Duration::from_secs(10);

    #[tokio::test]
    async fn phases_only_go_forward() {
        let shutdown = Shutdown::default();
        assert_eq!(shutdown.phase(), Phase::Running);
        shutdown.cut();
        shutdown.drain();
        assert_eq!(shutdown.phase(), Phase::Cut);
    }

    #[tokio::test]
    async fn everybody_hears_of_the_drain_also_who_asks_late() {
        let shutdown = Shutdown::default();
        let early = tokio::spawn({
            let shutdown = shutdown.clone();
            async move { shutdown.draining().await }
        });
        shutdown.drain();
        tokio::time::timeout(AT_ONCE, early).await.unwrap().unwrap();
        tokio::time::timeout(AT_ONCE, shutdown.draining()).await.unwrap();
    }

    #[tokio::test]
    async fn a_drain_that_takes_too_long_is_cut_short() {
        let shutdown = Shutdown::default();
        shutdown.drain();
        tokio::time::timeout(AT_ONCE, shutdown.cut_short(Duration::ZERO)).await.unwrap();
        assert_eq!(shutdown.phase(), Phase::Cut);
    }

    #[tokio::test]
    async fn the_first_signal_drains_and_the_second_cuts() {
        let shutdown = Shutdown::default();
        shutdown.heed_signals().unwrap();
        let me = rustix::process::getpid();
        rustix::process::kill_process(me, rustix::process::Signal::HUP).unwrap();
        tokio::task::yield_now().await;
        assert_eq!(shutdown.phase(), Phase::Running);
        rustix::process::kill_process(me, rustix::process::Signal::TERM).unwrap();
        tokio::time::timeout(AT_ONCE, shutdown.draining()).await.unwrap();
        assert_eq!(shutdown.phase(), Phase::Draining);
        rustix::process::kill_process(me, rustix::process::Signal::INT).unwrap();
        tokio::time::timeout(AT_ONCE, shutdown.cut_short(LONG)).await.unwrap();
    }
}

//! How long a connection is waited for.
//!
//! ```text
//!   silent ---greeting---> asks, is answered ---drain begins---> finishes ---> closed
//!      \                        \                                    \
//!       GREETING_MAX,            idle for too long                    still for STILL_MAX
//!       or a drain                                                    with nothing to do
//! ```

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::limits::{GREETING_MAX, SCRAPER_STILL_MAX, STILL_MAX};
use super::peer::Peer;
use crate::shutdown::Shutdown;

/// Whose connections they are, and with that, how long they are waited for.
#[derive(Debug, Clone)]
pub(crate) enum Patience {
    /// Callers of the services.
    Callers {
        /// What has nothing to do is closed when it drains.
        shutdown: Shutdown,
        /// How long one may ask for nothing.
        idle_max: Duration,
        /// How long nothing may move in a drain while answers are not read.
        unread_max: Duration,
    },
    /// Readers of metrics.
    Scrapers,
}

/// Why a connection was given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cause {
    /// It never said that it speaks HTTP/2.
    Silent,
    /// It asked for nothing for too long.
    Idle,
    /// Nothing moved on it, or nothing that was of use.
    Still,
}

impl Cause {
    /// As metrics and the log name it.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Silent => "silent",
            Self::Idle => "idle",
            Self::Still => "still",
        }
    }
}

impl Patience {
    /// Waits until a connection is to be given up.
    pub(super) async fn ends(self, peer: Arc<Peer>) -> Cause {
        match self {
            Self::Callers { shutdown, idle_max, unread_max } => {
                callers(&peer, &shutdown, idle_max, unread_max).await
            }
            Self::Scrapers => still(&peer, SCRAPER_STILL_MAX, SCRAPER_STILL_MAX).await,
        }
    }
}

async fn callers(
    peer: &Peer,
    shutdown: &Shutdown,
    idle_max: Duration,
    unread_max: Duration,
) -> Cause {
    tokio::select! {
        biased;
        () = shutdown.draining() => {}
        cause = silent(peer) => return cause,
        () = unused(peer, idle_max, Peer::is_in_use) => return Cause::Idle,
    }
    // A drain does not wait for a peer that never spoke.
    if !peer.has_greeted() {
        return Cause::Silent;
    }
    tokio::select! {
        cause = still(peer, STILL_MAX, unread_max) => cause,
        // Bytes may come for ever, and nothing of them.
        () = unused(peer, unread_max, |peer| peer.is_working() || peer.unread() > 0) => Cause::Still,
    }
}

/// Waits until it is too late to speak; for ever if it has.
async fn silent(peer: &Peer) -> Cause {
    sleep(GREETING_MAX).await;
    if peer.has_greeted() {
        pending::<()>().await;
    }
    Cause::Silent
}

/// Waits until nothing was asked for and the connection not used for so long, or twice that
/// at most.
pub(super) async fn unused(peer: &Peer, unused_max: Duration, is_used: fn(&Peer) -> bool) {
    loop {
        let begun = peer.begun();
        sleep(unused_max).await;
        if !is_used(peer) && peer.begun() == begun {
            return;
        }
    }
}

/// Waits until nothing moved for so long while there was nothing to work on; for the
/// longer time while there were answers to read.
async fn still(peer: &Peer, still_max: Duration, unread_max: Duration) -> Cause {
    let (mut moved, mut since) = (peer.moved(), Instant::now());
    loop {
        sleep(still_max).await;
        if peer.is_working() || peer.moved() != moved {
            (moved, since) = (peer.moved(), Instant::now());
        } else if peer.unread() == 0 || since.elapsed() >= unread_max {
            return Cause::Still;
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use tokio::time::timeout;

    use super::*;

    const SOON: Duration = Duration::from_millis(20);
    const LONG: Duration = Duration::from_mins(1);

    fn greeted() -> Arc<Peer> {
        let peer = Arc::new(Peer::default());
        peer.note_received(24);
        peer
    }

    #[tokio::test]
    async fn a_drain_gives_up_at_once_what_never_spoke() {
        let (peer, shutdown) = (Arc::new(Peer::default()), Shutdown::default());
        peer.note_received(23);
        shutdown.drain();
        assert_eq!(callers(&peer, &shutdown, LONG, LONG).now_or_never(), Some(Cause::Silent));
    }

    #[tokio::test]
    async fn a_drain_waits_for_what_is_worked_on_and_for_what_moves() {
        let peer = greeted();
        let work = peer.work();
        assert!(timeout(5 * SOON, still(&peer, SOON, LONG)).await.is_err(), "it is worked on");
        drop(work);
        assert_eq!(timeout(LONG, still(&peer, SOON, LONG)).await, Ok(Cause::Still));
    }

    #[tokio::test]
    async fn a_drain_waits_longer_for_who_has_answers_to_read() {
        let peer = greeted();
        let answers = peer.stream();
        assert!(timeout(5 * SOON, still(&peer, SOON, LONG)).await.is_err(), "they are not read");
        assert_eq!(timeout(LONG, still(&peer, SOON, 2 * SOON)).await, Ok(Cause::Still));
        drop(answers);
        assert_eq!(timeout(LONG, still(&peer, SOON, 2 * LONG)).await, Ok(Cause::Still));
    }

    #[tokio::test]
    async fn who_asks_for_nothing_is_given_up_and_who_has_a_stream_is_not() {
        let peer = greeted();
        let idle = || unused(&peer, SOON, Peer::is_in_use);
        let stream = peer.work();
        assert!(timeout(5 * SOON, idle()).await.is_err(), "a stream is open");
        drop(stream);
        let watch = peer.in_use();
        assert!(timeout(5 * SOON, idle()).await.is_err(), "something is watched");
        drop(watch);
        assert_eq!(timeout(LONG, idle()).await, Ok(()));
    }

    #[tokio::test]
    async fn a_drain_gives_up_what_moves_and_asks_for_nothing() {
        let (peer, shutdown) = (greeted(), Shutdown::default());
        shutdown.drain();
        let moving = async {
            loop {
                peer.note_received(1);
                sleep(SOON / 2).await;
            }
        };
        tokio::select! {
            never = moving => never,
            cause = callers(&peer, &shutdown, LONG, 4 * SOON) => assert_eq!(cause, Cause::Still),
        }
    }
}

//! Connections: how many there may be, and how long each is waited for.
//!
//! ```text
//!   listener --> a place free? --no--> closed at once, and counted
//!                     |yes
//!                     v
//!                  Guarded --> transport --> requests (each says that it is worked on)
//!                     ^---- Patience: gives up what never speaks, asks for nothing, or
//!                           stands still, or asks for nothing, in a drain
//! ```
//! There are never so many that the engine could not open its next file.

mod files;
mod guarded;
mod limits;
mod patience;
mod peer;
mod places;

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use futures_util::{Stream, stream};
use tokio::net::{TcpListener, TcpStream};

pub(crate) use files::raise_limit;
pub(crate) use guarded::Guarded;
pub(crate) use limits::SCRAPERS_MAX;
use limits::{PAUSE_MAX, PAUSE_MIN, TOLD_EVERY};
pub(crate) use patience::Patience;
pub(crate) use peer::{Arrival, InUse, Peer, Unread, Unsent, Work};
pub use places::Places;

use crate::observability::names;

/// A listener that lets in as many as there are places for.
pub(crate) struct Door {
    listener: TcpListener,
    places: Places,
    patience: Patience,
    pause: Duration,
    turned_away: Seldom,
    failing: Seldom,
}

impl Door {
    pub(crate) fn new(listener: TcpListener, places: Places, patience: Patience) -> Self {
        // Dashboards see the 0 that they begin with.
        metrics::counter!(names::CONNECTIONS_REFUSED).increment(0);
        metrics::counter!(names::CONNECTIONS_GIVEN_UP, "cause" => "silent").increment(0);
        let (turned_away, failing) = (Seldom::default(), Seldom::default());
        Self { listener, places, patience, pause: PAUSE_MIN, turned_away, failing }
    }

    /// The next connection that there is a place for.
    pub(crate) async fn next(&mut self) -> (Guarded, SocketAddr) {
        loop {
            match self.listener.accept().await {
                Ok((stream, from)) => {
                    self.pause = PAUSE_MIN;
                    if let Some(connection) = self.let_in(stream, from) {
                        return (connection, from);
                    }
                }
                Err(error) => self.rest(&error).await,
            }
        }
    }

    /// The connections, one after the other, for ever.
    pub(crate) fn connections(self) -> impl Stream<Item = Result<Guarded, Infallible>> {
        stream::unfold(self, |mut door| async move {
            let (connection, _) = door.next().await;
            Some((Ok(connection), door))
        })
    }

    fn let_in(&mut self, stream: TcpStream, from: SocketAddr) -> Option<Guarded> {
        let Some(place) = self.places.take() else {
            metrics::counter!(names::CONNECTIONS_REFUSED).increment(1);
            if let Some(times) = self.turned_away.tell() {
                let bound = self.places.bound();
                tracing::warn!(%from, bound, times, "a connection was closed: there are too many");
            }
            return None;
        };
        // Without it, answers are late and not wrong.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, %from, "small packets may wait");
        }
        Some(Guarded::new(stream, from, self.patience.clone(), place))
    }

    /// Waits after a connection that could not be accepted, unless it is only that one:
    /// what is missing then is missing for the next one as well, and the listener would
    /// say so for ever.
    async fn rest(&mut self, error: &io::Error) {
        use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
        if matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset) {
            return;
        }
        if let Some(times) = self.failing.tell() {
            tracing::error!(%error, times, "connections cannot be accepted");
        }
        tokio::time::sleep(self.pause).await;
        self.pause = (2 * self.pause).min(PAUSE_MAX);
    }
}

impl axum::serve::Listener for Door {
    type Io = Guarded;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Guarded, SocketAddr) {
        self.next().await
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// Something that may happen all the time and is told every now and then.
#[derive(Debug, Default)]
struct Seldom {
    told: Option<Instant>,
    times: u64,
}

impl Seldom {
    /// How often it has happened since it was last told, if it is to be told now.
    fn tell(&mut self) -> Option<u64> {
        self.times += 1;
        if self.told.is_some_and(|told| told.elapsed() < TOLD_EVERY) {
            return None;
        }
        self.told = Some(Instant::now());
        Some(std::mem::take(&mut self.times))
    }
}

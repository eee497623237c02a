//! A connection's bytes on their way, until patience ends.
//!
//! When a connection has asked for nothing for too long, the transport reads a farewell
//! that its peer did not write. The transport answers with its own farewell (GOAWAY) and
//! ends. So a peer that sends a request just then mostly learns that the request was not
//! taken. Not always: the bytes that it sent may make its system throw away what it has
//! not read. The farewell is read between requests, or it would be taken for a part of
//! one. All other connections end as though the other side had hung up.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tonic::transport::server::Connected;

use super::limits::LEAVING_MAX;
use super::patience::{Cause, Patience, unused};
use super::peer::Peer;
use super::places::Place;
use crate::observability::names;

/// A frame of HTTP/2: GOAWAY, of the connection, 8 bytes: no stream, no error.
const FAREWELL: &[u8] = &[0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

/// A connection that is given up when its time is over.
pub(crate) struct Guarded {
    stream: TcpStream,
    from: SocketAddr,
    peer: Arc<Peer>,
    /// When it is given up; none once it is.
    patience: Option<Pin<Box<dyn Future<Output = Cause> + Send>>>,
    /// What of the farewell is to be read, once its end has begun.
    farewell: Option<&'static [u8]>,
    _place: Place,
}

impl Guarded {
    pub(super) fn new(
        stream: TcpStream,
        from: SocketAddr,
        patience: Patience,
        place: Place,
    ) -> Self {
        let peer = Arc::new(Peer::default());
        let patience = Box::pin(patience.ends(Arc::clone(&peer)));
        Self { stream, from, peer, patience: Some(patience), farewell: None, _place: place }
    }

    /// Whether its time is over; else it is told when it may be.
    fn poll_given_up(&mut self, cx: &mut Context<'_>) -> bool {
        let Some(patience) = &mut self.patience else { return true };
        let Poll::Ready(cause) = patience.as_mut().poll(cx) else { return false };
        if self.farewell.is_some() {
            // It had time to end by itself.
            self.patience = None;
            return true;
        }
        self.note_end(cause);
        let is_told = self.peer.has_greeted() && self.peer.is_between_requests();
        if cause != Cause::Idle || !is_told {
            self.patience = None;
            return true;
        }
        self.farewell = Some(FAREWELL);
        let peer = Arc::clone(&self.peer);
        self.patience = Some(Box::pin(async move {
            // The last requests may have come before it.
            unused(&peer, LEAVING_MAX, Peer::is_in_use).await;
            cause
        }));
        // The farewell is to be read, and the new patience looked at.
        cx.waker().wake_by_ref();
        false
    }

    fn note_end(&self, cause: Cause) {
        let (from, cause, streams) = (self.from, cause.as_str(), self.peer.unread());
        if streams > 0 {
            tracing::warn!(%from, cause, streams, "answers of streams were not read");
        } else {
            tracing::debug!(%from, cause, "a connection is given up");
        }
        metrics::counter!(names::CONNECTIONS_GIVEN_UP, "cause" => cause).increment(1);
    }

    /// Whether something of the farewell was there to be read.
    fn read_farewell(&mut self, buffer: &mut ReadBuf<'_>) -> bool {
        let Some(farewell) = self.farewell.filter(|left| !left.is_empty()) else { return false };
        let (now, later) = farewell.split_at(farewell.len().min(buffer.remaining()));
        buffer.put_slice(now);
        self.farewell = Some(later);
        true
    }

    /// Notes what was written, and what is not any more because its time is over.
    fn wrote(
        &mut self,
        cx: &mut Context<'_>,
        written: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        match written {
            Poll::Pending if self.poll_given_up(cx) => {
                Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
            }
            Poll::Pending => Poll::Pending,
            Poll::Ready(written) => {
                self.peer.note_sent(*written.as_ref().unwrap_or(&0));
                Poll::Ready(written)
            }
        }
    }
}

impl AsyncRead for Guarded {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        match Pin::new(&mut this.stream).poll_read(cx, buffer) {
            // What arrived is read first: it was in time.
            Poll::Pending if this.poll_given_up(cx) || this.read_farewell(buffer) => {
                Poll::Ready(Ok(()))
            }
            Poll::Pending => Poll::Pending,
            Poll::Ready(read) => {
                this.peer.note_received(buffer.filled().len() - before);
                Poll::Ready(read)
            }
        }
    }
}

impl AsyncWrite for Guarded {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write(cx, bytes);
        this.wrote(cx, written)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write_vectored(cx, parts);
        this.wrote(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}

/// Requests carry it, so that what is worked on for a connection is known to it.
impl Connected for Guarded {
    type ConnectInfo = Arc<Peer>;

    fn connect_info(&self) -> Arc<Peer> {
        Arc::clone(&self.peer)
    }
}

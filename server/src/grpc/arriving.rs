//! A request on its way: it is worked on once all of it is there.
//!
//! Until then only its bytes count for the connection that it comes by: one that stops in
//! the middle of a request holds nobody up.

use std::pin::Pin;
use std::sync::{Arc, OnceLock, Weak};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use tonic::Status;
use tonic::body::Body;
use tonic::codegen::http::Request;

use crate::connections::{Peer, Work};

/// Work on a request: none before all of it is there. Ends when this is dropped.
pub(super) type Begun = Arc<OnceLock<Work>>;

/// Lets the work on a request begin when all of it is there. A stream, which is worked on
/// before, says so itself.
pub(super) fn arriving(request: Request<Body>) -> (Request<Body>, Option<Begun>) {
    let Some(peer) = request.extensions().get::<Arc<Peer>>().cloned() else {
        return (request, None);
    };
    let begun = Begun::default();
    // Answered, it is not worked on, although its end may still be read.
    let work = Arc::downgrade(&begun);
    let request = request.map(|body| Body::new(Arriving { body, peer, work }));
    (request, Some(begun))
}

/// The body of a request.
struct Arriving {
    body: Body,
    peer: Arc<Peer>,
    work: Weak<OnceLock<Work>>,
}

impl http_body::Body for Arriving {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let this = self.get_mut();
        let frame = ready!(Pin::new(&mut this.body).poll_frame(cx));
        let is_last = match &frame {
            Some(frame) => frame.as_ref().is_ok_and(Frame::is_trailers),
            None => true,
        };
        if is_last && let Some(work) = this.work.upgrade() {
            work.get_or_init(|| this.peer.work());
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

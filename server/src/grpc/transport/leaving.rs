//! An answer on its way: what is made and not sent counts for its connection, whose next
//! requests are worked on when there is room again.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http_body::{Body as _, Frame, SizeHint};
use tonic::Status;
use tonic::body::Body;
use tonic::codegen::http::Response;

use crate::connections::{Peer, Unsent};

type Next = Option<Result<Frame<Bytes>, Status>>;

/// Counts an answer until the transport has sent it. That of a single call is there as soon
/// as it is asked for; a stream waits, and has a bound of its own.
pub(super) fn leaving(response: Response<Body>, peer: &Arc<Peer>) -> Response<Body> {
    if response.body().is_end_stream() {
        // A refusal is its headers alone, and is to stay that: clients read its status there.
        return response;
    }
    let (head, mut body) = response.into_parts();
    let mut unheard = Context::from_waker(Waker::noop());
    let first = Pin::new(&mut body).poll_frame(&mut unheard);
    let Poll::Ready(first) = first else { return Response::from_parts(head, body) };
    let first = first.map(|frame| frame.map(|frame| counted(frame, peer)));
    Response::from_parts(head, Body::new(Leaving { first: Some(first), body }))
}

fn counted(frame: Frame<Bytes>, peer: &Arc<Peer>) -> Frame<Bytes> {
    frame.map_data(|data| {
        let unsent = peer.unsent(data.len());
        Bytes::from_owner(Counted { data, _unsent: unsent })
    })
}

/// Bytes that count until the transport lets them go.
struct Counted {
    data: Bytes,
    _unsent: Unsent,
}

impl AsRef<[u8]> for Counted {
    fn as_ref(&self) -> &[u8] {
        &self.data
    }
}

/// The body of an answer whose first piece was taken.
struct Leaving {
    first: Option<Next>,
    body: Body,
}

impl http_body::Body for Leaving {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Next> {
        let this = self.get_mut();
        match this.first.take() {
            Some(first) => Poll::Ready(first),
            None => Pin::new(&mut this.body).poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.first {
            Some(first) => first.is_none(),
            None => self.body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}

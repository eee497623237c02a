//! An answer that may take for ever, as a watch of health does: its connection is in use
//! until then, although nothing is worked on for it.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use tonic::Status;
use tonic::body::Body;
use tonic::codegen::http::Response;

use crate::connections::{InUse, Peer};

/// The answer, which tells its connection when it ends.
pub(super) fn open_ended(response: Response<Body>, peer: &Arc<Peer>) -> Response<Body> {
    let in_use = peer.in_use();
    response.map(|body| Body::new(OpenEnded { body, _in_use: in_use }))
}

/// The body of an answer.
struct OpenEnded {
    body: Body,
    _in_use: InUse,
}

impl http_body::Body for OpenEnded {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        Pin::new(&mut self.get_mut().body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

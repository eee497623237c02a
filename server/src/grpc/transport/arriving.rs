//! A request on its way: it is worked on once all of it is there, and there is room for
//! its answer.
//!
//! Until then only its bytes count for the connection that it comes by: a request that
//! stops in the middle holds nothing up, and neither does one that comes byte by byte.

use std::future::pending;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use tokio::time::sleep;
use tonic::Status;
use tonic::body::Body;
use tonic::codegen::http::Request;

use crate::connections::{Arrival, Peer, Work};
use crate::grpc::errors;
use crate::grpc::limits::{ARRIVING_IN_DRAIN_MAX, ARRIVING_MAX};
use crate::shutdown::Shutdown;

/// Methods whose requests are streams, which are worked on before they end.
const STREAMS: [&str; 3] = ["PlaceOrders", "LoadStock", "ServerReflectionInfo"];

/// How far a request has come. The work on it ends when this is dropped.
pub(super) type Begun = Arc<Progress>;

#[derive(Debug, Default)]
pub(super) struct Progress {
    /// All of it is there, and there was no room for its answer.
    waits: AtomicBool,
    /// Work on it: none before all of it is there.
    work: OnceLock<Work>,
}

/// Waits until it is too late for a request to arrive and have room for its answer, and says
/// so; for ever once it has.
/// Nothing was done for it: its handler begins when all of it is there. A stream is
/// answered at once, so that it never waits for this.
pub(super) async fn too_late(begun: &Begun, shutdown: &Shutdown) -> Status {
    later_than(begun, shutdown, ARRIVING_MAX, ARRIVING_IN_DRAIN_MAX).await
}

async fn later_than(
    begun: &Begun,
    shutdown: &Shutdown,
    max: Duration,
    in_drain_max: Duration,
) -> Status {
    let is_worked_on = || begun.work.get().is_some();
    if is_worked_on() {
        // The most do at once, and need no timer.
        return pending().await;
    }
    let drained = async {
        shutdown.draining().await;
        sleep(in_drain_max).await;
    };
    let status = tokio::select! {
        () = sleep(max) => if begun.waits.load(Ordering::Relaxed) {
            errors::answers_unread()
        } else {
            errors::request_stalled(max)
        },
        () = drained => errors::request_drained(),
    };
    if is_worked_on() { pending().await } else { status }
}

/// Lets the work on a request begin when all of it is there. A stream, which is worked on
/// before, says so itself.
pub(super) fn arriving(request: Request<Body>) -> (Request<Body>, Option<Begun>) {
    let Some(peer) = request.extensions().get::<Arc<Peer>>().cloned() else {
        return (request, None);
    };
    let begun = Begun::default();
    // Answered, it is not worked on, although its end may still be read.
    let progress =
        if is_stream(request.uri().path()) { Weak::new() } else { Arc::downgrade(&begun) };
    let arrival = peer.arrival();
    let request = request.map(|body| {
        Body::new(Arriving { body, peer, progress, last: None, room: None, _arrival: arrival })
    });
    (request, Some(begun))
}

fn is_stream(path: &str) -> bool {
    path.rsplit('/').next().is_some_and(|method| STREAMS.contains(&method))
}

/// The body of a request.
struct Arriving {
    body: Body,
    peer: Arc<Peer>,
    progress: Weak<Progress>,
    /// The end of it, which waits for room.
    last: Option<Next>,
    room: Option<Room>,
    _arrival: Arrival,
}

type Next = Option<Result<Frame<Bytes>, Status>>;

type Room = Pin<Box<dyn Future<Output = ()> + Send>>;

impl Arriving {
    /// Waits for room for the answer.
    fn poll_room(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.room.is_none() && self.peer.has_room() {
            return Poll::Ready(());
        }
        let room = self.room.get_or_insert_with(|| Box::pin(Arc::clone(&self.peer).room()));
        ready!(room.as_mut().poll(cx));
        self.room = None;
        Poll::Ready(())
    }
}

impl http_body::Body for Arriving {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Next> {
        let this = self.get_mut();
        let frame = match this.last.take() {
            Some(last) => last,
            None => ready!(Pin::new(&mut this.body).poll_frame(cx)),
        };
        let is_last = match &frame {
            Some(frame) => frame.as_ref().is_ok_and(Frame::is_trailers),
            None => true,
        };
        if is_last && let Some(progress) = this.progress.upgrade() {
            if this.poll_room(cx).is_pending() {
                progress.waits.store(true, Ordering::Relaxed);
                this.last = Some(frame);
                return Poll::Pending;
            }
            progress.work.get_or_init(|| this.peer.work());
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

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use prost::Message;
    use prost_types::FileDescriptorSet;
    use tokio::time::timeout;
    use tonic_types::StatusExt;

    use super::*;

    const SOON: Duration = Duration::from_millis(20);
    const LONG: Duration = Duration::from_mins(1);

    fn reason(status: &Status) -> String {
        status.get_error_details().error_info().expect("a reason").reason.clone()
    }

    #[tokio::test]
    async fn a_request_that_does_not_arrive_is_ended_and_sooner_in_a_drain() {
        let (begun, shutdown) = (Begun::default(), Shutdown::default());
        let late = later_than(&begun, &shutdown, SOON, LONG).await;
        assert_eq!(reason(&late), "REQUEST_STALLED");
        assert!(later_than(&begun, &shutdown, LONG, SOON).now_or_never().is_none());
        shutdown.drain();
        let late = later_than(&begun, &shutdown, LONG, SOON).await;
        assert_eq!(reason(&late), "DRAINING");
    }

    #[tokio::test]
    async fn a_request_that_has_no_room_for_its_answer_is_ended_as_what_it_is() {
        let (begun, shutdown) = (Begun::default(), Shutdown::default());
        begun.waits.store(true, Ordering::Relaxed);
        let late = later_than(&begun, &shutdown, SOON, LONG).await;
        assert_eq!(reason(&late), "OVERLOADED");
    }

    #[test]
    fn the_methods_whose_requests_are_streams_are_known() {
        let set = FileDescriptorSet::decode(backstock_proto::FILE_DESCRIPTOR_SET).unwrap();
        let services = set.file.iter().flat_map(|file| &file.service);
        for method in services.flat_map(|service| &service.method) {
            let path = format!("/a.Service/{}", method.name());
            assert_eq!(is_stream(&path), method.client_streaming(), "{path}");
        }
    }

    #[tokio::test]
    async fn a_request_that_arrived_may_take_as_long_as_it_likes() {
        let (begun, shutdown) = (Begun::default(), Shutdown::default());
        let late = later_than(&begun, &shutdown, 2 * SOON, LONG);
        let arrives = async {
            sleep(SOON).await;
            begun.work.get_or_init(|| Arc::new(Peer::default()).work());
            pending::<()>().await;
        };
        let both = async {
            // It arrives in time, however late both are looked at.
            tokio::select! { biased; () = arrives => unreachable!(), status = late => status }
        };
        assert!(timeout(5 * SOON, both).await.is_err());
    }
}

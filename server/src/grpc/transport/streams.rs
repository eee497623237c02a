//! What streams share: how requests are taken, how answers wait for their reader, and
//! how a stream ends.
//!
//! ```text
//!   caller --> Requests --> task --> room in bytes --> Answers --> transport --> caller
//!              until drained    \------ how it ended ------^
//! ```
//! How a stream ended is not inferred from the end of its answers: a task that died
//! would look like one that was done. Its connection knows whether a stream is worked on,
//! or waits for its reader.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use backstock_engine::engine::EngineError;
use futures_util::FutureExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tokio_stream::Stream;
use tonic::{Code, Extensions, Status, Streaming};

use super::meters::StreamMeter;
use crate::connections::{Peer, Unread, Work};
use crate::grpc::limits::{
    ANSWER_BYTES_COUNTED_MIN, ANSWERS_WAITING_BYTES_MAX, OVERLOADED_TRIES_MAX,
};
use crate::grpc::{Api, errors};
use crate::shutdown::Phase;

/// The requests of a stream, taken until the caller ends it or the server drains.
pub(in crate::grpc) struct Requests<T> {
    stream: Streaming<T>,
    draining: Pin<Box<dyn Future<Output = ()> + Send>>,
}

impl<T> Requests<T> {
    pub(in crate::grpc) fn new(api: &Api, stream: Streaming<T>) -> Self {
        let shutdown = api.0.shutdown.clone();
        Self { stream, draining: Box::pin(async move { shutdown.draining().await }) }
    }

    /// The next request; none when the caller has ended the stream.
    ///
    /// # Errors
    /// The stream failed, or the server drains: nothing more is taken then.
    pub(in crate::grpc) async fn next(&mut self) -> Result<Option<T>, Status> {
        tokio::select! {
            // First, or a caller that never pauses would never be drained.
            biased;
            () = &mut self.draining => match self.stream.message().now_or_never() {
                // All that the caller sent was taken: its stream ends as any other.
                Some(Ok(None)) => Ok(None),
                _ => Err(errors::stream_drained()),
            },
            next = self.stream.message() => next,
        }
    }
}

/// The answers of one stream, held by the task that gives them. Dropped before
/// [`end`](Self::end), it ends the stream with an error.
pub(in crate::grpc) struct Answering<T> {
    queue: mpsc::UnboundedSender<(T, OwnedSemaphorePermit)>,
    room: Arc<Semaphore>,
    ended: oneshot::Sender<Result<(), Status>>,
    peer: Option<Arc<Peer>>,
    /// The stream is worked on; none while it waits for its reader.
    work: Option<Work>,
}

/// All the room that a stream has for answers.
pub(in crate::grpc) struct AllRoom(OwnedSemaphorePermit);

/// The caller is gone.
#[derive(Debug)]
pub(in crate::grpc) struct Gone;

/// The answers of one stream, in the hands of the transport.
pub struct Answers<T> {
    queue: mpsc::UnboundedReceiver<(T, OwnedSemaphorePermit)>,
    ended: Option<oneshot::Receiver<Result<(), Status>>>,
    meter: Arc<StreamMeter>,
    _unread: Option<Unread>,
}

/// The two ends of a stream of answers to a request with these extensions.
pub(in crate::grpc) fn answers<T>(
    request: &Extensions,
    meter: &Arc<StreamMeter>,
) -> (Answering<T>, Answers<T>) {
    // Bounded by what there is room for.
    let (sender, queue) = mpsc::unbounded_channel();
    let (end, ended) = oneshot::channel();
    let room = Arc::new(Semaphore::new(ANSWERS_WAITING_BYTES_MAX));
    let peer = request.get::<Arc<Peer>>().cloned();
    let work = peer.as_ref().map(Peer::work);
    let unread = peer.as_ref().map(Peer::stream);
    let answering = Answering { queue: sender, room, ended: end, peer, work };
    let meter = Arc::clone(meter);
    (answering, Answers { queue, ended: Some(ended), meter, _unread: unread })
}

impl<T> Answering<T> {
    /// Hands an answer of so many bytes on, once there is room for it. One that is
    /// longer than all the room waits until nothing else does.
    pub(in crate::grpc) async fn send(&mut self, answer: T, bytes: usize) -> Result<(), Gone> {
        let room = self.room(bytes).await?;
        self.queue.send((answer, room)).map_err(|_| Gone)
    }

    /// Waits until there is room for the shortest answer: none is made before.
    pub(in crate::grpc) async fn ready(&mut self) -> Result<(), Gone> {
        self.room(0).await.map(drop)
    }

    /// Waits until no answer waits for the transport. What is answered next is made then, of what
    /// there is by then.
    pub(in crate::grpc) async fn alone(&mut self) -> Result<AllRoom, Gone> {
        self.room(ANSWERS_WAITING_BYTES_MAX).await.map(AllRoom)
    }

    /// Hands on the one answer that waits.
    pub(in crate::grpc) fn send_alone(&self, room: AllRoom, answer: T) -> Result<(), Gone> {
        self.queue.send((answer, room.0)).map_err(|_| Gone)
    }

    /// Waits until the caller is gone.
    pub(in crate::grpc) async fn gone(&self) {
        self.queue.closed().await;
    }

    async fn room(&mut self, bytes: usize) -> Result<OwnedSemaphorePermit, Gone> {
        let bytes = bytes.clamp(ANSWER_BYTES_COUNTED_MIN, ANSWERS_WAITING_BYTES_MAX);
        let bytes = u32::try_from(bytes).expect("at most ANSWERS_WAITING_BYTES_MAX");
        match Arc::clone(&self.room).try_acquire_many_owned(bytes) {
            Ok(room) => Ok(room),
            Err(_) => self.wait_for_room(bytes).await,
        }
    }

    async fn wait_for_room(&mut self, bytes: u32) -> Result<OwnedSemaphorePermit, Gone> {
        self.work = None;
        // When the caller stops reading, the room of its unread answers is given back.
        let room = Arc::clone(&self.room).acquire_many_owned(bytes).await;
        self.work = self.peer.as_ref().map(Peer::work);
        room.map_err(|_| Gone)
    }

    /// Ends the stream, behind all answers.
    pub(in crate::grpc) fn end(self, how: Result<(), Status>) {
        // A caller that has gone needs no word.
        let _ = self.ended.send(how);
    }
}

impl<T> Stream for Answers<T> {
    type Item = Result<T, Status>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        if let Some((answer, _room)) = ready!(this.queue.poll_recv(cx)) {
            return Poll::Ready(Some(Ok(answer)));
        }
        let Some(ended) = &mut this.ended else { return Poll::Ready(None) };
        let how = ready!(Pin::new(ended).poll(cx));
        this.ended = None;
        let died = |_| Err(errors::internal("the stream ended before it was done"));
        let how = how.unwrap_or_else(died);
        this.meter.ended(how.as_ref().err().map_or(Code::Ok, Status::code));
        Poll::Ready(how.err().map(Err))
    }
}

impl<T> Drop for Answers<T> {
    fn drop(&mut self) {
        if self.ended.is_some() {
            // Its caller has gone.
            self.meter.ended(Code::Cancelled);
        }
    }
}

/// Waits before a command that the engine had no room for is sent again; the error when it
/// was sent often enough, and any other one.
pub(in crate::grpc) async fn wait_for_room(
    api: &Api,
    attempt: u32,
    error: EngineError,
) -> Result<(), EngineError> {
    match error {
        EngineError::Overloaded { retry_after, .. }
            if attempt < OVERLOADED_TRIES_MAX && is_running(api) =>
        {
            tokio::time::sleep(retry_after).await;
            Ok(())
        }
        error => Err(error),
    }
}

/// Whether there is time to wait: a drain has less than all orders of a stream
/// might take.
pub(in crate::grpc) fn is_running(api: &Api) -> bool {
    api.0.shutdown.phase() == Phase::Running
}

#[cfg(test)]
mod tests {
    use futures_util::StreamExt;

    use super::*;

    fn answers<T>() -> (Answering<T>, Answers<T>) {
        super::answers(&Extensions::default(), &Arc::new(StreamMeter::new("tested")))
    }

    #[tokio::test]
    async fn a_stream_ends_as_its_task_says_and_behind_its_answers() {
        let (mut answering, answers) = answers();
        answering.send(1, 8).await.unwrap();
        answering.end(Err(errors::stream_drained()));
        let told: Vec<_> = answers.map(|told| told.map_err(|status| status.code())).collect().await;
        assert_eq!(told, [Ok(1), Err(Code::Unavailable)]);
    }

    #[tokio::test]
    async fn a_stream_whose_task_died_does_not_end_well() {
        let (mut answering, answers) = answers();
        answering.send(1, 8).await.unwrap();
        let dying = tokio::spawn(async move {
            let _answering = answering;
            panic!("as a fault of the program would");
        });
        dying.await.unwrap_err();
        let told: Vec<_> = answers.map(|told| told.map_err(|status| status.code())).collect().await;
        assert_eq!(told, [Ok(1), Err(Code::Internal)]);
    }

    #[tokio::test]
    async fn answers_that_nobody_reads_are_bounded_by_their_bytes() {
        let (mut answering, mut answers) = answers();
        let half = ANSWERS_WAITING_BYTES_MAX / 2;
        answering.send(1, half).await.unwrap();
        answering.send(2, half).await.unwrap();
        assert!(answering.send(3, 1).now_or_never().is_none(), "there is no room");
        assert!(answering.ready().now_or_never().is_none(), "for the shortest either");
        // Longer than all the room: only when nothing else waits.
        let mut longest = Box::pin(answering.send(4, 10 * ANSWERS_WAITING_BYTES_MAX));
        assert!((&mut longest).now_or_never().is_none());
        for read in [1, 2] {
            assert!((&mut longest).now_or_never().is_none());
            assert_eq!(answers.next().await.unwrap().unwrap(), read);
        }
        longest.await.unwrap();
        assert_eq!(answers.next().await.unwrap().unwrap(), 4);
    }

    #[tokio::test]
    async fn who_waits_for_room_hears_that_the_reader_has_gone() {
        let (mut answering, answers) = answers();
        answering.send(1, ANSWERS_WAITING_BYTES_MAX).await.unwrap();
        let mut waiting = Box::pin(answering.send(2, 1));
        assert!((&mut waiting).now_or_never().is_none());
        drop(answers);
        waiting.await.unwrap_err();
    }

    #[tokio::test]
    async fn what_is_answered_alone_is_made_when_the_answer_before_was_taken() {
        let (mut answering, mut answers) = answers();
        let room = answering.alone().await.unwrap();
        answering.send_alone(room, 1).unwrap();
        assert!(answering.alone().now_or_never().is_none(), "it was not taken");
        assert_eq!(answers.next().await.unwrap().unwrap(), 1);
        let room = answering.alone().await.unwrap();
        assert!(answering.gone().now_or_never().is_none());
        drop(answers);
        answering.gone().await;
        answering.send_alone(room, 2).unwrap_err();
    }

    /// A drain waits for what is worked on, and not for ever for a caller that does not
    /// read.
    #[tokio::test]
    async fn a_stream_that_waits_for_its_reader_is_not_worked_on() {
        let peer = Arc::new(Peer::default());
        let mut request = Extensions::default();
        request.insert(Arc::clone(&peer));
        let meter = Arc::new(StreamMeter::new("tested"));
        let (mut answering, answers) = super::answers(&request, &meter);
        assert!(peer.is_working());
        answering.send(1, ANSWERS_WAITING_BYTES_MAX).await.unwrap();
        let mut waiting = Box::pin(answering.send(2, 1));
        assert!((&mut waiting).now_or_never().is_none());
        assert!(!peer.is_working());
        drop(waiting);
        drop((answering, answers));
        assert!(!peer.is_working());
    }
}

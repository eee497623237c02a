//! The primitives that `cell` is built from, in one place.
//!
//! The loom models compile the very same `cell.rs` beside a `sync` module of
//! their own, in which these names are loom's. So `cell` takes its atomics, its
//! `Arc` and its `UnsafeCell` from here and from nowhere else.

pub(super) use std::{
    hint::spin_loop,
    sync::{
        Arc,
        atomic::{AtomicU8, AtomicUsize, Ordering},
    },
};
use std::{
    pin::Pin,
    task::{Context, Poll, Wake, Waker},
    thread::{self, Thread},
};

/// How often a waiting thread looks before it parks. A turn takes well under a
/// microsecond and a park some ten: on a busy actor the reply is usually there
/// within these looks, and on a machine of few cores more of them would take the
/// time that the running turn needs.
pub(super) const LOOKS_MAX: u32 = 100;

/// [`std::cell::UnsafeCell`] by the narrower interface that loom can check: the
/// pointer is lent to a closure and does not leave it.
pub(super) struct UnsafeCell<T>(std::cell::UnsafeCell<T>);

impl<T> UnsafeCell<T> {
    pub(super) const fn new(value: T) -> Self {
        Self(std::cell::UnsafeCell::new(value))
    }

    #[inline]
    pub(super) fn with_mut<R>(&self, f: impl FnOnce(*mut T) -> R) -> R {
        f(self.0.get())
    }
}

/// Wakes a future by unparking the thread that waits for it.
struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.unpark();
    }
}

thread_local! {
    static UNPARK_ME: Waker = Waker::from(Arc::new(Unpark(thread::current())));
}

/// Parks this thread until `future` is ready.
pub(super) fn block_on<F: Future + Unpin>(mut future: F) -> F::Output {
    UNPARK_ME.with(|waker| {
        let mut context = Context::from_waker(waker);
        loop {
            match Pin::new(&mut future).poll(&mut context) {
                Poll::Ready(output) => return output,
                // Another's unpark may end this early; the loop polls again.
                Poll::Pending => thread::park(),
            }
        }
    })
}

//! What the engine's `actor::sync` exports, made of loom's types.

use std::{
    pin::Pin,
    task::{Context, Poll, Wake, Waker},
};

use loom::thread::{self, Thread};
pub(super) use loom::{
    cell::UnsafeCell,
    hint::spin_loop,
    sync::{
        Arc,
        atomic::{AtomicU8, AtomicUsize, Ordering},
    },
};

/// One: a model explores the parking, and each look multiplies its states.
pub(super) const LOOKS_MAX: u32 = 1;

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: std::sync::Arc<Self>) {
        self.0.unpark();
    }
}

/// Parks this thread until `future` is ready. A wake-up that is lost leaves every
/// thread blocked, which loom reports.
pub(super) fn block_on<F: Future + Unpin>(mut future: F) -> F::Output {
    let waker = Waker::from(std::sync::Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    loop {
        match Pin::new(&mut future).poll(&mut context) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}

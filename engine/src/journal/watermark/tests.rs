use std::sync::atomic::AtomicUsize;
use std::task::Wake;
use std::thread;

use super::*;
use crate::journal::LogError;

fn ticket(lsn: u64, epoch: u64) -> Ticket {
    Ticket { lsn: Lsn::new(lsn), epoch: Epoch::new(epoch) }
}

/// Counts how often it is woken.
#[derive(Default)]
struct Bell(AtomicUsize);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl Bell {
    fn rung(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

fn poll(wait: &mut Wait<'_>, bell: &Arc<Bell>) -> Poll<Result<Lsn, Unacknowledged>> {
    let waker = Waker::from(Arc::clone(bell));
    Pin::new(wait).poll(&mut Context::from_waker(&waker))
}

fn waiting(watermark: &Watermark) -> usize {
    watermark.state.lock().waiters.len()
}

#[test]
fn each_waiter_is_woken_when_its_own_record_is_applied() {
    let watermark = Watermark::new(Lsn::NONE);
    let (early, late) = (Arc::new(Bell::default()), Arc::new(Bell::default()));
    let (mut first, mut second) = (watermark.wait(ticket(1, 0)), watermark.wait(ticket(3, 0)));
    assert!(poll(&mut second, &late).is_pending());
    assert!(poll(&mut first, &early).is_pending());
    watermark.advance(Lsn::new(2));
    assert_eq!((early.rung(), late.rung()), (1, 0));
    assert!(matches!(poll(&mut first, &early), Poll::Ready(Ok(applied)) if applied == Lsn::new(2)));
    assert!(poll(&mut second, &late).is_pending());
    watermark.advance(Lsn::new(5));
    assert_eq!((early.rung(), late.rung()), (1, 1));
    assert!(matches!(poll(&mut second, &late), Poll::Ready(Ok(_))));
    assert_eq!(waiting(&watermark), 0);
}

#[test]
fn more_waiters_than_are_taken_at_once_are_all_woken() {
    let watermark = Watermark::new(Lsn::NONE);
    let bell = Arc::new(Bell::default());
    let mut waits: Vec<Wait<'_>> = (1..=100).map(|lsn| watermark.wait(ticket(lsn, 0))).collect();
    for wait in &mut waits {
        assert!(poll(wait, &bell).is_pending());
    }
    watermark.advance(Lsn::new(100));
    assert_eq!(bell.rung(), 100);
}

#[test]
fn a_reached_ticket_takes_no_lock() {
    let watermark = Watermark::new(Lsn::new(9));
    let _held = watermark.state.lock();
    let bell = Arc::new(Bell::default());
    assert!(poll(&mut watermark.wait(ticket(9, 0)), &bell).is_ready());
    assert!(poll(&mut watermark.wait_past(Lsn::new(8)), &bell).is_ready());
}

#[test]
fn the_end_of_an_epoch_rejects_what_came_after_the_last_good_record() {
    let watermark = Watermark::new(Lsn::new(4));
    let bell = Arc::new(Bell::default());
    let (mut good, mut bad) = (watermark.wait(ticket(5, 0)), watermark.wait(ticket(6, 0)));
    assert!(poll(&mut good, &bell).is_pending());
    assert!(poll(&mut bad, &bell).is_pending());
    watermark.end_epoch(Lsn::new(5));
    assert!(poll(&mut good, &bell).is_pending());
    assert!(matches!(poll(&mut bad, &bell), Poll::Ready(Err(Unacknowledged::Rejected))));
    watermark.advance(Lsn::new(5));
    assert!(matches!(poll(&mut good, &bell), Poll::Ready(Ok(_))));
}

#[test]
fn a_rejected_ticket_is_never_taken_for_the_record_that_got_its_lsn() {
    let watermark = Watermark::new(Lsn::new(5));
    watermark.end_epoch(Lsn::new(5));
    let bell = Arc::new(Bell::default());
    let mut renewed = watermark.wait(ticket(6, 1));
    assert!(poll(&mut renewed, &bell).is_pending());
    watermark.advance(Lsn::new(6));
    assert!(matches!(poll(&mut renewed, &bell), Poll::Ready(Ok(_))));
    let late = watermark.wait(ticket(6, 0)).block();
    assert!(matches!(late, Err(Unacknowledged::Rejected)));
    watermark.wait(ticket(5, 0)).block().unwrap();
}

#[test]
fn a_dropped_wait_leaves_nothing_behind() {
    let watermark = Watermark::new(Lsn::NONE);
    let bell = Arc::new(Bell::default());
    let mut wait = watermark.wait(ticket(1, 0));
    assert!(poll(&mut wait, &bell).is_pending());
    assert_eq!(waiting(&watermark), 1);
    drop(wait);
    assert_eq!(waiting(&watermark), 0);
    assert_eq!(watermark.lowest_awaited.load(Ordering::SeqCst), u64::MAX);
    watermark.advance(Lsn::new(1));
    assert_eq!(bell.rung(), 0);
}

#[test]
fn a_halt_tells_its_first_cause_and_keeps_what_was_applied() {
    let watermark = Watermark::new(Lsn::new(1));
    let bell = Arc::new(Bell::default());
    let mut wait = watermark.wait(ticket(2, 0));
    assert!(poll(&mut wait, &bell).is_pending());
    watermark.halt(Arc::new(LogError::WriterGone));
    watermark.halt(Arc::new(Unacknowledged::Rejected));
    assert_eq!(bell.rung(), 1);
    let Poll::Ready(Err(Unacknowledged::Halted(cause))) = poll(&mut wait, &bell) else {
        panic!("halted");
    };
    assert_eq!(cause.to_string(), LogError::WriterGone.to_string());
    watermark.wait(ticket(1, 0)).block().unwrap();
    assert!(watermark.wait_past(Lsn::new(1)).block().is_err());
}

#[test]
fn no_wake_up_is_lost_between_a_waiter_and_the_applier() {
    const RECORDS: u64 = 20_000;
    let watermark = Watermark::new(Lsn::NONE);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                for lsn in 1..=RECORDS {
                    watermark.wait(ticket(lsn, 0)).block().unwrap();
                }
            });
        }
        scope.spawn(|| (1..=RECORDS).for_each(|lsn| watermark.advance(Lsn::new(lsn))));
    });
    assert_eq!(waiting(&watermark), 0);
}

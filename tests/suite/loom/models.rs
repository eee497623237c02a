//! The models. Each names the property that must hold in every interleaving.
//!
//! Loom's `UnsafeCell` fails a model in which two turns overlap or one does not
//! see what the last one wrote, its `Arc` one in which a letter leaks, and its
//! scheduler one in which a reply never comes.

use std::{
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    task::{Context, Poll, Waker},
};

use loom::{sync::Arc, thread};

use super::{
    Actor, ActorPanicked,
    cell::{ActorCell, Ask, Mailbox},
};

/// Involuntary switches of thread in one execution. Nearly all known races need
/// two; three still runs in seconds.
const PREEMPTIONS_MAX: usize = 3;

fn check(model: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(PREEMPTIONS_MAX);
    builder.check(model);
}

/// Remembers whose messages it took, and answers how many it had taken before.
#[derive(Default)]
struct Log(Vec<Note>);

#[derive(Clone, Copy, Debug, PartialEq)]
enum Note {
    From(u8, u8),
    Panic,
    Read,
}

/// A sequence of notes in the order of their turns.
type Taken = Vec<Note>;

impl Actor for Log {
    type Message = Note;
    type Reply = Taken;
    type Shared = ();

    fn turn(&mut self, (): &(), note: Note) -> Taken {
        match note {
            // Unwinds without the panic hook's message, thousands of times.
            Note::Panic => resume_unwind(Box::new("the modelled panic")),
            Note::Read => self.0.clone(),
            Note::From(..) => {
                self.0.push(note);
                self.0.clone()
            }
        }
    }
}

fn idle_log() -> Arc<ActorCell<Log>> {
    Arc::new(ActorCell::new(Log::default(), ()))
}

fn read(cell: &ActorCell<Log>) -> Taken {
    cell.ask(Note::Read).wait().expect("no turn panicked")
}

#[test]
fn every_message_runs_once_and_every_reply_arrives() {
    check(|| {
        let cell = idle_log();
        let senders = [1, 2].map(|sender| {
            let cell = Arc::clone(&cell);
            thread::spawn(move || cell.ask(Note::From(sender, 0)).wait())
        });
        let own = cell.ask(Note::From(0, 0)).wait().expect("no turn panicked");
        assert_eq!(own.last(), Some(&Note::From(0, 0)), "the reply is the message's own");
        for sender in senders {
            sender.join().expect("no panic").expect("no turn panicked");
        }
        assert_eq!(read(&cell).len(), 3);
    });
}

#[test]
fn messages_of_one_sender_keep_their_order() {
    check(|| {
        let cell = idle_log();
        let other = {
            let cell = Arc::clone(&cell);
            thread::spawn(move || {
                cell.tell(Note::From(1, 0));
                cell.ask(Note::From(1, 1)).wait()
            })
        };
        cell.tell(Note::From(0, 0));
        cell.tell(Note::From(0, 1));
        other.join().expect("no panic").expect("no turn panicked");
        let taken = read(&cell);
        assert_eq!(taken.len(), 4);
        for sender in [0, 1] {
            let mut own =
                taken.iter().filter(|note| matches!(note, Note::From(s, _) if *s == sender));
            assert_eq!(own.next(), Some(&Note::From(sender, 0)));
            assert_eq!(own.next(), Some(&Note::From(sender, 1)));
        }
    });
}

#[test]
fn a_dropped_ask_still_runs_and_leaks_nothing() {
    check(|| {
        let cell = idle_log();
        let other = {
            let cell = Arc::clone(&cell);
            thread::spawn(move || {
                let mut ask = cell.ask(Note::From(1, 0));
                // Left between its first poll and its reply, with a waker inside.
                let _ = poll_once(&mut ask);
            })
        };
        cell.tell(Note::From(0, 0));
        other.join().expect("no panic");
        assert_eq!(read(&cell).len(), 2);
    });
}

#[test]
fn a_peek_sees_whole_turns_and_those_who_come_meanwhile_have_theirs() {
    check(|| {
        let mailbox = Arc::new(Mailbox::new(Log::default()));
        let other = {
            let mailbox = Arc::clone(&mailbox);
            thread::spawn(move || mailbox.ask(&(), Note::From(1, 0)).wait())
        };
        let seen = mailbox.peek(&(), |log| log.0.clone());
        assert!(seen.is_none_or(|seen| seen.is_empty() || seen == [Note::From(1, 0)]));
        other.join().expect("no panic").expect("no turn panicked");
        assert_eq!(mailbox.peek(&(), |log| log.0.len()), Some(1));
    });
}

#[test]
fn a_future_polled_with_a_new_waker_is_woken_by_the_new_one() {
    check(|| {
        let cell = idle_log();
        let other = {
            let cell = Arc::clone(&cell);
            thread::spawn(move || {
                let mut ask = cell.ask(Note::From(1, 0));
                match poll_once(&mut ask) {
                    Poll::Ready(reply) => reply,
                    // Waits with the thread's waker, after one that wakes nothing.
                    Poll::Pending => ask.wait(),
                }
            })
        };
        cell.tell(Note::From(0, 0));
        other.join().expect("no panic").expect("no turn panicked");
    });
}

#[test]
fn a_panic_reaches_who_ran_it_and_everybody_else_gets_an_error() {
    check(|| {
        let cell = idle_log();
        let other = {
            let cell = Arc::clone(&cell);
            thread::spawn(move || {
                let asked = catch_unwind(AssertUnwindSafe(|| cell.ask(Note::From(1, 0)).wait()));
                match asked {
                    // Ran before the panic, or was cancelled by it.
                    Ok(Ok(taken)) => assert_eq!(taken, [Note::From(1, 0)]),
                    Ok(Err(ActorPanicked)) => {}
                    // Ran, and then drained the message that panics.
                    Err(_panic) => assert!(cell.is_poisoned()),
                }
            })
        };
        let asked = catch_unwind(AssertUnwindSafe(|| cell.ask(Note::Panic).wait()));
        assert!(!matches!(asked, Ok(Ok(_))), "a turn that panicked has no reply");
        other.join().expect("no panic");
        assert!(cell.is_poisoned());
        assert_eq!(cell.ask(Note::Read).wait(), Err(ActorPanicked));
    });
}

fn poll_once(ask: &mut Ask<Log>) -> Poll<Result<Taken, ActorPanicked>> {
    Future::poll(std::pin::Pin::new(ask), &mut Context::from_waker(Waker::noop()))
}

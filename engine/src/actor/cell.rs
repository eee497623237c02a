//! The actor cell: an actor, its mailbox, and the right to run its turns.
//!
//! The mailbox is one word. It says `IDLE`, `BUSY`, `POISONED`, or it is the
//! address of the newest letter; each letter knows the one before it, and the
//! oldest knows `BUSY`. The thread that moves the word from `IDLE` to `BUSY`, the
//! holder, has the right to run turns ([`Running`]). It lets go of it by moving the
//! word back, which succeeds only when no letter waits. A sender that finds the
//! word busy pushes a letter; the holder takes all letters at once and runs them
//! oldest first.
//!
//! | transition | by | ordering, and what it carries |
//! |---|---|---|
//! | `IDLE` to `BUSY` | sender | acquire: the actor as the last holder left it |
//! | busy to a letter | sender | release: the letter |
//! | a letter to `BUSY` | holder | acquire: all letters (pushes are read-modify-writes, so they form one release sequence) |
//! | `BUSY` to `IDLE` | holder | release: the actor |
//! | any to `POISONED` | holder, unwinding | acquire: the letters to cancel |
//!
//! **Bound.** A sender that left a letter waits for its answer before it asks that
//! actor again. So a mailbox never holds more letters than there are transactions,
//! reads and service actors under way; the engine admits transactions up to a
//! limit, and the server reads. For the same reason a holder that drains is let go
//! at the latest when all of them have had their turn and no new one is let in.
//!
//! This file is compiled a second time by the loom models, with loom's types in
//! place of [`super::sync`].

#![expect(unsafe_code, reason = "the mailbox: the one lock-free structure, checked by loom")]

use std::{
    marker::PhantomData,
    mem,
    pin::Pin,
    ptr,
    task::{Context, Poll, Waker},
};

use super::{
    Actor, ActorPanicked,
    sync::{self, Arc, AtomicU8, AtomicUsize, Ordering, UnsafeCell},
};

/// No turn runs and no letter waits.
const IDLE: usize = 0;
/// A turn runs and no letter waits. Not an address: letters are aligned to words.
const BUSY: usize = 1;
/// A turn panicked. Final.
const POISONED: usize = 2;

/// An actor and what it publishes, side by side; see [`Mailbox`].
pub struct ActorCell<A: Actor> {
    mailbox: Mailbox<A>,
    shared: A::Shared,
}

impl<A: Actor> ActorCell<A> {
    /// An idle cell.
    pub fn new(actor: A, shared: A::Shared) -> Self {
        Self { mailbox: Mailbox::new(actor), shared }
    }

    /// What the actor publishes, readable at any moment without a turn.
    pub fn shared(&self) -> &A::Shared {
        &self.shared
    }

    /// Whether a turn panicked. Once true, stays true.
    pub fn is_poisoned(&self) -> bool {
        self.mailbox.is_poisoned()
    }

    /// Sends `message` and returns its reply, or the promise of it: see
    /// [`Mailbox::ask`].
    #[inline]
    pub fn ask(&self, message: A::Message) -> Ask<A> {
        self.mailbox.ask(&self.shared, message)
    }

    /// Shows the actor to `look`, if it is idle: see [`Mailbox::peek`].
    ///
    /// # Panics
    /// As [`ask`](Self::ask).
    pub fn peek<R>(&self, look: impl FnOnce(&A) -> R) -> Option<R> {
        self.mailbox.peek(&self.shared, look)
    }

    /// Sends `message` and wants no reply; otherwise as [`ask`](Self::ask). A
    /// poisoned actor drops it.
    pub fn tell(&self, message: A::Message) {
        drop(self.ask(message));
    }
}

impl<A: Actor + Default> Default for ActorCell<A>
where
    A::Shared: Default,
{
    fn default() -> Self {
        Self::new(A::default(), A::Shared::default())
    }
}

/// An actor and its mailbox. Costs one word more than the actor, and must not move
/// while a sender may have it.
pub struct Mailbox<A: Actor> {
    /// `IDLE`, `BUSY`, `POISONED`, or the address of the newest letter.
    ///
    /// An address and not a pointer: a push that was overtaken may find a newer
    /// letter at the address of one that is gone. Its compare-and-swap then
    /// succeeds, rightly, and the address means the newer one.
    word: AtomicUsize,
    actor: UnsafeCell<A>,
}

// SAFETY: `actor` is reached through `Running` alone, of which there is at most one
// (`ONE_TURN`), on any thread in turn (`A: Send`); what passes through the mailbox
// is `Send`.
unsafe impl<A: Actor> Sync for Mailbox<A> {}

impl<A: Actor> Mailbox<A> {
    /// An idle actor.
    pub fn new(actor: A) -> Self {
        Self { word: AtomicUsize::new(IDLE), actor: UnsafeCell::new(actor) }
    }

    /// Whether a turn panicked. Once true, stays true.
    pub fn is_poisoned(&self) -> bool {
        self.word.load(Ordering::Relaxed) == POISONED
    }

    /// Sends `message` and returns its reply, or the promise of it. Never blocks.
    /// `shared` is what this actor publishes, the same at every call.
    ///
    /// An idle actor takes its turn here and now, on this thread, without
    /// allocating, and the reply is there at once. Before this returns, the turns
    /// of messages that came meanwhile run here too. A busy actor gets a letter,
    /// and the thread that runs its turns takes it.
    ///
    /// The message runs whether or not the [`Ask`] is kept: dropping it drops the
    /// reply and nothing else.
    ///
    /// # Panics
    /// With the panic of a turn, if one that ran here panicked: this message's or
    /// that of another sender.
    #[inline]
    pub fn ask(&self, shared: &A::Shared, message: A::Message) -> Ask<A> {
        match Running::enter(self, shared) {
            Some(mut running) => {
                let reply = running.turn(message);
                running.let_go();
                Ask(State::Answered(reply))
            }
            None => self.post(shared, message),
        }
    }

    /// Shows the actor to `look`, if no other thread runs its turns: none when it is
    /// busy or poisoned. A turn without a message: the actor is as it was, `shared` as
    /// well.
    ///
    /// # Panics
    /// As [`ask`](Self::ask): the turns of messages that come meanwhile run here.
    #[inline]
    pub fn peek<R>(&self, shared: &A::Shared, look: impl FnOnce(&A) -> R) -> Option<R> {
        let running = Running::enter(self, shared)?;
        let seen = self.actor.with_mut(|actor| {
            // SAFETY: `running` is the only `Running` of this cell, so that no other
            // reference to the actor exists until it lets go.
            look(unsafe { &*actor })
        });
        running.let_go();
        Some(seen)
    }

    /// Leaves a letter, or delivers it here if the actor has become idle.
    #[cold]
    fn post(&self, shared: &A::Shared, message: A::Message) -> Ask<A> {
        let (letter, ask) = Letter::write(message);
        let mut head = self.word.load(Ordering::Relaxed);
        loop {
            if head == IDLE {
                if let Some(mut running) = Running::enter(self, shared) {
                    running.deliver(letter);
                    running.let_go();
                    return ask;
                }
                head = self.word.load(Ordering::Relaxed);
            } else if head == POISONED {
                // Dropped without a reply, the letter tells its asker.
                return ask;
            } else {
                match self.push(head, &letter) {
                    Ok(_) => {
                        // The mailbox owns it now.
                        mem::forget(letter);
                        return ask;
                    }
                    Err(newer) => head = newer,
                }
            }
        }
    }

    /// Puts a letter on top of `head`, or says what is there instead. The letter
    /// is the mailbox's if and only if this succeeds.
    fn push(&self, head: usize, letter: &Delivery<A>) -> Result<usize, usize> {
        letter.0.link.store(head, Ordering::Relaxed);
        self.word.compare_exchange_weak(
            head,
            letter.address(),
            Ordering::Release,
            Ordering::Relaxed,
        )
    }
}

impl<A: Actor + Default> Default for Mailbox<A> {
    fn default() -> Self {
        Self::new(A::default())
    }
}

/// The right to run turns of one cell, held from `IDLE` to `IDLE`. If it is
/// dropped instead of let go, a turn panicked, and the cell is poisoned.
struct Running<'cell, A: Actor> {
    mailbox: &'cell Mailbox<A>,
    shared: &'cell A::Shared,
}

impl<'cell, A: Actor> Running<'cell, A> {
    #[inline]
    fn enter(mailbox: &'cell Mailbox<A>, shared: &'cell A::Shared) -> Option<Self> {
        mailbox
            .word
            .compare_exchange(IDLE, BUSY, Ordering::Acquire, Ordering::Relaxed)
            .is_ok()
            .then(|| Self { mailbox, shared })
    }

    #[inline]
    fn turn(&mut self, message: A::Message) -> A::Reply {
        self.mailbox.actor.with_mut(|actor| {
            // SAFETY: `self` is the only `Running` of this cell and is borrowed
            // mutably, so no other reference to the actor exists.
            let actor = unsafe { &mut *actor };
            actor.turn(self.shared, message)
        })
    }

    fn deliver(&mut self, mut letter: Delivery<A>) {
        if let Some(message) = letter.open() {
            let reply = self.turn(message);
            letter.answer(reply);
        }
    }

    /// Runs what came meanwhile, and lets go when nothing more has come.
    #[inline]
    fn let_go(mut self) {
        let word = &self.mailbox.word;
        while word.compare_exchange(BUSY, IDLE, Ordering::Release, Ordering::Relaxed).is_err() {
            self.drain();
        }
        mem::forget(self);
    }

    #[cold]
    fn drain(&mut self) {
        let newest = self.mailbox.word.swap(BUSY, Ordering::Acquire);
        // SAFETY: swapped out by the line above.
        for letter in unsafe { Batch::of(newest) } {
            self.deliver(letter);
        }
    }
}

impl<A: Actor> Drop for Running<'_, A> {
    fn drop(&mut self) {
        let newest = self.mailbox.word.swap(POISONED, Ordering::Acquire);
        // SAFETY: swapped out by the line above.
        drop(unsafe { Batch::<A>::of(newest) });
    }
}

/// Letters taken out of a mailbox, oldest first. Those left when it is dropped
/// are cancelled: their askers learn that the actor panicked.
struct Batch<A: Actor> {
    /// The address of the oldest letter, or `BUSY` after the last one. Each
    /// letter's link leads to the next newer one.
    oldest: usize,
    owns: PhantomData<Delivery<A>>,
}

impl<A: Actor> Batch<A> {
    /// Turns round the chain that `newest` heads.
    ///
    /// # Safety
    /// The caller has just swapped `newest` out of a cell's word.
    unsafe fn of(newest: usize) -> Self {
        let mut batch = Self { oldest: BUSY, owns: PhantomData };
        let mut head = newest;
        while is_letter(head) {
            // SAFETY: `head` came out of the word, or is the link of a letter that
            // did, so nothing else takes it.
            let letter = unsafe { Delivery::<A>::from_address(head) };
            head = letter.0.link.load(Ordering::Relaxed);
            letter.0.link.store(batch.oldest, Ordering::Relaxed);
            batch.oldest = letter.into_address();
        }
        batch
    }
}

impl<A: Actor> Iterator for Batch<A> {
    type Item = Delivery<A>;

    fn next(&mut self) -> Option<Delivery<A>> {
        is_letter(self.oldest).then(|| {
            // SAFETY: the batch owns the letters on its chain, and the next line
            // takes this one off it.
            let letter = unsafe { Delivery::<A>::from_address(self.oldest) };
            self.oldest = letter.0.link.load(Ordering::Relaxed);
            letter
        })
    }
}

impl<A: Actor> Drop for Batch<A> {
    fn drop(&mut self) {
        self.for_each(drop);
    }
}

const fn is_letter(word: usize) -> bool {
    word > POISONED
}

/// No reply yet, and no asker to wake.
const OPEN: u8 = 0;
/// No reply yet; the asker left its waker.
const WATCHED: u8 = 1;
/// Answered, or never to be.
const CLOSED: u8 = 2;

/// A message on its way and the place for its reply: one allocation, shared by
/// the mailbox ([`Delivery`]) and the asker ([`Watch`]), one of each.
struct Letter<A: Actor> {
    /// In a mailbox: what the word was before. In a [`Batch`]: the next letter.
    link: AtomicUsize,
    /// `OPEN`, `WATCHED` or `CLOSED`: says whose the other two fields are.
    state: AtomicU8,
    /// The `Delivery`'s until `CLOSED`, then the `Watch`'s.
    content: UnsafeCell<Content<A>>,
    /// The `Watch`'s while `OPEN`; then it belongs to the side that moves the state from
    /// `WATCHED`.
    waker: UnsafeCell<Option<Waker>>,
}

enum Content<A: Actor> {
    Message(A::Message),
    Reply(A::Reply),
    Nothing,
}

// SAFETY: each `UnsafeCell` has one user at a time, as its field says, handed over
// by release and acquire on `state` (and before that on the cell's word); messages
// and replies are `Send`.
unsafe impl<A: Actor> Sync for Letter<A> {}

impl<A: Actor> Letter<A> {
    fn write(message: A::Message) -> (Delivery<A>, Ask<A>) {
        let letter = Arc::new(Self {
            link: AtomicUsize::new(BUSY),
            state: AtomicU8::new(OPEN),
            content: UnsafeCell::new(Content::Message(message)),
            waker: UnsafeCell::new(None),
        });
        let watch = Watch(Arc::clone(&letter));
        (Delivery(letter), Ask(State::Waiting(watch)))
    }

    /// # Safety
    /// The caller is the content's user: see the field.
    unsafe fn swap_content(&self, new: Content<A>) -> Content<A> {
        self.content.with_mut(|content| {
            // SAFETY: the caller's promise; the reference ends here.
            mem::replace(unsafe { &mut *content }, new)
        })
    }

    /// # Safety
    /// The caller is the waker's user: see the field.
    unsafe fn swap_waker(&self, new: Option<Waker>) -> Option<Waker> {
        self.waker.with_mut(|waker| {
            // SAFETY: the caller's promise; the reference ends here.
            mem::replace(unsafe { &mut *waker }, new)
        })
    }
}

/// The mailbox's end of a letter. Dropping it closes the letter, answered or not,
/// and wakes the asker.
struct Delivery<A: Actor>(Arc<Letter<A>>);

impl<A: Actor> Delivery<A> {
    /// Where the letter is; at least 8, being an aligned address.
    fn address(&self) -> usize {
        Arc::as_ptr(&self.0).expose_provenance()
    }

    /// Gives the delivery away as its address.
    fn into_address(self) -> usize {
        let address = self.address();
        mem::forget(self);
        address
    }

    /// # Safety
    /// `address` is that of a delivery that was given away and not taken back.
    unsafe fn from_address(address: usize) -> Self {
        // SAFETY: the caller's promise: the reference count still includes it.
        Self(unsafe { Arc::from_raw(ptr::with_exposed_provenance(address)) })
    }

    /// Takes the message out; `None` if that was done before.
    fn open(&mut self) -> Option<A::Message> {
        // SAFETY: the content is the delivery's, because only its drop closes.
        match unsafe { self.0.swap_content(Content::Nothing) } {
            Content::Message(message) => Some(message),
            Content::Reply(_) | Content::Nothing => None,
        }
    }

    fn answer(self, reply: A::Reply) {
        // SAFETY: the content is the delivery's, because only its drop closes.
        unsafe { self.0.swap_content(Content::Reply(reply)) };
    }
}

impl<A: Actor> Drop for Delivery<A> {
    fn drop(&mut self) {
        if self.0.state.swap(CLOSED, Ordering::AcqRel) == WATCHED {
            // SAFETY: this moved the state from `WATCHED`.
            if let Some(waker) = unsafe { self.0.swap_waker(None) } {
                waker.wake();
            }
        }
    }
}

/// The asker's end of a letter.
struct Watch<A: Actor>(Arc<Letter<A>>);

impl<A: Actor> Watch<A> {
    /// The reply, once: `None` while the letter is not closed.
    fn take(&mut self) -> Option<Result<A::Reply, ActorPanicked>> {
        if self.0.state.load(Ordering::Acquire) != CLOSED {
            return None;
        }
        // SAFETY: a closed letter's content is the watch's.
        match unsafe { self.0.swap_content(Content::Nothing) } {
            Content::Reply(reply) => Some(Ok(reply)),
            Content::Message(_) | Content::Nothing => Some(Err(ActorPanicked)),
        }
    }

    /// Leaves `waker` to be woken when the letter closes, in place of one left
    /// before. False if it is closed already.
    fn watch(&mut self, waker: &Waker) -> bool {
        let state = &self.0.state;
        // Takes back the waker left before, if one was: either way it is open now.
        if state.compare_exchange(WATCHED, OPEN, Ordering::Relaxed, Ordering::Relaxed)
            == Err(CLOSED)
        {
            return false;
        }
        // SAFETY: the letter was `OPEN`, and only the watch moves it to `WATCHED`.
        // If it is being closed at this moment, its closer saw `OPEN` and keeps off.
        unsafe { self.0.swap_waker(Some(waker.clone())) };
        state.compare_exchange(OPEN, WATCHED, Ordering::Release, Ordering::Relaxed).is_ok()
    }
}

/// A reply, or the promise of one, from [`ActorCell::ask`].
///
/// Three ways to get it: await it, [`try_take`](Self::try_take) it, or
/// [`wait`](Self::wait) for it on a thread. It comes exactly once. Dropping the
/// `Ask` leaves nothing behind: the message still runs, its reply is dropped.
#[must_use = "the message runs anyway, but its reply is lost: use `tell`"]
pub struct Ask<A: Actor>(State<A>);

enum State<A: Actor> {
    Answered(A::Reply),
    Waiting(Watch<A>),
    Taken,
}

// Nothing in it is ever pinned: the reply moves out by value.
impl<A: Actor> Unpin for Ask<A> {}

impl<A: Actor> Ask<A> {
    /// The reply if it is there, `None` if its turn has not been yet.
    ///
    /// # Errors
    /// [`ActorPanicked`] if it will never be there.
    ///
    /// # Panics
    /// If the reply was taken before: it would not come again.
    #[inline]
    pub fn try_take(&mut self) -> Option<Result<A::Reply, ActorPanicked>> {
        if let State::Waiting(watch) = &mut self.0 {
            let answer = watch.take()?;
            self.0 = State::Taken;
            return Some(answer);
        }
        match mem::replace(&mut self.0, State::Taken) {
            State::Answered(reply) => Some(Ok(reply)),
            State::Waiting(_) | State::Taken => panic!("the reply was taken before"),
        }
    }

    /// Waits for the reply on this thread: looks for it some
    /// [`LOOKS_MAX`](sync::LOOKS_MAX) times, then parks. For threads that run no
    /// futures, and never from within a turn.
    ///
    /// # Errors
    /// [`ActorPanicked`] if the reply will never be there.
    ///
    /// # Panics
    /// If the reply was taken before.
    pub fn wait(mut self) -> Result<A::Reply, ActorPanicked> {
        for _ in 0..sync::LOOKS_MAX {
            if let Some(answer) = self.try_take() {
                return answer;
            }
            sync::spin_loop();
        }
        sync::block_on(self)
    }
}

impl<A: Actor> Future for Ask<A> {
    type Output = Result<A::Reply, ActorPanicked>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let ask = self.get_mut();
        loop {
            if let Some(answer) = ask.try_take() {
                return Poll::Ready(answer);
            }
            // A letter that closed just now is taken by the second look.
            if let State::Waiting(watch) = &mut ask.0
                && watch.watch(context.waker())
            {
                return Poll::Pending;
            }
        }
    }
}

//! Futures.
//!
//! # Role
//! Polls futures on workers, and one on the calling thread.
//!
//! # Invariants
//! - I1: a task is in the queue at most once, and is polled by one thread at a time.
//! - I2: a wake during a poll brings another poll.

use crate::admission::{self, Ask, Permit, Refusal, Tagged};
use crate::engine::Engine;
use crate::error::JobError;
use crate::fiber;
use crate::here;
use crate::job::{Cell, JobHandle, JobOptions, Outcome};
use crate::payload;
use crate::queue::{Item, Shared};
use crate::span::{self, SpanContext};
use crate::timeline::SliceKind;
use alloc::sync::{Arc, Weak};
use alloc::task::Wake;
use core::panic::AssertUnwindSafe;
use core::pin::{Pin, pin};
use core::sync::atomic::{AtomicBool, Ordering};
use core::task::{Context, Poll, Waker};
use std::panic::catch_unwind;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::Thread;

/// Polls `future` to its end on the calling thread. On a thread of a pool another one takes its
/// place while it sleeps.
///
/// # Panics
/// If `future` does.
///
/// # Examples
///
/// ```
/// assert_eq!(bedplate_pool::block_on(async { 1 + 1 }), 2);
/// ```
pub fn block_on<T: Future>(future: T) -> T::Output {
    let mut future = pin!(future);
    if let Some(output) = fiber::drive(|cx| future.as_mut().poll(cx)) {
        return output;
    }
    let sleeper = Arc::new(Sleeper {
        thread: std::thread::current(),
        woken: AtomicBool::new(false),
    });
    let waker = Waker::from(Arc::clone(&sleeper));
    let mut cx = Context::from_waker(&waker);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
            return output;
        }
        if !sleeper.was_woken() {
            here::waiting(|| sleeper.sleep());
        }
    }
}

/// A thread that sleeps in [`block_on`].
struct Sleeper {
    thread: Thread,
    /// The thread's own token does not do: the future may use it up, or another may leave one.
    woken: AtomicBool,
}

impl Sleeper {
    /// True once per wake.
    fn was_woken(&self) -> bool {
        // Acquire pairs with the Release in `wake`.
        self.woken.swap(false, Ordering::Acquire)
    }

    fn sleep(&self) {
        // Bounded by the wake.
        while !self.was_woken() {
            std::thread::park();
        }
    }
}

impl Wake for Sleeper {
    fn wake(self: Arc<Self>) {
        // Release pairs with the Acquire in `was_woken`.
        self.woken.store(true, Ordering::Release);
        self.thread.unpark();
    }
}

/// Has workers poll a future to its end.
pub(crate) fn spawn<T>(engine: &Engine, options: JobOptions, future: T) -> JobHandle<T::Output>
where
    T: Future + Send + 'static,
    T::Output: Send + 'static,
{
    let cell = Cell::new(&options);
    let handle = JobHandle::of(&cell);
    let ask = Ask::of(&options, false);
    let task = Arc::new(Task {
        work: Mutex::new(Some(Work {
            future: Box::pin(future),
            outcome: Outcome::of(&cell),
        })),
        stage: Mutex::new(Stage::Idle),
        begun: Mutex::new(false),
        span: span::current_span(),
        options,
        engine: engine
            .counted()
            .map_or_else(Weak::new, |e| Arc::downgrade(&e)),
        permit: Mutex::new(None),
    });
    if ask.bytes == 0 {
        task.wake();
        return handle;
    }
    // From now on the gate has it, which polls it first.
    *task.stage() = Stage::Queued;
    let asked = engine
        .admission
        .submit(ask, || Box::new(Weighed(Arc::clone(&task))));
    if let Err(Refusal::TooLarge(limit_bytes)) = asked {
        // Before the task is dropped, which would call it off.
        Outcome::of(&cell).leave(Err(JobError::TooLarge {
            footprint_bytes: ask.bytes,
            limit_bytes,
        }));
    }
    handle
}

/// A future with a footprint, before its first poll.
struct Weighed<T: Future>(Arc<Task<T>>);

impl<T> Tagged for Weighed<T>
where
    T: Future + Send + 'static,
    T::Output: Send + 'static,
{
    fn is_off(&self) -> bool {
        self.0.options.refusal().is_some()
    }

    fn run(self: Box<Self>, cx: crate::Context<'_>, permit: Option<Permit>) {
        *self.0.lock_permit() = permit;
        self.0.help(cx);
    }
}

/// A future on its way.
struct Task<T: Future> {
    /// Gone once it has ended.
    work: Mutex<Option<Work<T>>>,
    stage: Mutex<Stage>,
    /// True from the first poll: the deadline is for that.
    begun: Mutex<bool>,
    /// What it is for.
    span: SpanContext,
    options: JobOptions,
    engine: Weak<Engine>,
    /// Where it has a footprint: from the first poll to the end. The last to be dropped.
    permit: Mutex<Option<Permit>>,
}

struct Work<T: Future> {
    future: Pin<Box<T>>,
    outcome: Outcome<T::Output>,
}

/// Where a task is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Nowhere: waits for a wake.
    Idle,
    /// In the queue.
    Queued,
    /// Being polled.
    Polled,
    /// Being polled, and woken meanwhile.
    Woken,
}

impl<T> Task<T>
where
    T: Future + Send + 'static,
    T::Output: Send + 'static,
{
    fn stage(&self) -> MutexGuard<'_, Stage> {
        self.stage.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_permit(&self) -> MutexGuard<'_, Option<Permit>> {
        self.permit.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn enqueue(self: &Arc<Self>) {
        // A pool that is gone polls nothing: the task is dropped, which calls it off.
        if let Some(engine) = self.engine.upgrade() {
            let shared: Arc<dyn Shared> = Arc::clone(self) as Arc<dyn Shared>;
            engine.submit(self.options.priority, Item::Ticket(shared));
        }
    }

    /// Why the future must not be polled now, if it must not.
    fn refusal(&self) -> Option<JobError> {
        let mut begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner);
        if core::mem::replace(&mut begun, true) {
            return self.options.is_cancelled().then_some(JobError::Cancelled);
        }
        self.options.refusal()
    }

    /// Polls once.
    fn poll(self: &Arc<Self>) {
        let mut work = self.work.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(task) = work.as_mut() else { return };
        let outcome = match self.refusal() {
            Some(refusal) => Err(refusal),
            None => {
                let waker = Waker::from(Arc::clone(self));
                let mut cx = Context::from_waker(&waker);
                // Polled by one thread at a time, which alone wants this lock.
                let permit = self.lock_permit();
                let poll = || task.future.as_mut().poll(&mut cx);
                let polled = AssertUnwindSafe(|| admission::during(permit.as_ref(), poll));
                match catch_unwind(polled) {
                    Ok(Poll::Pending) => return,
                    Ok(Poll::Ready(output)) => Ok(output),
                    Err(panic) => Err(JobError::Panicked(panic)),
                }
            }
        };
        let ended = work.take();
        drop(work);
        let Some(Work {
            future,
            outcome: place,
        }) = ended
        else {
            return;
        };
        // The future's parts may panic when dropped; the outcome stands.
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| drop(future))) {
            payload::discard(panic);
        }
        // Whoever learns that it has ended finds its bytes given back.
        let permit = self.lock_permit().take();
        drop(permit);
        place.leave(outcome);
    }
}

impl<T> Shared for Task<T>
where
    T: Future + Send + 'static,
    T::Output: Send + 'static,
{
    fn help(self: Arc<Self>, cx: crate::Context<'_>) {
        *self.stage() = Stage::Polled;
        self.span.run(|| {
            let _during = cx.seat().during(SliceKind::Poll, 0);
            self.poll();
        });
        let mut stage = self.stage();
        let again = *stage == Stage::Woken;
        *stage = if again { Stage::Queued } else { Stage::Idle };
        drop(stage);
        if again {
            self.enqueue();
        }
    }
}

impl<T> Wake for Task<T>
where
    T: Future + Send + 'static,
    T::Output: Send + 'static,
{
    fn wake(self: Arc<Self>) {
        let mut stage = self.stage();
        let before = *stage;
        *stage = match before {
            Stage::Idle | Stage::Queued => Stage::Queued,
            Stage::Polled | Stage::Woken => Stage::Woken,
        };
        drop(stage);
        if before == Stage::Idle {
            self.enqueue();
        }
    }
}

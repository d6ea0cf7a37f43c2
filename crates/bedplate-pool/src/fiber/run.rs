//! Running, leaving and resuming.
//!
//! # Role
//! A worker's fibers and its store of stacks. Stacks and switches are corosensei's; a stack has a
//! guard page below it.

use crate::activity;
use crate::admission;
use crate::current;
use crate::engine::Engine;
use crate::seat::Seat;
use crate::span::{self, SpanContext};
use crate::tuning;
use crate::worker::{self, Task};
use core::cell::Cell;
use core::ptr::NonNull;
use corosensei::stack::DefaultStack;
use corosensei::{Coroutine, CoroutineResult, Yielder};

type Fiber = Coroutine<(), (), (), DefaultStack>;
type Exit = Yielder<(), ()>;

thread_local! {
    /// The way out of the fiber that runs.
    static EXIT: Cell<Option<NonNull<Exit>>> = const { Cell::new(None) };
}

/// A worker's fibers.
pub(crate) struct Fibers {
    /// Room of a stack; `None` in a pool without fibers.
    stack_bytes: Option<usize>,
    /// Stacks that nothing is on.
    stacks: Vec<DefaultStack>,
    /// Fibers that wait, by number.
    waiting: Vec<Option<Fiber>>,
    /// Numbers that no fiber has.
    free: Vec<u32>,
}

impl Fibers {
    /// None yet, in a pool of this plan.
    pub(crate) fn new(engine: &Engine) -> Self {
        Self {
            stack_bytes: engine.plan.fiber_stack_bytes,
            stacks: Vec::new(),
            waiting: Vec::new(),
            free: Vec::new(),
        }
    }

    /// Runs a task, to its end or until it waits.
    pub(crate) fn run(&mut self, seat: &Seat, task: Task) {
        let Some(bytes) = self.stack_bytes else {
            return worker::perform(seat, task);
        };
        let stack = match self.stacks.pop() {
            Some(stack) => stack,
            None => match DefaultStack::new(bytes) {
                Ok(stack) => stack,
                Err(_no_room) => {
                    seat.engine().count_fiber_failed();
                    return worker::perform(seat, task);
                }
            },
        };
        let seat_at = NonNull::from(seat);
        let fiber = Coroutine::with_stack(stack, move |exit: &Exit, ()| {
            EXIT.set(Some(NonNull::from(exit)));
            // SAFETY: the seat is part of the engine, which the worker borrows until it ends; it does
            // not end before the fiber has (I2).
            let seat = unsafe { seat_at.as_ref() };
            worker::perform(seat, task);
        });
        let number = self.free.pop().unwrap_or_else(|| {
            self.waiting.push(None);
            u32::try_from(self.waiting.len() - 1).unwrap_or(u32::MAX - 1)
        });
        self.step(seat, number, fiber);
    }

    /// Has a fiber go on, to its end or until it waits.
    fn step(&mut self, seat: &Seat, number: u32, mut fiber: Fiber) {
        let base = Belongings::take(seat);
        seat.home.set_running(number + 1);
        let left = fiber.resume(());
        base.put_back(seat);
        match left {
            CoroutineResult::Yield(()) => {
                // I2: before the caller counts no more.
                seat.engine().activity.begin(activity::WAITING);
                self.waiting[number as usize] = Some(fiber);
            }
            CoroutineResult::Return(()) => {
                self.free.push(number);
                let stack = fiber.into_stack();
                if self.stacks.len() < tuning::FIBER_STACKS_KEPT {
                    self.stacks.push(stack);
                }
            }
        }
    }

    /// Has the fibers go on that were woken; false if there were none.
    pub(crate) fn resume_woken(&mut self, engine: &Engine, seat: &Seat) -> bool {
        if !seat.home.has_woken() {
            return false;
        }
        for number in seat.home.take() {
            let place = self.waiting.get_mut(number as usize);
            // One that was woken twice, or has ended, is not here.
            let Some(fiber) = place.and_then(Option::take) else {
                continue;
            };
            worker::engaged(engine, || {
                engine.activity.end(activity::WAITING);
                engine.pass_watch();
                self.step(seat, number, fiber);
            });
        }
        true
    }
}

impl Drop for Fibers {
    fn drop(&mut self) {
        for fiber in self.waiting.drain(..).flatten() {
            // Only where a worker itself panics (I2): what is on the stack is lent to others, and
            // must not be unwound under them.
            #[expect(
                clippy::mem_forget,
                reason = "others may be using what is on the stack"
            )]
            core::mem::forget(fiber);
        }
    }
}

/// What a thread knows of the work it runs (I4).
struct Belongings {
    seats: current::Seats,
    span: SpanContext,
    admitted: admission::Inside,
    exit: Option<NonNull<Exit>>,
    running: u32,
}

impl Belongings {
    /// What the calling thread, the owner of `seat`, knows.
    fn take(seat: &Seat) -> Self {
        Self {
            seats: current::Seats::get(),
            span: span::replace(SpanContext::NONE),
            admitted: admission::Inside::take(),
            exit: EXIT.get(),
            running: seat.home.running(),
        }
    }

    fn put_back(self, seat: &Seat) {
        self.seats.set();
        span::replace(self.span);
        self.admitted.put_back();
        EXIT.set(self.exit);
        seat.home.set_running(self.running);
    }
}

/// Leaves the thread until woken, perhaps for nothing. The calling thread runs a fiber at `seat`.
pub(super) fn leave(seat: &Seat) {
    let own = Belongings::take(seat);
    if let Some(exit) = own.exit {
        // SAFETY: set at the beginning of the fiber that runs, on whose stack it is, and put back
        // whenever that fiber goes on (I4).
        unsafe { exit.as_ref() }.suspend(());
    }
    own.put_back(seat);
}

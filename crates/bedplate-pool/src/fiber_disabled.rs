//! The twin of `fiber/` in a build without fibers: what waits blocks its thread.

use crate::engine::Engine;
use crate::protocol::latch::Latch;
use crate::seat::Seat;
use crate::worker::{self, Task};
use core::task::{Context, Poll};

/// A seat's part: nothing.
#[derive(Debug)]
pub(crate) struct Home;

impl Home {
    pub(crate) const fn new() -> Self {
        Self
    }

    #[expect(clippy::unused_self, reason = "the twin's signature")]
    pub(crate) const fn running(&self) -> u32 {
        0
    }

    #[expect(clippy::unused_self, reason = "the twin's signature")]
    pub(crate) const fn has_woken(&self) -> bool {
        false
    }
}

/// Nobody beside the owner's thread is to be woken.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ticket;

impl Ticket {
    pub(crate) const NONE: Self = Self;

    #[inline]
    pub(crate) const fn of(_seat: &Seat) -> Self {
        Self
    }

    #[inline]
    pub(crate) const fn wake(self, _engine: &Engine) {}
}

/// A worker's fibers: none.
pub(crate) struct Fibers;

impl Fibers {
    pub(crate) const fn new(_engine: &Engine) -> Self {
        Self
    }

    #[inline]
    #[expect(clippy::unused_self, reason = "the twin's signature")]
    pub(crate) fn run(&self, seat: &Seat, task: Task) {
        worker::perform(seat, task);
    }

    #[expect(clippy::unused_self, reason = "the twin's signature")]
    pub(crate) const fn resume_woken(&self, _engine: &Engine, _seat: &Seat) -> bool {
        false
    }
}

#[inline]
pub(crate) const fn wait(_seat: &Seat, _latch: &Latch) -> bool {
    false
}

#[inline]
pub(crate) fn drive<R>(_poll: impl FnMut(&mut Context<'_>) -> Poll<R>) -> Option<R> {
    None
}

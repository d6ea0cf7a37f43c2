//! Functions of the user's that the pool calls.
//!
//! # Role
//! At a thread's start and end, and on the panic of a detached job. A panic of theirs is discarded:
//! there is nobody to hand it to.

use crate::payload::{self, Payload};
use core::fmt;
use core::panic::AssertUnwindSafe;
use std::panic::catch_unwind;

type OnPanic = Box<dyn Fn(Payload) + Send + Sync>;
type NameOf = Box<dyn FnMut(usize) -> String>;
type OnThread = Box<dyn Fn(usize) + Send + Sync>;

/// What gives threads their names.
#[derive(Default)]
pub(crate) struct Namer(pub(crate) Option<NameOf>);

impl fmt::Debug for Namer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Namer").field(&self.0.is_some()).finish()
    }
}

/// Functions of the user's.
#[derive(Default)]
pub(crate) struct Handlers {
    pub(crate) on_panic: Option<OnPanic>,
    pub(crate) on_start: Option<OnThread>,
    pub(crate) on_exit: Option<OnThread>,
}

impl fmt::Debug for Handlers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handlers")
            .field("on_panic", &self.on_panic.is_some())
            .field("on_start", &self.on_start.is_some())
            .field("on_exit", &self.on_exit.is_some())
            .finish()
    }
}

impl Handlers {
    /// A detached job panicked. The panic hook has printed it; without a handler that is all.
    pub(crate) fn report(&self, panic: Payload) {
        match &self.on_panic {
            Some(handler) => guarded(|| handler(panic)),
            None => payload::discard(panic),
        }
    }

    /// A thread starts.
    pub(crate) fn start(&self, index: usize) {
        if let Some(handler) = &self.on_start {
            guarded(|| handler(index));
        }
    }

    /// A thread ends.
    pub(crate) fn exit(&self, index: usize) {
        if let Some(handler) = &self.on_exit {
            guarded(|| handler(index));
        }
    }
}

fn guarded(call: impl FnOnce()) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(call)) {
        payload::discard(panic);
    }
}

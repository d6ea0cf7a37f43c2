//! How somebody else asks a heap to collect.
//!
//! # Role
//! [`Relief`]: a flag that is raised from any thread, by a pressure monitor or the host. The heap looks at
//! it between the things that it does, and begins a collection in pieces.
//!
//! # Concurrency
//! One word that orders nothing else.

use alloc::sync::Arc;
use bedplate_os::fact::Fact;
use bedplate_os::pressure::{Level, Listener, Snapshot};
use core::sync::atomic::{AtomicBool, Ordering};

/// Asks one heap to collect: give it to a pressure monitor as its listener.
#[derive(Clone, Debug, Default)]
pub struct Relief {
    asked: Arc<AtomicBool>,
}

impl Relief {
    /// Asks the heap to begin a collection, in pieces, soon.
    pub fn ask(&self) {
        // Relaxed, here and below: the word orders nothing.
        self.asked.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_asked(&self) -> bool {
        self.asked.load(Ordering::Relaxed)
    }

    /// The heap has begun.
    pub(crate) fn answer(&self) {
        self.asked.store(false, Ordering::Relaxed);
    }
}

impl Listener for Relief {
    fn pressure_changed(&self, snapshot: &Snapshot) {
        if matches!(snapshot.level, Fact::Known(level) if level >= Level::High) {
            self.ask();
        }
    }
}

//! Fault plans.
//!
//! # Role
//! "The Nth map fails", "every commit fails": a test states it, the rooms obey it.
//!
//! # Concurrency
//! One plan for the process; tests that use plans take turns by [`Plan`], which holds a lock. A
//! plan speaks to all threads ([`Plan::start`]) or to its own thread alone
//! ([`Plan::start_here`]), so that tests beside it are left in peace. The listener is published
//! after the cleared counts; all other words are Relaxed: a test starts its threads after it has
//! stated its plan.

use crate::linux::calls;
use crate::lock::{Guard, Lock};
use crate::{Operation, OsError};
use core::sync::atomic::{AtomicI32, AtomicU32, AtomicU64, AtomicUsize, Ordering};

static TURN: Lock = Lock::new();
static PAGE_SIZE: AtomicUsize = AtomicUsize::new(0);
static CLOCK_AHEAD_MS: AtomicU64 = AtomicU64::new(0);
/// The thread that the plan speaks to, or [`ALL`], or [`NOBODY`] while there is no plan.
static LISTENER: AtomicU32 = AtomicU32::new(NOBODY);
const ALL: u32 = 0;
/// No thread's number: the kernel's are below 2^22. Without a plan nothing is counted, or an
/// operation of another thread that began before a plan would be taken for one under it.
const NOBODY: u32 = u32::MAX;

/// The operations that a plan can let fail.
pub const KINDS: [Operation; 20] = [
    Operation::Reserve,
    Operation::Commit,
    Operation::Decommit,
    Operation::Release,
    Operation::Protect,
    Operation::Advise,
    Operation::Remap,
    Operation::Bind,
    Operation::ThreadStart,
    Operation::Barrier,
    Operation::Read,
    Operation::Write,
    Operation::Limit,
    Operation::ForkHook,
    Operation::Inspect,
    Operation::MapFile,
    Operation::LockPages,
    Operation::MakeFile,
    Operation::Seal,
    Operation::Lease,
];

/// What a plan says of one kind of operation.
struct Row {
    /// Operations seen since the plan began.
    seen: AtomicU64,
    /// First and last operation, counted from 1, that fail; 0 for none.
    from: AtomicU64,
    to: AtomicU64,
    /// The error number they fail with.
    code: AtomicI32,
}

static ROWS: [Row; KINDS.len()] = [const {
    Row {
        seen: AtomicU64::new(0),
        from: AtomicU64::new(0),
        to: AtomicU64::new(0),
        code: AtomicI32::new(0),
    }
}; KINDS.len()];

fn row(operation: Operation) -> Option<&'static Row> {
    let place = KINDS.iter().position(|&kind| kind == operation)?;
    ROWS.get(place)
}

fn speaks_here() -> bool {
    let listener = LISTENER.load(Ordering::Acquire);
    match listener {
        NOBODY => false,
        ALL => true,
        thread => thread == calls::thread_id(),
    }
}

pub(crate) fn page_size() -> Option<usize> {
    let size = PAGE_SIZE.load(Ordering::Relaxed);
    (size != 0 && speaks_here()).then_some(size)
}

pub(crate) fn clock_ahead_ms() -> u64 {
    CLOCK_AHEAD_MS.load(Ordering::Relaxed)
}

/// Counts an operation and fails it where the plan says so.
///
/// # Errors
/// - The operation with the plan's error number (`ENOMEM` if none was stated) where it fails.
pub fn check(operation: Operation) -> Result<(), OsError> {
    let Some(row) = row(operation) else {
        return Ok(());
    };
    if !speaks_here() {
        return Ok(());
    }
    let n = row.seen.fetch_add(1, Ordering::Relaxed) + 1;
    let from = row.from.load(Ordering::Relaxed);
    if from > 0 && (from..=row.to.load(Ordering::Relaxed)).contains(&n) {
        return Err(OsError::new(operation, row.code.load(Ordering::Relaxed)));
    }
    Ok(())
}

/// Puts the coarse clock forward.
pub fn advance_clock_ms(ms: u64) {
    CLOCK_AHEAD_MS.fetch_add(ms, Ordering::Relaxed);
}

/// A plan in force until dropped. One at a time in the process.
#[derive(Debug)]
pub struct Plan {
    _turn: Guard<'static>,
}

impl Plan {
    /// Starts a plan for all threads in which nothing fails yet; counts start at zero.
    #[must_use]
    pub fn start() -> Self {
        Self::for_listener(ALL)
    }

    /// Starts a plan that the calling thread alone obeys.
    #[must_use]
    pub fn start_here() -> Self {
        Self::for_listener(calls::thread_id())
    }

    fn for_listener(listener: u32) -> Self {
        let turn = TURN.lock();
        clear();
        LISTENER.store(listener, Ordering::Release);
        Self { _turn: turn }
    }

    /// Lets operations `from..=to` of a kind fail with `ENOMEM`, counted from 1 since the start.
    pub fn fail(&self, operation: Operation, from: u64, to: u64) {
        self.fail_with(operation, from, to, libc::ENOMEM);
    }

    /// Lets operations `from..=to` of a kind fail with an error number of the kernel's.
    pub fn fail_with(&self, operation: Operation, from: u64, to: u64, code: i32) {
        if let Some(row) = row(operation) {
            row.code.store(code, Ordering::Relaxed);
            row.to.store(to, Ordering::Relaxed);
            row.from.store(from, Ordering::Relaxed);
        }
    }

    /// Fakes the size of an OS page (4, 16 or 64 KiB) until the plan ends; 0 ends it at once.
    ///
    /// A multiple of the real size is also right for the real kernel, so that everything works.
    pub fn fake_page_size(&self, bytes: usize) {
        PAGE_SIZE.store(bytes, Ordering::Relaxed);
    }

    /// How many operations of a kind were seen since the start.
    #[must_use]
    pub fn seen(&self, operation: Operation) -> u64 {
        row(operation).map_or(0, |row| row.seen.load(Ordering::Relaxed))
    }
}

fn clear() {
    LISTENER.store(NOBODY, Ordering::Relaxed);
    PAGE_SIZE.store(0, Ordering::Relaxed);
    for row in &ROWS {
        row.from.store(0, Ordering::Relaxed);
        row.to.store(0, Ordering::Relaxed);
        row.seen.store(0, Ordering::Relaxed);
    }
}

impl Drop for Plan {
    fn drop(&mut self) {
        clear();
    }
}

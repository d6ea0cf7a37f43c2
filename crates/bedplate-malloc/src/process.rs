//! The process: start, end, fork.
//!
//! # Role
//! Set the allocator up on its first slow path, hear of threads that end, and keep it whole over
//! a fork.
//!
//! # Invariants
//! - I1: locks are taken in this order and no other: glibc's list of streams (in `prepare`
//!   only), profile, fallback, heaps, pool, huge blocks.
//!   `prepare` takes all, so that a child inherits consistent state.
//! - I2: nothing here allocates while a lock is held.
//!
//! # Sources
//! POSIX promises no `malloc` in the child of a threaded process, but programs do it; handlers
//! that hold every lock over the fork are glibc's and jemalloc's way.

use crate::counters::COUNTERS;
use crate::huge::HUGE;
use crate::owners::{self, HEAPS};
use crate::pool::POOL;
use crate::record::RecordKind;
use crate::root::{self, Library};
use crate::{announce, audit, config, fallback, harden, profile, purge, stats, territory, thread};
use bedplate_os::once::{Once, Turn};
use bedplate_telemetry::{Gate, Gates, TELEMETRY};
use core::ffi::{CStr, c_char, c_void};
use core::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

/// The thread key, [`NO_KEY`] before it exists.
static KEY: AtomicU32 = AtomicU32::new(NO_KEY);
const NO_KEY: u32 = u32::MAX;
static START: Once = Once::new();
static CONFIGURED: Once = Once::new();
/// The thread that forks, between its `prepare` and what follows it: [`thread::number`], else 0.
/// Handlers registered twice (see [`start`]) then act once.
static FORKING: AtomicUsize = AtomicUsize::new(0);

unsafe extern "C" {
    fn __cxa_atexit(
        handler: extern "C" fn(*mut c_void),
        argument: *mut c_void,
        library: *mut c_void,
    ) -> core::ffi::c_int;
    static environ: *const *const c_char;
}

/// The lock on glibc's list of streams. `fork` takes it after our `prepare`, while others may hold
/// it and wait for a stream whose reader waits for us: so `prepare` takes it first.
#[cfg(target_env = "gnu")]
mod streams {
    unsafe extern "C" {
        pub(super) safe fn _IO_list_lock();
        pub(super) safe fn _IO_list_unlock();
        pub(super) safe fn _IO_list_resetlock();
    }
}

/// Other C libraries keep their streams in other ways.
#[cfg(not(target_env = "gnu"))]
mod streams {
    pub(super) fn _IO_list_lock() {}
    pub(super) fn _IO_list_unlock() {}
    pub(super) fn _IO_list_resetlock() {}
}

/// Sets the allocator up. Cheap when that was done.
#[cold]
pub fn start<G: Gates>() {
    match START.enter() {
        Turn::Done => {}
        Turn::First => {
            set_up::<G>();
            START.done();
        }
        Turn::Again => {
            // The fork ran none of our handlers, or not all: what they do in a child comes first.
            free_locks();
            after_fork::<G>();
            set_up::<G>();
            START.done();
        }
        Turn::Within => return,
    }
    configure();
}

/// The work of the start. Stands being done again where a fork lost the thread that did it.
fn set_up<G: Gates>() {
    make_key::<G>();
    harden::start();
    territory::start();
    root::make();
    describe::<G>(Library::Linked);
    // SAFETY: the handlers are functions of this library, which is never unloaded.
    let code = unsafe { libc::pthread_atfork(Some(prepare), Some(parent), Some(child::<G>)) };
    if code != 0 {
        COUNTERS.failed_handlers.add(1);
    }
}

/// Reads the settings once the C library has an environment to read.
fn configure() {
    // SAFETY: the C library's own variable; a word.
    let ready = unsafe { !environ.is_null() };
    if has_extra_rights() {
        // The environment is the caller's, the rights are not.
        purge::allow_helper(false);
        return;
    }
    if !ready {
        return;
    }
    if let Turn::First | Turn::Again = CONFIGURED.enter() {
        config::read_environment();
        if stats::prepare() {
            // SAFETY: the handler is a function of this library, which is never unloaded.
            let code = unsafe { __cxa_atexit(exits, core::ptr::null_mut(), core::ptr::null_mut()) };
            if code != 0 {
                COUNTERS.failed_handlers.add(1);
            }
        }
        let rate = config::current().profile_bytes();
        if rate != 0 {
            profile::start(rate);
        }
        CONFIGURED.done();
    }
}

/// The process exits, by `exit` or the end of `main`.
extern "C" fn exits(_argument: *mut c_void) {
    stats::write();
}

/// True in a program that runs with more rights than its user (setuid, file capabilities).
fn has_extra_rights() -> bool {
    // SAFETY: reads the process's auxiliary vector.
    unsafe { libc::getauxval(libc::AT_SECURE) != 0 }
}

fn describe<G: Gates>(library: Library) {
    let telemetry = if G::SET.bits() == 0 {
        0
    } else {
        telemetry_address::<G>()
    };
    root::describe(library, G::SET.bits(), telemetry);
}

/// The telemetry block's address; names the block only where a gate is on.
fn telemetry_address<G: Gates>() -> u64 {
    if G::SET.bits() == 0 {
        return 0;
    }
    (&raw const TELEMETRY).expose_provenance() as u64
}

/// The preload library was loaded: its constructor.
pub fn load<G: Gates>(observed: bool) {
    start::<G>();
    describe::<G>(match (observed, harden::ON) {
        (true, _) => Library::Observed,
        (false, true) => Library::Hardened,
        (false, false) => Library::Preload,
    });
    announce::tell(RecordKind::Start);
    if G::SET.has(Gate::EventRing) {
        TELEMETRY.events.record(Gate::EventRing as u64, 0, 0);
    }
}

/// The process ends: the preload library's destructor.
pub fn unload<G: Gates>() {
    audit::at_exit::<G>();
    announce::leave();
}

/// Calls `each` for every `NAME=value` of the environment.
pub fn each_environment_entry(mut each: impl FnMut(&[u8])) {
    // SAFETY: the C library's own variable; a word.
    let mut at = unsafe { environ };
    if at.is_null() {
        return;
    }
    loop {
        // SAFETY: the environment is an array of pointers that ends in null.
        let entry = unsafe { at.read() };
        if entry.is_null() {
            return;
        }
        // SAFETY: entries are terminated strings.
        each(unsafe { CStr::from_ptr(entry) }.to_bytes());
        // SAFETY: the array goes on until null.
        at = unsafe { at.add(1) };
    }
}

/// Ends the process before its `main`: a setting is wrong.
pub fn end_at_start() -> ! {
    // SAFETY: ends the process without running anything.
    unsafe { libc::_exit(125) }
}

fn make_key<G: Gates>() {
    if KEY.load(Ordering::Acquire) != NO_KEY {
        return;
    }
    let mut key = 0;
    // SAFETY: the key is writable; the destructor is a function of this library.
    let code = unsafe { libc::pthread_key_create(&raw mut key, Some(thread_ends::<G>)) };
    if code != 0 {
        // Threads then never park their heaps: a named degraded mode.
        COUNTERS.failed_handlers.add(1);
        key = NO_KEY - 1;
    }
    KEY.store(key, Ordering::Release);
}

extern "C" fn thread_ends<G: Gates>(_value: *mut c_void) {
    thread::end::<G>();
}

/// Lets the key's destructor run when this thread ends.
pub fn register_thread() {
    // Every thread waits for the start, of which the key is the first part.
    let key = KEY.load(Ordering::Acquire);
    let not_null: *const c_void = (&raw const KEY).cast();
    // SAFETY: the key exists, or the call fails; any value but null makes the destructor run.
    let _code = unsafe { libc::pthread_setspecific(key, not_null) };
}

/// Every lock in its order (I1).
fn locks() -> [&'static bedplate_os::lock::Lock; 5] {
    [
        profile::lock(),
        fallback::lock(),
        HEAPS.lock(),
        POOL.lock(),
        HUGE.lock(),
    ]
}

extern "C" fn prepare() {
    if FORKING.load(Ordering::Relaxed) == thread::number() {
        return;
    }
    streams::_IO_list_lock();
    locks().into_iter().for_each(bedplate_os::lock::Lock::hold);
    FORKING.store(thread::number(), Ordering::Relaxed);
}

/// True once for each [`prepare`] that took the locks.
fn is_prepared() -> bool {
    FORKING.swap(0, Ordering::Relaxed) == thread::number()
}

extern "C" fn parent() {
    if !is_prepared() {
        return;
    }
    locks()
        .into_iter()
        .rev()
        .for_each(bedplate_os::lock::Lock::unhold);
    streams::_IO_list_unlock();
}

extern "C" fn child<G: Gates>() {
    if !is_prepared() {
        return;
    }
    free_locks();
    streams::_IO_list_resetlock();
    after_fork::<G>();
}

/// Frees every lock, whoever held it: in a child of one thread.
fn free_locks() {
    FORKING.store(0, Ordering::Relaxed);
    locks()
        .into_iter()
        .for_each(bedplate_os::lock::Lock::reset_in_child);
}

/// Makes the allocator of a child whole.
fn after_fork<G: Gates>() {
    purge::reset_in_child();
    profile::reset_in_child();
    let own = thread::heap();
    owners::after_fork::<G>(own, fallback::heap());
    COUNTERS.forks.add(1);
    purge::allow_helper(!has_extra_rights());
    announce::tell(RecordKind::Fork);
}

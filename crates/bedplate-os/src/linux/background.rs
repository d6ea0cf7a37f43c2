//! A helper thread that the C library does not know.
//!
//! # Role
//! Start one thread from inside an allocator. `pthread_create` would take locks of the C library
//! that may be held by the very caller whose `free` we are in, so the thread is made by `clone`
//! with a stack and a thread control block of its own.
//!
//! # Invariants
//! - I1: the thread runs code that uses no thread-local storage of the program and no function of
//!   the C library but `clock_gettime`, which is one call into the vDSO.
//! - I2: all signals are blocked in it.

use super::raw::call;
use core::sync::atomic::{AtomicU32, Ordering};

const FLAGS: i32 = libc::CLONE_VM
    | libc::CLONE_FS
    | libc::CLONE_FILES
    | libc::CLONE_SIGHAND
    | libc::CLONE_THREAD
    | libc::CLONE_SYSVSEM
    | libc::CLONE_SETTLS
    | libc::CLONE_PARENT_SETTID
    | libc::CLONE_CHILD_CLEARTID;

/// Where the stack ends and the words around the control block begin, from the mapping's start.
const STACK_END: usize = 48 << 10;
/// Offset of the control block: 12 KiB of zeros stand below it.
const CONTROL: usize = 60 << 10;
/// Bytes of the mapping that a thread needs.
pub(crate) const PLACE_BYTES: usize = 64 << 10;

/// Enters the kernel as the parent and the new thread; returns in the parent only.
#[cfg(all(target_arch = "x86_64", not(miri)))]
#[unsafe(naked)]
unsafe extern "C" fn clone_raw(
    flags: usize,
    stack: usize,
    parent_tid: usize,
    child_tid: usize,
    tls: usize,
    entry: extern "C" fn(),
) -> isize {
    core::arch::naked_asm!(
        "mov r10, rcx",
        "mov eax, 56",
        "syscall",
        "test rax, rax",
        "jnz 2f",
        "xor ebp, ebp",
        "call r9",
        "xor edi, edi",
        "mov eax, 60",
        "syscall",
        "ud2",
        "2:",
        "ret",
    )
}

/// Starts `entry` in a new thread on the mapping at `place`. `tid` is the thread's number while
/// it lives and 0 afterwards.
#[cfg(all(target_arch = "x86_64", not(miri)))]
pub(crate) fn spawn(
    place: usize,
    tid: &'static AtomicU32,
    entry: extern "C" fn(),
) -> Result<(), i32> {
    let control = place + CONTROL;
    for word in [control, control + 16] {
        let at: *mut usize = core::ptr::with_exposed_provenance_mut(word);
        // SAFETY: the control block is inside the mapping, which the caller gave to us.
        unsafe { at.write(control) };
    }
    let all: u64 = !0;
    let mut before: u64 = 0;
    let set = |how: i32, from: *const u64, to: *mut u64| {
        let args = [
            how.cast_unsigned() as usize,
            from.expose_provenance(),
            to.expose_provenance(),
            8,
            0,
            0,
        ];
        // SAFETY: both sets are 8 bytes; null is allowed for the second.
        unsafe { call(libc::SYS_rt_sigprocmask, args) }
    };
    set(libc::SIG_BLOCK, &raw const all, &raw mut before);
    let tid_at = tid.as_ptr().expose_provenance();
    // SAFETY: stack and control block are the new thread's own (the mapping is `PLACE_BYTES`
    // long); `entry` keeps to I1; the flags are those of an ordinary thread.
    let word = unsafe {
        clone_raw(
            FLAGS.cast_unsigned() as usize,
            place + STACK_END,
            tid_at,
            tid_at,
            control,
            entry,
        )
    };
    set(libc::SIG_SETMASK, &raw const before, core::ptr::null_mut());
    #[expect(
        clippy::cast_possible_truncation,
        reason = "an error number is below 4096"
    )]
    if word < 0 { Err(-word as i32) } else { Ok(()) }
}

/// The portable twin: there is no such thread here.
#[cfg(not(all(target_arch = "x86_64", not(miri))))]
pub(crate) fn spawn(
    place: usize,
    tid: &'static AtomicU32,
    entry: extern "C" fn(),
) -> Result<(), i32> {
    let _ = (place, entry, STACK_END, CONTROL, FLAGS);
    tid.store(0, Ordering::Relaxed);
    Err(libc::ENOSYS)
}

/// True while the thread whose number `tid` is lives.
pub(crate) fn lives(tid: &AtomicU32) -> bool {
    // Acquire pairs with the kernel's store at the thread's end.
    tid.load(Ordering::Acquire) != 0
}

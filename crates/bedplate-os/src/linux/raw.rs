//! The system call instruction.
//!
//! # Role
//! `call` takes a number and six words and returns the kernel's word.
//!
//! # Not here
//! Meaning: `calls.rs` gives each call its types.

/// Makes a system call and returns the kernel's word: a result, or a negated error number.
///
/// # Safety
/// - The call with these arguments does to memory only what the caller may do itself.
#[cfg(all(target_arch = "x86_64", not(miri), not(bedplate_portable)))]
#[inline]
pub(crate) unsafe fn call(number: libc::c_long, args: [usize; 6]) -> isize {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the numbers are below 1000"
    )]
    let mut word = number as isize;
    // SAFETY: `syscall` clobbers rcx, r11 and rax only, which are declared; memory effects are the
    // caller's duty.
    unsafe {
        core::arch::asm!(
            "syscall",
            inlateout("rax") word,
            in("rdi") args[0],
            in("rsi") args[1],
            in("rdx") args[2],
            in("r10") args[3],
            in("r8") args[4],
            in("r9") args[5],
            lateout("rcx") _,
            lateout("r11") _,
            options(nostack)
        );
    }
    word
}

/// The portable twin: libc's `syscall`, with the program's `errno` put back.
///
/// # Safety
/// - The call with these arguments does to memory only what the caller may do itself.
#[cfg(not(all(target_arch = "x86_64", not(miri), not(bedplate_portable))))]
pub(crate) unsafe fn call(number: libc::c_long, args: [usize; 6]) -> isize {
    // SAFETY: the location of errno is valid for the calling thread.
    let errno = unsafe { libc::__errno_location() };
    // SAFETY: errno's location is readable.
    let saved = unsafe { errno.read() };
    // SAFETY: memory effects are the caller's duty.
    let word =
        unsafe { libc::syscall(number, args[0], args[1], args[2], args[3], args[4], args[5]) };
    // SAFETY: errno's location is readable.
    let code = unsafe { errno.read() };
    // SAFETY: errno's location is writable.
    unsafe { errno.write(saved) };
    if word == -1 {
        -(code as isize)
    } else {
        word as isize
    }
}

//! Requests to valgrind's memcheck.
//!
//! # Role
//! The sequence of instructions that valgrind takes for a request and a processor for nothing: four
//! rotations that sum up to two whole turns, and an exchange of a register with itself.
//!
//! # Invariants
//! - I1: off valgrind a request changes no register but the flags.
//!
//! # Sources
//! The numbers and the sequence are valgrind's interface for clients, kept since its version 3.0.

use core::ptr::NonNull;

#[cfg(not(target_arch = "x86_64"))]
compile_error!("the feature `valgrind` knows the requests of x86-64 only; build without it");

/// memcheck's first request: its letters, and a count.
const MAKE_NOACCESS: usize = 0x4D43_0000;
const MAKE_UNDEFINED: usize = MAKE_NOACCESS + 1;
const MAKE_DEFINED: usize = MAKE_NOACCESS + 2;

/// Any access is an error from now on.
#[inline]
pub(super) fn make_noaccess(at: NonNull<u8>, bytes: usize) {
    request(MAKE_NOACCESS, at, bytes);
}

/// May be written, and read after that.
#[inline]
pub(super) fn make_undefined(at: NonNull<u8>, bytes: usize) {
    request(MAKE_UNDEFINED, at, bytes);
}

/// May be written and read.
#[inline]
pub(super) fn make_defined(at: NonNull<u8>, bytes: usize) {
    request(MAKE_DEFINED, at, bytes);
}

#[inline]
fn request(number: usize, at: NonNull<u8>, bytes: usize) {
    let words = [number, at.as_ptr().expose_provenance(), bytes, 0, 0, 0];
    // SAFETY: rdi is turned by 3 + 13 + 61 + 51 = 128 bits and so the same again; the exchange
    // changes nothing (I1). valgrind reads the six words and writes rdx.
    unsafe {
        core::arch::asm!(
            "rol rdi, 3",
            "rol rdi, 13",
            "rol rdi, 61",
            "rol rdi, 51",
            "xchg rbx, rbx",
            in("rax") words.as_ptr(),
            inout("rdx") 0_usize => _,
            options(nostack),
        );
    }
}

//! Requests to callgrind.
//!
//! # Role
//! Counts one deed alone. Valgrind knows a sequence of rotations that changes nothing as a request; on a
//! processor it is nothing.

use std::arch::asm;

const CALLGRIND: u64 = (b'C' as u64) << 24 | (b'T' as u64) << 16;
const DUMP: u64 = CALLGRIND;
const ZERO: u64 = CALLGRIND + 1;
const START: u64 = CALLGRIND + 4;
const STOP: u64 = CALLGRIND + 5;

#[inline]
fn request(number: u64) {
    let words: [u64; 6] = [number, 0, 0, 0, 0, 0];
    // SAFETY: four rotations by 64 together, and an exchange of a register with itself; valgrind reads
    // the words, and writes the result register.
    unsafe {
        asm!(
            "rol rdi, 3",
            "rol rdi, 13",
            "rol rdi, 61",
            "rol rdi, 51",
            "xchg rbx, rbx",
            in("rax") words.as_ptr(),
            inout("rdx") 0_u64 => _,
            inout("rdi") 0_u64 => _,
        );
    }
}

/// Does it, counts what it executes, and has the count written.
#[inline(never)]
pub fn counted<T>(deed: impl FnOnce() -> T) -> T {
    request(START);
    request(ZERO);
    let result = deed();
    request(DUMP);
    request(STOP);
    result
}

//! Misuse: what the program did wrong, in words.
//!
//! # Role
//! Stop the process with a message that names the address and what it is. Going on would turn a
//! bug into corruption far from its cause.

use crate::raw;
use crate::slab::{Kind, Slab};
use bedplate_os::rawio::Line;
use core::fmt::Write as _;

fn stop(line: &Line<512>) -> ! {
    line.to_stderr();
    // SAFETY: ends the process with SIGABRT.
    unsafe { libc::abort() }
}

/// [`stop`] in the eyes of the optimiser: a function that returns. Had it seen that it does not,
/// the hit path that jumps here would get a frame, two instructions on every free.
fn stop_for_hit_path(line: &Line<512>) {
    let stop: fn(&Line<512>) = |line| stop(line);
    core::hint::black_box(stop)(line);
}

/// A block was freed twice in a row. Does not return; typed as returning so that the hit path
/// that calls it needs no frame.
#[cold]
#[inline(never)]
pub(crate) fn double_free_slow(block: *mut u8, slab: &'static Slab) {
    let mut line = Line::new();
    let _whole = writeln!(
        line,
        "bedplate: double free of {block:p}, a block of {} bytes (class {}): it is already free. \
         Look for two owners of this block; valgrind or a debugger at this abort shows the second free.",
        slab.block_bytes(),
        slab.class(),
    );
    stop_for_hit_path(&line);
}

/// A free or resize of something that is no block.
#[cold]
#[inline(never)]
pub(crate) fn no_block(block: *mut u8, slab: &'static Slab) -> ! {
    let mut line = Line::new();
    let what = match slab.kind() {
        Kind::Free => {
            "lies in memory that is not in use: it was freed already, or never allocated here"
        }
        _ => "is inside a block, not at its start",
    };
    let _whole = writeln!(
        line,
        "bedplate: invalid free of {block:p}: the address {what} (slice {}). \
         Free only what malloc returned, once.",
        raw::slice_index(slab),
    );
    stop(&line);
}

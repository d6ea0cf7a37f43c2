//! Misuse: what the program did wrong, in words.
//!
//! # Role
//! Stop the process with a message that names the class of misuse, the address, what is known of
//! the block, and what to do. Going on would turn a bug into corruption far from its cause.
//!
//! # Not here
//! Finding it: the paths of `ops.rs` and `audit.rs`. What is found when and in which build stands
//! in docs/malloc.md.

use crate::pool::POOL;
use crate::raw;
use crate::slab::{Kind, Slab};
use crate::thread;
use bedplate_os::rawio::Line;
use core::fmt::{self, Write as _};
use core::sync::atomic::Ordering;

/// What the program asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// That a block be freed.
    Free,
    /// That a block be resized.
    Resize,
    /// How large a block is.
    Size,
}

impl Asked {
    fn call(self) -> &'static str {
        match self {
            Self::Free => "free",
            Self::Resize => "realloc",
            Self::Size => "malloc_usable_size",
        }
    }
}

/// What an access to a guard means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The block was freed.
    Freed,
    /// The access was behind the block's end.
    Behind,
}

const LOOK_TWICE: &str = "Look for two owners of this block; a debugger at this abort shows the \
                          second free, valgrind both.";
const LOOK_FREED: &str = "Look for a pointer that is used after its block was freed; valgrind \
                          shows who freed it.";
const LOOK_FOREIGN: &str = "Free only what malloc returned, once.";
const LOOK_SIZE: &str = "Give the size that was asked for; in C++, look for a class that is \
                         deleted as another one.";
const LOOK_WRITTEN: &str = "Look for a write past the end of a block, or through a pointer to a \
                            block that was freed; valgrind or -fsanitize=address shows the write.";

/// A block, as far as its slab's record tells.
struct Whose<'a>(&'a Slab);

impl fmt::Display for Whose<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let owner = match raw::owner(self.0).load(Ordering::Relaxed) {
            0 => "a thread that has ended",
            crate::sparse::NUMBER => "no thread",
            number if number == thread::number() => "this thread",
            _ => "another thread",
        };
        if self.0.kind() == Kind::Guarded {
            return f.write_str("a guarded block");
        }
        let bytes = self.0.block_bytes();
        write!(
            f,
            "a block of {bytes} bytes (class {}) of {owner}",
            self.0.class()
        )
    }
}

fn message(what: fmt::Arguments<'_>, advice: &str) -> Line<768> {
    let mut line = Line::new();
    let _whole = writeln!(line, "bedplate: {what}. {advice}");
    line
}

fn stop(line: &Line<768>) -> ! {
    line.to_stderr();
    // SAFETY: ends the process with SIGABRT.
    unsafe { libc::abort() }
}

/// [`stop`] in the eyes of the optimiser: a function that returns. Had it seen that it does not,
/// the hit path that jumps here would get a frame, two instructions on every free.
fn stop_for_hit_path(line: &Line<768>) {
    let stop: fn(&Line<768>) = |line| stop(line);
    core::hint::black_box(stop)(line);
}

/// A block was freed twice. Does not return; typed as returning so that the hit path that calls
/// it needs no frame.
#[cold]
#[inline(never)]
pub(crate) fn double_free_slow(block: *mut u8, slab: &'static Slab) {
    let whose = Whose(slab);
    let line = message(
        format_args!("double free of {block:p}, {whose}: it is already free"),
        LOOK_TWICE,
    );
    stop_for_hit_path(&line);
}

/// A block that is free was resized, or asked for its size.
#[cold]
#[inline(never)]
pub(crate) fn freed_block(asked: Asked, block: *mut u8, slab: &'static Slab) -> ! {
    if asked == Asked::Free {
        double_free_slow(block, slab);
    }
    let (call, whose) = (asked.call(), Whose(slab));
    stop(&message(
        format_args!("use after free: {call} of {block:p}, {whose} that is free"),
        LOOK_FREED,
    ))
}

/// Something was asked of an address in a slice that is free.
#[cold]
#[inline(never)]
pub(crate) fn free_slice(asked: Asked, block: *mut u8, slab: &'static Slab) -> ! {
    let call = asked.call();
    let Some(bytes) = freed_bytes(block, slab) else {
        never_block(asked, block);
    };
    if asked == Asked::Free {
        stop(&message(
            format_args!(
                "double free of {block:p}, a block of {bytes} bytes: it is already free, and so \
                 are its neighbours"
            ),
            LOOK_TWICE,
        ));
    }
    stop(&message(
        format_args!(
            "use after free: {call} of {block:p}, a block of {bytes} bytes that is free, as are \
             its neighbours"
        ),
        LOOK_FREED,
    ))
}

/// Something was asked of an address where no block ever began.
#[cold]
#[inline(never)]
pub(crate) fn never_block(asked: Asked, block: *mut u8) -> ! {
    let call = asked.call();
    let what = "the address lies in memory that is not in use, where no block began";
    stop(&message(
        format_args!("invalid {call} of {block:p}: {what}"),
        LOOK_FOREIGN,
    ))
}

/// [`foreign`] on a free, where the block is not null; typed as returning, as what the hit path calls
/// must be.
#[cold]
#[inline(never)]
pub(crate) fn foreign_or_null_slow(block: *mut u8) {
    if block.is_null() {
        return;
    }
    let stop: fn(*mut u8) = |block| foreign(Asked::Free, block);
    core::hint::black_box(stop)(block);
}

/// Something was asked of an address outside all segments and huge blocks.
#[cold]
#[inline(never)]
pub(crate) fn foreign(asked: Asked, block: *mut u8) -> ! {
    let call = asked.call();
    if !crate::territory::is_gone(block.expose_provenance()) {
        stop(&message(
            format_args!("invalid {call} of {block:p}: the address is not one of this allocator's"),
            LOOK_FOREIGN,
        ));
    }
    let (class, advice) = match asked {
        Asked::Free => ("double free", LOOK_TWICE),
        _ => ("use after free", LOOK_FREED),
    };
    stop(&message(
        format_args!("{class}: {call} of {block:p}, a huge block that was freed and unmapped"),
        advice,
    ))
}

/// The bytes of the block that began at an address while its slice was last in use, as far as
/// the record still tells.
fn freed_bytes(block: *mut u8, slab: &'static Slab) -> Option<usize> {
    let address = block.expose_provenance();
    if !POOL.has(raw::segment_of(slab)) {
        return crate::huge::freed_bytes(slab, address);
    }
    let large = raw::shared(slab).usable_bytes.load(Ordering::Relaxed);
    if large != 0 {
        return (address == raw::start_of(slab)).then_some(large);
    }
    let bytes = slab.block_bytes();
    let offset = address.checked_sub(raw::start_of(slab))?;
    let was_block = bytes != 0
        && offset.is_multiple_of(bytes)
        && offset / bytes < usize::from(slab.capacity.load(Ordering::Relaxed));
    was_block.then_some(bytes)
}

/// Something was asked of an address inside a block.
#[cold]
#[inline(never)]
pub(crate) fn inside(asked: Asked, block: *mut u8, slab: &'static Slab) -> ! {
    let call = asked.call();
    match slab.kind() {
        Kind::Slab | Kind::Sampled | Kind::Guarded => stop(&message(
            format_args!(
                "invalid {call} of {block:p}: the address is inside {}, not at its start",
                Whose(slab)
            ),
            LOOK_FOREIGN,
        )),
        _ => stop(&message(
            format_args!(
                "invalid {call} of {block:p}: the address is inside a large block, not at its start"
            ),
            LOOK_FOREIGN,
        )),
    }
}

/// A block was freed with a size that is not its own.
#[cold]
#[inline(never)]
pub(crate) fn wrong_size(block: *mut u8, given: usize, block_bytes: usize) -> ! {
    stop(&message(
        format_args!(
            "wrong size: free of {block:p} as {given} bytes, which would be in another class: it \
             is a block of {block_bytes} bytes"
        ),
        LOOK_SIZE,
    ))
}

/// The link of a free block is none.
#[cold]
#[inline(never)]
pub(crate) fn damaged(block: *mut u8, slab: &'static Slab) -> ! {
    let before = block.wrapping_sub(slab.block_bytes());
    stop(&message(
        format_args!(
            "use after free, or overflow of the block before: {block:p}, {} that is free, was \
             written to; the block before it is {before:p}",
            Whose(slab)
        ),
        LOOK_WRITTEN,
    ))
}

/// The tail of a live block was written over.
#[cold]
#[inline(never)]
pub(crate) fn overflow(block: *mut u8, slab: &'static Slab) -> ! {
    let behind = block.wrapping_add(slab.block_bytes());
    stop(&message(
        format_args!(
            "overflow of {block:p}, {}: what stands behind its usable bytes was written over, by \
             it or, before its start, by the block behind it, {behind:p}",
            Whose(slab)
        ),
        LOOK_WRITTEN,
    ))
}

/// A seal of a large or huge block was written over.
#[cold]
#[inline(never)]
pub(crate) fn overflow_of_large(block: usize, usable: usize, seal: usize) -> ! {
    let block: *mut u8 = core::ptr::with_exposed_provenance_mut(block);
    let seal: *mut u8 = core::ptr::with_exposed_provenance_mut(seal);
    let behind = seal.wrapping_add(8);
    let what = if seal.addr() < block.addr() {
        "underflow"
    } else if seal.addr() == block.addr() + usable {
        "overflow"
    } else {
        "underflow of the block behind, or overflow"
    };
    stop(&message(
        format_args!(
            "{what} of {block:p}, a large block of {usable} bytes: the word before {behind:p} was \
             written over"
        ),
        LOOK_WRITTEN,
    ))
}

/// A guard of a guarded block was touched.
#[cold]
#[inline(never)]
pub(crate) fn guarded(what: Fault, block: *mut u8, bytes: usize, address: usize) -> ! {
    let at: *const u8 = core::ptr::with_exposed_provenance(address);
    let (class, where_) = match what {
        Fault::Freed => ("use after free", "inside or near it"),
        Fault::Behind => ("overflow", "behind its end"),
    };
    stop(&message(
        format_args!(
            "{class} of {block:p}, a guarded block of {bytes} bytes: this thread read or wrote {at:p}, \
             {where_}"
        ),
        "A debugger at this abort shows the access.",
    ))
}

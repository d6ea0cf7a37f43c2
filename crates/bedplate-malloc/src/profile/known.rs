//! Stacks that were seen before.
//!
//! # Role
//! Recognise the stack of an allocation without unwinding it: an unwinding takes fifteen thousand
//! instructions, and programs allocate from the same few stacks again and again.
//!
//! # How it works
//! Of an unwound stack it is kept where each return address stands. When the stack pointer is the
//! same again, these places are read from the innermost on. The first is that of the function that
//! asks, and as long as all before it are the same, the next is where the same functions keep their
//! return address: so the whole stack is the same once all of them are. A frame whose size varies
//! (`alloca`) could stand otherwise and hold an old word that is equal by chance; it would take
//! equal words in all places outwards too.
//!
//! # Invariants
//! - I1: everything here is touched under the profile's lock.
//! - I2: a place is read only after all places inside it held what they held before.

use super::stack::{FRAMES_MAX, Stack};
use super::tables;
use core::sync::atomic::{AtomicUsize, Ordering};

/// Stacks kept.
pub(super) const KNOWN: usize = 512;

/// The largest frame of a stack that is kept, in bytes.
const FRAME_BYTES_MAX: usize = 256 << 10;

/// A stack that was unwound.
#[derive(Debug)]
#[repr(C)]
pub(super) struct Known {
    /// The stack pointer of who unwound it, 0 for none.
    pointer: AtomicUsize,
    count: AtomicUsize,
    /// Where each return address stands, and which it is.
    places: [AtomicUsize; FRAMES_MAX],
    frames: [AtomicUsize; FRAMES_MAX],
}

fn at(pointer: usize) -> Option<&'static Known> {
    // Frames are multiples of 16 bytes apart; what is on top of them mixes threads.
    let mixed = (pointer >> 4) ^ (pointer >> 13) ^ (pointer >> 21);
    tables::known().get(mixed % KNOWN)
}

/// Fills in the stack of a function whose stack pointer is `pointer`, if it is known.
pub(super) fn recall(pointer: usize, stack: &mut Stack) -> bool {
    let Some(known) = at(pointer) else {
        return false;
    };
    if known.pointer.load(Ordering::Relaxed) != pointer {
        return false;
    }
    let count = known.count.load(Ordering::Relaxed).min(FRAMES_MAX);
    let pairs = known.places.iter().zip(&known.frames).take(count);
    for (place, frame) in pairs {
        let place: *const usize = core::ptr::with_exposed_provenance(place.load(Ordering::Relaxed));
        let frame = frame.load(Ordering::Relaxed);
        // SAFETY: a word of this thread's stack, outside the frame of who asks (I2). Volatile: the
        // compiler knows nothing of return addresses.
        if unsafe { place.read_volatile() } != frame {
            return false;
        }
        stack.push(frame, 0);
    }
    count > 0
}

/// Keeps a stack that was just unwound, if every return address stands where it should.
pub(super) fn remember(pointer: usize, stack: &Stack) {
    let Some(known) = at(pointer) else { return };
    known.pointer.store(0, Ordering::Relaxed);
    let mut last = pointer;
    for (index, (place, frame)) in stack.places().iter().zip(stack.frames()).enumerate() {
        let word: *const usize = core::ptr::with_exposed_provenance(*place);
        // The stack grows downwards; frames of signal handlers and other stacks stand elsewhere. A
        // step farther than any usual frame may lead to another stack, which may be gone next time.
        let is_further = *place > last
            && *place - last <= FRAME_BYTES_MAX
            && place.is_multiple_of(size_of::<usize>());
        // SAFETY: the unwinder has just read this frame.
        if !is_further || unsafe { word.read_volatile() } != *frame {
            return;
        }
        last = *place;
        let (Some(to_place), Some(to_frame)) = (known.places.get(index), known.frames.get(index))
        else {
            return;
        };
        to_place.store(*place, Ordering::Relaxed);
        to_frame.store(*frame, Ordering::Relaxed);
    }
    known.count.store(stack.frames().len(), Ordering::Relaxed);
    known.pointer.store(pointer, Ordering::Relaxed);
}

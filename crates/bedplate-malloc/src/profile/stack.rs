//! The stack of an allocation.
//!
//! # Role
//! Return addresses from the allocator outwards, by the unwinder that the language runtimes use.
//!
//! # Not here
//! Names. Which frames are the allocator's own is seen outside, where the libraries are known.
//!
//! # Reentrancy
//! The unwinder of libgcc takes no lock of ours and hardly ever allocates; if it does, the
//! allocation is served and not sampled (`Distances::samples`).

use super::{known, sample};
use core::ffi::{c_int, c_void};

/// Frames kept of a stack.
pub(crate) const FRAMES_MAX: usize = 64;
/// The unwinder's word for going on (`_URC_NO_REASON`).
const GO_ON: c_int = 0;
/// The unwinder's word for having seen enough (`_URC_END_OF_STACK`).
const ENOUGH: c_int = 5;

unsafe extern "C-unwind" {
    fn _Unwind_Backtrace(
        each: extern "C-unwind" fn(context: *mut c_void, stack: *mut c_void) -> c_int,
        stack: *mut c_void,
    ) -> c_int;
    fn _Unwind_GetIP(context: *mut c_void) -> usize;
    fn _Unwind_GetCFA(context: *mut c_void) -> usize;
}

/// A stack.
#[derive(Debug)]
pub(super) struct Stack {
    frames: [usize; FRAMES_MAX],
    /// Where the return addresses stand.
    places: [usize; FRAMES_MAX],
    count: usize,
}

impl Stack {
    /// The stack of the caller.
    #[inline(never)]
    pub(super) fn capture() -> Self {
        let mut stack = Self {
            frames: [0; FRAMES_MAX],
            places: [0; FRAMES_MAX],
            count: 0,
        };
        let place: *mut Self = &raw mut stack;
        // In this function's frame, or its caller's: the same place means the same stack pointer.
        let pointer = place.expose_provenance();
        if sample::while_locked(|| known::recall(pointer, &mut stack)) {
            return stack;
        }
        stack.count = 0;
        // SAFETY: the callback is given the stack above, which outlives the call. The result says
        // how the walk ended; whatever was seen until then is the stack.
        let _end = unsafe { _Unwind_Backtrace(each_frame, place.cast()) };
        // The first is this function itself, at no return address.
        stack.frames.copy_within(1.., 0);
        stack.places.copy_within(1.., 0);
        stack.count = stack.count.saturating_sub(1);
        sample::while_locked(|| known::remember(pointer, &stack));
        stack
    }

    /// One frame more; false if there is no room.
    pub(super) fn push(&mut self, frame: usize, place: usize) -> bool {
        let (Some(to_frame), Some(to_place)) = (
            self.frames.get_mut(self.count),
            self.places.get_mut(self.count),
        ) else {
            return false;
        };
        *to_frame = frame;
        *to_place = place;
        self.count += 1;
        true
    }

    /// Where the return addresses stand.
    pub(super) fn places(&self) -> &[usize] {
        self.places.get(..self.count).unwrap_or(&self.places)
    }

    /// Return addresses, innermost first.
    pub(super) fn frames(&self) -> &[usize] {
        self.frames.get(..self.count).unwrap_or(&self.frames)
    }
}

extern "C-unwind" fn each_frame(context: *mut c_void, stack: *mut c_void) -> c_int {
    let stack: *mut Stack = stack.cast();
    // SAFETY: the place that `capture` gave, which nobody else uses meanwhile.
    let stack = unsafe { &mut *stack };
    // SAFETY: the context is the unwinder's own.
    let address = unsafe { _Unwind_GetIP(context) };
    // SAFETY: as above.
    let called_at = unsafe { _Unwind_GetCFA(context) };
    // A call pushes its return address just below where the caller's stack pointer was.
    let place = called_at.wrapping_sub(size_of::<usize>());
    if address != 0 && stack.push(address, place) {
        GO_ON
    } else {
        ENOUGH
    }
}

#[cfg(test)]
mod tests {
    use super::{FRAMES_MAX, Stack};

    #[inline(never)]
    fn deep(levels: u32) -> usize {
        if levels == 0 {
            Stack::capture().frames().len()
        } else {
            core::hint::black_box(deep(levels - 1))
        }
    }

    #[test]
    fn a_stack_has_frames_and_an_end() {
        assert!(deep(0) > 2);
        assert_eq!(deep(200), FRAMES_MAX - 1);
    }
}

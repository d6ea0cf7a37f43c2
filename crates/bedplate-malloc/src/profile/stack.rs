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
}

/// A stack.
#[derive(Debug)]
pub(super) struct Stack {
    frames: [usize; FRAMES_MAX],
    count: usize,
}

impl Stack {
    /// The stack of the caller.
    #[inline(never)]
    pub(super) fn capture() -> Self {
        let mut stack = Self {
            frames: [0; FRAMES_MAX],
            count: 0,
        };
        let place: *mut Self = &raw mut stack;
        // SAFETY: the callback is given the stack above, which outlives the call. The result says
        // how the walk ended; whatever was seen until then is the stack.
        let _end = unsafe { _Unwind_Backtrace(each_frame, place.cast()) };
        stack
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
    let Some(frame) = stack.frames.get_mut(stack.count) else {
        return ENOUGH;
    };
    if address == 0 {
        return ENOUGH;
    }
    *frame = address;
    stack.count += 1;
    GO_ON
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
        assert_eq!(deep(200), FRAMES_MAX);
    }
}

//! Figures and settings under their C names.

use crate::{info, ops};
use bedplate_os::rawio::Line;
use bedplate_telemetry::Gates;
use core::ffi::{c_char, c_int};
use core::fmt::Write as _;

/// `mallinfo2`: what of glibc's fields has a meaning here.
#[must_use]
pub fn mallinfo2() -> libc::mallinfo2 {
    let totals = info::totals();
    libc::mallinfo2 {
        arena: totals.segment_bytes,
        ordblks: 0,
        smblks: 0,
        hblks: totals.huge_blocks,
        hblkhd: totals.huge_bytes,
        usmblks: 0,
        fsmblks: 0,
        uordblks: totals.live_bytes,
        fordblks: totals.free_bytes + totals.waiting_bytes,
        keepcost: totals.waiting_bytes,
    }
}

/// `mallinfo`: the same in fields of an `int`, at their maximum where they do not fit.
#[must_use]
pub fn mallinfo() -> libc::mallinfo {
    let wide = mallinfo2();
    let narrow = |n: usize| c_int::try_from(n).unwrap_or(c_int::MAX);
    libc::mallinfo {
        arena: narrow(wide.arena),
        ordblks: 0,
        smblks: 0,
        hblks: narrow(wide.hblks),
        hblkhd: narrow(wide.hblkhd),
        usmblks: 0,
        fsmblks: 0,
        uordblks: narrow(wide.uordblks),
        fordblks: narrow(wide.fordblks),
        keepcost: narrow(wide.keepcost),
    }
}

/// `malloc_trim`: 1 if memory went back to the kernel.
#[must_use]
pub fn malloc_trim<G: Gates>() -> c_int {
    c_int::from(ops::trim::<G>() > 0)
}

/// `mallopt`: glibc's parameters tune structures that do not exist here. They are accepted
/// (1) without effect; what glibc does not know is refused (0).
#[must_use]
pub const fn mallopt(parameter: c_int) -> c_int {
    matches!(parameter, -8..=-1 | 1) as c_int
}

/// `malloc_info`: the figures as XML on a stream; -1 with `EINVAL` for options but 0.
///
/// # Safety
/// - `stream` is an open stream of the C library.
pub unsafe fn malloc_info(options: c_int, stream: *mut libc::FILE) -> c_int {
    if options != 0 {
        // SAFETY: errno's location is the thread's own.
        let errno = unsafe { libc::__errno_location() };
        // SAFETY: errno's location is writable.
        unsafe { errno.write(libc::EINVAL) };
        return -1;
    }
    let totals = info::totals();
    let mut text = Line::<1024>::new();
    let _whole = writeln!(
        text,
        "<malloc version=\"bedplate-1\">\n<segments bytes=\"{}\"/>\n<huge count=\"{}\" bytes=\"{}\"/>\n\
         <live bytes=\"{}\"/>\n<free bytes=\"{}\"/>\n<waiting bytes=\"{}\"/>\n</malloc>\0",
        totals.segment_bytes,
        totals.huge_blocks,
        totals.huge_bytes,
        totals.live_bytes,
        totals.free_bytes,
        totals.waiting_bytes,
    );
    let at: *const c_char = text.as_bytes().as_ptr().cast();
    // SAFETY: the text ends with a zero byte, and the caller answers for the stream.
    let wrote = unsafe { libc::fputs(at, stream) };
    if wrote < 0 { -1 } else { 0 }
}

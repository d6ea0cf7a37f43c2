//! Performance counters: the call and its attributes.
//!
//! # Role
//! Opens one counter of the calling thread.

use super::calls::descriptor;
use super::raw::call;

/// What the performance counters count.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Counter {
    Instructions,
    Cycles,
    TaskClock,
}

/// Opens a running counter of this thread's user code; returns its descriptor.
pub(crate) fn perf_open(counter: Counter) -> Result<i32, i32> {
    const HARDWARE: u64 = 0;
    const SOFTWARE: u64 = 1;
    const ATTRIBUTE_BYTES: u64 = 64;
    const PERF_FLAG_FD_CLOEXEC: usize = 8;
    const EXCLUDE_KERNEL_AND_HYPERVISOR: u64 = 0b110_0000;
    let (kind, config) = match counter {
        Counter::Cycles => (HARDWARE, 0),
        Counter::Instructions => (HARDWARE, 1),
        Counter::TaskClock => (SOFTWARE, 1),
    };
    // The first version of `perf_event_attr`: type and size, config, period, sample type, read
    // format, flags, and two words that stay zero.
    let attributes: [u64; 8] = [
        kind | ATTRIBUTE_BYTES << 32,
        config,
        0,
        0,
        0,
        EXCLUDE_KERNEL_AND_HYPERVISOR,
        0,
        0,
    ];
    let (this_thread, any_cpu, no_group) = (0, usize::MAX, usize::MAX);
    let args = [
        attributes.as_ptr().expose_provenance(),
        this_thread,
        any_cpu,
        no_group,
        PERF_FLAG_FD_CLOEXEC,
        0,
    ];
    // SAFETY: the kernel reads 64 bytes of attributes, which outlive the call.
    let r = unsafe { call(libc::SYS_perf_event_open, args) };
    descriptor(r)
}

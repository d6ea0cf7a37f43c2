//! Threads and CPUs.
//!
//! # Role
//! Typed faces of `sched_setaffinity`, `getcpu` and `membarrier`.

use super::calls::{checked, word};
use super::raw::call;

/// Bytes of a mask: as many CPUs as the lists of `ids.rs` have at most.
const MASK_BYTES: usize = 65_536 / 8;

/// Binds the calling thread to these CPUs.
pub(crate) fn set_affinity(cpus: impl Iterator<Item = u32>) -> Result<(), i32> {
    let mut mask = [0_u8; MASK_BYTES];
    for cpu in cpus {
        let byte = mask.get_mut(cpu as usize / 8).ok_or(libc::EINVAL)?;
        *byte |= 1 << (cpu % 8);
    }
    let at = mask.as_ptr().expose_provenance();
    // SAFETY: the mask is readable for its length, as stated; 0 is the calling thread.
    let r = unsafe { call(libc::SYS_sched_setaffinity, [0, MASK_BYTES, at, 0, 0, 0]) };
    checked(r).map(drop)
}

/// The CPU that the calling thread runs on.
pub(crate) fn current_cpu() -> Option<u32> {
    // SAFETY: no arguments; the C library asks the kernel's page where it can.
    let cpu = unsafe { libc::sched_getcpu() };
    u32::try_from(cpu).ok()
}

/// Lets the process make fences by [`barrier`].
pub(crate) fn register_barrier() -> Result<(), i32> {
    membarrier(libc::MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED)
}

/// Makes a fence on every CPU that runs a thread of this process.
pub(crate) fn barrier() -> Result<(), i32> {
    membarrier(libc::MEMBARRIER_CMD_PRIVATE_EXPEDITED)
}

fn membarrier(command: libc::c_int) -> Result<(), i32> {
    // SAFETY: the call touches no memory of the process.
    let r = unsafe { call(libc::SYS_membarrier, [word(command), 0, 0, 0, 0, 0]) };
    checked(r).map(drop)
}

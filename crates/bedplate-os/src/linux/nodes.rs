//! Memory policies: the calls that put pages on nodes.
//!
//! # Role
//! `mbind`, and what `get_mempolicy` says of an address.

use super::calls::{address, checked};
use super::raw::call;
use core::ptr::NonNull;

// From linux/mempolicy.h; libc lacks them.
const MPOL_F_NODE: usize = 1;
const MPOL_F_ADDR: usize = 2;
/// Pages that are there already move to where the policy says.
pub(crate) const MPOL_MF_MOVE: u32 = 2;

/// Room for the 1024 node numbers that Linux can have.
pub(crate) const NODE_WORDS: usize = 16;

/// Sets a memory policy on a range; `flags` say what happens to pages that are there already.
///
/// # Safety
/// - The caller owns the range.
pub(crate) unsafe fn mbind(
    at: NonNull<u8>,
    bytes: usize,
    mode: i32,
    nodes: &[u64; NODE_WORDS],
    flags: u32,
) -> Result<(), i32> {
    // One more than the bits there are: the kernel takes one off.
    let bits = NODE_WORDS * 64 + 1;
    let mask = nodes.as_ptr().expose_provenance();
    let args = [
        address(at),
        bytes,
        mode.cast_unsigned() as usize,
        mask,
        bits,
        flags as usize,
    ];
    // SAFETY: the mask is readable for its bits; a policy leaves contents alone.
    let r = unsafe { call(libc::SYS_mbind, args) };
    checked(r).map(drop)
}

/// The physical node that the page at an address lies on.
///
/// # Safety
/// - The address is mapped.
pub(crate) unsafe fn node_of_page(at: NonNull<u8>) -> Result<u32, i32> {
    let mut node = 0_u32;
    let flags = MPOL_F_NODE | MPOL_F_ADDR;
    let args = [
        core::ptr::from_mut(&mut node).expose_provenance(),
        0,
        0,
        address(at),
        flags,
        0,
    ];
    // SAFETY: the kernel writes one int to `node`.
    let r = unsafe { call(libc::SYS_get_mempolicy, args) };
    checked(r).map(|_| node)
}

/// The mode of the policy that an address is under.
///
/// # Safety
/// - The address is mapped.
#[cfg(test)]
pub(crate) unsafe fn policy_of_page(at: NonNull<u8>) -> Result<i32, i32> {
    let mut mode = 0_i32;
    let args = [
        core::ptr::from_mut(&mut mode).expose_provenance(),
        0,
        0,
        address(at),
        MPOL_F_ADDR,
        0,
    ];
    // SAFETY: the kernel writes one int to `mode`.
    let r = unsafe { call(libc::SYS_get_mempolicy, args) };
    checked(r).map(|_| mode)
}

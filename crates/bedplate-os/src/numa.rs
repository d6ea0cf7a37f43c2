//! Memory on a node.
//!
//! # Role
//! Memory bound to a node, spread over nodes, or left to whoever touches it first, by typed calls;
//! and its resizing, with contents kept.
//!
//! # Not here
//! Which node to choose: callers know who will use the memory.
//!
//! # Invariants
//! - I1: on a machine with one node every placement is [`Outcome::OneNode`]: a named no-op that
//!   makes no call.
//! - I2: a failed resize leaves size, place and contents as they were.
//! - I3: nothing here allocates through the standard library.
//!
//! # Platform
//! Linux, by `mbind`. A kernel without nodes has no node map ([`NodeMap::read`] says why); give
//! [`NodeMap::of`]`([0])` where one node is to be assumed.

#![expect(unsafe_code, reason = "owned mappings are handed out as slices")]

use crate::fault;
use crate::linux::nodes::{self as kernel, NODE_WORDS};
use crate::nodes::{LogicalNode, NodeMap};
use crate::pages::{self, Protection};
use crate::{Operation, OsError};
use core::ptr::NonNull;

/// Where memory is to lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placement {
    /// On one node and no other.
    Bind(LogicalNode),
    /// On one node, and on others where that is full.
    Prefer(LogicalNode),
    /// Page by page over all nodes in turn.
    Interleave,
    /// Each page on the node of the thread that touches it first; see
    /// [`NodeMemory::first_touch`].
    FirstTouch,
}

/// What a placement did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Outcome {
    /// The kernel took the placement.
    Placed,
    /// The machine has one node; there was nothing to do.
    OneNode,
}

/// How a resize was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resized {
    /// The addresses are the same.
    InPlace,
    /// The contents moved, page by page and without copying, to new addresses.
    Moved,
}

/// Memory with a placement, given back when dropped. Fresh bytes are zero.
#[derive(Debug)]
pub struct NodeMemory {
    at: NonNull<u8>,
    bytes: usize,
    placement: Placement,
    outcome: Outcome,
}

// SAFETY: the mapping belongs to the value alone; its bytes are plain data.
unsafe impl Send for NodeMemory {}
// SAFETY: shared access only reads.
unsafe impl Sync for NodeMemory {}

/// A placement in the kernel's words.
#[derive(Clone, Copy, Debug)]
struct Policy {
    mode: i32,
    nodes: [u64; NODE_WORDS],
}

impl Policy {
    fn new(placement: Placement, map: &NodeMap) -> Result<Option<Self>, OsError> {
        let mut nodes = [0; NODE_WORDS];
        let mut add = |physical: u32| -> Result<(), OsError> {
            let word = usize::try_from(physical / 64)
                .ok()
                .and_then(|word| nodes.get_mut(word));
            *word.ok_or(OsError::new(Operation::Bind, libc::EINVAL))? |= 1 << (physical % 64);
            Ok(())
        };
        let mode = match placement {
            Placement::Bind(node) | Placement::Prefer(node) => {
                add(map
                    .physical(node)
                    .ok_or(OsError::new(Operation::Bind, libc::EINVAL))?
                    .0)?;
                if matches!(placement, Placement::Bind(_)) {
                    libc::MPOL_BIND
                } else {
                    libc::MPOL_PREFERRED
                }
            }
            Placement::Interleave => {
                map.iter().try_for_each(|(_, physical)| add(physical.0))?;
                libc::MPOL_INTERLEAVE
            }
            Placement::FirstTouch => libc::MPOL_LOCAL,
        };
        Ok((map.count() > 1).then_some(Self { mode, nodes }))
    }

    /// # Safety
    /// - The caller owns the range.
    unsafe fn apply(&self, at: NonNull<u8>, bytes: usize) -> Result<(), OsError> {
        fault::check(Operation::Bind)?;
        #[cfg(feature = "sim")]
        if crate::sim::nodes::record(at, bytes, self.mode, &self.nodes) {
            return Ok(());
        }
        // SAFETY: the caller's duty.
        unsafe { kernel::mbind(at, bytes, self.mode, &self.nodes, kernel::MPOL_MF_MOVE) }
            .map_err(|code| OsError::new(Operation::Bind, code))
    }
}

/// Places a range that the caller owns; pages that are there already move.
///
/// # Safety
/// - The caller owns the range, which is made of whole OS pages.
///
/// # Errors
/// - [`Operation::Bind`] with `EINVAL` for a node that the map does not have, else with the
///   kernel's code (`EPERM` where a container forbids it).
pub unsafe fn place(
    at: NonNull<u8>,
    bytes: usize,
    placement: Placement,
    map: &NodeMap,
) -> Result<Outcome, OsError> {
    match Policy::new(placement, map)? {
        None => Ok(Outcome::OneNode),
        Some(policy) => {
            // SAFETY: the caller's duty.
            unsafe { policy.apply(at, bytes) }?;
            Ok(Outcome::Placed)
        }
    }
}

impl NodeMemory {
    /// Maps `bytes` (rounded up to whole OS pages, at least one) with a placement.
    ///
    /// # Errors
    /// - [`Operation::Reserve`] where there is no room.
    /// - [`Operation::Bind`] as [`place`]; nothing stays mapped then.
    pub fn map(bytes: usize, placement: Placement, map: &NodeMap) -> Result<Self, OsError> {
        let bytes = rounded(bytes)?;
        let at = pages::map(0, bytes, Protection::ReadWrite)?;
        let mut memory = Self {
            at,
            bytes,
            placement,
            outcome: Outcome::OneNode,
        };
        // SAFETY: just mapped.
        memory.outcome = unsafe { place(at, bytes, placement, map) }?;
        Ok(memory)
    }

    /// What the placement did.
    pub const fn outcome(&self) -> Outcome {
        self.outcome
    }

    /// The placement that was asked for.
    #[must_use]
    pub const fn placement(&self) -> Placement {
        self.placement
    }

    /// How many bytes there are.
    #[must_use]
    pub const fn bytes(&self) -> usize {
        self.bytes
    }

    /// The bytes.
    #[must_use]
    pub const fn as_slice(&self) -> &[u8] {
        // SAFETY: the mapping is readable, zeroed when fresh, and lives as long as `self`.
        unsafe { core::slice::from_raw_parts(self.at.as_ptr(), self.bytes) }
    }

    /// The bytes, to write.
    #[must_use]
    pub const fn as_mut_slice(&mut self) -> &mut [u8] {
        // SAFETY: as `as_slice`, and `self` is borrowed alone.
        unsafe { core::slice::from_raw_parts_mut(self.at.as_ptr(), self.bytes) }
    }

    /// Touches every page of a range of bytes from the calling thread, contents kept: under
    /// [`Placement::FirstTouch`] the pages come to lie on that thread's node. Returns how many
    /// pages were touched.
    pub fn first_touch(&mut self, range: core::ops::Range<usize>) -> usize {
        let step = pages::page_size();
        let start = range.start - range.start % step;
        let end = range.end.min(self.bytes);
        let touched = self.as_mut_slice().get_mut(start..end);
        let mut count = 0;
        for page in touched.into_iter().flat_map(|bytes| bytes.chunks_mut(step)) {
            if let Some(first) = page.first_mut() {
                // A write that the compiler cannot leave out, of the value that is there.
                *first = core::hint::black_box(*first);
                count += 1;
            }
        }
        count
    }

    /// Grows or shrinks to `bytes` (rounded as in [`map`](Self::map)): in place where the
    /// addresses behind are free, else by moving the pages. Contents are kept up to the smaller
    /// size, fresh bytes are zero, and the placement holds for all: the kernel keeps it with the
    /// mapping.
    ///
    /// # Errors
    /// - [`Operation::Remap`] or [`Operation::Reserve`] where there is no room.
    pub fn resize(&mut self, bytes: usize) -> Result<Resized, OsError> {
        let bytes = rounded(bytes)?;
        // SAFETY: the mapping is ours, and no slice of it is lent out while `self` is borrowed.
        let at = unsafe { pages::resize(self.at, self.bytes, bytes) }?;
        let resized = if at == self.at {
            Resized::InPlace
        } else {
            Resized::Moved
        };
        self.at = at;
        self.bytes = bytes;
        Ok(resized)
    }

    /// Our number of the node that the page with byte `offset` lies on; touches the page.
    ///
    /// # Errors
    /// - [`Operation::Bind`] with the kernel's code; `EINVAL` beyond the end or for a node that the
    ///   map does not have.
    pub fn node_of(&mut self, offset: usize, map: &NodeMap) -> Result<LogicalNode, OsError> {
        let failed = |code| OsError::new(Operation::Bind, code);
        if offset >= self.bytes {
            return Err(failed(libc::EINVAL));
        }
        self.first_touch(offset..offset + 1);
        // SAFETY: the offset is inside the mapping.
        let at = unsafe { self.at.add(offset) };
        // SAFETY: the address is mapped.
        let physical = unsafe { kernel::node_of_page(at) }.map_err(failed)?;
        map.logical(crate::nodes::PhysicalNode(physical))
            .ok_or(failed(libc::EINVAL))
    }
}

impl Drop for NodeMemory {
    fn drop(&mut self) {
        // SAFETY: the mapping is ours and ends here. A failure leaves addresses taken; there is
        // nobody to tell.
        let _released = unsafe { pages::release(self.at, self.bytes) };
    }
}

fn rounded(bytes: usize) -> Result<usize, OsError> {
    pages::round_up(bytes.max(1)).ok_or(OsError::new(Operation::Reserve, libc::ENOMEM))
}

#[cfg(test)]
mod tests {
    use super::{NodeMemory, Placement, Policy};
    use crate::linux::nodes as kernel;
    use crate::nodes::{LogicalNode, NodeMap};

    #[test]
    fn the_kernel_keeps_a_policy_through_resizes() {
        let one = NodeMap::of([0]);
        let mut memory = NodeMemory::map(1 << 20, Placement::FirstTouch, &one).expect("maps");
        let bind = Policy {
            mode: libc::MPOL_BIND,
            nodes: core::array::from_fn(|word| u64::from(word == 0)),
        };
        // SAFETY: the mapping is the test's.
        if let Err(error) = unsafe { bind.apply(memory.at, memory.bytes) } {
            // A container may forbid the call; then there is no policy to keep.
            assert_eq!(error.code, libc::EPERM);
            return;
        }
        for bytes in [64 << 20, 1 << 12, 256 << 20] {
            memory.resize(bytes).expect("resizes");
            // SAFETY: the last byte is inside the mapping.
            let last = unsafe { memory.at.add(memory.bytes - 1) };
            // SAFETY: the address is mapped.
            let first = unsafe { kernel::policy_of_page(memory.at) };
            // SAFETY: the address is mapped.
            let last = unsafe { kernel::policy_of_page(last) };
            assert_eq!([first, last], [Ok(libc::MPOL_BIND); 2]);
            assert_eq!(memory.node_of(bytes - 1, &one), Ok(LogicalNode(0)));
        }
    }
}

//! Atomics.
//!
//! # Role
//! Every file of `protocol/` names its atomics from here, so that `tests/loom.rs`, which compiles
//! these files again under a `sync` of its own, can put loom's in their place.

pub(crate) use bedplate_os::barrier::{heavy, light};
pub(crate) use core::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, Ordering, fence};

//! Atomics: the machine's, or loom's when the protocols are modelled.
//!
//! # Role
//! One place to switch. Every file of `protocol/` names its atomics from here.

#[cfg(not(bedplate_loom))]
pub(crate) use core::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, Ordering, fence};
#[cfg(bedplate_loom)]
pub(crate) use loom::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, Ordering, fence};

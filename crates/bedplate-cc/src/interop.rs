//! Objects that move to another thread, all at once.
//!
//! # Role
//! Hosts whose language moves a call to another thread take the thread's space away and put it back there.

use crate::space::{ObjectSpace, put_thread_space, take_thread_space};

/// A thread's space on its way. It is only ever handled by its address.
#[derive(Debug)]
pub enum GcState {}

/// Takes the thread's space away; the thread has an empty one from here on.
///
/// # Safety
/// No object of the space is used on this or another thread until [`reenter_thread`], and then only there.
#[must_use]
pub unsafe fn exit_thread() -> *mut GcState {
    Box::into_raw(Box::new(take_thread_space())).cast()
}

/// Makes a space this thread's. What the thread had is collected, and lives on by its own counts.
///
/// # Safety
/// `state` comes from [`exit_thread`] and is used once.
pub unsafe fn reenter_thread(state: *mut GcState) {
    let state: *mut ObjectSpace = state.cast();
    // SAFETY: made by `exit_thread`, and used once.
    let space = unsafe { Box::from_raw(state) };
    drop(put_thread_space(*space));
}

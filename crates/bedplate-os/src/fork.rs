//! What happens around a fork.
//!
//! # Role
//! Registers three handlers: before a fork, and after it in parent and child.
//!
//! # Not here
//! What a room does there: each room with locks or threads registers its own.

use crate::fault;
use crate::linux::events;
use crate::{Operation, OsError};

/// A handler. It runs on the forking thread; in the child that thread is the only one, and only
/// what a signal handler may do is allowed.
pub type Handler = extern "C" fn();

/// Registers handlers for every later fork of the process.
///
/// `prepare` handlers run latest first, `parent` and `child` handlers earliest first, so that a
/// room that is registered after the rooms it uses is stopped before them and started after them.
/// Handlers cannot be taken back: they must belong to code that stays loaded. `vfork`,
/// `posix_spawn` and raw `clone` run none of them.
///
/// # Errors
/// - [`Operation::ForkHook`] with `ENOMEM` where there is no memory for the list.
pub fn register(
    prepare: Option<Handler>,
    parent: Option<Handler>,
    child: Option<Handler>,
) -> Result<(), OsError> {
    fault::check(Operation::ForkHook)?;
    events::at_fork(prepare, parent, child).map_err(|code| OsError::new(Operation::ForkHook, code))
}

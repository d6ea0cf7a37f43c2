//! bedplate-pool under the names of the `rayon` package.
//!
//! # Role
//! Stand in for that package in a program that is not to be changed, by a patch in its manifest or on cargo's
//! command line; README.md says how, and what is different.
//!
//! # Not here
//! - anything that runs: every call goes on to bedplate-pool.
//! - the package `rayon-core`: nothing here links it.
//!
//! # Rooms
//! | file | what it holds |
//! |---|---|
//! | `builder.rs` | `ThreadPoolBuilder` and its error |
//! | `pool.rs` | `ThreadPool` |
//! | `forks.rs` | `join_context`, `yield_now` and other functions |
//! | `fifo.rs` | `ScopeFifo` |
//! | `missing.rs` | what is not offered, with a message |
//! | `names.rs` | rayon's modules of types |

#[cfg(feature = "web_spin_lock")]
compile_error!(
    "the feature `web_spin_lock` of `rayon` is for browsers, where bedplate does not run: \
     build without the feature, or without the patch of `rayon`"
);

mod builder;
#[expect(unsafe_code, reason = "a scope seen by another name")]
mod fifo;
mod forks;
mod missing;
mod names;
mod pool;

pub use self::builder::{ThreadPoolBuildError, ThreadPoolBuilder};
pub use self::fifo::{ScopeFifo, in_place_scope_fifo, scope_fifo};
pub use self::forks::{
    FnContext, Yield, join_context, max_num_threads, spawn_fifo, yield_local, yield_now,
};
#[cfg(not(bedplate_rayon_index))]
pub use self::missing::current_thread_index;
pub use self::missing::{broadcast, current_thread_has_pending_tasks, spawn_broadcast};
pub use self::names::{
    array, collections, iter, option, prelude, range, range_inclusive, result, slice, str, string,
    vec,
};
pub use self::pool::ThreadPool;
#[cfg(bedplate_rayon_index)]
pub use bedplate_pool::current_thread_index;
pub use bedplate_pool::{Scope, current_num_threads, in_place_scope, join, scope, spawn};

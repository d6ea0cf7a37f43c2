//! `bedplate-cc` under the names of the package `jrsonnet-gcmodule` 0.4.
//!
//! Programs that are patched to it collect on their own: no call of [`collect_thread_cycles`] is needed, and one does no harm.
//!
//! # Examples
//! ```
//! use jrsonnet_gcmodule::{Cc, Trace, TraceBox};
//! use std::cell::RefCell;
//!
//! type List = Cc<RefCell<Vec<TraceBox<dyn Trace>>>>;
//! let list: List = Cc::default();
//! list.borrow_mut().push(TraceBox(Box::new(list.clone())));
//! drop(list);
//! assert_eq!(jrsonnet_gcmodule::collect_thread_cycles(), 1);
//! ```
//!
//! # What is different
//! README.md says it.

// The derive names this crate by its name.
extern crate self as jrsonnet_gcmodule;

pub use bedplate_cc::without_derive::{Acyclic, Trace};
pub use bedplate_cc::{
    Boxed, Cc, Limits, ObjectSpace, Stats, TraceBox, Tracer, Weak, cc_dyn, collect_thread_cycles,
    count_thread_tracked, interop, trace_acyclic, trace_fields, with_thread_object_space,
};
pub use bedplate_cc_derive::{AcyclicInPlace as Acyclic, TraceInPlace as Trace};

/// The pointer by the name that has its space as a parameter in the original; here the object knows its space.
pub type RawCc<T> = Cc<T>;

/// The same for weak pointers.
pub type RawWeak<T> = Weak<T>;

/// Whether what the collector does is logged: never.
pub const DEBUG_ENABLED: bool = false;

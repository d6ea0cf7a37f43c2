//! Counted pointers whose cycles are found and freed.
//!
//! # Role
//! [`Cc`] is a pointer like `Rc`. What counts alone do not free is found by trials with a budget, when objects are made: no call
//! is needed, and a trial's length does not depend on how much is alive. Long lists are dropped on a small stack.
//!
//! # Not here
//! Threads: a `Cc` stays on its thread. Handles: `bedplate-heap` has them, with bounds on everything; this crate is for
//! programs whose values are Rust types of their own.
//!
//! # How it works
//! An object is a header of 32 bytes and the value. A pointer that goes and leaves others makes its object a candidate; when
//! candidates are enough, a set around them is tested: what only they hold is dropped. The theorem, and why any set will do, is told
//! in `bedplate-heap`; why this is another crate in
//! [docs/design/0013](../../../docs/design/0013-counted-pointers.md).
//!
//! A trial is bounded ([`Limits`]), and so is a slice of a full pass, which looks at all that candidates of some age lead to. It is
//! due when as much was made as lives, or more, and goes on beside the program, slice by slice, when objects are made. What is
//! not bounded: a dead cycle is proven dead and dropped at one time, as long as that one cycle is, and a value is asked for all its
//! references at one time.
//!
//! # What users promise
//! Derived [`Trace`] promises nothing. One written by hand names each `Cc` that the value owns once, or fewer: what that costs
//! where it is not so is told at [`Trace`].
//!
//! # Examples
//! ```
//! use bedplate_cc::{Cc, Trace};
//! use std::cell::RefCell;
//!
//! #[derive(Trace)]
//! #[trace(tracking(force))]
//! struct Person {
//!     name: &'static str,
//!     friends: RefCell<Vec<Cc<Person>>>,
//! }
//!
//! for _ in 0..1000 {
//!     let ada = Cc::new(Person { name: "Ada", friends: RefCell::default() });
//!     let bob = Cc::new(Person { name: "Bob", friends: RefCell::default() });
//!     ada.friends.borrow_mut().push(bob.clone());
//!     bob.friends.borrow_mut().push(ada.clone());
//! }
//! assert!(bedplate_cc::count_thread_tracked() < 200); // without a call
//! bedplate_cc::collect_thread_cycles();
//! assert_eq!(bedplate_cc::count_thread_tracked(), 0);
//! ```
//!
//! # Rooms
//! | file | what it holds |
//! |---|---|
//! | `cc.rs` | the pointer |
//! | `weak.rs` | pointers that do not keep their value alive |
//! | `compare.rs` | a pointer compares, hashes and prints as its value does |
//! | `word.rs` | the first word of an object: count, flags |
//! | `object.rs` | objects: a header and a value in one allocation |
//! | `release.rs` | what happens when a reference goes |
//! | `ledger.rs` | the books of a space: candidates, what is alive |
//! | `trial.rs` | the test of a set of objects |
//! | `pass.rs` | the full pass, in slices: sets for trials |
//! | `rows.rs` | lists that grow without moving |
//! | `condemned.rs` | dead cycles: the proof, and the drop of their values |
//! | `space.rs` | spaces, and the thread's |
//! | `trace.rs` | how values name the references they own |
//! | `trace_box.rs` | a box that may hold any traced value |
//! | `std_types/` | the standard library's types, traced |
//! | `macros.rs` | `Trace` in one line |
//! | `dynamic.rs` | pointers to trait objects |
//! | `interop.rs` | objects that move to another thread, all at once |
//! | `limits.rs` | the numbers that steer the collector |
//! | `stats.rs` | figures |

extern crate alloc;
// The derive names this crate by its name.
extern crate self as bedplate_cc;

#[expect(unsafe_code, reason = "pointers to objects that it counts")]
mod cc;
mod compare;
#[expect(unsafe_code, reason = "frees objects")]
mod condemned;
mod dynamic;
#[expect(unsafe_code, reason = "objects of one thread are taken to another")]
pub mod interop;
mod ledger;
mod limits;
mod macros;
#[expect(unsafe_code, reason = "allocations of values whose type is not known")]
mod object;
mod pass;
#[expect(unsafe_code, reason = "frees objects")]
mod release;
mod rows;
mod space;
mod stats;
#[expect(unsafe_code, reason = "implements `Acyclic`; no unsafe operation")]
mod std_types;
#[expect(unsafe_code, reason = "declares `Acyclic`; no unsafe operation")]
mod trace;
#[expect(unsafe_code, reason = "implements `Acyclic`; no unsafe operation")]
mod trace_box;
mod trial;
#[expect(unsafe_code, reason = "pointers to objects that it counts")]
mod weak;
mod word;

pub use bedplate_cc_derive::{Acyclic, Trace};
pub use cc::Cc;
pub use limits::Limits;
#[doc(hidden)]
pub use object::Boxed;
pub use space::{
    ObjectSpace, collect_thread_cycles, count_thread_tracked, with_thread_object_space,
};
pub use stats::Stats;
pub use trace::{Acyclic, Trace, Tracer};
pub use trace_box::TraceBox;
pub use weak::Weak;

/// The traits without the derives of their names, for crates that bring derives of their own.
pub mod without_derive {
    pub use crate::trace::{Acyclic, Trace};
}

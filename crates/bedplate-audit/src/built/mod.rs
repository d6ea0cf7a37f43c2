//! The compiled code beside the source.
//!
//! # Role
//! Joins what the compiler made (`ir/`) with the operations of the source, and corrects classes
//! where the two contradict each other.
//!
//! # Invariants
//! I1. A location that the source calls CORRECTNESS stays so: one configuration that was compiled
//!     says nothing about the others.
//! I2. A location becomes TELEMETRY here only where nothing outside of one module can name it and
//!     nothing in that module reads it, and all of its operations in the source were compiled.
//!
//! # Rooms
//! | file | what it holds |
//! |---|---|
//! | `compare.rs` | an audit with the compiled code beside it |
//! | `source.rs` | the operations of the source by the lines they may be compiled to |
//! | `join.rs` | which compiled operation is which of the source |
//! | `verdict.rs` | what the compiled code says about a class |
//! | `left_out.rs` | why an operation of the source was not compiled |

mod compare;
mod join;
mod left_out;
mod source;
mod verdict;

pub use compare::{
    Built, BuiltLocation, BuiltOperation, Compilation, NotBuilt, Unseen, audit_compiled,
};

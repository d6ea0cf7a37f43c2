//! What a tree holds.
//!
//! # Role
//! Files become units, declarations become locations, and calls are joined with what they call, over
//! the whole tree.
//!
//! # Not here
//! Judgement: which uses matter is the matter of `rules/`.
//!
//! # Invariants
//! I1. Where types do not tell two locations of one name apart, an operation counts for both: a
//!     mistake then errs towards more evidence, never towards less.
//!
//! # Rooms
//! | file | what it holds |
//! |---|---|
//! | `files.rs` | which files are read |
//! | `left_out.rs` | what is not the program's, by its name |
//! | `program.rs` | the tree with its indexes |
//! | `words.rs` | types as sets of words |
//! | `resolve.rs` | which location a piece of code means |
//! | `ops.rs` | atomic operations |
//! | `plain.rs` | locations by the operations on them |
//! | `callees.rs` | which functions a call may lead to |
//! | `pulled.rs` | values that others pull out |
//! | `shown.rs` | what is made into texts |
//! | `receivers.rs` | whose methods are called in C++ |
//! | `attach.rs` | operations on parameters, brought to the locations of the callers |

mod attach;
mod callees;
mod files;
mod left_out;
mod ops;
mod plain;
mod program;
mod pulled;
mod receivers;
mod resolve;
mod shown;
mod words;

pub(crate) use attach::{Attached, Operations};
pub(crate) use files::language_of;
pub use files::{Source, TreeError, read_tree};
pub(crate) use ops::{Op, OpKind, Order, method_kind};
pub(crate) use program::{FunctionId, LocationId, Program, Site};
pub(crate) use resolve::Target;
pub(crate) use shown::text_of_trait;
pub(crate) use words::{is_figure, is_flag, is_pointer};

//! Which atomics of a source tree only count, and which ones the program rests on.
//!
//! # Role
//! Names the class of every atomic location, with the lines that are the evidence, and measures
//! itself on labels made by hand.
//!
//! # Not here
//! Running anything: how hot an operation is and what its removal saves is measured by
//! `bedplate-evidence`. Arguments, terminals and exit codes are the command line's.
//!
//! # Invariants
//! I1. A location that the program rests on is never called telemetry: where the evidence does not
//!     suffice, the class is unknown.
//!
//! # Rooms
//! | room | what it holds |
//! |---|---|
//! | `class.rs` | the classes |
//! | `audit.rs` | an audit of a tree, as plain data |
//! | `deletion/` | deleting operations |
//! | `syntax/` | source text as one small language |
//! | `facts/` | what a tree holds |
//! | `inference/` | the types of expressions of Rust |
//! | `rules/` | what uses say about a location |
//! | `ir/` | what the compiler made of a tree |
//! | `built/` | the compiled code beside the source |
//! | `report/` | as text and documents |
//! | `golden/` | labels made by hand, and the audit measured on them |

#![forbid(unsafe_code)]

extern crate alloc;

mod audit;
pub mod built;
pub mod class;
pub mod deletion;
mod facts;
pub mod golden;
mod inference;
pub mod ir;
pub mod report;
mod rules;
mod syntax;

pub use audit::{Audit, Evidence, Line, Location, NotRead, Operation, audit, audit_path};
pub use built::{Built, Compilation, audit_compiled};
pub use class::Class;
pub use facts::{Source, TreeError, read_tree};

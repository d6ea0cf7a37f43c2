//! What the compiler made of a tree.
//!
//! # Role
//! The text of LLVM's intermediate code becomes atomic operations with the lines they come from and
//! what is done with their values.
//!
//! # Not here
//! Compiling: whoever calls has the text. Joining with the source: `built/`.
//!
//! # Invariants
//! I1. A use that is not understood is a use: only a value that nothing takes is unused.
//!
//! # Rooms
//! | file | what it holds |
//! |---|---|
//! | `module.rs` | a module: its operations, functions and statics |
//! | `text.rs` | lines, operands and fields of the text |
//! | `lines.rs` | from debug information to lines of the source |
//! | `operation.rs` | one atomic instruction |
//! | `uses.rs` | what is done with a value inside of its function |

mod lines;
mod module;
mod operation;
mod text;
mod uses;

pub use lines::{Frame, Origin};
pub use module::{Compiled, Module, Static};
pub use operation::{Instruction, InstructionKind};
pub use uses::What;

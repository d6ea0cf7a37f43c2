//! Types of expressions of Rust, as far as the source tells them.
//!
//! # Role
//! A method of a name that several types have is followed into the one that is called. The standard library's types
//! are known by their signatures (`std.txt`); other crates' can hold nothing of the tree but what they are given.
//!
//! # Not here
//! Traits: what is called by one may be any type's that has it.
//!
//! # Rooms
//! | file | what it holds |
//! |---|---|
//! | `ty.rs` | what is known of a type |
//! | `known.rs` | the types of the tree and of the standard library |
//! | `read.rs` | types as they are written |
//! | `infer.rs` | expressions |
//! | `names.rs` | names and patterns |
//! | `methods.rs` | whose method a call is |

mod infer;
mod known;
mod methods;
mod names;
mod read;
mod ty;

pub(crate) use known::Known;
pub(crate) use ty::Ty;

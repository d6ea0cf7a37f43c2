//! The doors: how programs come in.
//!
//! # Role
//! `GlobalAlloc` for Rust programs, the C family's rules as functions, and a macro by which a
//! cdylib gives them their C names. This crate itself defines no C symbol: a `malloc` in an rlib
//! would silently take over every binary that names the crate.
//!
//! | file | what it holds |
//! |---|---|
//! | `global_alloc.rs` | `Malloc`: one line makes it a program's allocator |
//! | `family.rs` | the rules of the C family: zero sizes, overflow, alignment, `errno` |
//! | `cxx.rs` | what `new` needs of libstdc++ |
//! | `info_c.rs` | `mallinfo2`, `malloc_info`, `mallopt`, `malloc_trim` |
//! | `export.rs` | `export_c_family!` |
//! | `notice.rs` | `embed_notice!`: a library's licences inside it |

pub mod cxx;
mod export;
pub mod family;
pub mod global_alloc;
pub mod info_c;
mod notice;

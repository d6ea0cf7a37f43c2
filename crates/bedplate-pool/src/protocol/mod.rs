//! The protocols between threads, each alone and without unsafe code.
//!
//! # Role
//! Who may take an offered half of a join, who learns of its end, who is woken, who gets which job of a scope. Each protocol has
//! models in `tests/loom.rs`.
//!
//! # Not here
//! What is offered, run or woken: `frame.rs`, `worker.rs`.
//!
//! # Rooms
//! | file | what it holds |
//! |---|---|
//! | `offers.rs` | halves of joins that others may take |
//! | `latch.rs` | the end of a half that another took |
//! | `idle.rs` | who sleeps and can be woken |
//! | `claims.rs` | who gets which item of a few |
//! | `note.rs` | a few words that are read together |

pub(crate) mod claims;
pub(crate) mod idle;
pub(crate) mod latch;
pub(crate) mod note;
pub(crate) mod offers;

//! Graphs between heaps and threads.
//!
//! # Role
//! A heap belongs to one thread. What goes to another is a copy outside any heap: a [`Parcel`], which
//! another heap makes objects of, or a [`Frozen`] graph, which all threads read.
//!
//! # Why a frozen graph cannot leak
//! It is counted as one: its members hold each other by number, not by count. A cycle inside it is no
//! cycle of counts.
//!
//! # Rooms
//! | file | what it holds |
//! |---|---|
//! | `parcel.rs` | a graph outside any heap |
//! | `pack.rs` | out of a heap: copies, and graphs that nothing else holds |
//! | `unpack.rs` | into a heap |
//! | `frozen.rs` | graphs that threads share |

mod frozen;
mod pack;
mod parcel;
mod unpack;

pub use frozen::{Frozen, Item, Place};
pub use parcel::Parcel;

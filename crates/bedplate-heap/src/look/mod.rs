//! Looking at a heap.
//!
//! # Role
//! What a heap holds by kind and shape, why an object is still there, a graph for `dot`, a picture over
//! time. All of it reads: nothing is counted for it while the program runs, so nobody pays who does not
//! look.
//!
//! # Rooms
//! | file | what it holds |
//! |---|---|
//! | `census.rs` | objects and bytes by kind, records by shape |
//! | `floating.rs` | how much garbage there is |
//! | `holders.rs` | who is held from outside |
//! | `names.rs` | objects and their references in words |
//! | `path.rs` | why an object is still there |
//! | `dot.rs` | a graph for `dot` |
//! | `history.rs` | looks over time, thresholds, a picture |

mod census;
mod dot;
mod floating;
mod history;
mod holders;
mod names;
mod path;

pub use census::{Census, KindRow, ShapeRow};
pub use floating::Floating;
pub use history::{History, Look};
pub use path::{RetainingPath, Step};

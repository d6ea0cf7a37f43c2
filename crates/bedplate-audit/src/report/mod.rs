//! An audit as text and documents.
//!
//! # Rooms
//! | file | what it holds |
//! |---|---|
//! | `text.rs` | for a terminal of 80 columns |
//! | `remarks.rs` | what else is known of locations |
//! | `built.rs` | what the tree was compiled to, for a terminal |
//! | `golden.rs` | the scores on the labels |
//! | `sarif.rs` | for tools that show findings in code |
//! | `unread.rs` | what was not read and what was left out, for a terminal |
//! | `why.rs` | one location, with the way of each value |

mod built;
mod golden;
mod remarks;
mod sarif;
mod text;
mod unread;
mod why;

pub use golden::golden;
pub use remarks::Remarks;
pub use sarif::{sarif, sarif_with};
pub use text::{text, text_with};
pub use why::why;

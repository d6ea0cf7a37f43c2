//! An audit as text and documents.
//!
//! # Rooms
//! | file | what it holds |
//! |---|---|
//! | `text.rs` | for a terminal of 80 columns |
//! | `golden.rs` | the scores on the labels |
//! | `sarif.rs` | for tools that show findings in code |

mod golden;
mod sarif;
mod text;

pub use golden::golden;
pub use sarif::sarif;
pub use text::text;

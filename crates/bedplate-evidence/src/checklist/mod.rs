//! The checklist of a hot path: how its cost grows, how far it is from a limit, what was checked.
//!
//! # Role
//! Counts instructions over sizes, fits laws of growth, and collects the figures of checks with the
//! command and the date that each comes from.
//!
//! # Not here
//! Claims: a row without a figure says "not measured".
//!
//! # Rooms
//! | file | what it holds |
//! |---|---|
//! | `law.rs` | laws of growth, fitted by least squares |
//! | `sweep.rs` | instruction counts of a command over sizes |
//! | `check.rs` | what a command that checks something said |
//! | `document.rs` | the checklist as data |
//! | `text.rs` | the checklist as Markdown, for the terminal too |

pub mod check;
pub mod document;
pub mod law;
pub mod sweep;
pub mod text;

pub use check::{Check, Row};
pub use document::{Checklist, Constant, Growth};
pub use law::{Fit, Law};

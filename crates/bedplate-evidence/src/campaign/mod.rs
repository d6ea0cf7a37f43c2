//! Campaigns: several gates or features of one project, judged together.
//!
//! # Role
//! Each member is compared with one and the same base, under one chance of being wrong that they
//! share; then all of them together are compared with none. What the members cost together is that
//! last comparison's answer: single estimates are not added up.
//!
//! # Not here
//! The comparisons (`crate::trial`), and what is built for them (`crate::sides::family`).
//!
//! # Rooms
//! | file | what it holds |
//! |---|---|
//! | `shares.rs` | how the chance of being wrong, and the time, are shared |
//! | `report.rs` | everything as data |
//! | `forest.rs` | the intervals side by side, drawn |
//! | `text.rs` | the report for a terminal |
//! | `markdown.rs` | the document for people and repositories |
//! | `page.rs` | the document as one page |

mod forest;
pub mod markdown;
pub mod page;
pub mod report;
pub mod shares;
pub mod text;

pub use report::{Campaign, Member};
pub use shares::Shares;

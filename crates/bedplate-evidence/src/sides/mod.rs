//! Two sides of one cargo project.
//!
//! # Role
//! Builds both sides of a difference (a feature, a gate, two revisions), links either again in
//! another order, and shows by counts that the code that differs ran.
//!
//! # Not here
//! Runs, pairs and verdicts (`crate::trial`, `crate::ab`).
//!
//! # Rooms
//! | file | what it holds |
//! |---|---|
//! | `project.rs` | the project: packages, features, gates |
//! | `difference.rs` | from a difference to two recipes |
//! | `family.rs` | several gates or features: one base, each alone, all together |
//! | `worktree.rs` | revisions, checked out for a while |
//! | `copies.rs` | copies of a project, where sources may be changed |
//! | `build.rs` | building a side, and what was built |
//! | `layout.rs` | linking a side again in another order |
//! | `lines.rs` | lines that have code, and how often they ran |
//! | `question.rs` | which lines are in question |
//! | `execution.rs` | step 0: whether they ran |
//! | `asked.rs` | variables that sources ask for |
//! | `words.rs` | what `{bin}` and `{lib}` in a command stand for |

pub mod asked;
pub mod build;
pub mod copies;
pub mod difference;
pub mod execution;
pub mod family;
pub mod layout;
pub(crate) mod lines;
pub mod project;
mod question;
pub mod words;
pub mod worktree;

pub use build::Built;
pub use copies::Copies;
pub use difference::{Difference, Recipe};
pub use execution::Execution;
pub use family::Family;
pub use layout::Layouts;
pub use project::Project;

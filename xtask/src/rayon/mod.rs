//! Programs and tests made for rayon, on the pool.
//!
//! # Role
//! Build published programs as they are, once with rayon and once with `compat/rayon` patched in its place, prove that
//! the patch was taken and that our threads worked, compare what both make, and how long they take; run rayon's own
//! tests on `compat/rayon`.
//!
//! # Not here
//! Sources of others: cargo takes them from the registry into a folder that is removed afterwards.
//!
//! # Rooms
//! | file | what it holds |
//! |---|---|
//! | `build.rs` | both builds of a program, and the proof that the patch was taken |
//! | `work.rs` | one run of a program, with the pool's threads seen from the kernel |
//! | `compare.rs` | one program: builds, outputs, times |
//! | `images.rs`, `texts.rs` | what the programs work on |
//! | `chores.rs` | `rayon-programs`: the programs |
//! | `suite.rs` | `rayon-tests`: rayon's own tests |
//! | `harness.rs` | rayon's test files, changed so that they compile |
//! | `explained.rs` | the table of what does not pass, read from the docs |

mod build;
mod chores;
mod compare;
mod explained;
mod harness;
mod images;
mod suite;
mod texts;
mod work;

pub(crate) use chores::{Options as ProgramOptions, run as run_programs};
pub(crate) use suite::{Options as TestOptions, run as run_tests};

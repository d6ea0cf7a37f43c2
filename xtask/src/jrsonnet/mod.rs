//! jrsonnet, and its collector's own tests, on our counted pointers.
//!
//! # Role
//! Build the published evaluator of Jsonnet twice, with its collector and with `compat/jrsonnet-gcmodule` patched in its place,
//! prove that the patch was taken, compare what both make of jsonnet's own test programs, and what they leak; run the collector's
//! own tests on ours.
//!
//! # Not here
//! Sources of others: cargo and apt-get take them into a folder that is removed afterwards.
//!
//! # Rooms
//! | file | what it holds |
//! |---|---|
//! | `build.rs` | both builds, and the proof that the patch was taken |
//! | `corpus.rs` | jsonnet's test programs, from Debian's source package |
//! | `side.rs` | one run of a program: what it said, how long it took |
//! | `chore.rs` | `jrsonnet`: outputs, leaks, times |
//! | `original.rs` | the collector's own tests, made to compile on ours |
//! | `suite.rs` | `gcmodule-tests`: those tests |

mod build;
mod chore;
mod corpus;
mod original;
mod side;
mod suite;

pub(crate) use chore::{Options as ProgramOptions, run as run_programs};
pub(crate) use suite::{Options as TestOptions, run as run_tests};

//! Evidence about programs that run on bedplate.
//!
//! # Role
//! Looks at processes from outside, says where every resident byte belongs, watches a whole run,
//! compares allocators in interleaved pairs, and makes reports of what was measured.
//!
//! # Not here
//! Claims about what was not measured: a figure that could not be had is absent, with its reason.
//! Arguments, terminals and exit codes are the command line's.
//!
//! # Rooms
//! | room | what it holds |
//! |---|---|
//! | `error.rs` | why a process could not be looked at, a program not be run |
//! | `process/` | one process, looked at from outside |
//! | `parts/` | where its resident memory went |
//! | `run/` | starting a program on the allocator and watching it |
//! | `ab/` | the statistics of an A/B comparison |
//! | `trial/` | comparing two commands |
//! | `campaign/` | several gates or features of one project, judged together |
//! | `sides/` | two sides of one cargo project: builds, layouts, what ran |
//! | `checklist/` | how a cost grows, how far it is from a limit, what was checked |
//! | `heat/` | how often lines ran, and what locked operations can have cost |
//! | `versus/` | comparing allocators on one program |
//! | `profile/` | heap profiles: call sites, files for other tools |
//! | `report/` | the report as data, text and page |

extern crate alloc;

pub mod ab;
pub mod campaign;
pub mod checklist;
pub mod error;
pub mod heat;
pub mod parts;
pub mod process;
pub mod profile;
pub mod report;
pub mod run;
pub mod sides;
pub mod trial;
pub mod versus;

pub use error::{LookError, RunError};

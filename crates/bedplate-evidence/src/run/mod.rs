//! Running a program on the allocator and watching it.
//!
//! # Rooms
//! | file | what it holds |
//! |---|---|
//! | `program.rs` | what kind of program it is, before its start |
//! | `elf.rs` | what its ELF file says |
//! | `launch.rs` | the command and its environment |
//! | `session.rs` | the directory through which its processes report |
//! | `stale.rs` | such directories left by a `bedplate` that was killed |
//! | `conduct.rs` | one run, from start to report |
//! | `signals.rs` | signals while it runs |
//! | `sampler.rs` | which processes are watched |
//! | `watched.rs` | one watched process |
//! | `ending.rs` | whether the name a process ended with is that of a program |
//! | `once.rs` | one run that nobody watches |
//! | `pace.rs` | how often |
//! | `timeline.rs` | live and resident bytes over time |
//! | `shape.rs` | heaps of objects over time |
//! | `children.rs` | descendants by name |
//! | `pressure.rs` | stalls of the machine meanwhile |

mod children;
pub mod conduct;
pub(crate) mod elf;
mod ending;
pub mod launch;
pub(crate) mod once;
mod pace;
mod pressure;
pub mod program;
pub mod sampler;
pub mod session;
mod shape;
pub(crate) mod signals;
mod stale;
pub mod timeline;
mod watched;

pub use conduct::{Conducted, Event, RunPlan, conduct};
pub use launch::Target;
pub use program::{Obstacle, ProgramFacts, inspect_program};

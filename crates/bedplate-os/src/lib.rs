//! The operating system as bedplate sees it: the only crate that names one.
//!
//! # Role
//! Pages, locks, clocks, budgets, limits, pressure and topology behind one contract, with typed
//! errors.
//!
//! # Not here
//! Policy. Nothing in this crate decides how much memory to keep or how many threads to run, and
//! nothing on a memory path allocates through the standard library.
//!
//! # Rooms
//! For memory paths: no allocation, no `errno`, no standard library.
//!
//! | file | what it holds |
//! |---|---|
//! | `error.rs` | `OsError`: operation and code |
//! | `pages.rs` | reserve, commit, decommit, advise, protect, guard, resize: the pages contract |
//! | `numa.rs` | memory on a node: bind, prefer, interleave, first touch, resize |
//! | `budget.rs` | `Budget`: a limit that users charge, a soft mark, subscribers |
//! | `lock.rs` | `Lock`: a futex lock that can be re-initialised in a forked child |
//! | `clock.rs` | monotonic milliseconds and nanoseconds |
//! | `rawio.rs` | reads and writes without allocation |
//! | `files.rs` | files as memory: facts, mappings, seals, leases |
//! | `affinity.rs` | which CPU a thread runs on |
//! | `barrier.rs` | a fence whose cost one side bears alone |
//! | `threads.rs` | threads that may fail to start |
//! | `background.rs` | one helper thread, started from inside an allocator |
//! | `once.rs` | something done once, whatever a fork loses |
//! | `fork.rs` | handlers around a fork |
//! | `fault.rs` | where a fault plan steps in |
//! | `linux/` | system calls |
//!
//! For start and reports: these read files and allocate.
//!
//! | file | what it holds |
//! |---|---|
//! | `fact.rs` | `Fact`: known, or absent because |
//! | `source.rs` | `Machine`: where kernel files are read from |
//! | `text.rs`, `ids.rs` | the text of kernel files; sets of CPU and node numbers |
//! | `topology.rs`, `caches.rs`, `nodes.rs` | CPUs, caches, nodes and the one node numbering |
//! | `features.rs`, `host.rs`, `perf.rs` | instruction sets; kernel and hypervisor; counters |
//! | `memory.rs` | physical memory, huge pages, overcommit, mapping counts |
//! | `cgroup.rs`, `cgroup_limits.rs` | control groups 1, 2, hybrid and none, and their limits |
//! | `limits.rs` | the limits in force |
//! | `psi.rs` | pressure stall information |
//! | `pressure/` | `PressureMonitor`: levels with hysteresis, one thread |
//! | `facts.rs`, `problems.rs` | everything in one value, and what is wrong with it |
//! | `sim/` | fault plans and faked machines (feature `sim`) |
//!
//! # Examples
//! What is known of this machine, and what is wrong with it:
//!
//! ```
//! use bedplate_os::facts::MachineFacts;
//! use bedplate_os::source::Machine;
//!
//! let facts = MachineFacts::read(&Machine::running())?;
//! // Known, or "none, because ...".
//! println!("available: {}", facts.memory.available_bytes);
//! for problem in facts.problems() {
//!     println!("{problem}");
//! }
//! # Ok::<(), bedplate_os::topology::DetectError>(())
//! ```
//!
//! A budget that several rooms charge:
//!
//! ```
//! use bedplate_os::budget::{Budget, BudgetError, Crossing};
//!
//! static BUDGET: Budget = Budget::new(64 << 20, 48 << 20);
//!
//! fn give_back(_context: usize, crossing: Crossing) {
//!     if crossing == Crossing::Above {
//!         // Purge, evict, collect.
//!     }
//! }
//!
//! BUDGET.subscribe(give_back, 0)?;
//! BUDGET.charge(50 << 20)?;
//! assert!(BUDGET.charge(50 << 20).is_err());
//! BUDGET.release(50 << 20);
//! # Ok::<(), BudgetError>(())
//! ```
//!
//! The present pressure:
//!
//! ```
//! use bedplate_os::pressure::{PressureMonitor, Settings};
//! use bedplate_os::source::Machine;
//!
//! let mut monitor = PressureMonitor::watch(&Machine::running(), Settings::default())?;
//! println!("pressure: {}", monitor.snapshot().level);
//! monitor.stop()?;
//! # Ok::<(), bedplate_os::pressure::PressureError>(())
//! ```
//!
//! # Platform
//! Linux on x86-64 with glibc is what is measured and tested. Linux on other architectures takes
//! the portable twins (`linux/raw.rs`), which is unverified. Other systems are not built: they
//! would need a twin of `linux/` behind the same contract, whose absent services answer
//! [`fact::Reason::Unsupported`] and `ENOSYS`.

extern crate alloc;

pub mod affinity;
pub mod background;
pub mod barrier;
pub mod budget;
pub mod clock;
pub mod error;
pub mod files;
pub mod fork;
pub mod lock;
pub mod numa;
pub mod once;
pub mod pages;
pub mod rawio;
pub mod threads;

pub mod fact;
pub mod source;

pub mod ids;

pub mod caches;
pub mod features;
pub mod host;
pub mod memory;
pub mod nodes;
pub mod perf;
pub mod topology;

pub mod cgroup;
pub mod cgroup_limits;
pub mod limits;
pub mod psi;

pub mod facts;
pub mod pressure;
pub mod problems;

mod fault;
mod text;

#[cfg(feature = "sim")]
pub mod sim;

#[expect(unsafe_code, reason = "system calls live here and nowhere else")]
mod linux;

pub use error::{Operation, OsError};

//! The record side of telemetry: gates, counters, event rings, snapshots.
//!
//! # Role
//! Let a hot path record something when, and only when, the leaf binary was built to want it.
//! A gate is a constant of a type that the leaf library or binary chooses; with a gate off its
//! code and its memory are not in the binary. Cargo features would not do: they are unified over
//! a build, so one crate that wants a gate would put it into everybody's production library.
//!
//! # Not here
//! Exporters, allocation, blocking, input and output.
//!
//! # Rooms
//! | file | what it holds |
//! |---|---|
//! | `gates.rs` | the one table of gates, `Gates`, `GateSet` |
//! | `counter.rs` | `Counter`: 64 bits, saturating |
//! | `ring.rs` | `Ring`: the last N events |
//! | `block.rs` | `TELEMETRY`: all telemetry memory, in a section of its own |
//! | `snapshot.rs` | plain copies to read |
//!
//! # Examples
//! ```
//! use bedplate_telemetry::{Gate, GateSet, Gates};
//! struct OnlyFrees;
//! impl Gates for OnlyFrees {
//!     const SET: GateSet = GateSet::parse("free_calls");
//! }
//! assert!(OnlyFrees::SET.has(Gate::FreeCalls));
//! assert!(!OnlyFrees::SET.has(Gate::ClassStats));
//! ```
#![no_std]

pub mod block;
pub mod counter;
pub mod gates;
pub mod ring;
pub mod snapshot;

pub use block::{Metric, TELEMETRY, Telemetry};
pub use counter::Counter;
pub use gates::{All, Gate, GateRow, GateSet, Gates, Off, TABLE};
pub use ring::{Event, Ring};
pub use snapshot::Snapshot;

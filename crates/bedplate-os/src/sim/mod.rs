//! Faked machines and fault plans, for tests.
//!
//! # Role
//! The twin of the real system: `faults` makes the Nth operation of a kind fail, fakes the page
//! size and puts the clock forward.

pub mod faults;
pub mod nodes;
pub mod pressure;

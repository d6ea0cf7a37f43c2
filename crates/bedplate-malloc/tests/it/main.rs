//! Behaviour of the allocator through its public doors.
#![cfg(not(bedplate_loom))]

mod engine;
mod faults;
mod inspect;
mod limits;
mod model;
mod remote;

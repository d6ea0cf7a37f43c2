//! Behaviour of the allocator through its public doors.
#![cfg(not(bedplate_loom))]

extern crate alloc;

mod again;
mod ended;
mod engine;
mod errno;
mod family;
mod faults;
mod fork;
mod gates;
mod global;
mod huge;
mod info;
mod inspect;
mod limits;
mod misuse;
mod model;
#[cfg(not(bedplate_unprofiled))]
mod profile;
mod purge;
mod quiet;
mod remote;
mod run;
mod settings;
mod sparse;
mod stats;
mod zeroed;

//! The rooms of bedplate-heap, seen from outside: one file per room.

extern crate alloc;

mod checkpoint;
mod counterexamples;
mod deep;
mod finalizers;
mod garden;
mod kinds;
mod memory;
mod mixture;
mod model;
mod pass;
mod recover;
mod values;
mod verify;
mod weak;

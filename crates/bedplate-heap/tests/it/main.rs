//! The rooms of bedplate-heap, seen from outside: one file per room.

extern crate alloc;

mod ages;
mod checkpoint;
mod counterexamples;
mod deep;
mod exchange;
mod figures;
mod finalizers;
mod foreign;
mod garden;
mod growth;
mod hosts;
mod kinds;
mod look;
mod memory;
mod mixture;
mod model;
#[cfg(not(feature = "checked"))]
mod outside;
mod pass;
mod recover;
mod shapes;
mod triggers;
mod values;
mod verify;
mod weak;

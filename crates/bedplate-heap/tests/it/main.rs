//! The rooms of bedplate-heap, seen from outside: one file per room.

extern crate alloc;

mod counterexamples;
mod deep;
mod finalizers;
mod kinds;
mod memory;
mod mixture;
mod model;
mod values;
mod weak;

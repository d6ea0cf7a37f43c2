//! The rooms of bedplate-os, seen from outside: one file per room.
#![expect(unsafe_code, reason = "pages are given back, and allocations counted")]

extern crate alloc;

mod allocation;
mod budget;
mod cgroups;
mod disbelief;
mod facts;
mod files;
mod fork;
mod injection;
mod lock;
mod machine;
mod memory_paths;
mod numa;
mod pages;
mod pressure;
mod topology;

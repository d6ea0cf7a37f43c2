//! The rooms of bedplate-region, seen from outside: one file per room.
#![expect(
    unsafe_code,
    reason = "memory is looked at after it was given back, by raw pointers"
)]

extern crate alloc;

mod allocator;
mod arena;
mod audited;
mod faults;
mod measures;
mod model;
mod page_sizes;
mod plans;
mod poison;
mod scopes;
mod subscribers;

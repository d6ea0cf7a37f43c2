//! Model files, seen from outside. A program of its own, because it counts allocations.
#![expect(unsafe_code, reason = "files are mapped, allocations counted")]
#![expect(
    clippy::print_stdout,
    reason = "a case tells its parent where it is, and a long run how it went"
)]

extern crate alloc;

mod again;
mod candle_holes;
mod counted;
mod cut;
mod damaged;
mod families;
mod faults;
mod folder;
mod mapped;
mod raw;
mod safetensors;
mod values;
mod whole;
mod written;

#[global_allocator]
static COUNTED: counted::Counted = counted::Counted;

//! The crate as its users see it.
#![expect(
    clippy::std_instead_of_core,
    clippy::std_instead_of_alloc,
    clippy::unwrap_used,
    clippy::use_self,
    reason = "tests, written as users write"
)]

mod cycles;
mod deep;
mod derive;
mod destructors;
mod dishonest;
mod dynamic;
mod model;
mod node;
mod passes;
mod spaces;
#[expect(unsafe_code, reason = "a space is moved by its address")]
mod threads;
mod values;
mod weak;

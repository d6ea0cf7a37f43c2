//! The client from outside, on models of a few kilobytes that are made here.

mod caches;
mod engine;
mod made;
mod naive;
mod program;
mod refused;
mod sums;

//! The caches of keys and values, seen from outside: one file per room.

#![expect(clippy::unwrap_used, reason = "what tests share fails as tests do")]

mod faults;
mod model;
mod naive;
mod page_sizes;
mod paged;
mod refused;
mod reliefs;
mod rows;
mod small;
mod tenants;

//! Huge blocks: each with a mapping of its own.
//!
//! # Role
//! Map, unmap, resize blocks above 31 slices or aligned beyond a slice, and keep freed mappings
//! for a while.
//!
//! # How freed mappings are used again
//! A freed mapping becomes an extent. Neighbours are joined, a request takes the extent that is
//! the least too large and leaves what it does not need: so pages once touched serve blocks of
//! any size, and no request has to match a mapping. What is kept goes back after the decay time;
//! and at once where live and kept mappings together would be larger than the live ones were
//! within that time, by more than a quarter.
//!
//! # Rooms
//! | file | what it holds |
//! |---|---|
//! | `blocks.rs` | all huge blocks: taken, given back, resized |
//! | `header.rs` | what stands in front of a block |
//! | `extents.rs` | freed mappings that are kept |
//! | `mapping.rs` | calls of the kernel |

#[expect(unsafe_code, reason = "mappings")]
mod blocks;
mod extents;
#[expect(unsafe_code, reason = "headers at addresses")]
mod header;
#[expect(unsafe_code, reason = "mappings")]
mod mapping;

pub(crate) use blocks::{HUGE, Wish};
pub(crate) use extents::Place;
pub(crate) use header::{
    HUGE_HEADER_OFFSET, HUGE_MAGIC, HugeHeader, around, block_at, freed_bytes, header_of, usable_of,
};

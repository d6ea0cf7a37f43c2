//! The scratch arena, and plans for what lies in it.
//!
//! # Role
//! Memory that is taken by one compare and one add, and given back all at once.
//!
//! # How it works
//! An [`Arena`] reserves its whole capacity at once and never grows. A [`Space`] is a part of it that
//! allocations come from: a head and an end, multiples of 64. "Is the head behind the size, rounded
//! up, above the end?" is the only question: a `Layout` and an address are too small for the sum to
//! overflow.
//!
//! What Rust's borrows say of it: an allocation borrows the arena shared, going back borrows it
//! alone. So a reset, the end of a scope and a rewind are possible only when nothing of what they
//! give back is in use, and none of them costs more than a store.
//!
//! | type | its allocations live |
//! |---|---|
//! | [`Arena`] | until the next reset |
//! | [`Savepoint`] | until it is rewound or dropped |
//! | [`Scope`] | as long as the scope, also while scopes inside it come and go |
//!
//! # Drops
//! Nothing in an arena is dropped: its types are `Copy`, which have nothing to drop. Collections that
//! own such types come by the feature `allocator-api2` and drop their items themselves.
//!
//! # Rooms
//! | file | what it holds |
//! |---|---|
//! | `arena.rs` | `Arena`: owns the memory |
//! | `builder.rs` | how an arena is made |
//! | `mapping.rs` | address space that is given back |
//! | `extent.rs` | a part of it that is committed and charged |
//! | `space.rs` | `Space`: the bump pointer |
//! | `items.rs` | typed allocations |
//! | `place.rs` | where the next allocation lies |
//! | `savepoint.rs`, `scope.rs` | going back |
//! | `measure.rs` | `Measure`: what an arena would have to hold |
//! | `allocator.rs` | collections in an arena |
//! | `plan.rs` | `Plan`: tensors over each other |
//! | `fit.rs` | where a plan puts each tensor |
//! | `views.rs` | the tensors of a plan in memory |
//! | `poison.rs` | what is told of freed memory |
//! | `valgrind.rs`, `asan.rs` | to whom |

#[cfg(feature = "allocator-api2")]
#[expect(unsafe_code, reason = "the allocator's trait is unsafe")]
mod allocator;
mod arena;
#[cfg(feature = "asan")]
#[expect(unsafe_code, reason = "the sanitizer's functions are C")]
mod asan;
mod builder;
#[expect(unsafe_code, reason = "ranges are given as addresses")]
mod extent;
mod fit;
#[expect(unsafe_code, reason = "uninitialised items are written")]
mod items;
#[expect(unsafe_code, reason = "ranges are given as addresses")]
mod mapping;
mod measure;
mod place;
mod plan;
#[cfg_attr(
    debug_assertions,
    expect(unsafe_code, reason = "freed memory is written")
)]
mod poison;
mod savepoint;
mod scope;
#[expect(unsafe_code, reason = "the bump pointer")]
mod space;
#[cfg(feature = "valgrind")]
#[expect(unsafe_code, reason = "requests to valgrind are instructions")]
mod valgrind;
mod views;

pub use arena::Arena;
pub use builder::ArenaBuilder;
pub use measure::Measure;
pub use place::{ALIGN_MAX, GRAIN};
pub use plan::{Plan, Use};
pub use savepoint::Savepoint;
pub use scope::Scope;
pub use space::Space;
pub use views::Tensors;

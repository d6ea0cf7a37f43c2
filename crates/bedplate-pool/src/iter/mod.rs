//! Parallel iterators.
//!
//! # Role
//! Loops over slices, vectors, ranges and collections that other threads help with where they have
//! time. The names are those of rayon, so that a program moves over by its imports.
//!
//! # How it works
//! What is iterated is a producer that can be cut at an index; what becomes of the items is a
//! consumer. Adaptors that treat items one by one wrap the ordinary iterator of a piece, so the
//! compiler sees the same loop as in serial code. A loop is cut into a few halves per worker by
//! joins; each runs in pieces and looks between them whether one of its halves was taken, and is
//! cut further only then. A loop that nobody helps therefore makes a few folds.
//!
//! # Not here
//! Threads and joins: the crate's root. What an item costs: `predict/`.
//!
//! # Rooms
//! | file | what it holds |
//! |---|---|
//! | `parallel.rs` | the trait of all parallel iterators |
//! | `indexed.rs` | the trait of those that can be cut at an index |
//! | `convert.rs` | the traits from and to collections |
//! | `plumbing.rs` | producers, consumers, and when a loop is cut |
//! | `accumulate.rs` | the short form of a consumer |
//! | `stage.rs` | adaptors that treat items one after another |
//! | `map.rs`, `filter.rs`, `until.rs` | the stages |
//! | `flat.rs` | iterators in iterators |
//! | `fold.rs` | folds that stay parallel |
//! | `reduce.rs` | sums, counts, reductions |
//! | `attempt.rs` | reductions that may break off |
//! | `find.rs` | searches |
//! | `compare.rs` | comparisons |
//! | `zip.rs`, `chain.rs`, `order.rs`, `limits.rs`, `groups.rs` | adaptors that stay indexed |
//! | `produce.rs` | producers made of producers |
//! | `exact.rs` | ordinary iterators of known length |
//! | `slices.rs`, `range.rs`, `option.rs` | what is iterated in place |
//! | `chunks.rs`, `slice_methods.rs` | pieces of slices |
//! | `owned.rs` | vectors by value |
//! | `collections.rs` | the standard library's other collections |
//! | `serial.rs` | ordinary iterators shared by threads |
//! | `collect.rs` | collections made of items |
//! | `window.rs` | vectors filled in place |
//! | `pieces.rs` | items of unknown number, in order |

mod accumulate;
mod attempt;
mod chain;
mod chunks;
mod collect;
mod collections;
mod compare;
mod convert;
mod exact;
mod filter;
mod find;
mod flat;
mod fold;
mod groups;
mod indexed;
mod limits;
mod map;
mod option;
mod order;
#[expect(
    unsafe_code,
    reason = "items are moved out of a vector from several threads"
)]
mod owned;
mod parallel;
mod pieces;
pub mod plumbing;
mod produce;
mod range;
mod reduce;
mod serial;
mod slice_methods;
mod slices;
mod stage;
mod until;
#[expect(unsafe_code, reason = "a vector is filled from several threads")]
mod window;
mod zip;

pub use attempt::Try;
pub use chain::{Chain, ChainProducer};
pub use chunks::{
    ByChunks, ByChunksExact, ByChunksExactMut, ByChunksMut, ByRChunks, ByRChunksExact,
    ByRChunksExactMut, ByRChunksMut, ByWindows, Chunks, ChunksExact, ChunksExactMut, ChunksMut,
    Cut, CutProducer, Cuts, RChunks, RChunksExact, RChunksExactMut, RChunksMut, Windows,
};
pub use convert::{
    FromParallelIterator, IntoParallelIterator, IntoParallelRefIterator,
    IntoParallelRefMutIterator, ParallelDrainRange, ParallelExtend,
};
pub use filter::{
    Filter, FilterMap, FilterMapping, Filtering, FlatMapIter, FlatMappingIter, FlattenIter,
    FlatteningIter,
};
pub use flat::{FlatMap, Flatten};
pub use fold::{Fold, TryFold};
pub use groups::{Folded, Groups, GroupsProducer, IntoVec, MakeGroup};
pub use indexed::IndexedParallelIterator;
pub use limits::{Grain, GrainProducer, MaxLen, MinLen, Skip, StepBy, StepByProducer, Take};
pub use map::{
    Cloned, Cloning, Copied, Copying, Inspect, Inspecting, Map, MapInit, MapWith, Mapping,
    MappingInit, MappingWith, Update, Updating,
};
pub use option::{IntoIter as OptionIter, OptionProducer, empty, once};
pub use order::{Enumerate, EnumerateProducer, Interleave, InterleaveProducer, Rev, RevProducer};
pub use owned::{Drain, IntoIter as VecIter, Moved};
pub use parallel::ParallelIterator;
pub use range::{Number, RangeInclusiveIter, RangeIter, RangeProducer};
pub use serial::{IterBridge, ParallelBridge};
pub use slice_methods::{ParallelSlice, ParallelSliceMut};
pub use slices::{Iter, IterMut, SliceMutProducer, SliceProducer};
pub use stage::{Each, Stage, StageProducer, Staged};
pub use until::{
    Fuse, PanicFuse, SkipAny, SkipAnyWhile, Skipping, SkippingWhile, SomeOnly, TakeAny,
    TakeAnyWhile, Taking, TakingWhile, WhileSome,
};
pub use zip::{Zip, ZipProducer};

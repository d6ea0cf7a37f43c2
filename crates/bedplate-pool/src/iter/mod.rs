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
//! | `zip.rs`, `chain.rs`, `order.rs`, `limits.rs`, `groups.rs`, `intersperse.rs` | adaptors that stay indexed |
//! | `blocks.rs` | loops in blocks |
//! | `either.rs` | one of two |
//! | `produce.rs` | producers made of producers |
//! | `exact.rs` | ordinary iterators of known length |
//! | `slices.rs`, `range.rs`, `option.rs` | what is iterated in place |
//! | `repeat.rs` | one item again and again |
//! | `multizip.rs` | tuples of iterators |
//! | `divide.rs` | sources that are cut somewhere, but not at an index |
//! | `walk.rs` | trees |
//! | `separate.rs`, `slice_pieces.rs`, `text_pieces.rs` | what lies between separators |
//! | `text.rs`, `text_items.rs` | texts |
//! | `chunks.rs`, `slice_methods.rs` | pieces of slices |
//! | `owned.rs` | vectors by value |
//! | `drains.rs` | other collections that are emptied |
//! | `collections.rs` | the standard library's other collections |
//! | `serial.rs` | ordinary iterators shared by threads |
//! | `collect.rs` | collections made of items |
//! | `window.rs` | vectors filled in place |
//! | `pieces.rs` | items of unknown number, in order |

mod accumulate;
mod attempt;
mod blocks;
mod chain;
mod chunks;
mod collect;
mod collections;
mod compare;
mod convert;
mod divide;
mod drains;
mod either;
mod exact;
mod filter;
mod find;
mod flat;
mod fold;
mod groups;
mod indexed;
mod intersperse;
mod limits;
mod map;
mod multizip;
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
mod repeat;
mod separate;
mod serial;
mod slice_methods;
mod slice_pieces;
mod slices;
mod stage;
mod text;
mod text_items;
mod text_pieces;
mod until;
mod walk;
#[expect(unsafe_code, reason = "a vector is filled from several threads")]
mod window;
mod zip;

pub use ::either::Either;
pub use attempt::Try;
pub use blocks::{BlockLens, Blocks, Exponential, ExponentialBlocks, Uniform, UniformBlocks};
pub use chain::{Chain, ChainProducer};
pub use chunks::{
    ArrayWindows, ByArrayWindows, ByChunks, ByChunksExact, ByChunksExactMut, ByChunksMut,
    ByRChunks, ByRChunksExact, ByRChunksExactMut, ByRChunksMut, ByWindows, Chunks, ChunksExact,
    ChunksExactMut, ChunksMut, Cut, CutProducer, Cuts, RChunks, RChunksExact, RChunksExactMut,
    RChunksMut, Windows,
};
pub use convert::{
    FromParallelIterator, IntoParallelIterator, IntoParallelRefIterator,
    IntoParallelRefMutIterator, ParallelDrainFull, ParallelDrainRange, ParallelExtend,
};
pub use divide::{Split, split};
pub use drains::{Drained, DrainedChars};
pub use filter::{
    Filter, FilterMap, FilterMapping, Filtering, FlatMapIter, FlatMappingIter, FlattenIter,
    FlatteningIter, PlacesOf, Positions,
};
pub use flat::{FlatMap, Flatten};
pub use fold::{Fold, FoldWith, TryFold, TryFoldWith};
pub use groups::{FoldChunksWith, Folded, FoldedWith, Groups, GroupsProducer, IntoVec, MakeGroup};
pub use indexed::IndexedParallelIterator;
pub use intersperse::{Intersperse, IntersperseProducer};
pub use limits::{Grain, GrainProducer, MaxLen, MinLen, Skip, StepBy, StepByProducer, Take};
pub use map::{
    Cloned, Cloning, Copied, Copying, Inspect, Inspecting, Map, MapInit, MapWith, Mapping,
    MappingInit, MappingWith, Update, Updating,
};
pub use multizip::MultiZip;
pub use option::{IntoIter as OptionIter, OptionProducer, empty, once};
pub use order::{Enumerate, EnumerateProducer, Interleave, InterleaveProducer, Rev, RevProducer};
pub use owned::{Drain, IntoIter as VecIter, Moved};
pub use parallel::ParallelIterator;
pub use range::{Number, RangeInclusiveIter, RangeIter, RangeProducer};
pub use repeat::{Repeat, RepeatN, RepeatNProducer, repeat, repeat_n};
pub use separate::{Body, Pieces, Separator};
pub use serial::{IterBridge, ParallelBridge};
pub use slice_methods::{ParallelSlice, ParallelSliceMut};
pub use slice_pieces::{
    Between, ChunkBy, ChunkByMut, Runs, SliceSplit, SliceSplitInclusive, SliceSplitInclusiveMut,
    SliceSplitMut, Until,
};
pub use slices::{Iter, IterMut, SliceMutProducer, SliceProducer};
pub use stage::{Each, Stage, StageProducer, Staged};
pub use text::ParallelString;
pub use text_items::{
    AsBytes, AsCharIndices, AsChars, AsMatches, AsUtf16, Bytes, CharIndices, Chars, EncodeUtf16,
    MatchIndices, Matches, Placed, Plain, Reading, Texts,
};
pub use text_pieces::{
    AsciiGaps, Ends, Gaps, LineEnds, Lines, Pattern, SplitAsciiWhitespace, SplitTerminator,
    SplitWhitespace, TextSplit, TextSplitInclusive,
};
pub use until::{
    Fuse, PanicFuse, SkipAny, SkipAnyWhile, Skipping, SkippingWhile, SomeOnly, TakeAny,
    TakeAnyWhile, Taking, TakingWhile, WhileSome,
};
pub use walk::{
    Before, Behind, Turn, Walk, WalkTree, WalkTreePostfix, WalkTreePrefix, walk_tree,
    walk_tree_postfix, walk_tree_prefix,
};
pub use zip::{Zip, ZipProducer};

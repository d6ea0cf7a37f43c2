//! Rayon's modules, with our types under its names.
//!
//! # Not here
//! Types that programs hardly name; those that are here may have other parameters than rayon's.

/// Parallel iterators.
pub mod iter {
    pub use bedplate_pool::iter::{OptionIter as Empty, OptionIter as Once, *};

    /// What packages with parallel iterators of their own use.
    pub mod plumbing {
        pub use bedplate_pool::rayon::{
            Consumer, Folder, Producer, ProducerCallback, Reducer, UnindexedConsumer,
            UnindexedProducer, bridge, bridge_producer_consumer, bridge_unindexed,
        };
    }
}

/// The traits.
pub mod prelude {
    pub use bedplate_pool::prelude::*;
}

/// Slices.
pub mod slice {
    pub use bedplate_pool::iter::{
        ArrayWindows, ChunkBy, ChunkByMut, Chunks, ChunksExact, ChunksExactMut, ChunksMut, Iter,
        IterMut, ParallelSlice, ParallelSliceMut, RChunks, RChunksExact, RChunksExactMut,
        RChunksMut, SliceSplit as Split, SliceSplitInclusive as SplitInclusive,
        SliceSplitInclusiveMut as SplitInclusiveMut, SliceSplitMut as SplitMut, Windows,
    };
}

/// Vectors.
pub mod vec {
    pub use bedplate_pool::iter::{Drain, VecIter as IntoIter};
}

/// Arrays.
pub mod array {
    pub use bedplate_pool::iter::VecIter as IntoIter;
}

/// Options.
pub mod option {
    pub use bedplate_pool::iter::OptionIter as IntoIter;
}

/// Results.
pub mod result {
    pub use bedplate_pool::iter::OptionIter as IntoIter;
}

/// Ranges.
pub mod range {
    pub use bedplate_pool::iter::RangeIter as Iter;
}

/// Ranges with their end.
pub mod range_inclusive {
    pub use bedplate_pool::iter::RangeInclusiveIter as Iter;
}

/// Collections of the standard library: they become vectors.
pub mod collections {
    pub use bedplate_pool::iter::{Drained, VecIter};
}

/// Texts.
pub mod str {
    pub use bedplate_pool::iter::{
        Bytes, CharIndices, Chars, EncodeUtf16, Lines, MatchIndices, Matches, ParallelString,
        SplitAsciiWhitespace, SplitTerminator, SplitWhitespace, TextSplit as Split,
        TextSplitInclusive as SplitInclusive,
    };
}

/// Texts by value.
pub mod string {
    pub use bedplate_pool::iter::DrainedChars as Drain;
}

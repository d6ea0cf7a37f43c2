//! Counts of the slow paths, always on.
//!
//! # Role
//! Figures that are free because they are counted once a slab, once a mapping, once a thread.
//! They stand in a static whose address the root page tells, and are read from outside.

use bedplate_telemetry::Counter;

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {
        /// The counts.
        #[derive(Debug)]
        #[repr(C)]
        pub struct Counters { $($(#[$doc])* pub $name: Counter),* }

        impl Counters {
            const fn new() -> Self {
                Self { $($name: Counter::new(0)),* }
            }
        }

        /// The counts, copied.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct CountersSnapshot { $($(#[$doc])* pub $name: u64),* }

        impl CountersSnapshot {
            /// Names in the order of the words.
            pub const NAMES: &'static [&'static str] = &[$(stringify!($name)),*];
            /// How many words there are.
            pub const WORDS: usize = Self::NAMES.len();

            /// The counts of this copy of the allocator.
            #[must_use]
            pub fn own() -> Self {
                Self { $($name: COUNTERS.$name.get()),* }
            }

            /// The counts from words read elsewhere.
            #[must_use]
            pub fn from_words(words: &[u64; Self::WORDS]) -> Self {
                let mut at = words.iter();
                $(let $name = at.next().copied().unwrap_or(0);)*
                Self { $($name),* }
            }

            /// The counts as words, in the order of [`NAMES`](Self::NAMES).
            #[must_use]
            pub fn words(&self) -> [u64; Self::WORDS] {
                [$(self.$name),*]
            }
        }
    };
}

counters! {
    /// Segments made.
    segments,
    /// Regions mapped for segments.
    regions,
    /// Address space mapped for segments, in bytes.
    reserved_bytes,
    /// Slabs and runs taken from the pool.
    slabs_taken,
    /// Slabs and runs returned to the pool.
    slabs_returned,
    /// Huge blocks mapped.
    huge_maps,
    /// Huge blocks served from the cache of freed mappings.
    huge_reused,
    /// Huge mappings given back to the kernel.
    huge_unmaps,
    /// Bytes given back to the kernel by purging.
    purged_bytes,
    /// Times the purge thread was started.
    purge_threads,
    /// Times the purge thread could not be started.
    purge_thread_refused,
    /// Thread heaps made.
    heaps_started,
    /// Thread heaps adopted whole by a new thread.
    heaps_adopted,
    /// Thread heaps parked by a thread that ended.
    heaps_parked,
    /// Slabs adopted one by one from parked heaps, or that were lent.
    slabs_adopted,
    /// Sparse slabs that threads lent.
    slabs_lent,
    /// Forks seen, in the child.
    forks,
    /// Heaps lost in a fork because their thread was in the middle of a slow path.
    heaps_lost_in_fork,
    /// Thread keys or fork handlers the C library refused.
    failed_handlers,
    /// Mappings the kernel refused.
    failed_maps,
    /// Advice the kernel refused.
    failed_advice,
    /// Requests refused because of the cap.
    capped,
    /// Requests that could not be served.
    failed_requests,
}

/// The counts of this copy of the allocator.
pub static COUNTERS: Counters = Counters::new();

#[cfg(test)]
mod tests {
    use super::CountersSnapshot;

    #[test]
    fn words_and_names_agree() {
        let words: [u64; CountersSnapshot::WORDS] = core::array::from_fn(|i| i as u64 * 3 + 1);
        let snapshot = CountersSnapshot::from_words(&words);
        assert_eq!(snapshot.words(), words);
        assert_eq!(CountersSnapshot::NAMES[0], "segments");
        assert_eq!(snapshot.regions, 4);
    }
}

//! A timeline as plain data.

use crate::span::SpanContext;

/// What the threads of a pool did between two moments.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Timeline {
    /// The pool's name.
    pub pool: String,
    /// When it began, in nanoseconds of the system's monotonic clock.
    pub began_ns: u64,
    /// How long it lasted, in nanoseconds.
    pub lasted_ns: u64,
    /// One for each thread that did something, and for each fiber.
    pub tracks: Vec<Track>,
}

impl Timeline {
    /// Events that gave way to later ones, over all tracks: make the rings longer, or the time
    /// shorter.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.tracks.iter().map(|track| track.lost).sum()
    }
}

/// What one thread did, or one fiber of a thread.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Track {
    /// The place of the thread in the pool; see [`Context::index`](crate::Context::index).
    pub place: usize,
    /// What kind of place that is.
    pub kind: PlaceKind,
    /// The fiber, where this is one's.
    pub fiber: Option<usize>,
    /// What to call it.
    pub name: String,
    /// What it did, by beginning. One lies wholly inside another or beside it.
    pub slices: Vec<Slice>,
    /// Moments, in order.
    pub marks: Vec<Mark>,
    /// Events of the thread that gave way to later ones. What came before the first that is left is
    /// not known; it is counted with the thread's first track.
    pub lost: u64,
}

/// Whose a place in a pool is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PlaceKind {
    /// A worker's.
    Worker,
    /// A spare's, which takes the place of a thread that waits.
    Spare,
    /// A thread's from outside.
    Guest,
}

impl PlaceKind {
    /// In a word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Worker => "worker",
            Self::Spare => "spare",
            Self::Guest => "guest",
        }
    }
}

/// Something that took time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Slice {
    /// What it was.
    pub kind: SliceKind,
    /// The name of a span; else what the kind is called.
    pub name: &'static str,
    /// Its beginning, in nanoseconds since the timeline's.
    pub begin_ns: u64,
    /// Its end, likewise.
    pub end_ns: u64,
    /// What it was done for.
    pub span: SpanContext,
    /// What that was part of, for a span.
    pub parent: SpanContext,
    /// Of a half that was taken: the place of the thread it was taken from.
    pub from: Option<usize>,
    /// It began before what is known, or had not ended.
    pub is_cut: bool,
}

/// A moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Mark {
    /// What happened.
    pub kind: MarkKind,
    /// When, in nanoseconds since the timeline's beginning.
    pub at_ns: u64,
    /// The place it concerned.
    pub place: usize,
}

macro_rules! kinds {
    ($(#[$text:meta])* $type:ident, $all:ident: $($(#[$row:meta])* $name:ident = $word:literal,)*) => {
        $(#[$text])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        #[repr(u8)]
        pub enum $type {
            $($(#[$row])* $name,)*
        }

        const $all: &[$type] = &[$($type::$name,)*];

        impl $type {
            /// In a few words.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)*
                }
            }

            /// The kind that was written as a number.
            pub(super) fn of(number: u8) -> Option<Self> {
                $all.get(usize::from(number)).copied()
            }
        }
    };
}

kinds! {
    /// What took time.
    SliceKind, SLICE_KINDS:
    /// A half of a join, taken from another thread.
    Half = "half",
    /// The same inside a wait, taken from the thread that the wait is for.
    Leap = "half of the awaited half",
    /// A detached job, or what a thread from outside brought.
    Job = "job",
    /// A job of a scope.
    ScopeJob = "scope job",
    /// A poll of a future.
    Poll = "poll",
    /// A wait for a half, a scope or a job.
    Wait = "wait",
    /// Something that blocks.
    Blocking = "blocking",
    /// A sleep with nothing to do.
    Park = "park",
    /// A short one.
    Nap = "nap",
    /// A thread from outside is in the pool.
    Inside = "inside the pool",
    /// A span of the program's.
    Span = "span",
}

kinds! {
    /// What happened at a moment.
    MarkKind, MARK_KINDS:
    /// A spare was started: this thread pauses, or brings a job for which too few threads are left.
    SpareStarted = "a spare starts",
}

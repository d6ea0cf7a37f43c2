//! The first word of an object.
//!
//! # Role
//! Count, kind, age and flags in eight bytes.
//!
//! # Invariants
//! - I1: the count is the upper half, 31 bits. A count that would be greater becomes [`STICKY`], which never
//!   changes again; zero means dying or free.
//! - I2: a free slot's header is zero but for nothing: kind [`Kind::Free`], count zero.
//! - I3: the scratch number is zero outside a trial, and but for the first half of a full pass.

use crate::bits::{high, join, low};

/// One reference.
pub(crate) const ONE: u64 = 1 << 32;
/// A count that has this never changes again. Negative where signs count, and far from where a sum could
/// turn it positive: each fast path tells it, and the dying, by one signed compare.
pub(crate) const STICKY: u32 = 3 << 30;
/// The greatest count that can change.
const COUNT_MAX: u32 = (1 << 31) - 1;

/// Waits in the list of candidates.
pub(crate) const BUFFERED: u64 = 1 << 7;
/// Waits for a full pass.
pub(crate) const DEFERRED: u64 = 1 << 8;
/// Of a kind that holds no references.
pub(crate) const LEAF: u64 = 1 << 9;
/// There is or was a weak reference to it.
pub(crate) const HAS_WEAK: u64 = 1 << 10;
/// Has a finalizer that did not run.
pub(crate) const FINALIZER: u64 = 1 << 11;
/// In the set of a trial, and by its number there in the scratch number; then garbage that is about to
/// be freed with others.
pub(crate) const IN_TRIAL: u64 = 1 << 12;
/// Its colour: whether the full pass that is under way met the object (`cycles/colour.rs`).
pub(crate) const MARK: u64 = 1 << 13;
/// A decrement to non-zero need not be noted.
pub(crate) const QUIET: u64 = BUFFERED | DEFERRED | LEAF;

const COUNT: u64 = !(ONE - 1);
const KIND: u64 = 31;
const AGE_SHIFT: u32 = 5;
const AGE: u64 = 3 << AGE_SHIFT;
const SCRATCH: u64 = 0xffff << 16;
/// The greatest scratch number.
pub(crate) const SCRATCH_MAX: u32 = 0xffff;

/// What an object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Kind {
    /// Nothing: the slot is free.
    Free = 0,
    /// One value that can change.
    Cell = 1,
    /// An integer of 64 bits.
    Integer = 2,
    /// Two values.
    Pair = 3,
    /// Two handles and a word that is the program's own.
    Node = 4,
    /// Fields by name.
    Record = 5,
    /// Values in a row.
    Array = 6,
    /// The room of an array, a table or a record.
    Buffer = 7,
    /// Code and what it captured.
    Closure = 8,
    /// Bytes or text.
    Bytes = 9,
    /// A handle that does not keep its object.
    Weak = 10,
    /// Values by value.
    Table = 11,
    /// An object of the host.
    Host = 12,
}

/// By number: as many as five bits have, so that no number is outside.
const KINDS: [Kind; 32] = {
    let mut kinds = [Kind::Free; 32];
    let mut next = 0;
    while next < Kind::ALL.len() {
        kinds[Kind::ALL[next] as usize] = Kind::ALL[next];
        next += 1;
    }
    kinds
};

impl Kind {
    /// Every kind, by its number.
    pub const ALL: [Self; 13] = [
        Self::Free,
        Self::Cell,
        Self::Integer,
        Self::Pair,
        Self::Node,
        Self::Record,
        Self::Array,
        Self::Buffer,
        Self::Closure,
        Self::Bytes,
        Self::Weak,
        Self::Table,
        Self::Host,
    ];

    /// Its name, as data has it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Free => "free",
            Self::Cell => "cell",
            Self::Integer => "integer",
            Self::Pair => "pair",
            Self::Node => "node",
            Self::Record => "record",
            Self::Array => "array",
            Self::Buffer => "buffer",
            Self::Closure => "closure",
            Self::Bytes => "bytes",
            Self::Weak => "weak",
            Self::Table => "table",
            Self::Host => "host",
        }
    }

    /// Whether objects of it hold no references.
    pub(crate) const fn is_leaf(self) -> bool {
        matches!(
            self,
            Self::Integer | Self::Bytes | Self::Weak | Self::Buffer
        )
    }

    /// The header of a new object: one reference.
    #[inline]
    pub(crate) const fn header(self) -> u64 {
        let flags = if self.is_leaf() { LEAF } else { 0 };
        ONE | flags | self as u64
    }
}

#[inline]
pub(crate) const fn kind(header: u64) -> Kind {
    KINDS[(header & KIND) as usize]
}

#[inline]
pub(crate) const fn count(header: u64) -> u32 {
    high(header)
}

/// Whether an object is there, and of a kind.
#[inline]
pub(crate) const fn is_kind(header: u64, kind: Kind) -> bool {
    header & KIND == kind as u64 && header >= ONE
}

/// Whether what is in the slot is of a kind, also where it waits to be freed.
#[inline]
pub(crate) const fn is_of(header: u64, kind: Kind) -> bool {
    header & KIND == kind as u64
}

/// Whether a header that has one reference more now is a plain sum: it was neither dying nor stuck.
#[inline]
pub(crate) const fn has_grown(header: u64) -> bool {
    header.cast_signed() >= (2 * ONE).cast_signed()
}

/// Whether a header that has one reference less now is a plain difference that leaves some: it was
/// neither dying nor stuck, and the reference not the last.
#[inline]
pub(crate) const fn has_left(header: u64) -> bool {
    header.cast_signed() >= ONE.cast_signed()
}

/// Whether a count cannot grow but stick.
pub(crate) const fn is_full(header: u64) -> bool {
    count(header) == COUNT_MAX
}

/// A header whose count sticks.
pub(crate) const fn stuck(header: u64) -> u64 {
    join(low(header), STICKY)
}

/// Whether the object lives and one reference is all there is.
#[inline]
pub(crate) const fn is_single(header: u64) -> bool {
    count(header) == 1
}

/// Whether the object is of a kind, one reference to it is all there is, and nobody is to see its end.
#[inline]
pub(crate) const fn is_last_plain(header: u64, kind: Kind) -> bool {
    header & (COUNT | KIND | FINALIZER | HAS_WEAK) == ONE | kind as u64
}

#[inline]
pub(crate) const fn age(header: u64) -> u64 {
    (header & AGE) >> AGE_SHIFT
}

/// One trial older.
pub(crate) const fn aged(header: u64) -> u64 {
    if age(header) < 3 {
        header + (1 << AGE_SHIFT)
    } else {
        header
    }
}

/// As old as objects become.
#[inline]
pub(crate) const fn old(header: u64) -> u64 {
    header | AGE
}

#[inline]
pub(crate) const fn scratch(header: u64) -> u32 {
    low(header) >> 16
}

#[inline]
pub(crate) const fn with_scratch(header: u64, scratch: u64) -> u64 {
    header & !SCRATCH | scratch << 16 & SCRATCH
}

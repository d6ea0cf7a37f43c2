//! A graph outside any heap.
//!
//! # Invariants
//! - I1: numbers of objects are below their count; object 0 is the one that was packed, where it was an
//!   object.
//! - I2: plain values hold no handle.

use crate::header::Kind;
use crate::{Value, View};

/// A value of a packed object.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Content {
    /// No handle (I2).
    Plain(Value),
    /// An object of the parcel.
    Object(u32),
}

/// A packed object.
#[derive(Clone, Debug)]
pub(super) enum Packed {
    Cell(Content),
    Integer(i64),
    Pair([Content; 2]),
    Node([Content; 2], u64),
    /// How many fields are inside the record, and names with values.
    Record(u8, Vec<(u32, Content)>),
    Array(Vec<Content>),
    Closure(u32, Vec<Content>),
    Bytes(Box<[u8]>),
    Text(Box<str>),
    Table(Vec<(Content, Content)>, Content),
    /// Nil where its object is not in the parcel.
    Weak(Content),
}

/// A graph of objects outside any heap: it can be sent to another thread, kept, and unpacked as often as
/// is wanted.
///
/// # Examples
/// ```
/// use bedplate_heap::{Heap, Value};
///
/// let mut heap = Heap::new()?;
/// let pair = heap.new_pair(Value::bool(true), Value::NIL)?;
/// let parcel = heap.move_out(pair.into())?;
/// let sent = std::thread::spawn(move || {
///     let mut heap = Heap::new()?;
///     let pair = heap.unpack(&parcel)?;
///     pair.as_object().map(|pair| heap.first(pair)).transpose()
/// });
/// assert_eq!(sent.join().unwrap()?, Some(Value::bool(true)));
/// # Ok::<(), bedplate_heap::HeapError>(())
/// ```
/// A heap itself can be sent, and not be shared:
/// ```compile_fail,E0277
/// fn shared<T: Sync>() {}
/// shared::<bedplate_heap::Heap>();
/// ```
#[derive(Clone, Debug)]
pub struct Parcel {
    pub(super) root: Content,
    pub(super) objects: Vec<Packed>,
    /// Names of fields by the numbers that records have here.
    pub(super) names: Vec<Box<str>>,
}

impl Parcel {
    /// How many objects it has.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.objects.len()
    }

    /// Whether it is a plain value.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.objects.is_empty()
    }
}

impl Packed {
    pub(super) const fn kind(&self) -> Kind {
        match self {
            Self::Cell(_) => Kind::Cell,
            Self::Integer(_) => Kind::Integer,
            Self::Pair(_) => Kind::Pair,
            Self::Node(..) => Kind::Node,
            Self::Record(..) => Kind::Record,
            Self::Array(_) => Kind::Array,
            Self::Closure(..) => Kind::Closure,
            Self::Bytes(_) | Self::Text(_) => Kind::Bytes,
            Self::Table(..) => Kind::Table,
            Self::Weak(_) => Kind::Weak,
        }
    }
}

impl Content {
    pub(super) const NIL: Self = Self::Plain(Value::NIL);

    /// A value that holds no handle.
    pub(super) fn plain(value: Value) -> Self {
        debug_assert!(!matches!(value.view(), View::Object(_)));
        Self::Plain(value)
    }
}

//! Bytes as numbers.
//!
//! # Role
//! [`Elements`]: numbers where they lie if their place is aligned, else one by one. Files promise
//! little: safetensors starts its data anywhere.
//!
//! # Invariants
//! - I1: `Aligned` is made only where the machine's order of bytes is the file's.

use super::{Bf16, ElementType, F16};
use crate::plain::Plain;
use core::marker::PhantomData;

/// A Rust type that elements of a file are.
pub trait Element: Plain {
    /// Which elements.
    const TYPE: ElementType;
    /// A number from its bytes in a file, the lowest first; `bytes` are as many as it has.
    fn from_file(bytes: &[u8]) -> Self;
}

macro_rules! element {
    ($($name:ty, $number:ty, $element:ident, $make:expr;)*) => {
        $(
            impl Element for $name {
                const TYPE: ElementType = ElementType::$element;
                fn from_file(bytes: &[u8]) -> Self {
                    let mut whole = [0; size_of::<Self>()];
                    whole.copy_from_slice(bytes);
                    let make: fn($number) -> Self = $make;
                    make(<$number>::from_le_bytes(whole))
                }
            }
        )*
    };
}

element! {
    f32, f32, F32, |n| n;
    f64, f64, F64, |n| n;
    F16, u16, F16, F16;
    Bf16, u16, Bf16, Bf16;
    u8, u8, U8, |n| n;
    u16, u16, U16, |n| n;
    u32, u32, U32, |n| n;
    u64, u64, U64, |n| n;
    i8, i8, I8, |n| n;
    i16, i16, I16, |n| n;
    i32, i32, I32, |n| n;
    i64, i64, I64, |n| n;
}

/// Numbers in a file's bytes.
#[derive(Clone, Copy, Debug)]
pub enum Elements<'a, T> {
    /// In place.
    Aligned(&'a [T]),
    /// At an odd place, or in another order of bytes than the machine's: to be read one by one.
    Unaligned(Bytes<'a, T>),
}

/// Bytes of whole numbers.
#[derive(Clone, Copy, Debug)]
pub struct Bytes<'a, T> {
    bytes: &'a [u8],
    of: PhantomData<T>,
}

impl<'a, T: Element> Elements<'a, T> {
    /// Sees whole numbers in bytes; bytes that are no whole number at the end are left out.
    pub(crate) fn of(bytes: &'a [u8]) -> Self {
        let whole = bytes.len() - bytes.len() % size_of::<T>();
        let bytes = bytes.get(..whole).unwrap_or(bytes);
        // I1. A constant: the other half is not built.
        if cfg!(target_endian = "little") {
            // SAFETY: any bytes are values of a plain type.
            let (before, numbers, after) = unsafe { bytes.align_to::<T>() };
            if before.is_empty() && after.is_empty() {
                return Self::Aligned(numbers);
            }
        }
        Self::Unaligned(Bytes {
            bytes,
            of: PhantomData,
        })
    }

    /// How many there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        match self {
            Self::Aligned(numbers) => numbers.len(),
            Self::Unaligned(bytes) => bytes.bytes.len() / size_of::<T>(),
        }
    }

    /// True if there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// One of them.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<T> {
        match self {
            Self::Aligned(numbers) => numbers.get(index).copied(),
            Self::Unaligned(bytes) => {
                let start = index.checked_mul(size_of::<T>())?;
                let end = start.checked_add(size_of::<T>())?;
                bytes.bytes.get(start..end).map(T::from_file)
            }
        }
    }

    /// All of them, each by value.
    pub fn iter(&self) -> impl Iterator<Item = T> + use<'a, T> {
        // One of the two is empty.
        let (numbers, bytes): (&'a [T], &'a [u8]) = match *self {
            Self::Aligned(numbers) => (numbers, &[]),
            Self::Unaligned(bytes) => (&[], bytes.bytes),
        };
        let unaligned = bytes.chunks_exact(size_of::<T>()).map(T::from_file);
        numbers.iter().copied().chain(unaligned)
    }
}

// SAFETY: a number of 16 bits and nothing else.
unsafe impl Plain for F16 {}

// SAFETY: a number of 16 bits and nothing else.
unsafe impl Plain for Bf16 {}

#[cfg(test)]
mod tests {
    use super::{Element, Elements};
    use alloc::vec::Vec;

    #[test]
    fn numbers_are_the_same_at_each_place() {
        let numbers = [1_u32, 0x0102_0304, u32::MAX];
        for shift in 0..8 {
            let mut bytes = vec![0xAA_u8; shift];
            bytes.extend(numbers.iter().flat_map(|n| n.to_le_bytes()));
            let elements = Elements::<u32>::of(&bytes[shift..]);
            assert_eq!(elements.iter().collect::<Vec<_>>(), numbers);
            assert_eq!((elements.len(), elements.is_empty()), (3, false));
            assert_eq!(elements.get(3), None);
            assert_eq!(elements.get(usize::MAX), None);
        }
    }

    #[test]
    fn the_rest_of_a_number_is_left_out() {
        assert!(Elements::<u64>::of(&[1; 7]).is_empty());
        assert_eq!(Elements::<u16>::of(&[1; 5]).len(), 2);
    }

    #[test]
    fn each_type_reads_what_it_wrote() {
        assert_eq!(i16::from_file(&(-2_i16).to_le_bytes()), -2);
        assert_eq!(i64::from_file(&i64::MIN.to_le_bytes()), i64::MIN);
        assert_eq!(
            f64::from_file(&1.5_f64.to_le_bytes()).to_bits(),
            1.5_f64.to_bits()
        );
        assert_eq!(u8::from_file(&[7]), 7);
        assert_eq!(i8::from_file(&[0xFF]), -1);
        assert_eq!(u16::from_file(&[1, 2]), 0x0201);
        assert_eq!(u64::from_file(&[1, 0, 0, 0, 0, 0, 0, 0]), 1);
        assert_eq!(i32::from_file(&[0xFF; 4]), -1);
    }
}

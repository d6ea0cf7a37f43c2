//! Types that any bytes are a value of.
//!
//! # Role
//! [`Plain`], and the one place where bytes are read as values.
//!
//! # Invariants
//! - I1: a plain type has no padding, no invalid bit pattern, no pointer, and zero is a value.

/// A type that any bytes are a value of, all zero among them.
///
/// # Safety
/// - Every bit pattern is a value, and there is no padding.
/// - The type holds no pointer or reference.
pub unsafe trait Plain: Copy + 'static {}

macro_rules! plain {
    ($($name:ty),*) => {
        $(
            // SAFETY: a number: every bit pattern is a value, no padding, no pointer.
            unsafe impl Plain for $name {}
        )*
    };
}

plain!(
    u8, u16, u32, u64, u128, usize, i8, i16, i32, i64, i128, isize, f32, f64
);

// SAFETY: items of an array lie side by side, and each is plain.
unsafe impl<T: Plain, const N: usize> Plain for [T; N] {}

/// Reads bytes as values; `None` where they do not begin at a multiple of the type's alignment or
/// are no whole number of items.
#[must_use]
pub fn values_mut<T: Plain>(bytes: &mut [u8]) -> Option<&mut [T]> {
    let values = bytes.as_mut_ptr().cast::<T>();
    let size = size_of::<T>();
    if size == 0 || !bytes.len().is_multiple_of(size) || !values.is_aligned() {
        return None;
    }
    // SAFETY: aligned, and so many whole items; any bytes are values of T, and values of T are any
    // bytes (I1). The borrow of the bytes goes on as that of the values.
    Some(unsafe { core::slice::from_raw_parts_mut(values, bytes.len() / size) })
}

#[cfg(test)]
mod tests {
    use super::values_mut;

    #[test]
    fn bytes_become_values_where_they_are_aligned_and_whole() {
        let mut words = [0x0102_0304_u32; 4];
        // A slice of bytes at a multiple of four, by way of the words.
        let bytes = values_mut::<u8>(bytes_of(&mut words)).expect("bytes are bytes");
        assert_eq!(values_mut::<u32>(bytes).map(|v| v.len()), Some(4));
        assert!(values_mut::<u32>(&mut bytes[..7]).is_none());
        assert!(values_mut::<u32>(&mut bytes[1..5]).is_none());
        assert_eq!(
            values_mut::<[u8; 2]>(&mut bytes[1..5]).map(|v| v.len()),
            Some(2)
        );
    }

    #[expect(unsafe_code, reason = "words are seen as bytes")]
    fn bytes_of(words: &mut [u32]) -> &mut [u8] {
        // SAFETY: any word is four bytes.
        let (_, bytes, _) = unsafe { words.align_to_mut::<u8>() };
        bytes
    }
}

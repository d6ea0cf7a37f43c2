//! Which loop it is.
//!
//! # Role
//! A key per kind of loop and size: the type of what runs, closures among it, and the binary
//! logarithm of the number of items.
//!
//! # Not here
//! The line of the call. Every closure has a type of its own, so that two loops with one type run
//! the same machine code: what a line could still tell apart are loops over the same code whose
//! items cost different amounts, and these the model shows as spread. A parameter for the line
//! would go through every adaptor of every iterator.

use core::hash::{Hash, Hasher};

/// Bits of a key that say how many items there are.
const CLASS_BITS: u32 = 6;

/// The key of `len` items, at least one, of work of type `S`. Never zero.
#[inline]
pub(crate) fn key<S: ?Sized>(len: usize) -> u64 {
    let mut id = Digest(0);
    typeid::of::<S>().hash(&mut id);
    id.finish() << CLASS_BITS | u64::from(class(len))
}

/// The binary logarithm of a size, rounded down.
#[inline]
pub(crate) fn class(len: usize) -> u32 {
    // Below 64, and so within the bits of a key. One more, so that no key is zero.
    (len.max(1).ilog2() + 1).min((1 << CLASS_BITS) - 1)
}

/// The number that the identity of a type is.
struct Digest(u64);

impl Hasher for Digest {
    #[inline]
    fn write_u64(&mut self, i: u64) {
        self.0 ^= i;
    }

    fn write(&mut self, bytes: &[u8]) {
        // Not how identities come today; any mixture serves.
        for &byte in bytes {
            self.0 = self.0.rotate_left(8).wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ u64::from(byte);
        }
    }

    #[inline]
    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::{class, key};

    fn of<F>(_closure: &F, len: usize) -> u64 {
        key::<F>(len)
    }

    #[test]
    fn a_site_is_a_closure() {
        let (first, second) = (|n: u32| n + 1, |n: u32| n + 1);
        assert_ne!(of(&first, 100), of(&second, 100));
        let again = [0, 1].map(|n| of(&move |m: u32| m + n, 100));
        assert_eq!(again[0], again[1]);
    }

    #[test]
    fn a_site_is_the_same_for_all_lifetimes() {
        fn borrowed<'s>(text: &'s str) -> u64 {
            let closure = move |n: usize| -> &'s str { text.get(n..).unwrap_or(text) };
            of(&closure, 100)
        }
        let own = String::from("text");
        assert_eq!(borrowed("static"), borrowed(&own));
    }

    #[test]
    fn sizes_are_classed_by_their_logarithm() {
        assert_eq!([1, 2, 3, 4, 7, 8].map(class), [1, 2, 2, 3, 3, 4]);
        assert_eq!(class(usize::MAX), 63);
        assert_ne!(key::<u8>(1), 0);
        assert_eq!(key::<u8>(1024), key::<u8>(2047));
        assert_ne!(key::<u8>(1024), key::<u8>(2048));
    }
}

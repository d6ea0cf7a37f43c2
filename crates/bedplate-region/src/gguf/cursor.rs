//! Bytes taken from the front.
//!
//! # Role
//! The one place where the file's numbers become places and lengths.
//!
//! # Invariants
//! - I1: `at` is at most the length of `bytes`; what is taken lies inside.

use super::error::Defect;

/// A place in a file's bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    /// At a place; at the end where that lies behind it.
    pub(super) fn new(bytes: &'a [u8], at: usize) -> Self {
        let at = at.min(bytes.len());
        Self { bytes, at }
    }

    pub(super) const fn at(&self) -> usize {
        self.at
    }

    /// How many bytes are left.
    pub(super) const fn left(&self) -> usize {
        self.bytes.len() - self.at
    }

    /// Takes `count` bytes.
    #[inline]
    pub(super) fn take(&mut self, count: u64) -> Result<&'a [u8], Defect> {
        let rest = self.bytes.get(self.at..).unwrap_or(&[]);
        let Some(taken) = usize::try_from(count).ok().and_then(|n| rest.get(..n)) else {
            return Err(Defect::Truncated {
                at: self.at as u64,
                need: count,
                left: rest.len() as u64,
            });
        };
        self.at += taken.len();
        Ok(taken)
    }

    #[inline]
    fn array<const N: usize>(&mut self) -> Result<[u8; N], Defect> {
        let mut whole = [0; N];
        whole.copy_from_slice(self.take(N as u64)?);
        Ok(whole)
    }

    #[inline]
    pub(super) fn u32(&mut self) -> Result<u32, Defect> {
        self.array().map(u32::from_le_bytes)
    }

    #[inline]
    pub(super) fn u64(&mut self) -> Result<u64, Defect> {
        self.array().map(u64::from_le_bytes)
    }

    /// Takes a text: its length, then its bytes.
    #[inline]
    pub(super) fn text(&mut self) -> Result<&'a [u8], Defect> {
        let length = self.u64()?;
        self.take(length)
    }

    /// Takes a count of things that take at least `least` bytes each.
    pub(super) fn count(&mut self, what: &'static str, least: usize) -> Result<u64, Defect> {
        let count = self.u64()?;
        self.check_count(what, count, least)?;
        Ok(count)
    }

    /// Refuses a count that the bytes that are left have no room for.
    pub(super) fn check_count(
        &self,
        what: &'static str,
        count: u64,
        least: usize,
    ) -> Result<(), Defect> {
        let most = (self.left() / least) as u64;
        if count > most {
            return Err(Defect::Count { what, count, most });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Cursor, Defect};

    #[test]
    fn nothing_is_taken_beyond_the_end() {
        let bytes = [1, 0, 0, 0, 9];
        let mut cursor = Cursor::new(&bytes, 0);
        assert_eq!(cursor.u32(), Ok(1));
        let (at, left) = (4, 1);
        assert_eq!(cursor.u32(), Err(Defect::Truncated { at, need: 4, left }));
        assert_eq!(
            cursor.take(u64::MAX),
            Err(Defect::Truncated {
                at,
                need: u64::MAX,
                left
            })
        );
        assert_eq!((cursor.take(1), cursor.left()), (Ok([9].as_slice()), 0));
        assert!(Cursor::new(&bytes, 99).take(1).is_err());
    }

    #[test]
    fn a_count_is_capped_by_the_bytes_that_are_left() {
        let mut bytes = 3_u64.to_le_bytes().to_vec();
        bytes.extend([0; 23]);
        let refused = Cursor::new(&bytes, 0).count("things", 8);
        let (count, most) = (3, 2);
        assert_eq!(
            refused,
            Err(Defect::Count {
                what: "things",
                count,
                most
            })
        );
        bytes.push(0);
        assert_eq!(Cursor::new(&bytes, 0).count("things", 8), Ok(3));
    }
}

//! The keyed hash of the index.
//!
//! # Role
//! `SipHash-2-4` with 128 bits of result: without the key nobody finds two inputs of the same hash, and
//! nobody foretells where a prefix is filed.
//!
//! # Sources
//! J.-P. Aumasson and D. J. Bernstein, "`SipHash`: a fast short-input PRF", 2012, and its variant of 128
//! bits. Input is words of 64 bits here, so that the last word has the length and no bytes.

/// The secret of an index.
#[derive(Clone, Copy)]
pub(super) struct Key(pub(super) [u64; 2]);

impl core::fmt::Debug for Key {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        // It is a secret.
        f.write_str("Key(..)")
    }
}

/// A hash under way.
#[derive(Clone, Copy)]
pub(super) struct Keyed {
    state: [u64; 4],
    words: u64,
}

impl Keyed {
    pub(super) const fn new(key: Key) -> Self {
        let [low, high] = key.0;
        Self {
            state: [
                low ^ 0x736f_6d65_7073_6575,
                high ^ 0x646f_7261_6e64_6f6d ^ 0xee,
                low ^ 0x6c79_6765_6e65_7261,
                high ^ 0x7465_6462_7974_6573,
            ],
            words: 0,
        }
    }

    #[inline]
    fn round(&mut self) {
        let [a, b, c, d] = &mut self.state;
        *a = a.wrapping_add(*b);
        *c = c.wrapping_add(*d);
        *b = b.rotate_left(13) ^ *a;
        *d = d.rotate_left(16) ^ *c;
        *a = a.rotate_left(32);
        *c = c.wrapping_add(*b);
        *a = a.wrapping_add(*d);
        *b = b.rotate_left(17) ^ *c;
        *d = d.rotate_left(21) ^ *a;
        *c = c.rotate_left(32);
    }

    #[inline]
    pub(super) fn word(&mut self, word: u64) {
        self.words += 1;
        self.take(word);
    }

    fn take(&mut self, word: u64) {
        self.state[3] ^= word;
        self.round();
        self.round();
        self.state[0] ^= word;
    }

    fn squeeze(&mut self) -> u128 {
        for _ in 0..4 {
            self.round();
        }
        u128::from(self.state.iter().fold(0, |all, part| all ^ part))
    }

    pub(super) fn finish(mut self) -> u128 {
        self.take(self.words.wrapping_mul(8) << 56);
        self.state[2] ^= 0xee;
        let low = self.squeeze();
        self.state[1] ^= 0xdd;
        let high = self.squeeze();
        low | (high << 64)
    }
}

#[cfg(test)]
mod tests {
    use super::{Key, Keyed};

    #[test]
    fn nothing_hashes_to_what_its_authors_published() {
        let key = Key([0x0706_0504_0302_0100, 0x0f0e_0d0c_0b0a_0908]);
        let expected = [
            0xa3, 0x81, 0x7f, 0x04, 0xba, 0x25, 0xa8, 0xe6, 0x6d, 0xf6, 0x72, 0x14, 0xc7, 0x55,
            0x02, 0x93,
        ];
        assert_eq!(Keyed::new(key).finish().to_le_bytes(), expected);
    }

    #[test]
    fn key_words_and_their_order_all_count() {
        let hash = |key, words: &[u64]| {
            let mut keyed = Keyed::new(Key(key));
            for word in words {
                keyed.word(*word);
            }
            keyed.finish()
        };
        let all = [
            hash([1, 2], &[3, 4]),
            hash([1, 2], &[4, 3]),
            hash([2, 1], &[3, 4]),
            hash([1, 2], &[3]),
            hash([1, 2], &[3, 4, 0]),
            hash([1, 2], &[]),
        ];
        for (at, one) in all.iter().enumerate() {
            assert!(!all[..at].contains(one));
        }
        assert_eq!(format!("{:?}", Key([1, 2])), "Key(..)");
    }
}

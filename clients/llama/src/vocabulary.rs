//! Tokens as texts.
//!
//! # Role
//! [`Vocabulary`]: a text for each token, and the tokens of a text by the longest match.
//!
//! # Not here
//! Merges and scores: a vocabulary that was made by them is decoded rightly and encoded only roughly.

use crate::LlamaError;
use bedplate_region::gguf::Gguf;
use std::collections::HashMap;

/// The texts of a model's tokens; none where the file names none.
#[derive(Clone, Debug, Default)]
pub struct Vocabulary {
    texts: Vec<Box<[u8]>>,
    numbers: HashMap<Box<[u8]>, u32>,
    longest: usize,
}

impl Vocabulary {
    /// A vocabulary of these texts. Of equal texts the first is meant.
    #[must_use]
    pub fn new(texts: Vec<Box<[u8]>>) -> Self {
        let mut numbers = HashMap::with_capacity(texts.len());
        for (text, number) in texts.iter().zip(0_u32..) {
            if !text.is_empty() {
                numbers.entry(text.clone()).or_insert(number);
            }
        }
        let longest = texts.iter().map(|text| text.len()).max().unwrap_or(0);
        Self {
            texts,
            numbers,
            longest,
        }
    }

    /// What a GGUF file says.
    pub(crate) fn of_gguf(file: &Gguf<'_>) -> Self {
        let texts = file
            .array("tokenizer.ggml.tokens")
            .ok()
            .and_then(|array| array.texts());
        let texts = texts.into_iter().flatten();
        Self::new(texts.map(|text| bytes(text.as_bytes())).collect())
    }

    /// What the settings beside a safetensors file say.
    pub(crate) fn of_texts(texts: &[String]) -> Self {
        Self::new(texts.iter().map(|text| bytes(text.as_bytes())).collect())
    }

    /// How many tokens have a text.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.texts.len()
    }

    /// Whether none has.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }

    /// The text of a token; nothing for one that has none. Not all are UTF-8.
    #[must_use]
    pub fn text(&self, token: u32) -> &[u8] {
        let place = usize::try_from(token).unwrap_or(usize::MAX);
        self.texts.get(place).map_or(&[], |text| text)
    }

    /// The tokens of a text.
    ///
    /// # Errors
    /// - [`LlamaError::NoVocabulary`]: there are no texts.
    /// - [`LlamaError::Text`]: no token begins like what is left.
    pub fn encode(&self, text: &str) -> Result<Vec<u32>, LlamaError> {
        if self.is_empty() {
            return Err(LlamaError::NoVocabulary);
        }
        let mut tokens = Vec::new();
        let mut rest = text.as_bytes();
        while !rest.is_empty() {
            let longest = self.longest.min(rest.len());
            let found = (1..=longest).rev().find_map(|length| {
                let (front, behind) = rest.split_at(length);
                Some((*self.numbers.get(front)?, behind))
            });
            let Some((token, behind)) = found else {
                let text = String::from_utf8_lossy(rest)
                    .chars()
                    .take(8)
                    .collect::<String>();
                return Err(LlamaError::Text {
                    at: tokens.iter().map(|token| self.text(*token).len()).sum(),
                    text: text.into(),
                });
            };
            tokens.push(token);
            rest = behind;
        }
        Ok(tokens)
    }
}

/// What a token stands for: itself, a byte where it is written like `<0x0A>`, spaces where it has the sign
/// that stands for them.
fn bytes(text: &[u8]) -> Box<[u8]> {
    let byte = text
        .strip_prefix(b"<0x")
        .and_then(|rest| rest.strip_suffix(b">"))
        .filter(|digits| digits.len() == 2)
        .and_then(|digits| core::str::from_utf8(digits).ok())
        .and_then(|digits| u8::from_str_radix(digits, 16).ok());
    if let Some(byte) = byte {
        return Box::new([byte]);
    }
    match core::str::from_utf8(text) {
        Ok(text) => text.replace('\u{2581}', " ").into_bytes().into(),
        Err(_) => text.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Vocabulary, bytes};
    use crate::LlamaError;

    #[test]
    fn the_longest_match_is_taken() {
        let texts = ["a", "ab", "abc", "c", ""].map(|text| text.as_bytes().into());
        let vocabulary = Vocabulary::new(texts.to_vec());
        let tokens = vocabulary.encode("abcababca").expect("all is known");
        assert_eq!(tokens, [2, 1, 2, 0]);
        assert_eq!(vocabulary.text(2), b"abc");
        assert_eq!(vocabulary.text(99), b"");
        let error = vocabulary.encode("aab?").expect_err("no token");
        assert!(matches!(error, LlamaError::Text { at: 3, .. }), "{error}");
    }

    #[test]
    fn bytes_and_spaces_are_what_they_stand_for() {
        assert_eq!(*bytes(b"<0x0A>"), *b"\n");
        assert_eq!(*bytes(b"<0x0>"), *b"<0x0>");
        assert_eq!(*bytes("\u{2581}of".as_bytes()), *b" of");
        assert_eq!(*bytes(&[0xFF]), [0xFF]);
    }

    #[test]
    fn a_file_without_texts_says_so() {
        let error = Vocabulary::default()
            .encode("a")
            .expect_err("there are none");
        assert!(matches!(error, LlamaError::NoVocabulary), "{error}");
    }
}

//! Which places are slots.

use crate::slots::{CHUNK, CHUNK_SHIFT, SIZES, SLOT_WORDS_MAX, Slots, Use};

impl Slots {
    /// The words of the slot or span that begins at a place; none where none does.
    pub(crate) fn starting_at(&self, place: u32) -> Option<u32> {
        let chunk = place >> CHUNK_SHIFT;
        let start = chunk << CHUNK_SHIFT;
        match self.chunks.get(chunk as usize)?.used {
            Use::Class(class) => {
                let words = SIZES[usize::from(class)];
                let is_start = (place - start).is_multiple_of(words);
                (is_start && place < self.class_end(class, start)).then_some(words)
            }
            Use::Span(count) => (place == start).then_some(count << CHUNK_SHIFT),
            Use::Free | Use::Inside => None,
        }
    }

    /// Behind the last place of a chunk where something may begin, and how far places are apart.
    pub(crate) fn row(&self, chunk: u32) -> (u32, u32) {
        let start = chunk << CHUNK_SHIFT;
        match self.chunks[chunk as usize].used {
            Use::Class(class) => (self.class_end(class, start), SIZES[usize::from(class)]),
            Use::Span(count) => (start + 1, count << CHUNK_SHIFT),
            Use::Free | Use::Inside => (start, CHUNK),
        }
    }

    /// Whether an object of so many words lies in slots of that size.
    pub(crate) const fn is_size(need: u32, words: u32) -> bool {
        if need > SLOT_WORDS_MAX {
            words >= need && words - need < CHUNK
        } else {
            SIZES[Self::class(need)] == words
        }
    }
}

//! Lists that grow without moving.
//!
//! # Role
//! What a pass keeps of a million objects, in pieces of a thousand: no push copies what is there, and the memory can be given
//! back piece by piece.
//!
//! # Invariants
//! - I1: every piece but the last is full, and none is empty.

/// Entries of one piece.
const PIECE: usize = 1024;

#[derive(Debug)]
pub(crate) struct Rows<T> {
    pieces: Vec<Vec<T>>,
}

impl<T> Rows<T> {
    pub(crate) const fn new() -> Self {
        Self { pieces: Vec::new() }
    }

    pub(crate) fn len(&self) -> usize {
        let last = self.pieces.last().map_or(PIECE, Vec::len);
        self.pieces.len() * PIECE + last - PIECE
    }

    pub(crate) fn push(&mut self, entry: T) {
        match self.pieces.last_mut() {
            Some(last) if last.len() < PIECE => last.push(entry),
            _ => {
                let mut piece = Vec::with_capacity(PIECE);
                piece.push(entry);
                self.pieces.push(piece);
            }
        }
    }

    pub(crate) fn pop(&mut self) -> Option<T> {
        let last = self.pieces.last_mut()?;
        let entry = last.pop();
        if last.is_empty() {
            self.pieces.pop();
        }
        entry
    }

    pub(crate) fn get(&self, index: usize) -> Option<&T> {
        self.pieces.get(index / PIECE)?.get(index % PIECE)
    }

    pub(crate) fn get_mut(&mut self, index: usize) -> Option<&mut T> {
        self.pieces.get_mut(index / PIECE)?.get_mut(index % PIECE)
    }

    /// Gives the last piece back; whether there was one.
    pub(crate) fn pop_piece(&mut self) -> bool {
        self.pieces.pop().is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::{PIECE, Rows};

    #[test]
    fn entries_keep_their_places_across_pieces() {
        let mut rows = Rows::new();
        assert_eq!((rows.len(), rows.pop(), rows.get(0)), (0, None, None));
        for number in 0..3 * PIECE {
            assert_eq!(rows.len(), number);
            rows.push(number);
        }
        if let Some(entry) = rows.get_mut(PIECE) {
            *entry = 7;
        }
        let read = [0, PIECE - 1, PIECE, 3 * PIECE - 1].map(|at| rows.get(at).copied());
        assert_eq!(
            read,
            [Some(0), Some(PIECE - 1), Some(7), Some(3 * PIECE - 1)]
        );
        assert_eq!(rows.get(3 * PIECE), None);
        for number in (2 * PIECE..3 * PIECE).rev() {
            assert_eq!(rows.pop(), Some(number));
        }
        assert_eq!(rows.len(), 2 * PIECE);
        assert!(rows.pop_piece());
        assert_eq!(rows.len(), PIECE);
        assert!(rows.pop_piece());
        assert!(!rows.pop_piece());
        assert_eq!(rows.len(), 0);
    }
}

//! Rows to read.
//!
//! # Role
//! The tokens of a sequence in one layer, in pieces that lie side by side in memory. Blocks that happen to
//! be neighbours are one piece.

use super::KvShape;
use super::planes::{Part, Plane, Planes};
use super::span::Span;
use super::table::Rows;
use crate::tensor::{Element, Elements};

/// Tokens whose keys lie side by side, and so do their values.
#[derive(Clone, Copy, Debug)]
pub struct Run<'a> {
    /// The first of them, counted from the front of the sequence.
    pub first_token: usize,
    /// How many.
    pub tokens: usize,
    /// The position of the first; the others follow.
    pub position: i64,
    /// By how much the tokens have moved since their keys were written. Not zero: the keys want to be
    /// turned by so many positions before they are compared with a query.
    pub moved: i64,
    /// Rows of keys.
    pub keys: &'a [u8],
    /// Rows of values.
    pub values: &'a [u8],
}

impl<'a> Run<'a> {
    /// The keys as numbers of a format of floats.
    #[must_use]
    pub fn key_elements<T: Element>(&self) -> Elements<'a, T> {
        Elements::of(self.keys)
    }

    /// The values as numbers of a format of floats.
    #[must_use]
    pub fn value_elements<T: Element>(&self) -> Elements<'a, T> {
        Elements::of(self.values)
    }
}

/// The pieces of a sequence in one layer, front to end.
#[derive(Clone, Debug)]
pub struct Runs<'a> {
    planes: &'a Planes,
    rows: Rows<'a>,
    span: &'a Span,
    layer: usize,
    next: usize,
}

impl<'a> Runs<'a> {
    /// The layer is one of the shape's.
    pub(super) const fn new(
        planes: &'a Planes,
        rows: Rows<'a>,
        span: &'a Span,
        layer: usize,
    ) -> Self {
        Self {
            planes,
            rows,
            span,
            layer,
            next: span.front(),
        }
    }
}

impl<'a> Iterator for Runs<'a> {
    type Item = Run<'a>;

    fn next(&mut self) -> Option<Run<'a>> {
        let first = self.next;
        if first >= self.span.end() {
            return None;
        }
        let (moved, until) = self.span.moved(first);
        let (row, tokens) = self.rows.piece(first, until.min(self.span.end()));
        self.next = first + tokens;
        let part = |part| {
            let plane = Plane {
                layer: self.layer,
                part,
            };
            self.planes.rows(plane, row, tokens)
        };
        Some(Run {
            first_token: first - self.span.front(),
            tokens,
            position: self.span.position(first),
            moved,
            keys: part(Part::Key),
            values: part(Part::Value),
        })
    }
}

/// Whether a shape has a layer.
pub(super) const fn check_layer(shape: &KvShape, layer: usize) -> Result<(), super::KvError> {
    if layer >= shape.layers() {
        return Err(super::KvError::Layer {
            layer,
            layers: shape.layers(),
        });
    }
    Ok(())
}

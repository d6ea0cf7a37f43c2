//! What every heap does here.
//!
//! # Role
//! [`Graph`]: nodes with two references and a word. Whoever has an object has a reference to it.

/// A heap under comparison.
pub trait Graph: Sized {
    /// A reference that is the caller's.
    type Object;

    fn new() -> Self;

    /// A node; the references are taken over.
    fn node(&mut self, links: [Option<Self::Object>; 2], word: u64) -> Self::Object;

    /// Another reference to the same node.
    fn share(&mut self, object: &Self::Object) -> Self::Object;

    /// Gives a reference back.
    fn let_go(&mut self, object: Self::Object);

    /// Changes a reference of a node: the new one is taken over, the old one given back.
    fn link(&mut self, object: &Self::Object, side: usize, to: Option<Self::Object>);

    /// A reference to what a node refers to.
    fn follow(&mut self, object: &Self::Object, side: usize) -> Option<Self::Object>;

    /// The sum of the words of a tree, by recursion and without taking references.
    fn sum(&self, object: &Self::Object) -> u64;

    /// Called between programs' steps, for heaps that do not start by themselves.
    fn poll(&mut self) {}

    /// Frees all that is dead.
    fn collect(&mut self) {}
}

/// The loop alone.
pub struct Nothing;

impl Graph for Nothing {
    type Object = u32;

    fn new() -> Self {
        Self
    }

    #[inline]
    fn node(&mut self, _: [Option<u32>; 2], word: u64) -> u32 {
        word as u32
    }

    #[inline]
    fn share(&mut self, object: &u32) -> u32 {
        *object
    }

    #[inline]
    fn let_go(&mut self, _: u32) {}

    #[inline]
    fn link(&mut self, _: &u32, _: usize, _: Option<u32>) {}

    #[inline]
    fn follow(&mut self, object: &u32, _: usize) -> Option<u32> {
        Some(*object)
    }

    #[inline]
    fn sum(&self, object: &u32) -> u64 {
        u64::from(*object)
    }
}

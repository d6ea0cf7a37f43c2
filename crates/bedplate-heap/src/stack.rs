//! The stack of a machine.
//!
//! # Role
//! [`Stack`]: values of which the host holds one reference each, so that an instruction that fails loses
//! none. What it works with stays on the stack until it succeeded; then one call puts the result into its
//! place, or says that it was handed over. Who unwinds a failed program cuts the stack.
//!
//! # Not here
//! Frames, and what a stack's places mean. A release when it is dropped: that needs the heap.
//!
//! # Cost
//! What a vector of values costs, and the counts.

use crate::{Heap, HeapError, Value};
use core::ops::Deref;

/// Values that a host holds one reference of each to.
///
/// It is read as a slice, which [`Heap::verify_with`] and [`Heap::recover_with`] want. Before it is dropped it is cut to nothing;
/// what is on it then stays in the heap until the heap's end.
///
/// # Examples
/// ```
/// use bedplate_heap::{Heap, HeapError, Ref, Stack};
///
/// /// An instruction: the first of a pair in the pair's place.
/// fn first(heap: &mut Heap, stack: &mut Stack) -> Result<(), HeapError> {
///     let [pair] = stack.top()?;
///     let value = heap.first(Ref::try_from(pair)?)?;
///     stack.replace_top_lent(heap, 1, value);
///     Ok(())
/// }
///
/// let (mut heap, mut stack) = (Heap::new()?, Stack::default());
/// let long = heap.new_text("a longer text")?;
/// let pair = heap.new_pair(long, long)?;
/// heap.retain(long); // it is there twice
/// stack.push(pair.into());
/// first(&mut heap, &mut stack)?;
/// assert_eq!(stack[..], [long]);
/// first(&mut heap, &mut stack).expect_err("a text is no pair"); // and is on the stack still
/// stack.cut(&mut heap, 0);
/// assert_eq!(heap.stats().live_objects(), 0);
/// # Ok::<(), HeapError>(())
/// ```
#[derive(Debug, Default)]
pub struct Stack {
    values: Vec<Value>,
}

impl Stack {
    /// Puts a value on top, taking one reference over.
    #[inline]
    pub fn push(&mut self, value: Value) {
        self.values.push(value);
    }

    /// Puts on top what was lent: a reference more.
    #[inline]
    pub fn push_lent(&mut self, heap: &mut Heap, value: Value) {
        heap.retain(value);
        self.values.push(value);
    }

    /// The topmost value; its reference is the caller's.
    #[inline]
    pub fn pop(&mut self) -> Option<Value> {
        self.values.pop()
    }

    /// The value in a place, lent.
    ///
    /// # Errors
    /// - [`HeapError::Index`]: there are not so many.
    #[inline]
    pub fn at(&self, place: usize) -> Result<Value, HeapError> {
        let value = self.values.get(place).copied();
        value.ok_or_else(|| self.too_few(place))
    }

    /// The topmost values, the last one uppermost. They are lent, and stay.
    ///
    /// # Errors
    /// - [`HeapError::Index`]: there are not so many.
    #[inline]
    pub fn top<const COUNT: usize>(&self) -> Result<[Value; COUNT], HeapError> {
        let top = self.values.last_chunk().copied();
        top.ok_or_else(|| self.too_few(COUNT))
    }

    /// The same for a number that is known when it runs.
    ///
    /// # Errors
    /// - [`HeapError::Index`]: there are not so many.
    pub fn top_slice(&self, count: usize) -> Result<&[Value], HeapError> {
        let from = self.values.len().checked_sub(count);
        let top = from.and_then(|from| self.values.get(from..));
        top.ok_or_else(|| self.too_few(count))
    }

    #[cold]
    fn too_few(&self, count: usize) -> HeapError {
        let narrowed = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        HeapError::Index {
            index: narrowed(count),
            length: narrowed(self.values.len()),
        }
    }

    /// Takes the topmost values off, whose references were handed over; all where there are not so many.
    pub fn hand_over(&mut self, count: usize) {
        let rest = self.values.len().saturating_sub(count);
        self.values.truncate(rest);
    }

    /// Takes the topmost values off and releases them; all where there are not so many.
    pub fn drop_top(&mut self, heap: &mut Heap, count: usize) {
        self.cut(heap, self.values.len().saturating_sub(count));
    }

    /// Puts an instruction's result, taken over, in the place of what it worked with, which is released.
    pub fn replace_top(&mut self, heap: &mut Heap, count: usize, result: Value) {
        self.drop_top(heap, count);
        self.values.push(result);
    }

    /// The same for a result that was lent.
    pub fn replace_top_lent(&mut self, heap: &mut Heap, count: usize, result: Value) {
        heap.retain(result);
        self.replace_top(heap, count, result);
    }

    /// Takes the topmost value off and puts it into a place; what was there is released.
    ///
    /// # Errors
    /// - [`HeapError::Index`]: there is no such place below the top; nothing was changed.
    pub fn store(&mut self, heap: &mut Heap, place: usize) -> Result<(), HeapError> {
        let [value] = self.top()?;
        if place >= self.values.len() - 1 {
            return Err(self.too_few(place));
        }
        self.values.pop();
        heap.release(core::mem::replace(&mut self.values[place], value));
        Ok(())
    }

    /// Releases everything above a height. Nothing where it is not that high.
    pub fn cut(&mut self, heap: &mut Heap, height: usize) {
        for value in self.values.drain(height.min(self.values.len())..) {
            heap.release(value);
        }
    }
}

impl Deref for Stack {
    type Target = [Value];

    #[inline]
    fn deref(&self) -> &[Value] {
        &self.values
    }
}

#[cfg(test)]
mod tests {
    use super::Stack;
    use crate::{Heap, HeapError, Ref, Value};

    fn stack_of(heap: &mut Heap, count: usize) -> (Stack, Vec<Ref>) {
        let cells: Result<Vec<Ref>, _> = (0..count).map(|_| heap.new_cell(Value::NIL)).collect();
        let (mut stack, cells) = (Stack::default(), cells.expect("memory"));
        cells.iter().for_each(|cell| stack.push((*cell).into()));
        (stack, cells)
    }

    #[test]
    fn each_place_holds_one_reference() {
        let mut heap = Heap::new().expect("memory");
        let (mut stack, cells) = stack_of(&mut heap, 3);
        stack.push_lent(&mut heap, cells[0].into());
        assert_eq!(heap.count(cells[0]), 2);
        stack.store(&mut heap, 1).expect("a place");
        assert_eq!(stack[..], [cells[0], cells[0], cells[2]].map(Value::from));
        assert_eq!((heap.count(cells[0]), heap.count(cells[1])), (2, 0));
        stack.replace_top_lent(&mut heap, 2, cells[0].into());
        assert_eq!((heap.count(cells[0]), heap.count(cells[2])), (2, 0));
        assert_eq!(stack.pop(), Some(cells[0].into()));
        heap.release(cells[0].into());
        stack.drop_top(&mut heap, 7);
        assert_eq!((stack.pop(), heap.stats().live_objects()), (None, 0));
    }

    #[test]
    fn what_is_not_there_is_an_error_and_nothing_changes() {
        let mut heap = Heap::new().expect("memory");
        let (mut stack, cells) = stack_of(&mut heap, 2);
        let index = |index| HeapError::Index { index, length: 2 };
        assert_eq!(stack.at(2), Err(index(2)));
        assert_eq!(stack.top::<3>(), Err(index(3)));
        assert_eq!(stack.top_slice(3), Err(index(3)));
        assert_eq!(stack.store(&mut heap, 1), Err(index(1)));
        stack.cut(&mut heap, 5);
        assert_eq!(
            stack.top_slice(2),
            Ok(&cells.iter().copied().map(Value::from).collect::<Vec<_>>()[..])
        );
        stack.hand_over(1);
        assert_eq!(stack.top(), Ok([cells[0].into()]));
        assert_eq!(heap.count(cells[1]), 1, "it was handed over, not released");
    }

    #[test]
    fn a_value_that_is_no_object_says_what_it_is() {
        let error = Ref::try_from(Value::bool(true)).expect_err("a truth");
        assert_eq!(
            error.to_string(),
            "failed to use Bool(true): an object is wanted"
        );
    }
}

//! The memory of rows.
//!
//! # Role
//! One reserved range, cut into a plane for the keys and one for the values of each layer. A plane is rows
//! side by side, committed from its front on.
//!
//! # Invariants
//! - I1: `start..start + reserved` is this value's alone until it is dropped.
//! - I2: the first `fronts[p]` bytes of plane `p` can be read and written, and are charged.
//! - I3: fronts and the planes' sizes are whole steps.
//! - I4: a commit that failed keeps what it got, charged, and the next goes on from there.
//!
//! # How a step is taken
//! Were all planes committed at the same row, one token would wait for all of them. Plane `p` runs ahead
//! of the rows in use by its lead, a part of a step, so that the planes come to their next step in
//! [`TURNS`] turns: few appends commit, and none commits everything.

use super::{Backing, KvError, KvShape};
use alloc::vec::Vec;
use bedplate_os::pages::{self, HugePages};
use core::ptr::NonNull;

/// In how many turns the planes take a step. With 2 KiB rows and steps of 2 MiB, 4 of 1024 appends
/// commit: well below one in a hundred.
const TURNS: usize = 4;

/// Keys or values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// Keys.
    Key,
    /// Values.
    Value,
}

/// The keys or the values of a layer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plane {
    pub(super) layer: usize,
    pub(super) part: Part,
}

impl Plane {
    const fn number(self) -> usize {
        2 * self.layer + matches!(self.part, Part::Value) as usize
    }
}

/// Planes of rows.
#[derive(Debug)]
pub(super) struct Planes {
    start: NonNull<u8>,
    reserved: usize,
    /// Bytes of a row, of keys and of values.
    row: [usize; 2],
    /// Bytes of a plane, of keys and of values.
    stride: [usize; 2],
    fronts: Vec<usize>,
    /// So many rows need no plane to take a step.
    calm_rows: usize,
    rows_max: usize,
    backing: Backing,
}

impl Planes {
    /// Reserves planes of `rows` rows; commits nothing.
    pub(super) fn new(shape: &KvShape, rows: usize, backing: Backing) -> Result<Self, KvError> {
        let (stride, reserved) = Self::sizes(shape, rows, backing)?;
        let row = [shape.key().bytes(), shape.value().bytes()];
        let mut fronts = Vec::new();
        fronts.try_reserve_exact(2 * shape.layers())?;
        fronts.resize(2 * shape.layers(), 0);
        let start = pages::reserve(reserved, backing.step_bytes)?;
        let planes = Self {
            start,
            reserved,
            row,
            stride,
            fronts,
            calm_rows: 0,
            rows_max: rows,
            backing,
        };
        if backing.huge_pages {
            // SAFETY: the range is ours (I1).
            unsafe { pages::advise_huge(start, reserved, HugePages::Wanted) }?;
        }
        Ok(planes)
    }

    /// Whether such planes can be: an error where they are too large, or the backing is none.
    pub(super) fn check(shape: &KvShape, rows: usize, backing: Backing) -> Result<(), KvError> {
        Self::sizes(shape, rows, backing).map(drop)
    }

    /// Bytes of a plane of keys, of a plane of values, and of all planes.
    fn sizes(
        shape: &KvShape,
        rows: usize,
        backing: Backing,
    ) -> Result<([usize; 2], usize), KvError> {
        backing.check()?;
        let too_large = KvError::Shape("no address space holds so many tokens");
        let mut stride = [0; 2];
        let row = [shape.key().bytes(), shape.value().bytes()];
        for (stride, row) in stride.iter_mut().zip(row) {
            let bytes = rows.checked_mul(row).ok_or(too_large)?;
            *stride = bytes
                .checked_next_multiple_of(backing.step_bytes)
                .ok_or(too_large)?;
        }
        let reserved = stride[0]
            .checked_add(stride[1])
            .and_then(|both| both.checked_mul(shape.layers()))
            .ok_or(too_large)?;
        Ok((stride, reserved))
    }

    pub(super) const fn reserved_bytes(&self) -> usize {
        self.reserved
    }

    pub(super) fn committed_bytes(&self) -> usize {
        self.fronts.iter().sum()
    }

    /// Makes the first `rows` rows usable in every plane.
    #[inline]
    pub(super) fn cover(&mut self, rows: usize) -> Result<(), KvError> {
        if rows <= self.calm_rows {
            return Ok(());
        }
        self.cover_slow(rows)
    }

    #[cold]
    fn cover_slow(&mut self, rows: usize) -> Result<(), KvError> {
        debug_assert!(rows <= self.rows_max);
        let step = self.backing.step_bytes;
        for number in 0..self.fronts.len() {
            let need = rows * self.row[number % 2];
            self.commit_to(number, need.next_multiple_of(step))?;
        }
        // Only when all have what is needed may any run ahead. That is a wish: what is refused now comes
        // again with the next rows, and fails then if it must.
        for number in 0..self.fronts.len() {
            let need = rows * self.row[number % 2];
            let ahead = (need + self.lead(number)).next_multiple_of(step);
            if self
                .commit_to(number, ahead.min(self.stride[number % 2]))
                .is_err()
            {
                break;
            }
        }
        self.calm_rows = self.count_calm();
        Ok(())
    }

    /// How far plane `number` runs ahead of the rows in use.
    fn lead(&self, number: usize) -> usize {
        let turn = number * TURNS / self.fronts.len();
        self.backing.step_bytes / TURNS * turn
    }

    fn count_calm(&self) -> usize {
        let calm = |(number, front): (usize, &usize)| {
            if *front == self.stride[number % 2] {
                return self.rows_max;
            }
            front.saturating_sub(self.lead(number)) / self.row[number % 2]
        };
        let least = self.fronts.iter().enumerate().map(calm).min();
        least.unwrap_or(0).min(self.rows_max)
    }

    /// The rows that can be used in every plane.
    pub(super) fn usable_rows(&self) -> usize {
        let rows = |(number, front): (usize, &usize)| front / self.row[number % 2];
        let least = self.fronts.iter().enumerate().map(rows).min();
        least.unwrap_or(0).min(self.rows_max)
    }

    fn commit_to(&mut self, number: usize, target: usize) -> Result<(), KvError> {
        let had = self.fronts[number];
        let Some(more) = target.checked_sub(had).filter(|more| *more > 0) else {
            return Ok(());
        };
        if let Some(budget) = self.backing.budget {
            budget.charge(more as u64)?;
        }
        let at = self.at(self.offset(number) + had);
        // SAFETY: the range is a part of the plane that nobody uses yet (I2).
        let mut taken = unsafe { pages::commit(at, more) };
        if taken.is_ok() && self.backing.populate {
            // SAFETY: the range can be written since the line above, and nobody uses it yet.
            taken = unsafe { pages::populate(at, more) };
        }
        if let Err(error) = taken {
            self.uncharge(more);
            return Err(error.into());
        }
        self.fronts[number] = target;
        Ok(())
    }

    /// Gives back what lies behind the first `rows` rows, which nobody uses; it reads as zero when it is
    /// committed again. Returns how many bytes went back.
    pub(super) fn shrink(&mut self, rows: usize) -> Result<usize, KvError> {
        let mut gone = 0;
        for number in 0..self.fronts.len() {
            let kept = (rows * self.row[number % 2]).next_multiple_of(self.backing.step_bytes);
            let had = self.fronts[number];
            if kept >= had {
                continue;
            }
            // Whatever happens next, rows behind are not to be taken for committed.
            self.calm_rows = self.calm_rows.min(rows);
            let at = self.at(self.offset(number) + kept);
            // SAFETY: the range is a part of the plane that nobody uses, by the caller's word.
            unsafe { pages::decommit(at, had - kept) }?;
            self.fronts[number] = kept;
            self.uncharge(had - kept);
            gone += had - kept;
        }
        self.calm_rows = self.count_calm();
        Ok(gone)
    }

    fn uncharge(&self, bytes: usize) {
        if let Some(budget) = self.backing.budget {
            budget.release(bytes as u64);
        }
    }

    /// Rows of a plane, to read.
    pub(super) fn rows(&self, plane: Plane, row: usize, count: usize) -> &[u8] {
        let (at, bytes) = self.range(plane, row, count);
        // SAFETY: committed (the assertion in `range`, I2), initialised by the kernel if by nobody else,
        // and written only through `&mut self`.
        unsafe { core::slice::from_raw_parts(at.as_ptr(), bytes) }
    }

    /// Rows of a plane, to write.
    pub(super) fn rows_mut(&mut self, plane: Plane, row: usize, count: usize) -> &mut [u8] {
        let (at, bytes) = self.range(plane, row, count);
        // SAFETY: as in `rows`, and the borrow of this value is exclusive.
        unsafe { core::slice::from_raw_parts_mut(at.as_ptr(), bytes) }
    }

    fn range(&self, plane: Plane, row: usize, count: usize) -> (NonNull<u8>, usize) {
        let number = plane.number();
        let row_bytes = self.row[number % 2];
        assert!(
            row.checked_add(count)
                .and_then(|rows| rows.checked_mul(row_bytes))
                .is_some_and(|end| end <= self.fronts[number])
        );
        let offset = self.offset(number) + row * row_bytes;
        (self.at(offset), count * row_bytes)
    }

    /// Writes zero over rows of every plane.
    pub(super) fn zero(&mut self, row: usize, count: usize) {
        for plane in self.each() {
            self.rows_mut(plane, row, count).fill(0);
        }
    }

    /// Copies rows of every plane within the planes.
    pub(super) fn copy_within(&mut self, from: usize, to: usize, count: usize) {
        for plane in self.each() {
            let row_bytes = self.row[plane.number() % 2];
            let high = from.max(to) + count;
            let rows = self.rows_mut(plane, 0, high);
            rows.copy_within(from * row_bytes..(from + count) * row_bytes, to * row_bytes);
        }
    }

    /// Copies rows of every plane of `source`, which has the same shape, to the same place.
    pub(super) fn copy_from(&mut self, source: &Self, row: usize, count: usize) {
        for plane in self.each() {
            self.rows_mut(plane, row, count)
                .copy_from_slice(source.rows(plane, row, count));
        }
    }

    fn each(&self) -> impl Iterator<Item = Plane> + use<> {
        (0..self.fronts.len()).map(|number| Plane {
            layer: number / 2,
            part: if number.is_multiple_of(2) {
                Part::Key
            } else {
                Part::Value
            },
        })
    }

    const fn offset(&self, number: usize) -> usize {
        let both = self.stride[0] + self.stride[1];
        number / 2 * both + number % 2 * self.stride[0]
    }

    fn at(&self, offset: usize) -> NonNull<u8> {
        debug_assert!(offset <= self.reserved);
        // SAFETY: inside the range, as its callers count.
        unsafe { self.start.add(offset) }
    }
}

impl Drop for Planes {
    fn drop(&mut self) {
        // SAFETY: the range is ours (I1), and nobody borrows it any more.
        let released = unsafe { pages::release(self.start, self.reserved) };
        // What the kernel did not take back is still held, and stays charged.
        if released.is_ok() {
            self.uncharge(self.committed_bytes());
        }
    }
}

// SAFETY: the range is no thread's own.
unsafe impl Send for Planes {}

// SAFETY: a shared reference reads only.
unsafe impl Sync for Planes {}

//! The last of many checkpoints.
//!
//! # Role
//! [`Checkpoints`]: makes one every so many operations or so often, keeps the last few, and bounds
//! what they cost in time and memory.
//!
//! # Not here
//! A thread or a hook in the heap: a checkpoint must not be made in the midst of what the host does. The
//! host says where it may be, by [`Checkpoints::tend`].

use super::copy::{CHUNK_BYTES, Checkpoint, CheckpointCost};
use crate::{Heap, HeapError};
use alloc::collections::VecDeque;
use alloc::sync::Arc;
use bedplate_os::clock;
use core::time::Duration;

/// How often, and what it may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// One each so many operations: objects made, objects freed and calls of [`Checkpoints::tend`].
    /// `u64::MAX`: never for this reason.
    pub operations: u64,
    /// One each so long. [`Duration::MAX`]: never for this reason.
    pub every: Duration,
    /// How many are kept, 1 at least.
    pub keep: usize,
    /// The most of the time that they may take, 1 to 100 percent: the next waits until the last was no
    /// more than that.
    pub cost_percent_max: u8,
    /// The most memory that they may hold, in bytes: the oldest go first, the last one stays.
    pub bytes_max: usize,
}

impl Pace {
    /// Each second, four of them, 5 % of the time, 1 GiB.
    pub const DEFAULT: Self = Self {
        operations: u64::MAX,
        every: Duration::from_secs(1),
        keep: 4,
        cost_percent_max: 5,
        bytes_max: 1 << 30,
    };
}

impl Default for Pace {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// What a series did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct SeriesFigures {
    /// Checkpoints that were made.
    pub made: u64,
    /// Calls at which one was due and was put off, for it would have cost too much time.
    pub put_off: u64,
    /// How many there are.
    pub kept: usize,
    /// Bytes of chunks that they hold together.
    pub bytes: usize,
    /// Bytes that were copied for all of them.
    pub copied_bytes: u64,
    /// The time that all of them took.
    pub duration: Duration,
    /// The longest of them.
    pub duration_max: Duration,
}

/// The last few checkpoints of a heap.
#[derive(Debug)]
pub struct Checkpoints {
    pace: Pace,
    kept: VecDeque<Checkpoint>,
    figures: SeriesFigures,
    calls: u64,
    /// The operations when the last was made.
    operations: u64,
    /// When the last was made, and before when there is to be none.
    made_ns: u64,
    not_before_ns: u64,
}

impl Checkpoints {
    /// None yet; the first call makes one as soon as a pace is over.
    #[must_use]
    pub fn new(pace: Pace) -> Self {
        Self {
            pace: Pace {
                keep: pace.keep.max(1),
                cost_percent_max: pace.cost_percent_max.clamp(1, 100),
                ..pace
            },
            kept: VecDeque::new(),
            figures: SeriesFigures::default(),
            calls: 0,
            operations: 0,
            made_ns: clock::monotonic_ns(),
            not_before_ns: 0,
        }
    }

    /// Makes a checkpoint if one is due. A safe point of the host: nothing that it counts itself is on
    /// its way.
    ///
    /// # Errors
    /// - [`HeapError::ForeignCheckpoint`]: the series is of another heap.
    /// - [`HeapError::HostObject`]: an object of the host cannot be copied.
    ///
    /// # Cost
    /// Where none is due: two sums and a reading of the clock; without the clock where `every` is
    /// [`Duration::MAX`].
    pub fn tend(&mut self, heap: &Heap) -> Result<Option<CheckpointCost>, HeapError> {
        self.calls += 1;
        let operations = self.operations_of(heap).saturating_sub(self.operations);
        let is_enough = operations >= self.pace.operations;
        if !is_enough && self.pace.every == Duration::MAX {
            return Ok(None);
        }
        let now = clock::monotonic_ns();
        let since = Duration::from_nanos(now.saturating_sub(self.made_ns));
        if !is_enough && since < self.pace.every {
            return Ok(None);
        }
        if now < self.not_before_ns {
            self.figures.put_off += 1;
            return Ok(None);
        }
        self.make(heap).map(Some)
    }

    /// Makes a checkpoint now.
    ///
    /// # Errors
    /// - [`HeapError::ForeignCheckpoint`]: the series is of another heap.
    /// - [`HeapError::HostObject`]: an object of the host cannot be copied.
    pub fn make(&mut self, heap: &Heap) -> Result<CheckpointCost, HeapError> {
        let checkpoint = match self.kept.back() {
            Some(last) => heap.checkpoint_after(last)?,
            None => heap.checkpoint()?,
        };
        let cost = checkpoint.cost();
        self.kept.push_back(checkpoint);
        self.figures.made += 1;
        self.figures.copied_bytes += cost.copied_bytes as u64;
        self.figures.duration += cost.duration;
        self.figures.duration_max = self.figures.duration_max.max(cost.duration);
        while self.kept.len() > self.pace.keep
            || self.kept.len() > 1 && self.bytes() > self.pace.bytes_max
        {
            self.kept.pop_front();
        }
        self.begin(heap);
        let percent = u32::from(self.pace.cost_percent_max);
        let rest = cost.duration * (100 - percent) / percent;
        let rest = u64::try_from(rest.as_nanos()).unwrap_or(u64::MAX);
        self.not_before_ns = self.made_ns.saturating_add(rest);
        Ok(cost)
    }

    /// The checkpoints, the oldest first.
    #[must_use]
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Checkpoint> {
        self.kept.iter()
    }

    /// Goes back: 0 is the last checkpoint, 1 the one before. Those that are younger are dropped. `false`
    /// where there are not so many, and nothing was done.
    ///
    /// # Errors
    /// - [`HeapError::ForeignCheckpoint`]: the series is of another heap.
    /// - [`HeapError::HostObject`]: an object of the host cannot be copied any more.
    /// - [`HeapError::Budget`]: memory that was given back since is needed again, and the budget has none.
    pub fn go_back(&mut self, heap: &mut Heap, steps: usize) -> Result<bool, HeapError> {
        let Some(place) = self.kept.len().checked_sub(steps + 1) else {
            return Ok(false);
        };
        heap.restore(&self.kept[place])?;
        self.kept.truncate(place + 1);
        self.begin(heap);
        Ok(true)
    }

    /// What the series did.
    #[must_use]
    pub fn figures(&self) -> SeriesFigures {
        SeriesFigures {
            kept: self.kept.len(),
            bytes: self.bytes(),
            ..self.figures
        }
    }

    fn operations_of(&self, heap: &Heap) -> u64 {
        heap.stats.operations() + self.calls
    }

    /// Counts from here on.
    fn begin(&mut self, heap: &Heap) {
        self.operations = self.operations_of(heap);
        self.made_ns = clock::monotonic_ns();
    }

    /// The bytes of all chunks, those that neighbours share counted once.
    fn bytes(&self) -> usize {
        let mut before: &[Option<Arc<[u8]>>] = &[];
        let mut chunks = 0;
        for checkpoint in &self.kept {
            for (number, chunk) in checkpoint.chunks.iter().enumerate() {
                let Some(chunk) = chunk else { continue };
                let known = before.get(number).and_then(Option::as_ref);
                chunks += usize::from(known.is_none_or(|known| !Arc::ptr_eq(known, chunk)));
            }
            before = &checkpoint.chunks;
        }
        chunks * CHUNK_BYTES
    }
}

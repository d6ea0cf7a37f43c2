//! Runs programs on a subject.
//!
//! # Role
//! Make each step's call on its lane's thread, fill and read the blocks, and ask the model about every answer.
//!
//! # Not here
//! Which programs: [`crate::generator`]. What is wrong: [`crate::shadow`].
//!
//! # Invariants
//! - I1: one step runs at a time. Lanes are there so that frees come from other threads, threads end with live
//!   blocks behind them, and every run of a program is the same run; races are the stress tests' subject.
//! - I2: a slot holds at most one live block, filled with the pattern of its mark.
//! - I3: every block is freed at the end, also after a violation, so that a run leaves nothing behind.

use crate::op::{Op, Program, Step};
use crate::pattern;
use crate::shadow::{Shadow, Violation};
use crate::subject::{Block, Subject};
use alloc::collections::BTreeMap;
use core::fmt::{self, Display, Formatter};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, Scope, ScopedJoinHandle};

/// Whether the subject may answer with a null pointer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nulls {
    /// A null pointer is a violation.
    Forbidden,
    /// A null pointer is an answer: failures are injected, or memory is capped.
    Allowed,
}

/// A violation, and the step that met it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Index of the step; the length of the program when the last clean-up met it.
    pub step: usize,
    /// What was wrong.
    pub violation: Violation,
}

impl Display for Failure {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "step {}: {}", self.step, self.violation)
    }
}

impl core::error::Error for Failure {}

/// What a lane is told to do.
#[derive(Clone, Copy)]
enum Call {
    Malloc(usize),
    Calloc(usize, usize),
    Memalign(usize, usize),
    Realloc(Block, usize),
    Free(Block),
    Trim,
}

/// What came back: the block, and its usable size if the subject tells.
type Answer = Option<(Block, Option<usize>)>;

fn make<S: Subject>(subject: &S, call: Call) -> Answer {
    let (start, size, align) = match call {
        Call::Malloc(size) => (subject.malloc(size), size, 16),
        Call::Calloc(count, size) => (subject.calloc(count, size), count * size, 16),
        Call::Memalign(align, size) => (subject.memalign(align, size), size, align),
        Call::Realloc(block, size) => {
            // SAFETY: only blocks that live in a slot are passed (I2).
            (unsafe { subject.realloc(block, size) }, size, 16)
        }
        Call::Free(block) => {
            // SAFETY: as above, and the slot was emptied.
            unsafe { subject.free(block) };
            return None;
        }
        Call::Trim => {
            subject.trim();
            return None;
        }
    };
    let block = Block {
        start: start?,
        size,
        align,
    };
    // SAFETY: the block has just begun.
    Some((block, unsafe { subject.usable_size(block) }))
}

/// A thread of a program.
struct Lane<'scope> {
    calls: Sender<Call>,
    answers: Receiver<Answer>,
    thread: ScopedJoinHandle<'scope, ()>,
}

impl<'scope> Lane<'scope> {
    fn start<'env, S: Subject>(scope: &'scope Scope<'scope, 'env>, subject: &'env S) -> Self {
        let (calls, inbox) = channel::<Call>();
        let (outbox, answers) = channel();
        let thread = scope.spawn(move || {
            while let Ok(call) = inbox.recv() {
                if outbox.send(make(subject, call)).is_err() {
                    return;
                }
            }
        });
        Self {
            calls,
            answers,
            thread,
        }
    }

    fn ask(&self, call: Call) -> Answer {
        assert!(
            self.calls.send(call).is_ok(),
            "the lane's thread is gone: the subject panicked"
        );
        self.answers
            .recv()
            .expect("the lane's thread is gone: the subject panicked")
    }

    fn end(self) {
        drop(self.calls);
        assert!(
            self.thread.join().is_ok(),
            "the subject panicked while its thread ended"
        );
    }
}

/// A slot's block and the mark of its pattern.
#[derive(Clone, Copy)]
struct Held {
    block: Block,
    mark: u64,
}

struct Player<'scope, 'env, S> {
    scope: &'scope Scope<'scope, 'env>,
    subject: &'env S,
    nulls: Nulls,
    lanes: BTreeMap<usize, Lane<'scope>>,
    slots: BTreeMap<usize, Held>,
    shadow: Shadow,
    mark: u64,
}

impl<'scope, 'env, S: Subject> Player<'scope, 'env, S> {
    /// Lane 0 is the caller's own thread.
    fn ask(&mut self, lane: usize, call: Call) -> Answer {
        if lane == 0 {
            return make(self.subject, call);
        }
        self.lanes
            .entry(lane)
            .or_insert_with(|| Lane::start(self.scope, self.subject))
            .ask(call)
    }

    fn step(&mut self, step: Step) -> Result<(), Violation> {
        let lane = step.lane;
        match step.op {
            Op::Malloc { slot, size } => self.fill_slot(lane, slot, Call::Malloc(size), size, 16),
            Op::Memalign {
                slot,
                align_log2,
                size,
            } => {
                let align = 1_usize << align_log2;
                self.fill_slot(lane, slot, Call::Memalign(align, size), size, align)
            }
            Op::Calloc { slot, count, size } => {
                self.fill_slot(lane, slot, Call::Calloc(count, size), count * size, 16)
            }
            Op::Realloc { slot, size } => self.realloc(lane, slot, size),
            Op::Free { slot } => self.free(lane, slot),
            Op::Verify { slot } => self.slots.get(&slot).copied().map_or(Ok(()), verify),
            Op::Trim => {
                self.ask(lane, Call::Trim);
                Ok(())
            }
            Op::EndThread => {
                if let Some(lane) = self.lanes.remove(&lane) {
                    lane.end();
                }
                Ok(())
            }
        }
    }

    fn fill_slot(
        &mut self,
        lane: usize,
        slot: usize,
        call: Call,
        size: usize,
        align: usize,
    ) -> Result<(), Violation> {
        self.free(lane, slot)?;
        let Some((block, usable)) = self.ask(lane, call) else {
            return self.refused(size);
        };
        self.shadow
            .begin(block.start.as_ptr() as usize, size, align, usable)?;
        if matches!(call, Call::Calloc(..)) {
            // SAFETY: the model found the block disjoint from all others, so it is ours.
            if let Some(offset) = unsafe { pattern::not_zero(block.start, size) } {
                self.give_back(lane, block);
                return Err(Violation::NotZero { size, offset });
            }
        }
        self.hold(slot, block);
        Ok(())
    }

    fn realloc(&mut self, lane: usize, slot: usize, size: usize) -> Result<(), Violation> {
        let Some(old) = self.slots.get(&slot).copied() else {
            return self.fill_slot(lane, slot, Call::Malloc(size), size, 16);
        };
        verify(old)?;
        let Some((block, usable)) = self.ask(lane, Call::Realloc(old.block, size)) else {
            // The old block lives on, untouched.
            verify(old)?;
            return self.refused(size);
        };
        self.slots.remove(&slot);
        self.shadow.end(old.block.start.as_ptr() as usize);
        self.shadow
            .begin(block.start.as_ptr() as usize, size, 16, usable)?;
        let kept = size.min(old.block.size);
        // SAFETY: the block is ours, as above, and `kept` is within it.
        let lost = unsafe { pattern::differs(block.start, kept, old.block.size, old.mark) };
        self.hold(slot, block);
        match lost {
            None => Ok(()),
            Some(offset) => Err(Violation::LostByRealloc {
                old_size: old.block.size,
                size,
                offset,
            }),
        }
    }

    fn free(&mut self, lane: usize, slot: usize) -> Result<(), Violation> {
        let Some(held) = self.slots.remove(&slot) else {
            return Ok(());
        };
        let verdict = verify(held);
        self.give_back(lane, held.block);
        verdict
    }

    fn give_back(&mut self, lane: usize, block: Block) {
        self.shadow.end(block.start.as_ptr() as usize);
        self.ask(lane, Call::Free(block));
    }

    fn hold(&mut self, slot: usize, block: Block) {
        self.mark += 1;
        let held = Held {
            block,
            mark: self.mark,
        };
        // SAFETY: the model found the block disjoint from all others, so it is ours.
        unsafe { pattern::fill(block.start, block.size, held.mark) };
        self.slots.insert(slot, held);
    }

    fn refused(&self, size: usize) -> Result<(), Violation> {
        match self.nulls {
            Nulls::Allowed => Ok(()),
            Nulls::Forbidden => Err(Violation::Refused { size }),
        }
    }

    fn finish(mut self) -> Result<(), Violation> {
        let slots = self.slots.keys().copied().collect::<Vec<_>>();
        let mut verdict = Ok(());
        for slot in slots {
            let freed = self.free(0, slot);
            verdict = verdict.and(freed);
        }
        for lane in self.lanes.into_values() {
            lane.end();
        }
        verdict
    }
}

fn verify(held: Held) -> Result<(), Violation> {
    let Block { start, size, .. } = held.block;
    // SAFETY: the block is held, so it lives and is filled (I2).
    match unsafe { pattern::differs(start, size, size, held.mark) } {
        None => Ok(()),
        Some(offset) => Err(Violation::Damaged { size, offset }),
    }
}

/// Runs `program` on `subject` and judges every answer.
///
/// # Errors
/// - the first violation, with its step.
///
/// # Panics
/// When the subject panics on another lane.
pub fn play<S: Subject>(subject: &S, program: &Program, nulls: Nulls) -> Result<(), Failure> {
    thread::scope(|scope| {
        let mut player = Player {
            scope,
            subject,
            nulls,
            lanes: BTreeMap::new(),
            slots: BTreeMap::new(),
            shadow: Shadow::default(),
            mark: 0,
        };
        let mut verdict = Ok(());
        for (index, &step) in program.0.iter().enumerate() {
            verdict = player.step(step).map_err(|violation| Failure {
                step: index,
                violation,
            });
            if verdict.is_err() {
                break;
            }
        }
        let step = program.0.len();
        let finished = player
            .finish()
            .map_err(|violation| Failure { step, violation });
        verdict.and(finished)
    })
}

//! The line of those who wait, and whose turn it is.
//!
//! # Role
//! Decides whether a job may start now. The gate keeps it under its lock.

use super::gate::Gate;
use super::task::{Permit, Tagged};
use super::terms::{Figures, Terms};
use crate::context::Context;
use crate::queue::{Priority, soonest_first};
use crate::span::SpanContext;
use alloc::collections::VecDeque;
use alloc::sync::Arc;
use bedplate_os::clock;

/// A job that may start.
pub(crate) struct Admitted {
    task: Box<dyn Tagged>,
    /// None where it only has to say that it does not run.
    permit: Option<Permit>,
    span: SpanContext,
}

impl Admitted {
    /// Starts it.
    pub(crate) fn run(self, cx: Context<'_>) {
        let Self { task, permit, span } = self;
        span.run(|| task.run(cx, permit));
    }
}

/// The line.
pub(super) struct Line {
    pub(super) terms: Terms,
    pub(super) lanes: [VecDeque<Waiting>; 3],
    /// Admissions so far: whose turn it is. It stands while the next job may not start, so that none
    /// is overtaken for its size.
    pub(super) turn: u64,
    /// Admitted jobs that have not ended.
    pub(super) running: usize,
    /// Of these, how many wait for a tagged job.
    pub(super) held: usize,
    /// A ticket is in the pool's queue.
    pub(super) ticketed: bool,
    /// When something was last admitted or ended, and whether it was said that this is long ago.
    pub(super) moved_ns: u64,
    pub(super) is_stalled: bool,
    pub(super) figures: Figures,
}

/// A job that waits.
pub(super) struct Waiting {
    pub(super) bytes: u64,
    /// The scope it belongs to, by address; zero for none.
    pub(super) scope: usize,
    /// It was kept waiting for pressure.
    pub(super) narrowed: bool,
    pub(super) task: Box<dyn Tagged>,
    /// What it is for.
    pub(super) span: SpanContext,
}

/// What may happen with a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It was called off and needs no permit.
    Off,
    /// It fits.
    Fits,
    /// It does not, and nothing that is under way would change that.
    Beyond,
    /// Too many run for the present pressure.
    Narrow,
    /// There is no room for its bytes.
    NoRoom,
}

impl Line {
    /// Nobody waits.
    pub(super) fn new(terms: Terms) -> Self {
        Self {
            terms,
            lanes: Default::default(),
            turn: 0,
            running: 0,
            held: 0,
            ticketed: false,
            moved_ns: 0,
            is_stalled: false,
            figures: Figures::default(),
        }
    }

    /// Where the next job waits.
    pub(super) fn front(&self) -> Option<Priority> {
        soonest_first(self.turn)
            .into_iter()
            .find(|&priority| !self.lanes[priority.lane()].is_empty())
    }

    /// What may happen with a job, where `most` may run at a time.
    pub(super) fn verdict(&self, job: &Waiting, most: usize) -> Verdict {
        if job.task.is_off() {
            return Verdict::Off;
        }
        // Those that wait for a tagged job bring nothing about.
        let active = self.running.saturating_sub(self.held);
        if active >= most {
            Verdict::Narrow
        } else if self.terms.budget.has_room(job.bytes) {
            Verdict::Fits
        } else if active == 0 {
            Verdict::Beyond
        } else {
            Verdict::NoRoom
        }
    }

    /// The priority of the next job, if it may start.
    pub(super) fn next(&mut self, most: usize) -> Option<Priority> {
        let priority = self.front()?;
        let front = self.lanes[priority.lane()].front()?;
        match self.verdict(front, most) {
            Verdict::Off | Verdict::Fits | Verdict::Beyond => Some(priority),
            Verdict::Narrow => {
                self.note_narrowed(priority.lane(), 0);
                None
            }
            Verdict::NoRoom => None,
        }
    }

    fn note_narrowed(&mut self, lane: usize, at: usize) {
        if let Some(job) = self.lanes[lane].get_mut(at) {
            self.figures.narrowed += u64::from(!core::mem::replace(&mut job.narrowed, true));
        }
    }

    /// Admits the job at a place, if it may start.
    pub(super) fn admit(
        &mut self,
        gate: &Arc<Gate>,
        lane: usize,
        at: usize,
        most: usize,
    ) -> Option<Admitted> {
        let job = self.lanes[lane].get(at)?;
        let bytes = job.bytes;
        let mut verdict = self.verdict(job, most);
        // Others charge the budget too: it may be full by now.
        if verdict == Verdict::Fits && self.terms.budget.charge(bytes).is_err() {
            let active = self.running.saturating_sub(self.held);
            verdict = if active == 0 {
                Verdict::Beyond
            } else {
                Verdict::NoRoom
            };
        }
        let charged = match verdict {
            Verdict::Narrow => {
                self.note_narrowed(lane, at);
                return None;
            }
            Verdict::NoRoom => return None,
            Verdict::Off => None,
            Verdict::Fits => Some(bytes),
            Verdict::Beyond => Some(0),
        };
        let job = self.lanes[lane].remove(at)?;
        self.turn = self.turn.wrapping_add(1);
        let permit = charged.map(|charged| {
            self.running += 1;
            self.figures.admitted += 1;
            self.figures.beyond += u64::from(verdict == Verdict::Beyond);
            self.figures.bytes += charged;
            self.moved();
            Permit::new(gate, self.terms.budget.clone(), charged)
        });
        Some(Admitted {
            task: job.task,
            permit,
            span: job.span,
        })
    }

    pub(super) fn moved(&mut self) {
        self.moved_ns = clock::monotonic_ns();
        self.is_stalled = false;
    }

    pub(super) fn has_waiting(&self) -> bool {
        self.lanes.iter().any(|lane| !lane.is_empty())
    }
}

//! What the gate goes by, is asked, and answers.
//!
//! # Role
//! Plain data.

use super::SharedBudget;
use super::gauge::{Gauge, Narrowing};
use crate::error::FootprintError;
use crate::job::JobOptions;
use crate::queue::Priority;
use alloc::sync::Arc;

/// What a gate goes by.
#[derive(Clone, Debug)]
pub(crate) struct Terms {
    pub(crate) budget: SharedBudget,
    pub(crate) gauge: Arc<Gauge>,
    pub(crate) narrowing: Narrowing,
    /// Jobs of each priority that may wait.
    pub(crate) room: usize,
}

/// What is asked for a job.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ask {
    pub(crate) bytes: u64,
    pub(crate) priority: Priority,
    /// The scope it belongs to, by address; zero for none.
    pub(crate) scope: usize,
    /// False where it is taken in beyond the room of the queue.
    pub(crate) bounded: bool,
}

/// Why a job was not taken in.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// It is larger than the whole budget, which has this limit.
    TooLarge(u64),
    /// Enough wait.
    Full,
}

impl Ask {
    /// A detached job's.
    pub(crate) fn of(options: &JobOptions, bounded: bool) -> Self {
        Self {
            bytes: options.footprint_bytes,
            priority: options.priority,
            scope: 0,
            bounded,
        }
    }
}

impl Refusal {
    /// What the gate said, with the job that it did not take in.
    pub(crate) fn give_back<F>(
        asked: Result<(), Self>,
        ask: Ask,
        job: Option<F>,
    ) -> Result<(), FootprintError<F>> {
        match (asked, job) {
            (Err(Self::Full), Some(job)) => Err(FootprintError::Full(job)),
            (Err(Self::TooLarge(limit_bytes)), Some(job)) => Err(FootprintError::TooLarge {
                job,
                footprint_bytes: ask.bytes,
                limit_bytes,
            }),
            (Ok(()), _) | (_, None) => Ok(()),
        }
    }
}

/// What happened at a gate.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Figures {
    pub(crate) admitted: u64,
    pub(crate) waiting: u64,
    pub(crate) narrowed: u64,
    pub(crate) beyond: u64,
    pub(crate) nested: u64,
    pub(crate) stalls: u64,
    pub(crate) bytes: u64,
}

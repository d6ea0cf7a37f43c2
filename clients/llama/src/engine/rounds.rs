//! Which jobs go on in a pass, and what becomes of them.
//!
//! # Invariants
//! - I1: at most one job takes in a prompt; it is the last of those that run.
//! - I2: a job that runs has a sequence; one that waits has none.

use super::job::Job;
use super::request::{Event, Figures};
use crate::{Item, LlamaError, Runner};
use bedplate_region::kv::{KvCache, KvError, PagedKv};
use std::collections::VecDeque;

/// Jobs, and what computes them.
#[derive(Debug)]
pub(super) struct Rounds<'m> {
    runner: Runner<'m>,
    cache: PagedKv,
    waiting: VecDeque<Job>,
    running: Vec<Job>,
    logits: Vec<f32>,
    /// There was no room: nobody is admitted until a job has ended.
    is_crowded: bool,
    figures: Figures,
}

impl<'m> Rounds<'m> {
    pub(super) fn new(runner: Runner<'m>, cache: PagedKv) -> Self {
        let vocabulary = runner.model().config().vocabulary;
        let logits = vec![0.0; vocabulary * runner.limits().items];
        Self {
            runner,
            cache,
            waiting: VecDeque::new(),
            running: Vec::new(),
            logits,
            is_crowded: false,
            figures: Figures::default(),
        }
    }

    pub(super) fn is_idle(&self) -> bool {
        self.waiting.is_empty() && self.running.is_empty()
    }

    pub(super) fn figures(&self) -> Figures {
        Figures {
            requests: self.waiting.len() + self.running.len(),
            ..self.figures
        }
    }

    /// Takes a job in, or refuses what can never be computed.
    pub(super) fn admit(&mut self, job: Job) {
        let limit = self.context();
        let tokens = job.tokens.len();
        let checked = match tokens {
            0 => Err(LlamaError::NoTokens),
            _ if tokens > limit => Err(LlamaError::Context { tokens, limit }),
            _ => self.runner.model().check(&job.tokens),
        };
        match checked {
            Ok(()) => self.waiting.push_back(job),
            Err(error) => self.fail(job, error),
        }
    }

    /// One pass.
    pub(super) fn round(&mut self) {
        self.begin_next();
        if self.running.is_empty() {
            return;
        }
        let shares = self.shares();
        match self.compute(&shares) {
            Ok(()) => self.hand_out(&shares),
            Err(error) => self.make_room(error),
        }
        let stats = self.cache.stats();
        self.figures.cache_bytes = stats.committed_bytes;
        self.figures.cache_bytes_peak = self.figures.cache_bytes_peak.max(stats.committed_bytes);
    }

    fn context(&self) -> usize {
        let limits = self.runner.limits();
        limits
            .context
            .unwrap_or(self.runner.model().config().context)
    }

    /// Begins with the next job, unless one takes its prompt in (I1), or there is no room.
    fn begin_next(&mut self) {
        let is_taking_in = self.running.last().is_some_and(Job::is_prompt);
        let is_full = self.running.len() >= self.runner.limits().items;
        if is_taking_in || is_full || self.is_crowded {
            return;
        }
        let Some(mut job) = self.waiting.pop_front() else {
            return;
        };
        // The last token is always computed: its logits are wanted.
        let (_, before) = job.tokens.split_last().unwrap_or((&0, &[]));
        match self.cache.attach(job.settings(), before) {
            Ok((sequence, known)) => {
                self.figures.known += known as u64;
                let wanted = job.begin(sequence, known);
                self.running.push(job);
                if wanted.is_break() {
                    self.end(self.running.len() - 1);
                }
            }
            Err(error) => self.fail(job, error.into()),
        }
    }

    /// How many tokens of each job go into the pass: one of each that generates, and as many of a prompt as
    /// there is room for.
    fn shares(&self) -> Vec<usize> {
        let mut left = self.runner.limits().tokens;
        let shares = self.running.iter().map(|job| {
            let share = job.unfed().len().min(left);
            left -= share;
            share
        });
        shares.collect()
    }

    fn compute(&mut self, shares: &[usize]) -> Result<(), LlamaError> {
        let mut items = Vec::with_capacity(self.running.len());
        for (job, share) in self.running.iter().zip(shares) {
            if let (Some(sequence), Some(tokens)) = (job.sequence, job.unfed().get(..*share))
                && !tokens.is_empty()
            {
                items.push(Item { sequence, tokens });
            }
        }
        self.runner
            .forward(&mut self.cache, &items, &mut self.logits)
    }

    /// Gives each job that was computed to its end a token.
    fn hand_out(&mut self, shares: &[usize]) {
        let vocabulary = self.runner.model().config().vocabulary;
        let context = self.context();
        let mut logits = self.logits.chunks_exact_mut(vocabulary);
        let mut ended = Vec::new();
        let computed = self.running.iter_mut().zip(shares).enumerate();
        for (at, (job, share)) in computed.filter(|(_, (_, share))| **share > 0) {
            let was_prompt = job.is_prompt();
            let Some(logits) = logits.next() else {
                break;
            };
            job.fed += share;
            self.figures.computed += *share as u64;
            let kept = keep(&mut self.cache, job, was_prompt);
            if let Err(error) = kept {
                let _told = job.tell(Event::Failed(error.into()));
                ended.push(at);
            } else if job.unfed().is_empty() {
                let before = job.tokens.len();
                if job.go_on(logits, context).is_break() {
                    ended.push(at);
                }
                self.figures.generated += (job.tokens.len() - before) as u64;
            }
        }
        for at in ended.into_iter().rev() {
            self.end(at);
        }
    }

    /// Ends a job that runs.
    fn end(&mut self, at: usize) {
        let mut job = self.running.remove(at);
        self.give_back(&mut job);
        self.figures.ended += 1;
        self.is_crowded = false;
    }

    fn fail(&mut self, mut job: Job, error: LlamaError) {
        // Whoever does not listen misses nothing.
        let _told = job.tell(Event::Failed(error));
        self.give_back(&mut job);
        self.figures.ended += 1;
        self.is_crowded = false;
    }

    fn give_back(&mut self, job: &mut Job) {
        if let Some(sequence) = job.sequence.take() {
            // It is there: it was pinned since it was made.
            let dropped = self.cache.drop_sequence(sequence);
            debug_assert!(dropped.is_ok(), "{dropped:?}");
        }
    }

    /// After a pass that failed: the youngest job waits where there was no room; else all of them fail.
    fn make_room(&mut self, error: LlamaError) {
        let is_room = matches!(
            error,
            LlamaError::Cache(
                KvError::Full { .. } | KvError::Budget(_) | KvError::Os(_) | KvError::Records
            ) | LlamaError::Arena(_)
        );
        let Some(mut youngest) = self.running.pop() else {
            return;
        };
        if !is_room || self.running.is_empty() {
            // Alone, and no room: there never will be. Any other error is the pass's, and nobody can
            // tell whose; the youngest is the one that changed.
            self.fail(youngest, error);
            return;
        }
        self.give_back(&mut youngest);
        youngest.fed = 0;
        self.figures.waited += 1;
        self.waiting.push_front(youngest);
        self.is_crowded = true;
    }
}

/// Commits what was computed, and files a prompt that is taken in.
fn keep(cache: &mut PagedKv, job: &Job, was_prompt: bool) -> Result<(), KvError> {
    let Some(sequence) = job.sequence else {
        return Err(KvError::Unknown);
    };
    cache.commit(sequence)?;
    if was_prompt && job.unfed().is_empty() {
        cache.publish(sequence, &job.tokens)?;
    }
    Ok(())
}

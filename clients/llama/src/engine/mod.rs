//! Several requests at a time.
//!
//! # Role
//! [`Engine`]: takes requests from any thread, computes a token for each of them in a pass, and hands tokens
//! out as they come. All share one paged cache, and what their prompts have in common is there once.
//!
//! # How it works
//! One prompt is taken in at a time, so that the next one finds in the index what it shares with it; requests
//! that generate go on in the same passes. When there is no room, the youngest request gives its blocks
//! back and waits; it begins again with what the index still has, and says the same as it would have. Nobody
//! is admitted until somebody has ended then.
//!
//! # Not here
//! Protocols: `serve/` has one.
//!
//! # Invariants
//! - I1: what a request is told does not depend on other requests, on memory, or on how often it waited.
//! - I2: a request that nobody listens to ends at its next token, and its blocks are given back.
//!
//! # Rooms
//! | file | what it holds |
//! |---|---|
//! | `request.rs` | what is asked for, and what is told |
//! | `job.rs` | a request under way |
//! | `rounds.rs` | which jobs go on in a pass, and what becomes of them |

mod job;
mod request;
mod rounds;

pub use request::{End, Event, Figures, Request};

use crate::{LlamaError, Runner};
use bedplate_region::kv::PagedKv;
use job::Job;
use rounds::Rounds;
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::sync::{Arc, Mutex, PoisonError};

/// Where requests are given in: to be cloned for each thread that has some.
#[derive(Clone, Debug)]
pub struct Desk {
    requests: Sender<Request>,
    figures: Arc<Mutex<Figures>>,
}

impl Desk {
    /// Gives a request in.
    ///
    /// # Errors
    /// - [`LlamaError::Ended`]: the engine is no more.
    pub fn submit(&self, request: Request) -> Result<(), LlamaError> {
        self.requests.send(request).map_err(|_| LlamaError::Ended)
    }

    /// What the engine has done so far.
    #[must_use]
    pub fn figures(&self) -> Figures {
        *self.figures.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Computes what requests ask for.
#[derive(Debug)]
pub struct Engine<'m> {
    rounds: Rounds<'m>,
    requests: Receiver<Request>,
    figures: Arc<Mutex<Figures>>,
}

impl<'m> Engine<'m> {
    /// An engine, and the desk where requests are given in. As many requests generate at a time as the
    /// runner has items.
    #[must_use]
    pub fn new(runner: Runner<'m>, cache: PagedKv) -> (Desk, Self) {
        let (sender, requests) = channel();
        let figures = Arc::<Mutex<Figures>>::default();
        let desk = Desk {
            requests: sender,
            figures: Arc::clone(&figures),
        };
        let engine = Self {
            rounds: Rounds::new(runner, cache),
            requests,
            figures,
        };
        (desk, engine)
    }

    /// Works until every desk is dropped and every request has ended. Returns what was done.
    pub fn run(mut self) -> Figures {
        let mut is_open = true;
        while is_open || !self.rounds.is_idle() {
            is_open = self.take_requests(is_open);
            self.rounds.round();
            *self.figures.lock().unwrap_or_else(PoisonError::into_inner) = self.rounds.figures();
        }
        self.rounds.figures()
    }

    /// Takes in what was given in; waits where there is nothing else to do. Returns whether there may be
    /// more.
    fn take_requests(&mut self, is_open: bool) -> bool {
        if is_open && self.rounds.is_idle() {
            match self.requests.recv() {
                Ok(request) => self.rounds.admit(Job::new(request)),
                Err(_) => return false,
            }
        }
        loop {
            match self.requests.try_recv() {
                Ok(request) => self.rounds.admit(Job::new(request)),
                Err(TryRecvError::Empty) => return is_open,
                Err(TryRecvError::Disconnected) => return false,
            }
        }
    }
}

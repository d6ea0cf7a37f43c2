//! Seeds in, verdict out.
//!
//! # Role
//! Generate, play, and on a violation shrink and print a test that can be pasted.
//!
//! # Not here
//! Injected failures: tests that make calls fail play with [`Nulls::Allowed`] themselves.

use crate::generator::{Shape, generate};
use crate::op::Program;
use crate::player::{Nulls, play};
use crate::shrink::shrink;
use crate::subject::Subject;
use core::ops::Range;

/// Enough to take a program of thousands of steps apart within seconds.
const SHRINK_RUNS_MAX: usize = 3000;

/// Plays the program of each seed.
///
/// # Panics
/// On the first violation, with the seed and the shrunk program as a paste-ready test. A subject that kills the
/// process prints its seed before it does (`--nocapture` shows it).
pub fn seeds<S: Subject>(subject: &S, shape: &Shape, seeds: Range<u64>) {
    for seed in seeds {
        announce(seed);
        let whole = generate(seed, shape);
        let Err(failure) = play(subject, &whole, Nulls::Forbidden) else {
            continue;
        };
        let small = shrink(&whole, SHRINK_RUNS_MAX, |candidate| {
            play(subject, candidate, Nulls::Forbidden).is_err()
        });
        let again = play(subject, &small, Nulls::Forbidden)
            .err()
            .unwrap_or(failure);
        panic!(
            "seed {seed}, {failure}\nshrunk to {} steps, {again}:\n{small}",
            small.0.len()
        );
    }
}

/// Plays one program, usually a pasted one.
///
/// # Panics
/// On a violation.
pub fn program<S: Subject>(subject: &S, program: &Program) {
    if let Err(failure) = play(subject, program, Nulls::Forbidden) {
        panic!("{failure}\n{program}");
    }
}

#[expect(
    clippy::print_stderr,
    reason = "the only trace that a killed test process leaves"
)]
fn announce(seed: u64) {
    eprintln!("seed {seed}");
}

//! A cost of known size.
//!
//! # Role
//! Turns an empty loop, then becomes a program: what the program takes, and so much more.

use core::hint::black_box;
use core::time::Duration;
use std::os::unix::process::CommandExt as _;
use std::process::Command;
use std::time::Instant;

use super::arguments::SpinArguments;
use crate::exit::Exit;
use crate::talk::complain;

/// Turns timed to find how long one takes.
const TIMED_TURNS: u64 = 2_000_000;

/// Runs the command; returns only if the program cannot be executed.
pub(super) fn spin(arguments: &SpinArguments) -> Exit {
    turn(arguments.turns);
    let Some((program, rest)) = arguments.program.split_first() else {
        return Exit::Usage;
    };
    let error = Command::new(program).args(rest).exec();
    complain(&format!("{}: {error}", program.display()));
    Exit::NotRun(126)
}

fn turn(turns: u64) {
    for turn in 0..turns {
        black_box(turn);
    }
}

/// Turns that take `length` on this machine when nothing disturbs them.
pub(super) fn turns_for(length: Duration) -> u64 {
    let quickest = (0..5)
        .map(|_| {
            let started = Instant::now();
            turn(TIMED_TURNS);
            started.elapsed()
        })
        .min()
        .unwrap_or_default();
    let per_turn = quickest.as_secs_f64() / TIMED_TURNS as f64;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a length of at most hours, and not negative"
    )]
    let turns = (length.as_secs_f64() / per_turn.max(1e-12)) as u64;
    turns
}

//! The programs that `audit --checklist malloc-pair` counts.
//!
//! # Role
//! A loop around an allocation and a free; the same loop around two functions that do nothing, which
//! is the least that such a loop can take.

use core::hint::black_box;

use crate::args::PairArguments;
use crate::exit::Exit;

/// Runs the loop.
pub(crate) fn pair(arguments: &PairArguments) -> Exit {
    let live: Vec<Vec<u8>> = (0..arguments.live)
        .map(|_block| take(arguments.block))
        .collect();
    for turn in 0..arguments.turns {
        if arguments.limit {
            give_nothing(black_box(take_nothing(black_box(turn))));
        } else {
            drop(black_box(take(black_box(arguments.block))));
        }
    }
    drop(black_box(live));
    Exit::Done
}

/// A block from whatever `malloc` is.
fn take(bytes: usize) -> Vec<u8> {
    Vec::with_capacity(bytes)
}

#[inline(never)]
fn take_nothing(turn: u64) -> u64 {
    turn
}

#[inline(never)]
fn give_nothing(turn: u64) {
    black_box(turn);
}

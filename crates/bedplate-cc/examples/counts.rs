//! What making and dropping values costs: `counts WHAT WHOSE TIMES`, to be counted by callgrind at two numbers of times.
//!
//! `clone`, `make` or `pair`; `ours` or `rc`. The same loops with the names of jrsonnet-gcmodule give its figures.
#![expect(
    clippy::print_stderr,
    reason = "a program with arguments that speaks to a person"
)]

extern crate alloc;

use alloc::rc::Rc;
use bedplate_cc::{Cc, Trace};
use core::cell::RefCell;
use core::hint::black_box;
use std::process::ExitCode;

#[derive(Trace)]
#[trace(tracking(force))]
struct Node {
    number: u64,
    next: RefCell<Option<Cc<Self>>>,
}

struct RcNode {
    number: u64,
    next: RefCell<Option<Rc<Self>>>,
}

macro_rules! loops {
    ($what:expr, $times:expr, $node:ident, $pointer:ident) => {{
        let make = |number: u64, next| {
            let next = RefCell::new(next);
            $pointer::new($node { number, next })
        };
        let kept = make(0, None);
        for number in 0..$times {
            match $what {
                "clone" => drop(black_box($pointer::clone(&kept))),
                "make" => drop(black_box(make(black_box(number), None))),
                "pair" => {
                    let first = make(number, None);
                    let second = make(black_box(number), Some($pointer::clone(&first)));
                    drop(first);
                    drop(black_box(second));
                }
                _ => return ExitCode::from(2),
            }
        }
        black_box((kept.number, kept.next.borrow().is_some()));
    }};
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [what, whose, times] = words.as_slice() else {
        eprintln!("usage: counts clone|make|pair ours|rc TIMES");
        return ExitCode::from(2);
    };
    let Ok(times) = times.parse::<u64>() else {
        eprintln!("TIMES is a number of rounds: {times}");
        return ExitCode::from(2);
    };
    match whose.as_str() {
        "ours" => loops!(what.as_str(), times, Node, Cc),
        _ => loops!(what.as_str(), times, RcNode, Rc),
    }
    ExitCode::SUCCESS
}

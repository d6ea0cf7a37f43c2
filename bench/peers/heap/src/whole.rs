//! What goes over the whole heap: a verification, a checkpoint.
//!
//! # Role
//! Each beside the least that could be asked of it: one walk over all references, one copy of as many
//! bytes. In turn, round by round; the thread's time.

use crate::clock::Watch;
use crate::graph::Graph;
use crate::ours::Ours;
use crate::workloads::Numbers;
use bedplate_heap::{Ref, Value};
use std::hint::black_box;

const OBJECTS: usize = 1 << 20;

/// A million nodes, each with a reference to the one before and one to any. A node's word is its number.
fn graph() -> (Ours, Ref) {
    let mut ours = <Ours>::new();
    let mut numbers = Numbers::new();
    let mut nodes: Vec<Ref> = Vec::with_capacity(OBJECTS);
    for word in 0..OBJECTS as u64 {
        let before = nodes.last().copied();
        let any = (numbers.next() as usize).checked_rem(nodes.len());
        let any = any.map(|at| nodes[at]);
        ours.0.retain(Value::from(any));
        nodes.push(ours.node([before, any], word));
    }
    let root = nodes[OBJECTS - 1];
    (ours, root)
}

/// One walk over all references, by a bit for each object and a list of what is open.
fn trace(ours: &Ours, root: Ref) -> usize {
    let mut seen = vec![0_u64; OBJECTS / 64];
    let mut open = vec![root];
    let mut count = 0;
    while let Some(object) = open.pop() {
        let Ok((links, word)) = ours.0.node(object) else {
            continue;
        };
        let (place, bit) = (word as usize / 64, 1 << (word % 64));
        if seen[place] & bit != 0 {
            continue;
        }
        seen[place] |= bit;
        count += 1;
        open.extend(links.into_iter().flatten());
    }
    count
}

fn verifications(rounds: usize) {
    let (ours, root) = graph();
    for _ in 0..rounds {
        let watch = Watch::start();
        let report = ours.0.verify_with([Value::from(root)]);
        let own = watch.ns();
        assert!(report.is_healthy(), "{report}");
        let watch = Watch::start();
        assert_eq!(trace(&ours, root), OBJECTS);
        println!("{own} {}", watch.ns());
    }
}

fn checkpoints(rounds: usize) {
    let (ours, _) = graph();
    let mut bytes = Vec::new();
    for _ in 0..rounds {
        let watch = Watch::start();
        let checkpoint = ours
            .0
            .checkpoint()
            .unwrap_or_else(|error| panic!("{error}"));
        let own = watch.ns();
        bytes.resize(checkpoint.bytes(), 1_u8);
        drop(checkpoint);
        let watch = Watch::start();
        let copy = black_box(&bytes).clone();
        let reference = watch.ns();
        drop(black_box(copy));
        println!("{own} {reference}");
    }
}

/// Prints a line of nanoseconds for each round: ours, and the least that could be asked.
pub fn run(what: &str, rounds: usize) -> bool {
    match what {
        "verify" => verifications(rounds),
        "checkpoint" => checkpoints(rounds),
        _ => return false,
    }
    true
}

//! How long the collector holds a program up, beside a million objects that live.
//!
//! `cargo run --release -p bedplate-cc --example pauses`
//!
//! The same program runs some times, and of each allocation the least time counts: so what else the machine does is not seen.
#![expect(clippy::print_stdout, reason = "it shows what it measured")]
#![expect(clippy::use_self, reason = "written as users write")]

use bedplate_cc::{Cc, Trace, collect_thread_cycles, with_thread_object_space};
use core::cell::RefCell;
use std::time::Instant;

/// Objects that live: hubs with spokes that lead back.
const HUBS: usize = 1000;
const SPOKES: usize = 1000;
/// Rings that are made and forgotten, each of two objects.
const RINGS: usize = 400_000;
/// A pass is asked for each so many rings.
const PASSES: usize = 4;
const ROUNDS: u64 = 5;

#[derive(Trace)]
#[trace(tracking(force))]
struct Node(RefCell<Vec<Cc<Node>>>);

fn node(to: Vec<Cc<Node>>) -> Cc<Node> {
    Cc::new(Node(RefCell::new(to)))
}

/// A part of each hub is touched, so that there is something that may be garbage.
fn touch(hubs: &[Cc<Node>], number: usize) {
    let hub = hubs[number % hubs.len()].clone();
    let spoke = hub.0.borrow()[number % SPOKES].clone();
    drop((hub, spoke));
}

fn round(times: &mut [u64]) {
    let hubs: Vec<_> = (0..HUBS).map(|_| node(Vec::new())).collect();
    for hub in &hubs {
        let spokes = (0..SPOKES).map(|_| node(vec![hub.clone()])).collect();
        *hub.0.borrow_mut() = spokes;
    }
    for (number, least) in times.iter_mut().enumerate() {
        if number % (RINGS / PASSES) == 0 {
            // Thresholds begin anew: a pass is due.
            with_thread_object_space(|space| space.set_limits(space.limits()));
        }
        touch(&hubs, number);
        let began = Instant::now();
        let one = node(Vec::new());
        let other = node(vec![one.clone()]);
        one.0.borrow_mut().push(other);
        drop(one);
        let took = u64::try_from(began.elapsed().as_nanos()).unwrap_or(u64::MAX);
        *least = took.min(*least);
    }
    drop(hubs);
}

fn main() {
    let mut times = vec![u64::MAX; RINGS];
    let mut whole = u64::MAX;
    for _ in 0..ROUNDS {
        round(&mut times);
        let began = Instant::now();
        collect_thread_cycles();
        whole = whole.min(u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX));
    }
    let stats = with_thread_object_space(bedplate_cc::ObjectSpace::stats);
    let most = times.iter().max().copied().unwrap_or(0);
    times.sort_unstable();
    let at = |part: usize| times[times.len() - 1 - times.len() / part];
    println!(
        "live {} objects, {} rings, {} full passes in {} slices",
        HUBS * (SPOKES + 1),
        RINGS,
        stats.full_passes / ROUNDS,
        stats.pass_slices / ROUNDS,
    );
    println!(
        "to make a ring: longest {} us, one of a thousand takes {} us, one of ten {} ns; to free the million at one time {} ms",
        most / 1000,
        at(1000) / 1000,
        at(10),
        whole / 1000,
    );
}

//! The programs that hang elsewhere, each in a process of its own and within a time: a hang is a failure of one test,
//! not of the whole run. And tests whose faults speak to a whole process.

use crate::{LONG, pool};
use core::sync::atomic::{AtomicUsize, Ordering};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::Instant;

/// Tests of this binary; see `waits.rs` and `edges.rs` for what each is about.
const PROGRAMS: &[&str] = &[
    "waits::a_lock_held_around_a_join_is_not_wanted_inside_the_wait",
    "waits::a_lock_held_in_jobs_of_a_scope_is_not_wanted_inside_the_wait",
    "waits::a_short_wait_does_not_begin_a_long_job",
    "waits::the_stack_grows_with_the_program_and_not_with_the_steals",
    "alone::a_value_made_by_a_join_is_made_once",
    "alone::unrelated_jobs_do_not_stand_on_one_another",
    "edges::workers_that_were_started_end_where_another_cannot_be",
    "edges::a_configuration_whose_workers_cannot_be_started_changes_nothing",
    "edges::a_spare_that_could_not_be_started_is_tried_again",
];

#[test]
fn every_program_ends_in_a_process_of_its_own() {
    let own = std::env::current_exe().expect("this program has a path");
    for program in PROGRAMS {
        let child = Command::new(&own)
            .args(["--exact", "--include-ignored", program])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("this program can be started");
        must_end(child, program);
    }
}

fn must_end(mut child: Child, program: &str) {
    let began = Instant::now();
    while child.try_wait().expect("it is our child").is_none() {
        if began.elapsed() > 3 * LONG {
            child.kill().expect("it runs");
            child.wait().expect("it was killed");
            panic!("{program} hangs");
        }
        std::thread::sleep(core::time::Duration::from_millis(5));
    }
    let output = child.wait_with_output().expect("it has ended");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{program}: {said}");
    assert!(said.contains("1 passed"), "{program} is no test: {said}");
}

/// The one who makes the value waits in a join; jobs that want the value must not begin inside that wait (rayon
/// #592).
#[test]
fn a_value_made_by_a_join_is_made_once() {
    let pool = pool(2);
    for _ in 0..50 {
        let value = OnceLock::new();
        let made = AtomicUsize::new(0);
        let make = || {
            let (a, b) = bedplate_pool::join(|| spin(20), || spin(20));
            made.fetch_add(1, Ordering::Relaxed);
            a ^ b
        };
        pool.scope(|s| {
            for _ in 0..8 {
                s.spawn(|_| {
                    value.get_or_init(make);
                });
            }
        });
        assert_eq!(made.into_inner(), 1);
    }
}

std::thread_local! {
    static DEPTH: core::cell::Cell<usize> = const { core::cell::Cell::new(0) };
}

/// A wait in a job begins no other job: one after the other stands on a stack (rayon #854).
#[test]
fn unrelated_jobs_do_not_stand_on_one_another() {
    let pool = pool(2);
    let deepest = AtomicUsize::new(0);
    pool.scope(|s| {
        for _ in 0..2000 {
            s.spawn(|_| {
                let depth = DEPTH.get() + 1;
                DEPTH.set(depth);
                deepest.fetch_max(depth, Ordering::Relaxed);
                bedplate_pool::join(|| spin(2), || spin(20));
                DEPTH.set(depth - 1);
            });
        }
    });
    assert_eq!(deepest.into_inner(), 1);
}

/// Some microseconds.
fn spin(us: u64) -> u64 {
    (0..us * 100).fold(us, |n, i| core::hint::black_box(n ^ i))
}

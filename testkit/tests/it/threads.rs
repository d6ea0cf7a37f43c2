//! Threads that come, go, and free each other's blocks.

use crate::compiled::Compiled;

#[test]
fn ten_thousand_threads_leave_bounded_memory_behind() {
    Compiled::c("thread_churn").proves();
}

#[test]
fn remote_frees_keep_contents_and_bounds() {
    Compiled::c("producer_consumer").proves();
}

#[test]
fn a_ring_of_threads_frees_what_neighbours_made() {
    Compiled::c("ring").proves();
}

#[test]
fn threads_end_while_their_blocks_are_freed() {
    Compiled::c("exit_during_free").proves();
}

#[test]
fn destructors_of_thread_locals_may_allocate() {
    Compiled::cpp("tls_destructors").proves();
}

#[test]
fn the_last_frees_of_a_process_come_after_main() {
    Compiled::cpp("exit_order").proves();
}

//! What each call gives.

use crate::compiled::Compiled;

#[test]
fn the_whole_c_family_answers_as_posix_and_glibc_say() {
    Compiled::c("family").proves();
}

#[test]
fn alignments_to_16_mib_hold_and_blocks_do_not_overlap() {
    Compiled::c("alignment").proves();
}

#[test]
fn errno_is_kept() {
    Compiled::c("errno_kept").proves();
}

#[test]
fn every_new_and_delete_works_and_calls_the_handler() {
    Compiled::cpp("operators").proves();
}

#[test]
fn realloc_keeps_contents_to_512_mib_and_back() {
    Compiled::c("growth").proves();
}

#[test]
fn calloc_is_zero_in_used_memory_at_all_sizes() {
    Compiled::c("zeroed").proves();
}

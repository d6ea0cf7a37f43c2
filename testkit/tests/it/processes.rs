//! Forks, children, opened libraries, signals.

use crate::compiled::{Compiled, library, plugin};

#[test]
fn five_hundred_forks_of_a_busy_process_never_hang() {
    Compiled::c("fork_storm").proves();
}

#[test]
fn forks_while_streams_are_read_and_flushed_never_hang() {
    Compiled::c("fork_stdio").proves();
}

#[test]
fn children_start_by_every_call_there_is() {
    Compiled::c("spawn").proves();
}

#[test]
fn a_library_that_allocates_is_opened_a_thousand_times() {
    Compiled::c("dlopen_churn")
        .argument(&plugin().display().to_string())
        .proves();
}

#[test]
fn the_library_itself_is_opened_by_a_process_on_another_malloc() {
    Compiled::c("own_plugin")
        .argument(&library().display().to_string())
        .proves_on_glibc();
}

#[test]
fn the_library_itself_is_opened_by_a_process_on_it() {
    let program = Compiled::c("dlopen_churn").argument(&plugin().display().to_string());
    program
        .argument(&library().display().to_string())
        .proves_preloaded();
}

#[test]
fn signals_in_the_middle_of_it_harm_nothing() {
    Compiled::c("signals").proves();
}

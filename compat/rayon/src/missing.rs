//! What is not offered.
//!
//! # Role
//! A call of one of these does not compile; the compiler's message says why and what to do.

/// Has no trait of this module.
#[derive(Debug)]
pub struct Nothing<'a>(core::marker::PhantomData<&'a ()>);

macro_rules! missing {
    ($($name:ident: $what:literal, $why:literal;)*) => {$(
        #[doc = concat!("Nothing has this: ", $what, " is not offered.")]
        #[diagnostic::on_unimplemented(
            message = $why,
            label = "not offered by bedplate in the place of rayon",
            note = "build without the patch of `rayon`, or without this call"
        )]
        pub trait $name {}
    )*};
}

missing! {
    NoBroadcast: "`broadcast`",
        "`broadcast` is not offered: bedplate's pool has no jobs that each of its threads runs once";
    NoSpawnHandler: "`spawn_handler`",
        "`spawn_handler` is not offered: bedplate's pool starts its threads itself, also spares later on";
    NoBuildScoped: "`build_scoped`",
        "`build_scoped` is not offered: bedplate's pool starts its threads itself, also spares later on";
    NoUseCurrentThread: "`use_current_thread`",
        "`use_current_thread` is not offered: with bedplate every thread that enters a pool works in it for the time";
    NoPendingTasks: "`current_thread_has_pending_tasks`",
        "`current_thread_has_pending_tasks` is not offered: with bedplate detached jobs belong to no thread";
    NoThreadIndex: "`current_thread_index`",
        "`current_thread_index` is not below `current_num_threads()` with bedplate, which a program may rely on: \
         RUSTFLAGS=\"--cfg bedplate_rayon_index\" offers it nevertheless";
}

/// Not offered.
pub fn broadcast<F: NoBroadcast, R>(_op: F) -> Vec<R> {
    Vec::new()
}

/// Not offered.
pub fn spawn_broadcast<F: NoBroadcast>(_op: F) {}

/// Not offered.
#[must_use]
pub fn current_thread_has_pending_tasks() -> Option<bool>
where
    for<'a> Nothing<'a>: NoPendingTasks,
{
    None
}

/// Not offered.
#[cfg(not(bedplate_rayon_index))]
#[must_use]
pub fn current_thread_index() -> Option<usize>
where
    for<'a> Nothing<'a>: NoThreadIndex,
{
    None
}

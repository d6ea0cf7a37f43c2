//! Which CPU a thread runs on.
//!
//! # Role
//! Binds the calling thread to a CPU, and tells where it runs.
//!
//! # Not here
//! Which thread should run where: the pool's decision.

use crate::fault;
use crate::linux::threads;
use crate::{Operation, OsError};

/// Binds the calling thread to one CPU, by the kernel's number. Threads it starts inherit this.
///
/// # Errors
/// - [`Operation::BindThread`] with `EINVAL` where the process may not use the CPU or there is none of
///   the number.
pub fn bind_thread(cpu: u32) -> Result<(), OsError> {
    fault::check(Operation::BindThread)?;
    bind_thread_to(core::iter::once(cpu))
}

/// Lets the calling thread run on these CPUs, by the kernel's numbers, and on no others. Threads it
/// starts inherit this.
///
/// # Errors
/// - As [`bind_thread`]; numbers among them that the process may not use are left out by the kernel.
pub fn bind_thread_to(cpus: impl IntoIterator<Item = u32>) -> Result<(), OsError> {
    threads::set_affinity(cpus.into_iter())
        .map_err(|code| OsError::new(Operation::BindThread, code))
}

/// The CPU the calling thread runs on, which may have changed by the time the caller looks.
#[must_use]
pub fn current_cpu() -> Option<u32> {
    threads::current_cpu()
}

#[cfg(test)]
mod tests {
    use super::{bind_thread, bind_thread_to, current_cpu};

    #[test]
    fn a_bound_thread_runs_where_it_is_bound() {
        let bound = std::thread::spawn(|| {
            let cpu = current_cpu().expect("the kernel tells");
            bind_thread(cpu).map(|()| current_cpu() == Some(cpu))
        });
        assert_eq!(bound.join().expect("no panic"), Ok(true));
    }

    #[test]
    fn a_bound_thread_can_be_let_go() {
        let here = current_cpu().expect("the kernel tells");
        let let_go = std::thread::spawn(move || {
            bind_thread(here)?;
            bind_thread_to([here, here])?;
            Ok(current_cpu() == Some(here))
        });
        assert_eq!(
            let_go.join().expect("no panic"),
            Ok::<_, crate::OsError>(true)
        );
    }

    #[test]
    fn a_cpu_that_is_not_there_is_refused() {
        assert!(bind_thread(u32::MAX).is_err());
        assert!(bind_thread(65_000).is_err());
        assert!(bind_thread_to([]).is_err());
    }
}

//! The work-stealing pools of another process.
//!
//! # Role
//! Finds pools by the names of their root pages and reads their figures from outside; the process is
//! neither stopped nor called.
//!
//! # Not here
//! The layout of those figures, which `bedplate_pool::inspect` knows.

use super::handle::Process;
use super::maps::Mapping;
use super::pages;
use crate::error::LookError;
use bedplate_pool::inspect::{self, CaptureError, PoolCapture, ROOT_MAPPING};

/// Addresses of the pools' root pages among `mappings`.
#[must_use]
pub fn pool_pages(mappings: &[Mapping]) -> Vec<u64> {
    pages::named(mappings, ROOT_MAPPING)
}

/// The pools of a process, and why others could not be read. A pool that ends meanwhile is neither.
///
/// # Errors
/// - `Gone`, `Denied`: the process's memory could not be read.
pub fn capture_pools(
    process: &Process,
    pages: &[u64],
) -> Result<(Vec<PoolCapture>, Vec<String>), LookError> {
    pages::capture_each(process, pages, |read, page| {
        inspect::capture(read, page).map_err(|error| match error {
            CaptureError::Gone => None,
            other => Some(other.to_string()),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::{capture_pools, pool_pages};
    use crate::process::Process;
    use crate::process::maps::parse_maps;
    use crate::report::{Paint, Snapshot};
    use bedplate_pool::ThreadPoolBuilder;

    #[test]
    fn pages_are_told_by_their_names() {
        let maps = parse_maps(
            "7f0000500000-7f0000501000 rw-p 0 00:01 77 /memfd:bedplate-pool (deleted)\n\
             7f0000600000-7f0000601000 rw-p 0 00:01 78 /memfd:bedplate-malloc (deleted)\n",
        );
        assert_eq!(pool_pages(&maps), [0x7f00_0050_0000]);
    }

    #[test]
    fn a_pool_of_this_process_is_read_and_shown() {
        let process = Process::open(std::process::id()).expect("this process");
        let pool = ThreadPoolBuilder::new()
            .num_threads(1)
            .bind_workers(false)
            .name("read from outside")
            .build()
            .expect("a pool can be made here");
        let pages = pool_pages(&process.maps().expect("mappings"));
        let (pools, unread) = capture_pools(&process, &pages).expect("its own memory");
        let found = pools.iter().find(|pool| pool.name == "read from outside");
        assert_eq!(found.map(|pool| pool.threads), Some(1));
        assert!(unread.is_empty());
        let snapshot = Snapshot::take(&process).expect("it has a pool");
        assert!(snapshot.what().contains("pool"));
        let text = snapshot.render(Paint::default());
        assert!(
            text.contains("pool read from outside: 1 worker, 1 thread"),
            "{text}"
        );
        drop(pool);
        // What is not mapped any more has ended.
        let (after, _) = capture_pools(&process, &pages).expect("its own memory");
        assert!(after.iter().all(|pool| pool.name != "read from outside"));
    }
}

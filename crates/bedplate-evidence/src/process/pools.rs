//! The work-stealing pools of another process.
//!
//! # Role
//! Finds pools by the names of their root pages and reads their figures from outside; the process is
//! neither stopped nor called.
//!
//! # Not here
//! The layout of those figures, which `bedplate_pool::inspect` knows.

use bedplate_pool::inspect::{self, CaptureError, PoolCapture, ROOT_MAPPING};
use core::cell::RefCell;
use std::io;

use super::handle::Process;
use super::maps::Mapping;
use crate::error::LookError;

/// Addresses of the pools' root pages among `mappings`.
#[must_use]
pub fn pool_pages(mappings: &[Mapping]) -> Vec<u64> {
    mappings
        .iter()
        .filter(|mapping| mapping.path.starts_with(ROOT_MAPPING))
        .map(|mapping| mapping.start)
        .collect()
}

/// The pools of a process, and why others could not be read. A pool that ends meanwhile is neither.
///
/// # Errors
/// - `Gone`, `Denied`: the process's memory could not be read.
pub fn capture_pools(
    process: &Process,
    pages: &[u64],
) -> Result<(Vec<PoolCapture>, Vec<String>), LookError> {
    let (mut pools, mut unread) = (Vec::new(), Vec::new());
    for &page in pages {
        let refusal: RefCell<Option<io::Error>> = RefCell::new(None);
        let read = |address: u64, into: &mut [u8]| {
            let error = process.read_memory(address, into).err();
            let is_read = error.is_none();
            *refusal.borrow_mut() = error;
            is_read
        };
        match inspect::capture(&read, page) {
            Ok(pool) => pools.push(pool),
            Err(CaptureError::Gone) => match refusal.into_inner() {
                // Not mapped any more: the pool has ended.
                Some(error) if error.raw_os_error() == Some(libc::EFAULT) => {}
                Some(error) => return Err(LookError::from_io(process.pid(), "memory", error)),
                None => {}
            },
            Err(other) => unread.push(other.to_string()),
        }
    }
    Ok((pools, unread))
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

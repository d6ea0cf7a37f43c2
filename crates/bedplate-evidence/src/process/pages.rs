//! Parts of another process that show themselves by a page of their own.
//!
//! # Role
//! Finds such pages by the names of their mappings, and reads what each leads to; the process is neither
//! stopped nor called.
//!
//! # Not here
//! What stands there: the crates that write the pages know (`pools.rs`, `object_heaps.rs`).

use core::cell::RefCell;
use std::io;

use super::handle::Process;
use super::maps::Mapping;
use crate::error::LookError;

/// Copies memory of the process at an address; false where it could not.
pub(super) type Read<'a> = &'a dyn Fn(u64, &mut [u8]) -> bool;

/// Addresses of the pages among `mappings` whose name begins with `name`.
pub(super) fn named(mappings: &[Mapping], name: &str) -> Vec<u64> {
    mappings
        .iter()
        .filter(|mapping| mapping.path.starts_with(name))
        .map(|mapping| mapping.start)
        .collect()
}

/// What `capture` makes of each page, and why others could not be read. `capture` answers with
/// nothing where there is no such page any more: what ends meanwhile is neither.
///
/// # Errors
/// - `Gone`, `Denied`: the process's memory could not be read.
pub(super) fn capture_each<T>(
    process: &Process,
    pages: &[u64],
    capture: impl Fn(Read<'_>, u64) -> Result<T, Option<String>>,
) -> Result<(Vec<T>, Vec<String>), LookError> {
    let (mut found, mut unread) = (Vec::new(), Vec::new());
    for &page in pages {
        let refusal: RefCell<Option<io::Error>> = RefCell::new(None);
        let read = |address: u64, into: &mut [u8]| {
            let error = process.read_memory(address, into).err();
            let is_read = error.is_none();
            *refusal.borrow_mut() = error;
            is_read
        };
        match capture(&read, page) {
            Ok(one) => found.push(one),
            Err(None) => match refusal.into_inner() {
                // Not mapped any more.
                Some(error) if error.raw_os_error() == Some(libc::EFAULT) => {}
                Some(error) => return Err(LookError::from_io(process.pid(), "memory", error)),
                None => {}
            },
            // What is wrong with several is said once.
            Err(Some(why)) if unread.contains(&why) => {}
            Err(Some(why)) => unread.push(why),
        }
    }
    Ok((found, unread))
}

//! Run directories whose `bedplate` was killed.
//!
//! # Role
//! Removes what a run could not remove itself because its `bedplate` ended by SIGKILL or with the
//! machine.
//!
//! # Not here
//! Making a run directory and removing it at the end (`session.rs`).
//!
//! # Invariants
//! I1. Only a directory of this user is removed that is named as a run names it, older than a
//!     minute, whose process no longer runs here, and whose events file nobody holds locked: in
//!     another container the process may well run, but the kernel keeps its lock.
//! I2. Of several cleaners only the one with the lock removes; what has no events file yet is
//!     removed only if it is empty.

use core::time::Duration;
use std::fs::{self, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

use crate::process::calls;

/// How the name of a run directory begins; a number and the process follow.
pub(super) const PREFIX: &str = "bedplate-run-";
/// A younger directory may still be in the making.
const AGE_MIN: Duration = Duration::from_secs(60);

/// Removes the stale run directories below `temporary`. What cannot be removed is left: the run
/// at hand does not need it gone.
pub(super) fn remove_stale(temporary: &Path) {
    let Ok(entries) = fs::read_dir(temporary) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let pid = name.to_str().and_then(process_of);
        if pid.is_some_and(|pid| !is_running(pid)) && is_own_and_old(&entry.path()) {
            drop(remove_unlocked(&entry.path()));
        }
    }
}

/// The process in the name of a run directory.
fn process_of(name: &str) -> Option<u32> {
    let (number, pid) = name.strip_prefix(PREFIX)?.split_once('-')?;
    let _number: u32 = number.parse().ok()?;
    pid.parse().ok()
}

fn is_running(pid: u32) -> bool {
    Path::new(&format!("/proc/{pid}")).exists()
}

fn is_own_and_old(directory: &Path) -> bool {
    let Ok(metadata) = fs::symlink_metadata(directory) else {
        return false;
    };
    let age = metadata.modified().ok().and_then(|at| at.elapsed().ok());
    metadata.is_dir() && metadata.uid() == calls::real_ids().0 && age > Some(AGE_MIN)
}

fn remove_unlocked(directory: &Path) -> io::Result<()> {
    let events = OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK)
        .open(directory.join("events"));
    match events {
        Ok(events) => {
            events.try_lock().map_err(io::Error::from)?;
            fs::remove_dir_all(directory)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => fs::remove_dir(directory),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::path::PathBuf;
    use std::process::Command;
    use std::time::SystemTime;

    use super::*;

    /// A process that has ended.
    fn ended() -> u32 {
        let mut child = Command::new("true").spawn().unwrap();
        child.wait().unwrap();
        child.id()
    }

    fn make(below: &Path, name: &str, age: Duration) -> PathBuf {
        let directory = below.join(name);
        fs::create_dir(&directory).unwrap();
        File::create(directory.join("events")).unwrap();
        set_age(&directory, age);
        directory
    }

    fn set_age(directory: &Path, age: Duration) {
        let then = SystemTime::now() - age;
        File::open(directory).unwrap().set_modified(then).unwrap();
    }

    #[test]
    fn only_old_directories_of_ended_processes_that_nobody_holds_are_removed() {
        let place = tempfile::tempdir().unwrap();
        let pid = ended();
        let old = AGE_MIN * 2;
        let stale = make(place.path(), &format!("{PREFIX}0-{pid}"), old);
        let empty = make(place.path(), &format!("{PREFIX}1-{pid}"), old);
        fs::remove_file(empty.join("events")).unwrap();
        set_age(&empty, old);
        let kept = [
            make(place.path(), &format!("{PREFIX}2-{pid}"), AGE_MIN / 2),
            make(
                place.path(),
                &format!("{PREFIX}3-{}", std::process::id()),
                old,
            ),
            make(place.path(), &format!("{PREFIX}4-{pid}-more"), old),
            make(place.path(), &format!("other-5-{pid}"), old),
            make(place.path(), &format!("{PREFIX}6-{pid}"), old),
        ];
        let held = File::open(kept[4].join("events")).unwrap();
        held.try_lock().unwrap();
        let link = place.path().join(format!("{PREFIX}7-{pid}"));
        std::os::unix::fs::symlink(&kept[3], &link).unwrap();
        remove_stale(place.path());
        assert!(!stale.exists() && !empty.exists());
        assert!(kept.iter().all(|directory| directory.exists()));
        assert!(link.exists());
        drop(held);
        remove_stale(place.path());
        assert!(!kept[4].exists());
    }

    #[test]
    fn directories_and_links_in_the_place_of_events_do_no_harm() {
        let place = tempfile::tempdir().unwrap();
        let old = AGE_MIN * 2;
        let directory = make(place.path(), &format!("{PREFIX}0-{}", ended()), old);
        let precious = place.path().join("precious");
        File::create(&precious).unwrap();
        fs::remove_file(directory.join("events")).unwrap();
        std::os::unix::fs::symlink(&precious, directory.join("events")).unwrap();
        set_age(&directory, old);
        remove_stale(place.path());
        remove_stale(&place.path().join("absent"));
        assert!(precious.exists());
    }
}

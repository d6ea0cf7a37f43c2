//! Every failure of the system's, injected in turn.

use super::folder::Folder;
use super::mapped::{budget, map};
use bedplate_os::budget::Budget;
use bedplate_os::sim::faults::{KINDS, Plan};
use bedplate_os::{Operation, OsError};
use bedplate_region::mapped::{Advice, FileError, HugeCopy, SealedCopy, open};

const BYTES: usize = (2 << 20) + 1;
/// The code that plans fail with: none that a machine gives by itself.
const PLANNED: i32 = libc::EDOM;

/// Does everything once; stops at the first failure.
fn everything(folder: &Folder, budget: &'static Budget) -> Result<(), FileError> {
    let path = folder.path("model");
    let huge = HugeCopy::read(&open(&path)?, Some(budget))?;
    planned(huge.huge_pages().map_err(FileError::Os))?;
    huge.huge_bytes()?;
    drop(SealedCopy::read(&open(&path)?, Some(budget))?);
    let mapped = map(open(&path)?)?;
    mapped.check_again()?;
    mapped.advise(0..BYTES, Advice::Sequential)?;
    drop(planned(mapped.lock())?);
    if let Some(lease) = planned(mapped.lease())? {
        lease.is_whole()?;
    }
    // A kernel before 5.14 has not the advice, and another thread no plan.
    drop(mapped.prefetch()?);
    Ok(())
}

/// Machines differ: a limit on locked memory, a file system without leases, no huge pages. What they
/// refuse by themselves is left out; the plans fail by another code.
fn planned<T>(result: Result<T, FileError>) -> Result<Option<T>, FileError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(
            FileError::LockLimit { error, .. } | FileError::Lease(error) | FileError::Os(error),
        ) if error.code != PLANNED => Ok(None),
        Err(error) => Err(error),
    }
}

/// What an error says failed.
fn operation(error: FileError) -> Option<Operation> {
    match error {
        FileError::Os(OsError { operation, .. }) | FileError::Lease(OsError { operation, .. }) => {
            Some(operation)
        }
        FileError::LockLimit { error, .. } => Some(error.operation),
        _ => None,
    }
}

#[test]
fn each_failure_is_named_and_leaves_nothing_charged() {
    let folder = Folder::new("faults");
    folder.file("model", &vec![3; BYTES]);
    let counts = {
        let plan = Plan::start_here();
        let budget = budget(u64::MAX);
        everything(&folder, budget).expect("works without faults");
        assert_eq!(budget.used_bytes(), 0);
        KINDS.map(|kind| (kind, plan.seen(kind)))
    };
    for (kind, count) in counts {
        for n in 1..=count {
            let plan = Plan::start_here();
            plan.fail_with(kind, n, n, PLANNED);
            let budget = budget(u64::MAX);
            let ended = everything(&folder, budget);
            match ended.map_err(operation) {
                // What ends a guard or a value has nobody to tell.
                Ok(()) => assert!(
                    matches!(
                        kind,
                        Operation::Release
                            | Operation::LockPages
                            | Operation::Lease
                            | Operation::Limit
                    ),
                    "{kind:?} {n} was swallowed"
                ),
                Err(named) => assert_eq!(named, Some(kind), "{n}"),
            }
            // Memory that the kernel does not take back stays charged.
            if kind != Operation::Release {
                assert_eq!(budget.used_bytes(), 0, "{kind:?} {n}");
            }
        }
    }
}

#[test]
fn a_lock_that_fails_names_the_limit_where_that_is_why() {
    let folder = Folder::new("lock-limit");
    let mapped = map(folder.file("model", &[1; 100])).expect("is mapped");
    let fail = |code, is_limit_read: bool| {
        let plan = Plan::start_here();
        plan.fail_with(Operation::LockPages, 1, 1, code);
        if !is_limit_read {
            plan.fail(Operation::Limit, 1, 1);
        }
        let error = mapped.lock().map(drop).expect_err("the plan fails it");
        // What the kernel may have marked is unlocked.
        assert_eq!(plan.seen(Operation::LockPages), 2);
        error
    };
    for is_limit_read in [true, false] {
        let FileError::LockLimit {
            asked_bytes, error, ..
        } = fail(libc::EPERM, is_limit_read)
        else {
            panic!("is the limit's");
        };
        assert_eq!(asked_bytes, mapped.address_space_bytes());
        assert_eq!(error.code, libc::EPERM);
        let other = fail(libc::EAGAIN, is_limit_read);
        assert!(matches!(other, FileError::Os(os) if os.code == libc::EAGAIN));
    }
    // Without a limit it is not the limit.
    let other = fail(libc::ENOMEM, false);
    assert!(matches!(other, FileError::Os(os) if os.code == libc::ENOMEM));
}

#[test]
fn a_copy_without_threads_is_read_by_the_caller() {
    let folder = Folder::new("no-threads");
    let file = folder.file("model", b"x");
    let writer = std::fs::File::options()
        .write(true)
        .open(folder.path("model"))
        .expect("opens");
    writer.set_len(129 << 20).expect("grows");
    let plan = Plan::start_here();
    plan.fail_with(Operation::ThreadStart, 1, u64::MAX, libc::EAGAIN);
    let copy = HugeCopy::read(&file, None).expect("is copied");
    assert_eq!(copy.reader_count(), 1);
    assert_eq!((copy[0], copy[(129 << 20) - 1]), (b'x', 0));
}

#[test]
fn a_kernel_without_huge_pages_is_a_named_fact() {
    let folder = Folder::new("no-huge");
    let file = folder.file("model", &vec![3; BYTES]);
    let plan = Plan::start_here();
    plan.fail_with(Operation::Advise, 1, 1, libc::EINVAL);
    let copy = HugeCopy::read(&file, None).expect("is copied");
    let error = OsError::new(Operation::Advise, libc::EINVAL);
    assert_eq!(copy.huge_pages(), Err(error));
    assert_eq!(copy[BYTES - 1], 3);
}

#[test]
fn pairs_of_failures_name_one_of_the_two() {
    let folder = Folder::new("pairs");
    folder.file("model", &vec![3; BYTES]);
    for first in KINDS {
        for second in KINDS {
            let plan = Plan::start_here();
            plan.fail_with(first, 1, u64::MAX, PLANNED);
            plan.fail_with(second, 2, u64::MAX, PLANNED);
            // Releases must work, or address space is lost with each pair.
            plan.fail(Operation::Release, 0, 0);
            if let Err(error) = everything(&folder, budget(u64::MAX)) {
                let named = operation(error);
                assert!([Some(first), Some(second)].contains(&named), "{error}");
            }
        }
    }
}

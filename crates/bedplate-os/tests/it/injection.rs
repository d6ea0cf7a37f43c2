//! Every failure of the kernel's, injected in turn.

use bedplate_os::files::{self, Advice};
use bedplate_os::nodes::NodeMap;
use bedplate_os::numa::{NodeMemory, Placement};
use bedplate_os::pages::{self, HugePages, Protection};
use bedplate_os::rawio::{self, RawFile};
use bedplate_os::sim::faults::{KINDS, Plan};
use bedplate_os::sim::nodes::FakeNodes;
use bedplate_os::{Operation, OsError, barrier, fork, threads};
use core::ptr::NonNull;
use std::os::fd::AsFd;
use std::path::Path;

/// Does every operation of the memory paths once; stops at the first failure and leaves nothing.
fn all_operations() -> Result<(), OsError> {
    let page = pages::page_size();
    // An alignment that no mapping meets by chance: each run does the same operations.
    let at = pages::map_aligned(0, 8 * page, page << 20, Protection::None)?;
    let done = on_range(at, page);
    // SAFETY: mapped above, used no more.
    twice(|| unsafe { pages::release(at, 8 * page) })?;
    done?;
    pages::address_space_limit()?;
    let guarded = pages::map_guarded(page)?;
    // SAFETY: as above.
    twice(|| unsafe { pages::release_guarded(guarded, page) })?;
    let mut memory = NodeMemory::map(page, Placement::Interleave, &NodeMap::of([0, 1]))?;
    memory.resize(2 * page)?;
    let zero = RawFile::read_only(c"/dev/zero")?;
    zero.read(&mut [1; 8])?;
    zero.read_from_start(&mut [1; 8])?;
    RawFile::create(c"/dev/null")?.write_all(b"x")?;
    on_files(page)?;
    threads::start("test", || {})?
        .join()
        .expect("it does nothing");
    std::thread::scope(|scope| threads::start_scoped(scope, "test", || {}).map(drop))?;
    // Kernels may be without, and filters refuse it.
    is_granted(barrier::register())?;
    fork::register(None, None, None)
}

/// Tries a release again, because the first failure may be the plan's.
fn twice(release: impl Fn() -> Result<(), OsError>) -> Result<(), OsError> {
    release().or_else(|_| release())
}

/// Every operation on files, on this program and on a file in memory.
fn on_files(page: usize) -> Result<(), OsError> {
    let program = files::open(Path::new("/proc/self/exe"))?;
    let program = program.as_fd();
    files::facts(program)?;
    files::read_at(program, &mut [0; 4], 0)?;
    if is_granted(files::take_lease(program))? {
        let whole = files::is_lease_whole(program);
        // Tried again, because the first failure may be the plan's.
        files::end_lease(program).or_else(|_| files::end_lease(program))?;
        whole?;
    }
    files::lock_limit()?;
    let memory = files::in_memory(c"test", page)?;
    files::seal(memory.as_fd())?;
    let at = files::map(memory.as_fd(), page)?;
    let done = on_file_range(at, page);
    // SAFETY: mapped above, used no more.
    twice(|| unsafe { pages::release(at, page) })?;
    done
}

/// True if the machine did it: file systems without leases and limits on locked memory refuse by
/// themselves, with other codes than plans for single operations.
fn is_granted(result: Result<(), OsError>) -> Result<bool, OsError> {
    match result {
        Ok(()) => Ok(true),
        Err(error) if error.code == libc::EAGAIN => Err(error),
        Err(_) => Ok(false),
    }
}

fn on_file_range(at: NonNull<u8>, page: usize) -> Result<(), OsError> {
    // SAFETY: the range is the caller's and only read.
    unsafe { files::advise(at, page, Advice::Sequential) }?;
    files::huge_bytes(at, page)?;
    // SAFETY: as above.
    if is_granted(unsafe { files::lock(at, page) })? {
        // SAFETY: as above.
        unsafe { files::unlock(at, page) }?;
    }
    Ok(())
}

fn on_range(at: NonNull<u8>, page: usize) -> Result<(), OsError> {
    // SAFETY: the range is the caller's and unused.
    unsafe { pages::commit(at, 4 * page) }?;
    // SAFETY: as above.
    unsafe { pages::advise_huge(at, 4 * page, HugePages::Refused) }?;
    // SAFETY: as above.
    unsafe { pages::decommit(at, 4 * page) }?;
    // SAFETY: as above.
    unsafe { pages::protect(at, 4 * page, Protection::Read) }?;
    // SAFETY: the range ends where it did.
    unsafe { pages::resize_in_place(at, 4 * page, 4 * page) }
}

#[test]
fn each_operation_fails_by_its_own_name_at_each_place() {
    let plan = Plan::start_here();
    let _nodes = FakeNodes::start();
    all_operations().expect("works without faults");
    let seen: Vec<(Operation, u64)> = KINDS.iter().map(|&kind| (kind, plan.seen(kind))).collect();
    drop(plan);
    for (kind, count) in seen {
        assert!(count > 0, "{kind:?} was not tried");
        for n in 1..=count {
            let plan = Plan::start_here();
            plan.fail_with(kind, n, n, libc::EAGAIN);
            let result = all_operations();
            // Releases that clean up are tried again or reported; all else stops the work.
            let is_retried = matches!(kind, Operation::Release | Operation::Lease);
            let retried = is_retried && result.is_ok();
            let expected = result.is_err_and(|e| e.operation == kind);
            assert!(retried || expected, "{kind:?} number {n}");
        }
    }
}

#[test]
fn pairs_of_failures_still_name_the_first() {
    for first in KINDS {
        for second in KINDS {
            let plan = Plan::start_here();
            let _nodes = FakeNodes::start();
            plan.fail(first, 1, u64::MAX);
            plan.fail(second, 1, u64::MAX);
            if let Err(error) = all_operations() {
                assert!(
                    [first, second].contains(&error.operation),
                    "{first:?} {second:?}: {error}"
                );
            }
        }
    }
}

#[test]
fn a_failed_commit_leaves_the_guarded_range_unmapped() {
    let page = pages::page_size();
    let plan = Plan::start_here();
    plan.fail(Operation::Commit, 1, 1);
    let error = pages::map_guarded(page).expect_err("the plan fails it");
    assert_eq!(error.operation, Operation::Commit);
    assert_eq!(plan.seen(Operation::Release), 1);
}

#[test]
fn surplus_that_cannot_be_trimmed_is_given_back_whole() {
    let page = pages::page_size();
    let plan = Plan::start_here();
    // An alignment that the first map cannot meet by chance more than once in 2^20 runs.
    let align = page << 20;
    // The first release gives back the unaligned try, the second and third trim, the fourth gives
    // back what is left when a trim failed.
    plan.fail(Operation::Release, 2, 2);
    let error =
        pages::map_aligned(0, page, align, Protection::None).expect_err("the plan fails it");
    assert_eq!(error.operation, Operation::Release);
    assert_eq!(plan.seen(Operation::Release), 4);
}

#[test]
fn a_plan_for_one_thread_leaves_others_alone() {
    let plan = Plan::start_here();
    plan.fail(Operation::Reserve, 1, u64::MAX);
    let page = pages::page_size();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let at = pages::map(0, page, Protection::None).expect("no plan here");
            // SAFETY: just mapped.
            unsafe { pages::release(at, page) }.expect("releases");
        });
    });
    assert!(pages::map(0, page, Protection::None).is_err());
    assert_eq!(plan.seen(Operation::Reserve), 1);
}

#[test]
fn errors_say_what_failed_and_what_to_do() {
    for kind in KINDS {
        let text = OsError::new(kind, libc::ENOMEM).to_string();
        assert!(
            text.starts_with(&format!("failed to {} (error 12): ", kind.phrase())),
            "{text}"
        );
        assert!(OsError::new(kind, 9999).advice().is_empty());
        for code in [libc::EPERM, libc::ENOSYS, libc::EAGAIN] {
            assert!(!OsError::new(kind, code).advice().is_empty());
        }
    }
}

#[test]
fn a_closed_descriptor_takes_no_bytes() {
    let error = rawio::write_all(-1, b"x").expect_err("no such descriptor");
    assert_eq!(error, OsError::new(Operation::Write, libc::EBADF));
    let error = RawFile::read_only(c"/nonexistent").expect_err("no such file");
    assert_eq!(error, OsError::new(Operation::Read, libc::ENOENT));
}

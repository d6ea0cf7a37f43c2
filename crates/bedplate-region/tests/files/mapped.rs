//! Files as memory.

use super::folder::{Folder, fifo};
use bedplate_os::budget::{Budget, UNLIMITED};
use bedplate_os::pages;
use bedplate_os::sim::faults::Plan;
use bedplate_region::mapped::{
    Advice, FileError, FileKind, HugeCopy, MappedFile, SealedCopy, open,
};
use std::fs::File;
use std::os::fd::AsFd;

/// Maps a file that only this test knows.
pub(crate) fn map(file: File) -> Result<MappedFile, FileError> {
    // SAFETY: the file is the test's, which touches no page that it cut off.
    unsafe { MappedFile::map(file) }
}

/// A budget for a test; its memory is never given back.
pub(crate) fn budget(limit_bytes: u64) -> &'static Budget {
    Box::leak(Box::new(Budget::new(limit_bytes, UNLIMITED)))
}

fn pattern(bytes: usize) -> Vec<u8> {
    (0..bytes)
        .map(|n| u8::try_from(n % 253).expect("small"))
        .collect()
}

#[test]
fn all_ways_give_the_same_bytes() {
    let folder = Folder::new("same");
    for length in [1, 4095, 4096, 4097, (2 << 20) - 1, 2 << 20, (8 << 20) + 5] {
        let bytes = pattern(length);
        let file = folder.file("model", &bytes);
        let huge = HugeCopy::read(&file, None).expect("is copied");
        assert!(huge[..] == bytes, "{length}");
        assert!(huge.memory_bytes() >= length && huge.reader_count() >= 1);
        let backed = huge.huge_bytes().expect("the kernel says");
        assert!(backed <= huge.memory_bytes() as u64, "{backed}");
        let sealed = SealedCopy::read(&file, None).expect("is copied");
        assert!(sealed[..] == bytes, "{length}");
        assert!(sealed.memory_bytes() >= length);
        let mapped = map(file).expect("is mapped");
        assert!(mapped[..] == bytes, "{length}");
        assert!(mapped.address_space_bytes() >= length);
        let backed = mapped.huge_bytes().expect("the kernel says");
        assert!(backed <= mapped.address_space_bytes() as u64, "{backed}");
        mapped.check_again().expect("is unchanged");
    }
}

#[test]
fn files_are_held_in_pages_of_any_size() {
    let folder = Folder::new("page-sizes");
    for page in [4_usize << 10, 16 << 10, 64 << 10] {
        // Multiples of the real size are right for the kernel, too.
        let plan = Plan::start_here();
        if !page.is_multiple_of(pages::page_size()) {
            continue;
        }
        plan.fake_page_size(page);
        for length in [1, page, page + 1, 3 * page] {
            let whole = length.next_multiple_of(page);
            let bytes = pattern(length);
            let file = folder.file("model", &bytes);
            let budget = budget(whole as u64);
            let huge = HugeCopy::read(&file, Some(budget)).expect("is copied");
            assert!(
                huge[..] == bytes && huge.memory_bytes() == whole,
                "{length}"
            );
            drop(huge);
            assert_eq!(budget.used_bytes(), 0);
            // The kernel rounds a file's mapping up by its own pages, which are smaller here.
            if length != whole {
                continue;
            }
            let sealed = SealedCopy::read(&file, Some(budget)).expect("is copied");
            assert!(
                sealed[..] == bytes && sealed.memory_bytes() == whole,
                "{length}"
            );
            drop(sealed);
            assert_eq!(budget.used_bytes(), 0);
            let mapped = map(file).expect("is mapped");
            assert!(mapped[..] == bytes && mapped.address_space_bytes() == whole);
            for start in [0, length / 2, length] {
                let range = start..length;
                mapped.advise(range, Advice::WillNeed).expect("inside");
            }
        }
    }
}

#[test]
fn what_is_no_regular_file_with_bytes_is_refused() {
    let folder = Folder::new("kinds");
    let refused = |path: &std::path::Path| {
        let by_open = open(path).expect_err("is refused");
        if let Ok(file) = bedplate_os::files::open(path) {
            assert_eq!(HugeCopy::read(&file, None).map(drop), Err(by_open));
            assert_eq!(SealedCopy::read(&file, None).map(drop), Err(by_open));
            assert_eq!(map(file).map(drop), Err(by_open));
        }
        by_open
    };
    let kind = |kind| FileError::Kind { kind };
    assert_eq!(refused(&folder.path("")), kind(FileKind::Directory));
    fifo(&folder.path("fifo"));
    assert_eq!(refused(&folder.path("fifo")), kind(FileKind::Fifo));
    assert_eq!(refused("/dev/zero".as_ref()), kind(FileKind::Device));
    folder.file("empty", b"");
    assert_eq!(refused(&folder.path("empty")), FileError::Empty);
    assert!(
        matches!(refused(&folder.path("none")), FileError::Os(error) if error.code == libc::ENOENT)
    );
}

#[test]
fn each_refusal_says_what_to_do() {
    let os = bedplate_os::OsError::new(bedplate_os::Operation::LockPages, libc::ENOMEM);
    let budget = budget(1).charge(2).expect_err("is too much");
    for (error, said) in [
        (
            FileError::Kind {
                kind: FileKind::Directory,
            },
            "name a file in it",
        ),
        (
            FileError::Kind {
                kind: FileKind::Fifo,
            },
            "write what comes out",
        ),
        (
            FileError::Kind {
                kind: FileKind::Socket,
            },
            "write what comes out",
        ),
        (
            FileError::Kind {
                kind: FileKind::Device,
            },
            "copy what is on it",
        ),
        (
            FileError::Kind {
                kind: FileKind::Other,
            },
            "name one",
        ),
        (FileError::Empty, "do that again"),
        (FileError::TooLarge { bytes: u64::MAX }, "64 bits"),
        (
            FileError::Changed {
                was_bytes: 2,
                is_bytes: 1,
            },
            "load it again",
        ),
        (FileError::Range { end: 2, bytes: 1 }, "byte 2"),
        (
            FileError::LockLimit {
                asked_bytes: 9,
                limit_bytes: Some(8),
                error: os,
            },
            "the limit is 8 (error 12); raise ulimit -l",
        ),
        (FileError::Lease(os), "copy it instead"),
        (FileError::Budget(budget), "raise the limit"),
        (FileError::Leased, "end it first"),
        (FileError::Os(os), "failed to lock pages"),
    ] {
        let text = error.to_string();
        assert!(
            text.starts_with("failed to load the model file: "),
            "{text}"
        );
        assert!(text.contains(said), "{text}");
    }
}

#[test]
fn a_change_after_the_mapping_is_seen_when_asked_for() {
    let folder = Folder::new("changed");
    let mapped = map(folder.file("model", &pattern(100))).expect("is mapped");
    let writer = File::options()
        .write(true)
        .open(folder.path("model"))
        .expect("opens");
    writer.set_len(200).expect("grows");
    let (was_bytes, is_bytes) = (100, 200);
    assert_eq!(
        mapped.check_again(),
        Err(FileError::Changed {
            was_bytes,
            is_bytes
        })
    );
    writer.set_len(100).expect("shrinks");
    // The size is as before; the time is not.
    let long_ago = std::time::SystemTime::UNIX_EPOCH;
    writer.set_modified(long_ago).expect("is set");
    assert!(matches!(
        mapped.check_again(),
        Err(FileError::Changed { .. })
    ));
}

#[test]
fn a_file_replaced_by_renaming_keeps_its_mapping() {
    let folder = Folder::new("renamed");
    let mapped = map(folder.file("model", &pattern(5000))).expect("is mapped");
    folder.file("new", &[1; 10]);
    std::fs::rename(folder.path("new"), folder.path("model")).expect("is replaced");
    mapped.check_again().expect("is the old one");
    assert!(mapped[..] == pattern(5000));
}

#[test]
fn copies_outlive_the_file() {
    let folder = Folder::new("survive");
    let file = folder.file("model", &pattern(9000));
    let huge = HugeCopy::read(&file, None).expect("is copied");
    let sealed = SealedCopy::read(&file, None).expect("is copied");
    folder.file("model", b"");
    std::fs::remove_file(folder.path("model")).expect("is removed");
    assert!(huge[..] == pattern(9000));
    assert!(sealed[..] == pattern(9000));
}

#[test]
fn a_sealed_copy_is_shared_by_its_descriptor_and_changed_by_nobody() {
    let folder = Folder::new("sealed");
    let sealed = SealedCopy::read(&folder.file("model", &pattern(5000)), None).expect("is copied");
    let other = File::from(sealed.as_fd().try_clone_to_owned().expect("duplicates"));
    other.set_len(10).expect_err("is sealed");
    other.set_len(10_000).expect_err("is sealed");
    std::io::Write::write_all(&mut &other, b"x").expect_err("is sealed");
    let again = map(other).expect("is mapped like any other");
    assert!(again[..] == sealed[..]);
}

#[test]
fn copies_are_charged_to_a_budget_and_released() {
    let folder = Folder::new("budget");
    let file = folder.file("model", &pattern((2 << 20) + 1));
    let budget = budget(16 << 20);
    let huge = HugeCopy::read(&file, Some(budget)).expect("is copied");
    assert_eq!(huge.memory_bytes(), 4 << 20);
    assert_eq!(budget.used_bytes(), 4 << 20);
    let sealed = SealedCopy::read(&file, Some(budget)).expect("is copied");
    assert_eq!(
        budget.used_bytes(),
        (4 << 20) + sealed.memory_bytes() as u64
    );
    drop(huge);
    drop(sealed);
    assert_eq!(budget.used_bytes(), 0);
    let tight = self::budget(1 << 20);
    assert!(matches!(
        HugeCopy::read(&file, Some(tight)),
        Err(FileError::Budget(_))
    ));
    assert!(matches!(
        SealedCopy::read(&file, Some(tight)),
        Err(FileError::Budget(_))
    ));
    assert_eq!((tight.used_bytes(), tight.refused_count()), (0, 2));
}

#[test]
fn a_large_file_is_read_by_as_many_threads_as_pay() {
    let folder = Folder::new("large");
    // A hole: the file system reads zeros.
    let file = folder.file("model", b"x");
    let writer = File::options()
        .write(true)
        .open(folder.path("model"))
        .expect("opens");
    writer.set_len(130 << 20).expect("grows");
    let copy = HugeCopy::read(&file, None).expect("is copied");
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    assert_eq!(copy.reader_count(), processors.min(2));
    assert_eq!((copy[0], copy[1], copy[(130 << 20) - 1]), (b'x', 0, 0));
    // A kernel without huge pages says so, and the copy is as good.
    if let Err(error) = copy.huge_pages() {
        assert_eq!(error.code, libc::EINVAL);
    }
}

#[test]
fn advice_is_given_one_at_a_time_and_inside_the_file() {
    // Keeps plans that let advices fail from speaking to this thread.
    let _plan = Plan::start_here();
    let folder = Folder::new("advice");
    let mapped = map(folder.file("model", &pattern(10_000))).expect("is mapped");
    for advice in [
        Advice::Normal,
        Advice::Sequential,
        Advice::Random,
        Advice::WillNeed,
        Advice::Cold,
    ] {
        assert_eq!(mapped.advise(0..10_000, advice), Ok(()));
        assert_eq!(mapped.advise(5000..5001, advice), Ok(()));
        assert_eq!(mapped.advise(7..7, advice), Ok(()));
    }
    let outside = mapped.advise(0..10_001, Advice::Normal);
    let (end, bytes) = (10_001, 10_000);
    assert_eq!(outside, Err(FileError::Range { end, bytes }));
    #[expect(clippy::reversed_empty_ranges, reason = "what is refused")]
    let backwards = mapped.advise(10..5, Advice::Normal);
    assert!(matches!(backwards, Err(FileError::Range { .. })));
    assert!(mapped[..] == pattern(10_000));
}

#[test]
fn a_prefetch_reads_all_in_or_is_called_off() {
    let _plan = Plan::start_here();
    let folder = Folder::new("prefetch");
    let length = (20 << 20) + 3;
    let mapped = map(folder.file("model", &pattern(length))).expect("is mapped");
    match mapped.prefetch().expect("starts").join() {
        Ok(done) => assert_eq!((done.bytes, done.is_called_off), (length, false)),
        // A kernel before 5.14 has no such advice.
        Err(error) => assert!(matches!(error, FileError::Os(os) if os.code == libc::EINVAL)),
    }
    let off = mapped.prefetch().expect("starts");
    off.call_off();
    if let Ok(done) = off.join() {
        assert_eq!(done.is_called_off, done.bytes < length);
    }
    // Dropped unasked: its thread is joined. Its mapping outlives the value that began it.
    let left = mapped.prefetch().expect("starts");
    drop(mapped);
    while !left.is_finished() {
        std::thread::yield_now();
    }
}

#[test]
fn a_prefetch_of_a_file_that_was_cut_is_an_error_and_no_signal() {
    let _plan = Plan::start_here();
    let folder = Folder::new("prefetch-cut");
    let mapped = map(folder.file("model", &pattern(1 << 20))).expect("is mapped");
    let writer = File::options()
        .write(true)
        .open(folder.path("model"))
        .expect("opens");
    writer.set_len(1).expect("is cut");
    let error = mapped
        .prefetch()
        .expect("starts")
        .join()
        .expect_err("is cut");
    assert!(matches!(error, FileError::Os(os) if [libc::EFAULT, libc::EINVAL].contains(&os.code)));
}

/// Whether the kernel keeps the mapping at an address in memory.
fn is_locked(bytes: &[u8]) -> bool {
    let smaps = std::fs::read_to_string("/proc/self/smaps").expect("is there");
    let at = bytes.as_ptr().addr();
    let number = |text| usize::from_str_radix(text, 16).ok();
    let mut is_ours = false;
    for line in smaps.lines() {
        let range = line.split(' ').next().and_then(|word| word.split_once('-'));
        if let Some((start, end)) = range
            && let (Some(start), Some(end)) = (number(start), number(end))
        {
            is_ours = start <= at && at < end;
        }
        if is_ours && let Some(flags) = line.strip_prefix("VmFlags:") {
            return flags.split(' ').any(|flag| flag == "lo");
        }
    }
    panic!("the address is in no mapping");
}

#[test]
fn a_file_is_kept_in_memory_while_a_guard_lives() {
    let _plan = Plan::start_here();
    let folder = Folder::new("lock");
    let mapped = map(folder.file("model", &pattern(10_000))).expect("is mapped");
    assert!(!is_locked(&mapped));
    let first = match mapped.lock() {
        Ok(locked) => locked,
        Err(error) => {
            assert!(matches!(error, FileError::LockLimit { .. }), "{error}");
            assert!(!is_locked(&mapped));
            println!("left out: {error}");
            return;
        }
    };
    let second = mapped.lock().expect("is locked already");
    assert!(is_locked(&mapped));
    drop(first);
    assert!(is_locked(&mapped));
    drop(second);
    assert!(!is_locked(&mapped));
    drop(mapped.lock().expect("is allowed again"));
    assert!(!is_locked(&mapped));
}

#[test]
fn a_file_that_was_cut_is_not_locked_and_no_limit_is_blamed() {
    let _plan = Plan::start_here();
    let folder = Folder::new("lock-cut");
    let mapped = map(folder.file("model", &pattern(100_000))).expect("is mapped");
    if mapped.lock().is_err() {
        println!("left out: locks are not allowed here");
        return;
    }
    let writer = File::options()
        .write(true)
        .open(folder.path("model"))
        .expect("opens");
    writer.set_len(1).expect("is cut");
    let error = mapped.lock().map(drop).expect_err("is cut");
    assert!(matches!(error, FileError::Os(_)), "{error}");
    assert!(!is_locked(&mapped));
}

#[test]
fn a_second_lease_is_refused_and_the_first_one_stays() {
    let _plan = Plan::start_here();
    let folder = Folder::new("two-leases");
    let mapped = map(folder.file("model", &pattern(100))).expect("is mapped");
    let Ok(lease) = mapped.lease() else {
        println!("left out: a file system without leases");
        return;
    };
    assert_eq!(mapped.lease().map(drop), Err(FileError::Leased));
    assert_eq!(lease.is_whole(), Ok(true));
    drop(lease);
    mapped.lease().expect("the other one has ended");
}

#[test]
fn a_lease_tells_when_somebody_wants_to_write() {
    let folder = Folder::new("lease");
    let mapped = map(folder.file("model", &pattern(100))).expect("is mapped");
    let lease = match mapped.lease() {
        Ok(lease) => lease,
        // A file system without leases.
        Err(error) => {
            assert!(matches!(error, FileError::Lease(_)));
            return;
        }
    };
    assert_eq!(lease.is_whole(), Ok(true));
    let path = folder.path("model");
    let writer = std::thread::spawn(move || std::fs::write(path, b"new"));
    while lease.is_whole() == Ok(true) {
        assert!(!writer.is_finished(), "nobody was asked");
        std::thread::yield_now();
    }
    // What is needed is copied before the other may go on.
    let kept = mapped.to_vec();
    drop(lease);
    writer.join().expect("joins").expect("writes");
    assert!(kept == pattern(100));
    assert!(mapped.check_again().is_err());
}

#[test]
fn a_file_open_for_writing_gives_no_lease() {
    let folder = Folder::new("no-lease");
    let file = folder.file("model", &pattern(100));
    let _writer = File::options()
        .write(true)
        .open(folder.path("model"))
        .expect("opens");
    let mapped = map(file).expect("is mapped");
    assert!(matches!(mapped.lease(), Err(FileError::Lease(_))));
}

//! Pages on the real kernel, at each size that an OS page can have.

use bedplate_os::pages::{self, HugePages, Protection};
use bedplate_os::sim::faults::Plan;
use bedplate_os::{Operation, OsError};
use core::ptr::NonNull;

const PAGE_SIZES: [usize; 3] = [4 << 10, 16 << 10, 64 << 10];

fn with_each_page_size(test: fn(usize)) {
    for size in PAGE_SIZES {
        let plan = Plan::start_here();
        plan.fake_page_size(size);
        assert_eq!(pages::page_size(), size);
        test(size);
    }
}

fn byte(at: NonNull<u8>, offset: usize) -> u8 {
    // SAFETY: tests ask for bytes inside their mappings.
    let at = unsafe { at.add(offset) };
    // SAFETY: the byte is mapped and readable.
    unsafe { at.read() }
}

fn set(at: NonNull<u8>, offset: usize, value: u8) {
    // SAFETY: tests set bytes inside their mappings.
    let at = unsafe { at.add(offset) };
    // SAFETY: the byte is mapped and writable.
    unsafe { at.write(value) }
}

/// Asks the kernel whether a byte can be read: a write of it to a pipe says so without a crash.
fn is_readable(at: NonNull<u8>, offset: usize) -> bool {
    let mut ends = [0; 2];
    // SAFETY: the array has room for two descriptors.
    assert_eq!(unsafe { libc::pipe(ends.as_mut_ptr()) }, 0);
    // SAFETY: tests ask within a page of their mappings.
    let at = unsafe {
        at.as_ptr()
            .cast_const()
            .offset(isize::try_from(offset).expect("small"))
    };
    // SAFETY: the kernel checks the address.
    let written = unsafe { libc::write(ends[1], at.cast(), 1) };
    for end in ends {
        // SAFETY: the descriptor is the test's.
        assert_eq!(unsafe { libc::close(end) }, 0);
    }
    written == 1
}

fn release(at: NonNull<u8>, bytes: usize) {
    // SAFETY: tests release what they mapped and use it no more.
    unsafe { pages::release(at, bytes) }.expect("releases");
}

#[test]
fn reserved_pages_are_usable_once_committed_and_zero_after_decommit() {
    with_each_page_size(|page| {
        let at = pages::reserve(8 * page, 8 * page).expect("reserves");
        assert!(at.addr().get().is_multiple_of(8 * page));
        assert!(!is_readable(at, 0));
        // SAFETY: the range is the test's.
        unsafe { pages::commit(at, 2 * page) }.expect("commits");
        set(at, 2 * page - 1, 7);
        assert_eq!((byte(at, 0), byte(at, 2 * page - 1)), (0, 7));
        assert!(!is_readable(at, 2 * page));
        // SAFETY: the contents are given up.
        unsafe { pages::decommit(at, 2 * page) }.expect("decommits");
        assert_eq!(byte(at, 2 * page - 1), 0);
        release(at, 8 * page);
    });
}

#[test]
fn sizes_round_up_to_whole_pages_and_never_wrap() {
    with_each_page_size(|page| {
        assert_eq!(pages::round_up(1), Some(page));
        assert_eq!(pages::round_up(page), Some(page));
        assert_eq!(pages::round_up(page + 1), Some(2 * page));
        assert_eq!(pages::round_up(usize::MAX), None);
    });
}

#[test]
fn a_guarded_range_ends_at_its_guards() {
    with_each_page_size(|page| {
        let at = pages::map_guarded(page + 1).expect("maps");
        set(at, 0, 1);
        set(at, 2 * page - 1, 2);
        assert!(is_readable(at, 2 * page - 1));
        assert!(!is_readable(at, 2 * page));
        // SAFETY: one page in front belongs to the mapping.
        let front = unsafe { at.sub(1) };
        assert!(!is_readable(front, 0));
        // SAFETY: mapped with the same size and used no more.
        unsafe { pages::release_guarded(at, page + 1) }.expect("releases");
    });
}

#[test]
fn light_guards_come_and_go_or_are_refused_by_name() {
    let page = pages::page_size();
    let at = pages::map(0, 3 * page, Protection::ReadWrite).expect("maps");
    set(at, page, 9);
    // SAFETY: inside the mapping.
    let middle = unsafe { at.add(page) };
    // SAFETY: the contents are given up.
    match unsafe { pages::guard(middle, page) } {
        Ok(()) => {
            assert!(!is_readable(at, page) && is_readable(at, 0) && is_readable(at, 2 * page));
            // SAFETY: the range is the test's.
            unsafe { pages::unguard(middle, page) }.expect("ends the guard");
            assert_eq!(byte(at, page), 0);
        }
        // A kernel before 6.13.
        Err(error) => assert_eq!(error, OsError::new(Operation::Protect, libc::EINVAL)),
    }
    release(at, 3 * page);
}

#[test]
fn protection_follows_the_call() {
    let page = pages::page_size();
    let at = pages::map(0, page, Protection::ReadWrite).expect("maps");
    set(at, 0, 5);
    // SAFETY: nobody writes while it is read-only.
    unsafe { pages::protect(at, page, Protection::Read) }.expect("protects");
    assert_eq!(byte(at, 0), 5);
    // SAFETY: nobody reads while it is closed.
    unsafe { pages::protect(at, page, Protection::None) }.expect("protects");
    assert!(!is_readable(at, 0));
    release(at, page);
}

#[test]
fn resizes_keep_contents() {
    with_each_page_size(|page| {
        let at = pages::map(0, 4 * page, Protection::ReadWrite).expect("maps");
        set(at, 0, 1);
        set(at, page - 1, 2);
        // SAFETY: nothing of the tail is used.
        unsafe { pages::resize_in_place(at, 4 * page, page) }.expect("shrinks");
        // SAFETY: nothing points into the old range.
        let at = unsafe { pages::resize(at, page, 1024 * page) }.expect("grows");
        assert_eq!(
            (byte(at, 0), byte(at, page - 1), byte(at, 1024 * page - 1)),
            (1, 2, 0)
        );
        let target = pages::map(0, 2048 * page, Protection::ReadWrite).expect("maps");
        // SAFETY: both ranges are the test's; the target is unused and large enough.
        unsafe { pages::move_onto(at, 1024 * page, target, 2048 * page) }.expect("moves");
        assert_eq!((byte(target, 0), byte(target, 2048 * page - 1)), (1, 0));
        release(target, 2048 * page);
    });
}

#[test]
fn growth_in_place_is_refused_where_the_neighbour_is_taken() {
    let page = pages::page_size();
    let at = pages::map(0, 2 * page, Protection::ReadWrite).expect("maps");
    // SAFETY: both pages are the test's, and the second is another mapping to the kernel.
    let grown = unsafe { pages::resize_in_place(at, page, 2 * page) };
    assert_eq!(grown, Err(OsError::new(Operation::Remap, libc::ENOMEM)));
    release(at, 2 * page);
}

#[test]
fn huge_pages_are_asked_for_or_refused_by_name() {
    let bytes = 4 << 20;
    let at = pages::map_aligned(0, bytes, 2 << 20, Protection::ReadWrite).expect("maps");
    for wish in [HugePages::Wanted, HugePages::Refused] {
        // SAFETY: the range is the test's.
        if let Err(error) = unsafe { pages::advise_huge(at, bytes, wish) } {
            // A kernel without huge pages.
            assert_eq!(error, OsError::new(Operation::Advise, libc::EINVAL));
        }
    }
    release(at, bytes);
}

#[test]
fn a_named_mapping_can_be_found_from_outside() {
    let at = pages::map_named(c"bedplate-os-test", 8192).expect("maps");
    set(at, 0, 1);
    let maps = std::fs::read_to_string("/proc/self/maps").expect("reads");
    let start = format!("{:x}-", at.addr().get());
    assert!(
        maps.lines()
            .any(|l| l.starts_with(&start) && l.contains("/memfd:bedplate-os-test"))
    );
    release(at, 8192);
}

#[test]
fn sizes_that_cannot_be_are_errors() {
    let error = pages::map(0, usize::MAX / 2, Protection::None).expect_err("too large");
    assert_eq!(error, OsError::new(Operation::Reserve, libc::ENOMEM));
    assert!(error.to_string().contains("reserve address space"));
    assert!(pages::map_aligned(0, 4096, usize::MAX / 2 + 1, Protection::None).is_err());
    assert!(pages::map_guarded(usize::MAX).is_err());
    assert_eq!(
        pages::map(0, 0, Protection::None),
        Err(OsError::new(Operation::Reserve, libc::EINVAL))
    );
}

#[test]
fn populated_pages_are_resident_and_keep_what_they_hold() {
    with_each_page_size(|page| {
        let at = pages::map(0, 4 * page, Protection::ReadWrite).expect("maps");
        set(at, page, 7);
        // SAFETY: the range is the test's.
        unsafe { pages::populate(at, 4 * page) }.expect("populates");
        assert_eq!((byte(at, 0), byte(at, page)), (0, 7));
        // SAFETY: the range is the test's.
        unsafe { pages::protect(at, 4 * page, Protection::Read) }.expect("protects");
        // SAFETY: the range is the test's.
        let refused = unsafe { pages::populate(at, 4 * page) };
        // Pages that cannot be written cannot be populated so.
        assert!(refused.is_err_and(|error| error.operation == Operation::Commit));
        release(at, 4 * page);
    });
}

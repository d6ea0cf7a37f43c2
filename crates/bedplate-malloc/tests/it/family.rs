//! The C family's rules: zero sizes, overflow, alignment, `errno`.
#![expect(unsafe_code, reason = "the C family is called by pointers")]

use crate::engine::{bytes_of, fill, free};
use crate::errno;
use bedplate_malloc::entry::{cxx, family};
use bedplate_os::pages::page_size;
use bedplate_telemetry::Off;
use core::ptr::{NonNull, null_mut};

/// A value of `errno` that nothing here sets.
const UNTOUCHED: i32 = 4242;

/// What a call returned, and `errno` after it.
fn watched<T>(call: impl FnOnce() -> T) -> (T, i32) {
    errno::set(UNTOUCHED);
    let returned = call();
    (returned, errno::get())
}

fn block(given: *mut u8) -> NonNull<u8> {
    NonNull::new(given).expect("memory is there")
}

fn realloc(block: *mut u8, bytes: usize) -> *mut u8 {
    // SAFETY: the tests give null or a live block, and use only the result afterwards.
    unsafe { family::realloc::<Off>(block, bytes) }
}

fn reallocarray(block: *mut u8, count: usize, bytes: usize) -> *mut u8 {
    // SAFETY: as above.
    unsafe { family::reallocarray::<Off>(block, count, bytes) }
}

fn usable(block: *mut u8) -> usize {
    // SAFETY: the tests give null or a live block.
    unsafe { family::usable_size(block) }
}

fn posix_memalign(align: usize, bytes: usize) -> (i32, *mut u8) {
    let mut place = null_mut();
    // SAFETY: the place is writable.
    let code = unsafe { family::posix_memalign::<Off>(&raw mut place, align, bytes) };
    (code, place)
}

#[test]
fn a_product_that_overflows_is_enomem() {
    let half = usize::MAX / 2;
    assert_eq!(
        watched(|| family::calloc::<Off>(half, 3)),
        (null_mut(), libc::ENOMEM)
    );
    let mine = family::malloc::<Off>(100);
    fill(block(mine), 100, 8);
    assert_eq!(
        watched(|| reallocarray(mine, half, 3)),
        (null_mut(), libc::ENOMEM)
    );
    assert_eq!(bytes_of(block(mine), 100), [8; 100], "the block stays");
    let grown = reallocarray(mine, 50, 100);
    assert_eq!(bytes_of(block(grown), 100), [8; 100]);
    assert!(usable(grown) >= 5000);
    free(block(grown));
}

#[test]
fn what_cannot_be_had_is_enomem_and_the_old_block_stays() {
    let too_much = isize::MAX.cast_unsigned() + 1;
    assert_eq!(
        watched(|| family::malloc::<Off>(too_much)),
        (null_mut(), libc::ENOMEM)
    );
    let mine = family::malloc::<Off>(40_000);
    fill(block(mine), 40_000, 6);
    assert_eq!(
        watched(|| realloc(mine, too_much)),
        (null_mut(), libc::ENOMEM)
    );
    assert!(bytes_of(block(mine), 40_000).iter().all(|b| *b == 6));
    free(block(mine));
}

#[test]
fn success_and_free_leave_errno_alone() {
    let (_, code) = watched(|| {
        for bytes in [0, 1, 1000, 30_000, 100_000, 3 << 20] {
            free(block(family::malloc::<Off>(bytes)));
            free(block(family::calloc::<Off>(1, bytes)));
            free(block(family::memalign::<Off>(256, bytes)));
        }
    });
    assert_eq!(code, UNTOUCHED);
}

#[test]
fn realloc_of_null_allocates_and_to_zero_frees() {
    let (fresh, code) = watched(|| realloc(null_mut(), 700));
    assert!(usable(fresh) >= 700);
    let (gone, after) = watched(|| realloc(fresh, 0));
    assert!(gone.is_null());
    assert_eq!((code, after), (UNTOUCHED, UNTOUCHED));
    // Freed indeed: the next block of the class is the same one.
    let again = family::malloc::<Off>(700);
    assert_eq!(again, fresh);
    free(block(again));
}

#[test]
fn a_zero_size_is_a_block_of_its_own() {
    let one = block(family::malloc::<Off>(0));
    let two = block(family::malloc::<Off>(0));
    let three = block(family::calloc::<Off>(0, 7));
    assert!(one != two && two != three && one != three);
    assert_eq!(usable(null_mut()), 0);
    [one, two, three].into_iter().for_each(free);
}

#[test]
fn alignments_that_are_none_are_einval() {
    assert_eq!(
        watched(|| family::memalign::<Off>(usize::MAX, 8)),
        (null_mut(), libc::EINVAL)
    );
    // As glibc does: rounded up.
    for align in [0, 3, 48, 4097] {
        let rounded = block(family::memalign::<Off>(align, 8));
        assert_eq!(rounded.addr().get() % align.next_power_of_two(), 0);
        free(rounded);
    }
    // POSIX: a multiple of a pointer's size too, and the code is returned, not set.
    for align in [0, 1, 2, 4, 24] {
        assert_eq!(
            watched(|| posix_memalign(align, 8)),
            ((libc::EINVAL, null_mut()), UNTOUCHED),
            "{align}"
        );
    }
}

#[test]
fn posix_memalign_returns_its_code_and_leaves_errno() {
    let ((code, place), errno) = watched(|| posix_memalign(128, 1000));
    assert_eq!((code, errno), (0, UNTOUCHED));
    assert_eq!(place.addr() % 128, 0);
    free(block(place));
    let ((code, place), errno) = watched(|| posix_memalign(64, isize::MAX.cast_unsigned()));
    assert_eq!((code, errno), (libc::ENOMEM, UNTOUCHED));
    assert!(place.is_null());
}

#[test]
fn valloc_and_pvalloc_are_of_os_pages() {
    let page = page_size();
    let one = family::valloc::<Off>(1);
    assert_eq!(one.addr() % page, 0);
    let whole = family::pvalloc::<Off>(page + 1);
    assert_eq!(whole.addr() % page, 0);
    assert!(usable(whole) >= 2 * page);
    let none = family::pvalloc::<Off>(0);
    assert!(usable(none) >= page, "a page even for nothing");
    assert_eq!(
        watched(|| family::pvalloc::<Off>(usize::MAX)),
        (null_mut(), libc::ENOMEM)
    );
    [one, whole, none].into_iter().for_each(|b| free(block(b)));
}

#[test]
fn functions_of_the_process_are_found_by_name() {
    assert_ne!(cxx::symbol(c"getpid"), 0);
    assert_eq!(cxx::symbol(c"_no_function_has_this_name"), 0);
}

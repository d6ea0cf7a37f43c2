//! The audited original's proposals and the counter-examples to them, each by its name.
//!
//! The six optimisations that its audit proposed are tried here where they are a matter of right and
//! wrong, and counted in the bench (`R1.alloc-instructions`) where they are a matter of speed;
//! docs/region.md has the table.

use bedplate_region::{Arena, ArenaError, Space};
use core::cell::Cell;
use core::ptr::NonNull;
use std::fs;

/// The original's allocation with the third proposal: sizes that are aligned skip the checks before
/// the last. Offsets in place of pointers.
struct Original {
    head: Cell<usize>,
    capacity: usize,
}

impl Original {
    fn alloc(&self, size: usize) -> Option<usize> {
        let aligned = if size.is_multiple_of(64) {
            size
        } else {
            if size == 0 || size > usize::MAX - 63 {
                return None;
            }
            size.next_multiple_of(64)
        };
        let head = self.head.get();
        if aligned > self.capacity - head {
            return None;
        }
        self.head.set(head + aligned);
        Some(head)
    }
}

#[test]
fn optimisation_1_checks_for_null_have_nothing_to_check() {
    // No null, uninitialised or half-made arena can be said, so that there is nothing to consolidate.
    assert_eq!(size_of::<Option<&Space>>(), size_of::<&Space>());
    assert_eq!(size_of::<Option<NonNull<u8>>>(), size_of::<*mut u8>());
}

#[test]
fn optimisation_2_the_head_is_read_once() {
    // Speed only, and no gain: the original's compiler read it once already. Ours says so by its
    // count, `R1.alloc-instructions`; what stays to be right is that a maker may allocate meanwhile.
    let arena = Arena::new(4096).expect("an arena");
    let outer = arena
        .alloc_with(3, |n| *arena.alloc(n).expect("fits"))
        .expect("fits");
    assert_eq!(outer, [0, 1, 2]);
    assert_eq!(arena.used_bytes(), 64 * 4);
}

#[test]
fn optimisation_3_and_its_counter_example_a_size_of_zero() {
    let original = Original {
        head: Cell::new(64),
        capacity: 4096,
    };
    // Zero is a multiple of 64: it now passes, with the address that the next caller gets.
    assert_eq!(original.alloc(0), Some(64));
    assert_eq!(original.alloc(100), Some(64));
    // The check that is left refuses what would wrap, here too.
    assert_eq!(original.alloc(usize::MAX - 63), None);
    // Ours gives a slice of no bytes: no byte of it is anyone's.
    let arena = Arena::new(4096).expect("an arena");
    let nothing = arena.alloc_zeroed::<u8>(0).expect("nothing always fits");
    let next = arena.alloc_zeroed::<u8>(64).expect("fits");
    next.fill(1);
    assert!(nothing.is_empty());
    assert_eq!(arena.used_bytes(), 64);
}

#[test]
fn optimisation_4_alignment_is_so_by_construction() {
    // The original asked `% 64` at each call, and then assumed the answer. Here no head is anything
    // else, whatever the sizes.
    let mut arena = Arena::builder(1 << 16)
        .base_bytes(5 * 64)
        .build()
        .expect("an arena");
    let (base, scratch) = arena.split();
    for size in [1, 63, 64, 65, 1000] {
        for allocated in [
            base.alloc_zeroed::<u8>(size.min(7)),
            scratch.alloc_zeroed(size),
        ] {
            let at = allocated.expect("fits").as_ptr().addr();
            assert!(at.is_multiple_of(64));
        }
    }
}

/// The flags that the kernel shows for the mapping of an address.
fn flags(of: NonNull<u8>) -> String {
    let map = fs::read_to_string("/proc/self/smaps").expect("the kernel says");
    let mut inside = false;
    for line in map.lines() {
        let mut words = line.split(' ');
        let range = words.next().and_then(|range| range.split_once('-'));
        if let Some((from, to)) = range {
            let number = |text| usize::from_str_radix(text, 16).unwrap_or(0);
            inside = (number(from)..number(to)).contains(&of.addr().get());
        } else if inside && let Some(flags) = line.strip_prefix("VmFlags:") {
            return flags.to_owned();
        }
    }
    panic!("no mapping of {of:?}");
}

#[test]
fn optimisation_5_advices_are_a_number_and_not_flags() {
    let bytes = 1 << 20;
    let file = tempfile(bytes as u64);
    let at = mapped(&file, bytes);
    let advise = |advice: i32| {
        // SAFETY: the mapping is the test's, and this advice changes no contents.
        unsafe { libc::posix_madvise(at.as_ptr().cast(), bytes, advice) }
    };
    let (sequential, willneed) = (libc::POSIX_MADV_SEQUENTIAL, libc::POSIX_MADV_WILLNEED);
    // Or-ed they are the second alone, without a word.
    assert_eq!(sequential | willneed, willneed);
    assert_eq!(advise(sequential | willneed), 0);
    assert!(!flags(at).contains(" sr"), "{}", flags(at));
    // One call for each does what was meant.
    assert_eq!((advise(sequential), advise(willneed)), (0, 0));
    assert!(flags(at).contains(" sr"), "{}", flags(at));
    // SAFETY: the mapping is the test's, and nothing uses it.
    assert_eq!(unsafe { libc::munmap(at.as_ptr().cast(), bytes) }, 0);
}

fn tempfile(bytes: u64) -> fs::File {
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("advised");
    let file = fs::File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(true)
        .open(&path)
        .expect("a file");
    file.set_len(bytes).expect("a file of zeros");
    file
}

fn mapped(file: &fs::File, bytes: usize) -> NonNull<u8> {
    use std::os::fd::AsRawFd;
    let (read, private) = (libc::PROT_READ, libc::MAP_PRIVATE);
    // SAFETY: a new mapping, wherever the kernel likes.
    let at = unsafe {
        libc::mmap(
            core::ptr::null_mut(),
            bytes,
            read,
            private,
            file.as_raw_fd(),
            0,
        )
    };
    NonNull::new(at.cast())
        .filter(|_| at != libc::MAP_FAILED)
        .expect("mapped")
}

#[test]
fn optimisation_6_and_its_counter_example_a_neighbour_that_is_zeroed() {
    // "Lazy zero" by DONTNEED on a block of the heap. Two blocks in one mapping stand for the heap.
    let arena = Arena::new(1 << 20).expect("an arena");
    let neighbour = arena.alloc_filled(64, 0x5A_u8).expect("fits");
    let block = arena.alloc_filled(64 << 10, 0xEE_u8).expect("fits");
    let give_up = |at: *mut u8, bytes: usize| {
        // SAFETY: the arena's pages, whose contents this test is about.
        unsafe { libc::madvise(at.cast(), bytes, libc::MADV_DONTNEED) }
    };
    // At the block's own address, which is no page's, it fails, and nothing is zero: who does not
    // look at the answer hands out another's bytes.
    assert_eq!(give_up(block.as_mut_ptr(), block.len()), -1);
    assert!(block.iter().all(|byte| *byte == 0xEE));
    // Rounded to pages it succeeds, and takes the neighbour along.
    let page = block
        .as_mut_ptr()
        .map_addr(|at| at - at % bedplate_os::pages::page_size());
    assert_eq!(give_up(page, 64 << 10), 0);
    assert_eq!(neighbour[0], 0);
    // Ours: zeroed is zeroed, and the neighbour stays.
    let mut arena = Arena::new(1 << 20).expect("an arena");
    arena.alloc_filled(128 << 10, 0xEE_u8).expect("fits");
    arena.reset();
    let neighbour = arena.alloc_filled(64, 0x5A_u8).expect("fits");
    let zeroed = arena.alloc_zeroed::<u8>(64 << 10).expect("fits");
    assert!(zeroed.iter().all(|byte| *byte == 0));
    assert_eq!(neighbour, [0x5A; 64]);
}

#[test]
fn counter_example_a_buffer_that_is_hoisted_out_of_the_loop_that_resets() {
    // The audit's own benchmark: `logits` before the loop, the reset inside. With a borrow it does not
    // compile (the example of the crate); with an address it reads another's value.
    let mut arena = Arena::new(4096).expect("an arena");
    let logits = NonNull::from(&mut *arena.alloc_filled(10, 1_i32).expect("fits")).cast::<i32>();
    arena.reset();
    let other = arena.alloc_filled(10, -1_i32).expect("fits");
    assert_eq!(other.as_ptr().addr(), logits.addr().get());
    // SAFETY: seven of ten items.
    let seventh = unsafe { logits.add(7) };
    // SAFETY: mapped memory of the arena, written by the line above.
    assert_eq!(unsafe { seventh.read() }, -1);
    // What the caller wanted: a base part.
    let mut arena = Arena::builder(4096)
        .base_bytes(64)
        .build()
        .expect("an arena");
    let (base, mut scratch) = arena.split();
    let logits = base.alloc_filled(10, 1_i32).expect("fits");
    for token in 0..3 {
        scratch.alloc_filled(1000, -1_i32).expect("fits");
        logits[7] += token;
        scratch.rewind();
    }
    assert_eq!(logits[7], 4);
}

#[test]
fn padding_that_wraps_is_refused() {
    // A peer's tensor allocator pads sizes unchecked: SIZE_MAX - 8 becomes 0 and passes.
    let pad = |bytes: usize| bytes.wrapping_add(31) & !31;
    assert_eq!(pad(usize::MAX - 8), 0);
    let arena = Arena::new(4096).expect("an arena");
    let wrapping = arena.alloc_uninit::<u8>(usize::MAX - 8).err();
    assert!(
        matches!(wrapping, Some(ArenaError::Length { .. })),
        "{wrapping:?}"
    );
}

//! Figures under their C names, in a process where nothing else allocates.
#![expect(unsafe_code, reason = "a stream of the C library")]

use crate::engine::{Engine, fill, free};
use crate::{again, errno};
use bedplate_malloc::entry::info_c;
use bedplate_malloc::info;
use bedplate_telemetry::Off;
use bedplate_testkit::Subject as _;
use core::ptr::NonNull;

fn blocks(count: usize, bytes: usize) -> Vec<NonNull<u8>> {
    let block = |_| Engine.malloc(bytes).expect("memory is there");
    (0..count).map(block).collect()
}

#[test]
fn figures_child() {
    let Some(case) = again::case() else { return };
    match case.as_str() {
        "live" => live_bytes_are_those_handed_out(),
        "trim" => trimming_says_whether_memory_went_back(),
        "xml" => the_text_holds_the_figures(),
        other => panic!("no case is named {other}"),
    }
}

#[test]
fn figures_are_exact_where_one_thread_allocates() {
    for case in ["live", "trim", "xml"] {
        again::passes("info::figures_child", case);
    }
}

fn live_bytes_are_those_handed_out() {
    assert_eq!(info_c::mallinfo2().uordblks, 0);
    // 7000 is of the class of 7168: slabs that are full, and one that is current.
    let mut small = blocks(1000, 7000);
    let large = blocks(3, 40_960);
    let huge = blocks(2, 5 << 20);
    let now = info_c::mallinfo2();
    let totals = info::totals();
    let large_bytes = 3 * 40_960;
    assert_eq!(now.hblks, 2);
    assert!(now.hblkhd >= 10 << 20, "{}", now.hblkhd);
    assert_eq!(now.uordblks, 1000 * 7168 + large_bytes + now.hblkhd);
    assert!(now.arena >= now.uordblks - now.hblkhd);
    assert_eq!(now.fordblks, totals.free_bytes + totals.waiting_bytes);
    let narrow = info_c::mallinfo();
    assert_eq!(usize::try_from(narrow.uordblks), Ok(now.uordblks));
    assert_eq!((narrow.hblks, narrow.ordblks), (2, 0));
    // Every other one freed: slabs that wait in their queue.
    for index in (0..1000).step_by(2).rev() {
        free(small.swap_remove(index));
    }
    assert_eq!(
        info_c::mallinfo2().uordblks,
        500 * 7168 + large_bytes + now.hblkhd
    );
    // Another thread frees: the blocks are no longer live, though not yet collected.
    let sent: Vec<usize> = small
        .drain(..100)
        .map(|b| b.as_ptr().expose_provenance())
        .collect();
    let other = std::thread::spawn(move || {
        for address in sent {
            free(NonNull::new(core::ptr::with_exposed_provenance_mut(address)).expect("a block"));
        }
    });
    other.join().expect("it frees");
    assert_eq!(
        info_c::mallinfo2().uordblks,
        400 * 7168 + large_bytes + now.hblkhd
    );
    small.into_iter().chain(large).chain(huge).for_each(free);
    assert_eq!(info_c::mallinfo2().uordblks, 0);
}

fn trimming_says_whether_memory_went_back() {
    let all = blocks(2000, 8000);
    all.iter().for_each(|b| fill(*b, 8000, 1));
    all.into_iter().for_each(free);
    assert_eq!(info_c::malloc_trim::<Off>(), 1);
    assert_eq!(info_c::mallinfo2().keepcost, 0, "nothing waits any more");
    assert_eq!(info_c::malloc_trim::<Off>(), 0, "nothing was left to give");
}

fn the_text_holds_the_figures() {
    let held = blocks(100, 1000);
    // SAFETY: opens a stream of the C library.
    let stream = unsafe { libc::tmpfile() };
    assert!(!stream.is_null());
    errno::set(0);
    // SAFETY: the stream is open.
    assert_eq!(unsafe { info_c::malloc_info(1, stream) }, -1);
    assert_eq!(errno::get(), libc::EINVAL);
    // SAFETY: the stream is open.
    assert_eq!(unsafe { info_c::malloc_info(0, stream) }, 0);
    let mut text = vec![0_u8; 2000];
    // SAFETY: the stream is open.
    unsafe { libc::rewind(stream) };
    // SAFETY: the text has that many bytes.
    let length = unsafe { libc::fread(text.as_mut_ptr().cast(), 1, 2000, stream) };
    // SAFETY: the stream is open, and used no more.
    assert_eq!(unsafe { libc::fclose(stream) }, 0);
    let text = String::from_utf8_lossy(text.get(..length).expect("at most all")).into_owned();
    assert!(
        text.starts_with("<malloc version=\"bedplate-1\">"),
        "{text}"
    );
    assert!(text.trim_end().ends_with("</malloc>"), "{text}");
    let live = format!("<live bytes=\"{}\"/>", info::totals().live_bytes);
    assert!(text.contains(&live) && !live.contains("\"0\""), "{text}");
    held.into_iter().for_each(free);
}

#[test]
fn parameters_of_glibc_are_accepted_and_others_refused() {
    for known in [
        libc::M_MMAP_THRESHOLD,
        libc::M_TRIM_THRESHOLD,
        libc::M_ARENA_MAX,
        1,
    ] {
        assert_eq!(info_c::mallopt(known), 1, "{known}");
    }
    for unknown in [0, 2, -9, 77] {
        assert_eq!(info_c::mallopt(unknown), 0, "{unknown}");
    }
}

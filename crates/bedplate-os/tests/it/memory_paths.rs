//! What code inside an allocator relies on: no allocation, and `errno` as it was.

use crate::allocation;
use bedplate_os::budget::{Budget, UNLIMITED};
use bedplate_os::clock;
use bedplate_os::lock::{Lock, Parking};
use bedplate_os::nodes::NodeMap;
use bedplate_os::numa::{NodeMemory, Placement};
use bedplate_os::pages::{self, Protection};
use bedplate_os::rawio::{self, Line, RawFile};
use core::fmt::Write as _;

/// One call of everything, failures included.
fn everything() {
    let page = pages::page_size();
    let at = pages::map_aligned(0, 4 * page, 16 * page, Protection::None).expect("maps");
    // SAFETY: the range is ours.
    unsafe { pages::commit(at, 4 * page) }.expect("commits");
    // SAFETY: the range is ours and unused.
    unsafe { pages::decommit(at, 4 * page) }.expect("decommits");
    // SAFETY: the range is ours and unused.
    unsafe { pages::release(at, 4 * page) }.expect("releases");
    assert!(pages::map(0, usize::MAX / 2, Protection::None).is_err());
    let mut memory = NodeMemory::map(page, Placement::Interleave, one_node()).expect("maps");
    memory.resize(3 * page).expect("resizes");
    let _limit = pages::address_space_limit().expect("reads");
    let lock = Lock::new();
    drop(lock.lock());
    let parking = Parking::new();
    parking.park(parking.ticket(), Some(1));
    parking.unpark_all();
    let mut line = Line::<32>::new();
    write!(
        line,
        "{}",
        clock::monotonic_ns() / 1_000_000 + clock::coarse_ms()
    )
    .expect("never fails");
    let null = RawFile::create(c"/dev/null").expect("opens");
    null.write_all(line.as_bytes()).expect("writes");
    assert!(RawFile::read_only(c"/nonexistent").is_err());
    rawio::yield_now();
    let budget = Budget::new(UNLIMITED, 5);
    let subscription = budget.subscribe(|_, _| {}, 0).expect("has room");
    budget.charge(10).expect("has room");
    budget.release(10);
    budget.unsubscribe(subscription);
}

/// Made once, outside the count: a map of nodes is read at the start of a program.
fn one_node() -> &'static NodeMap {
    static MAP: std::sync::OnceLock<NodeMap> = std::sync::OnceLock::new();
    MAP.get_or_init(|| NodeMap::of([0]))
}

#[test]
fn nothing_allocates() {
    let _map = one_node();
    // Other tests' watched threads share the counter, so one quiet round of some is enough.
    let quiet = (0..100).any(|_| allocation::during(everything) == 0);
    assert!(quiet);
}

#[test]
fn errno_stays() {
    // SAFETY: the location belongs to this thread.
    let errno = unsafe { libc::__errno_location() };
    // SAFETY: as above.
    unsafe { errno.write(4242) };
    everything();
    // SAFETY: as above.
    assert_eq!(unsafe { errno.read() }, 4242);
}

#[test]
fn a_line_cuts_what_does_not_fit() {
    let mut line = Line::<4>::default();
    write!(line, "abc").expect("never fails");
    write!(line, "def").expect("never fails");
    assert_eq!(line.as_bytes(), b"abcd");
}

#[test]
fn files_are_read_from_the_start_again_and_again() {
    let path = std::env::temp_dir().join(format!("bedplate-os-{}-raw", std::process::id()));
    let name = alloc::ffi::CString::new(path.to_str().expect("plain").to_owned()).expect("no zero");
    RawFile::create(&name)
        .expect("creates")
        .write_all(b"hello")
        .expect("writes");
    RawFile::append(&name)
        .expect("opens")
        .write_all(b" again")
        .expect("writes");
    let file = RawFile::read_only(&name).expect("opens");
    let mut bytes = [0; 64];
    for _ in 0..2 {
        assert_eq!(file.read_from_start(&mut bytes), Ok(11));
        assert_eq!(&bytes[..11], b"hello again");
    }
    assert!(file.wait_readable(0));
    std::fs::remove_file(path).expect("removes");
}

//! Files as memory, on the real kernel.

use bedplate_os::files::{self, Advice, FileKind};
use bedplate_os::{Operation, pages};
use core::ptr::NonNull;
use std::fs::File;
use std::os::fd::{AsFd, OwnedFd};

fn in_memory(bytes: usize) -> OwnedFd {
    files::in_memory(c"bedplate-test", bytes).expect("makes a file in memory")
}

fn release(at: NonNull<u8>, bytes: usize) {
    // SAFETY: tests release what they mapped and use it no more.
    unsafe { pages::release(at, bytes) }.expect("releases");
}

fn set(at: NonNull<u8>, value: u8) {
    // SAFETY: tests write to the first byte of mappings made for writing.
    unsafe { at.write(value) }
}

fn byte(at: NonNull<u8>) -> u8 {
    // SAFETY: tests read the first byte of their mappings.
    unsafe { at.read() }
}

#[test]
fn kinds_of_files_are_told_apart() {
    let kind = |path: &str| {
        let file = File::open(path).expect("opens");
        files::facts(file.as_fd()).expect("is known").kind
    };
    assert_eq!(kind("/proc/self/exe"), FileKind::Regular);
    assert_eq!(kind("/"), FileKind::Directory);
    assert_eq!(kind("/dev/null"), FileKind::Device);
    let (reader, _writer) = std::io::pipe().expect("a pipe");
    let facts = files::facts(reader.as_fd()).expect("is known");
    assert_eq!(facts.kind, FileKind::Fifo);
    let (socket, _other) = std::os::unix::net::UnixStream::pair().expect("sockets");
    let facts = files::facts(socket.as_fd()).expect("is known");
    assert_eq!(facts.kind, FileKind::Socket);
}

#[test]
fn a_fifo_is_opened_without_waiting_for_its_other_end() {
    let path = std::env::temp_dir().join(format!("bedplate-os-fifo-{}", std::process::id()));
    let name = alloc::ffi::CString::new(path.as_os_str().as_encoded_bytes()).expect("a name");
    // SAFETY: the name is a terminated string.
    assert_eq!(unsafe { libc::mkfifo(name.as_ptr(), 0o600) }, 0);
    let file = files::open(&path).expect("opens");
    let facts = files::facts(file.as_fd()).expect("is known");
    assert_eq!(facts.kind, FileKind::Fifo);
    std::fs::remove_file(&path).expect("is removed");
    let missing = files::open(&path).expect_err("it is gone");
    assert_eq!(
        (missing.operation, missing.code),
        (Operation::Read, libc::ENOENT)
    );
    files::open(std::path::Path::new("a\0b")).expect_err("no path has a zero byte");
}

#[test]
fn what_is_written_through_one_mapping_is_read_through_another() {
    let page = pages::page_size();
    let file = in_memory(page);
    assert_eq!(
        files::facts(file.as_fd()).expect("is known").bytes,
        page as u64
    );
    let writer = files::map_shared(file.as_fd(), page).expect("maps");
    let reader = files::map(file.as_fd(), page).expect("maps");
    set(writer, 7);
    assert_eq!(byte(reader), 7);
    let mut bytes = [0; 3];
    assert_eq!(files::read_at(file.as_fd(), &mut bytes, 0), Ok(3));
    assert_eq!(bytes, [7, 0, 0]);
    release(writer, page);
    release(reader, page);
}

#[test]
fn a_read_ends_with_the_file() {
    let page = pages::page_size();
    let file = in_memory(page);
    let mut bytes = [1; 8];
    let read = files::read_at(file.as_fd(), &mut bytes, page as u64 - 3);
    assert_eq!(read, Ok(3));
    assert_eq!(bytes, [0, 0, 0, 1, 1, 1, 1, 1]);
    assert_eq!(files::read_at(file.as_fd(), &mut bytes, page as u64), Ok(0));
    let error = files::read_at(file.as_fd(), &mut bytes, u64::MAX).expect_err("no such place");
    assert_eq!(error.operation, Operation::Read);
}

#[test]
fn each_advice_is_taken_alone() {
    let page = pages::page_size();
    let file = in_memory(page);
    let at = files::map(file.as_fd(), page).expect("maps");
    for advice in [
        Advice::Normal,
        Advice::Sequential,
        Advice::Random,
        Advice::WillNeed,
        Advice::Cold,
    ] {
        // SAFETY: the mapping is the test's, and only read.
        assert_eq!(unsafe { files::advise(at, page, advice) }, Ok(()));
    }
    release(at, page);
}

#[test]
fn populating_a_file_that_was_cut_short_is_an_error_and_no_signal() {
    let page = pages::page_size();
    let file = in_memory(2 * page);
    let at = files::map(file.as_fd(), 2 * page).expect("maps");
    File::from(file.try_clone().expect("duplicates"))
        .set_len(page as u64)
        .expect("is cut");
    // SAFETY: the mapping is the test's, and only read.
    let cut = unsafe { files::advise(at, 2 * page, Advice::Populate) };
    // Kernels before 5.14 do not know the advice.
    let code = cut.expect_err("the second page is no more").code;
    assert!([libc::EFAULT, libc::EINVAL].contains(&code), "{code}");
    release(at, 2 * page);
}

#[test]
fn a_sealed_file_cannot_be_changed_or_cut() {
    let page = pages::page_size();
    let file = in_memory(page);
    let writer = files::map_shared(file.as_fd(), page).expect("maps");
    let busy = files::seal(file.as_fd()).expect_err("it is mapped for writing");
    assert_eq!((busy.operation, busy.code), (Operation::Seal, libc::EBUSY));
    release(writer, page);
    files::seal(file.as_fd()).expect("seals");
    files::map_shared(file.as_fd(), page).expect_err("nobody writes any more");
    let at = files::map(file.as_fd(), page).expect("maps for reading");
    release(at, page);
    let file = File::from(file);
    file.set_len(0).expect_err("nobody cuts it any more");
    file.set_len(page as u64 + 1).expect_err("nor lets it grow");
}

#[test]
fn a_lease_is_whole_until_somebody_wants_to_write() {
    let path = std::env::temp_dir().join(format!("bedplate-os-lease-{}", std::process::id()));
    std::fs::write(&path, b"held").expect("writes");
    let file = File::open(&path).expect("opens");
    match files::take_lease(file.as_fd()) {
        Ok(()) => {}
        // A file system without leases says so.
        Err(error) if error.code == libc::EINVAL => return,
        Err(error) => panic!("{error}"),
    }
    assert_eq!(files::is_lease_whole(file.as_fd()), Ok(true));
    let writer = {
        let path = path.clone();
        std::thread::spawn(move || std::fs::write(path, b"changed"))
    };
    while files::is_lease_whole(file.as_fd()) == Ok(true) {
        assert!(!writer.is_finished(), "the lease holds nobody up");
        std::thread::yield_now();
    }
    // The writer waits: what was read so far is still true.
    let mut bytes = [0; 4];
    assert_eq!(files::read_at(file.as_fd(), &mut bytes, 0), Ok(4));
    assert_eq!(&bytes, b"held");
    files::end_lease(file.as_fd()).expect("ends");
    writer.join().expect("joins").expect("writes");
    assert_eq!(std::fs::read(&path).expect("reads"), b"changed");
    std::fs::remove_file(&path).expect("is removed");
}

#[test]
fn a_lease_on_a_file_open_for_writing_is_refused() {
    let path = std::env::temp_dir().join(format!("bedplate-os-writer-{}", std::process::id()));
    let writer = File::create(&path).expect("is made");
    let reader = File::open(&path).expect("opens");
    let error = files::take_lease(reader.as_fd()).expect_err("it is open for writing");
    assert_eq!(error.operation, Operation::Lease);
    drop(writer);
    std::fs::remove_file(&path).expect("is removed");
}

#[test]
fn the_limit_on_locked_pages_is_a_number_or_none() {
    files::lock_limit().expect("is known");
}

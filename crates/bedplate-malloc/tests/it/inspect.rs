//! Reading an allocator from outside: here, our own.
#![expect(unsafe_code, reason = "a process reads its own memory by address")]

use crate::engine::{Engine, fill, free};
use bedplate_malloc::inspect::{Capture, CaptureError, Memory, RangeKind, ReadFailed, capture};
use bedplate_testkit::Subject as _;

pub(crate) struct Own;

impl Memory for Own {
    fn read(&self, address: u64, into: &mut [u8]) -> Result<(), ReadFailed> {
        let at = usize::try_from(address).map_err(|_| ReadFailed { address })?;
        let local = libc::iovec {
            iov_base: into.as_mut_ptr().cast(),
            iov_len: into.len(),
        };
        let remote = libc::iovec {
            iov_base: core::ptr::with_exposed_provenance_mut(at),
            iov_len: into.len(),
        };
        let pid = std::process::id().cast_signed();
        // SAFETY: the kernel checks both ranges and writes to `into` only.
        let n =
            unsafe { libc::process_vm_readv(pid, &raw const local, 1, &raw const remote, 1, 0) };
        if usize::try_from(n) == Ok(into.len()) {
            Ok(())
        } else {
            Err(ReadFailed { address })
        }
    }
}

pub(crate) fn root() -> u64 {
    let maps = std::fs::read_to_string("/proc/self/maps").expect("Linux has it");
    let line = maps
        .lines()
        .find(|l| l.contains("/memfd:bedplate-malloc"))
        .expect("the root page is mapped");
    let start = line.split('-').next().expect("a range");
    u64::from_str_radix(start, 16).expect("hexadecimal")
}

/// A capture of this process: a torn one is taken again.
pub(crate) fn captured() -> Capture {
    (0..100)
        .find_map(|_| capture(&Own, root()).ok())
        .expect("one capture is whole")
}

#[test]
fn live_blocks_are_found_where_they_are() {
    // A size no other test of this binary uses.
    let blocks: Vec<_> = (0..1000)
        .map(|_| Engine.malloc(7000).expect("memory is there"))
        .collect();
    let huge = Engine.malloc(33 << 20).expect("memory is there");
    blocks.iter().for_each(|b| fill(*b, 7000, 1));
    let found = captured();
    let class = found
        .classes
        .iter()
        .find(|c| c.block_bytes == 7168)
        .expect("the class is listed");
    assert!((1000..1400).contains(&class.live), "{class:?}");
    assert!(found.huge.bytes >= 33 << 20);
    for block in &blocks {
        let address = block.addr().get() as u64;
        let range = found
            .ranges
            .iter()
            .find(|r| (r.start..r.end).contains(&address))
            .expect("in a range");
        assert_eq!(range.kind, RangeKind::Blocks);
    }
    assert!(
        found.ranges.windows(2).all(|w| w[0].end <= w[1].start),
        "sorted and disjoint"
    );
    assert!(found.threads >= 1 && found.counters.segments >= 1);
    blocks.into_iter().for_each(free);
    free(huge);
}

#[test]
fn what_is_no_root_page_is_refused() {
    let words = [0_u64; 64];
    let address = core::ptr::from_ref(&words).expose_provenance() as u64;
    assert_eq!(capture(&Own, address), Err(CaptureError::NotBedplate));
    assert!(matches!(capture(&Own, 8), Err(CaptureError::Read(_))));
    let mut other = words;
    other[0] = bedplate_malloc::root::ROOT_MAGIC;
    other[1] = 999;
    let address = core::ptr::from_ref(&other).expose_provenance() as u64;
    let refused = capture(&Own, address).expect_err("of another version");
    assert_eq!(refused, CaptureError::OtherVersion { found: 999 });
    assert!(refused.to_string().contains("version 999"), "{refused}");
    assert!(CaptureError::Torn.to_string().contains("try again"));
    assert!(
        CaptureError::NotBedplate
            .to_string()
            .contains("no bedplate")
    );
    let unread = CaptureError::from(ReadFailed { address: 8 });
    assert!(unread.to_string().contains("0x8"), "{unread}");
}

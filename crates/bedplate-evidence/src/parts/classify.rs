//! What each mapping of a process is for.
//!
//! # Role
//! Gives every mapping the part its anonymous pages belong to and the part its file pages belong
//! to, from the kernel's map alone.
//!
//! # Not here
//! The allocator's segments, which are cut out of their mappings afterwards (`measure.rs`).

use alloc::collections::BTreeSet;

use super::kinds::PartKind;
use super::modules::{Modules, module_paths};
use crate::process::Mapping;
use crate::process::heap::is_root_page;

/// A guard below a thread stack is at most this large; larger inaccessible neighbours are
/// reservations.
const GUARD_BYTES_MAX: u64 = 64 * 1024;

/// The parts of one mapping's pages; `None`: such pages are not part of the resident set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Purpose {
    /// Part of its anonymous pages.
    pub anonymous: Option<PartKind>,
    /// Part of its file (and shared) pages.
    pub file: Option<PartKind>,
}

/// What is known of a process besides its mappings.
#[derive(Debug)]
pub struct Known<'process> {
    /// Stack pointers of the threads, as far as the kernel tells.
    pub stack_pointers: &'process [u64],
    /// Its program and libraries.
    pub modules: &'process Modules,
}

/// The purposes of all `mappings` (sorted by address, cut by [`Modules::cut`]), in the same order.
#[must_use]
pub fn classify(mappings: &[Mapping], known: &Known<'_>) -> Vec<Purpose> {
    // The other mappings of a program or library are its constants and data.
    let paths = module_paths(mappings);
    let before = core::iter::once(None).chain(mappings.iter().map(Some));
    mappings
        .iter()
        .zip(before)
        .map(|(mapping, before)| purpose(mapping, before, &paths, known))
        .collect()
}

fn purpose(
    mapping: &Mapping,
    before: Option<&Mapping>,
    modules: &BTreeSet<&str>,
    known: &Known<'_>,
) -> Purpose {
    let path = mapping.path.as_str();
    if is_root_page(mapping) {
        return both(PartKind::MallocMetadata);
    }
    if path.starts_with('[') {
        return of_kernel_name(path);
    }
    if path.starts_with("/anon_hugepage") {
        // Pages of the huge-page pool are counted apart from the resident set.
        return Purpose {
            anonymous: None,
            file: None,
        };
    }
    if mapping.shared || is_shared_memory(path) {
        return both(if path.starts_with('/') && !is_shared_memory(path) {
            PartKind::Files
        } else {
            PartKind::Shared
        });
    }
    if path.starts_with("/dev/") {
        return Purpose {
            anonymous: None,
            file: Some(PartKind::Files),
        };
    }
    if modules.contains(path) {
        return Purpose {
            anonymous: Some(PartKind::Data),
            file: Some(PartKind::Code),
        };
    }
    if !path.is_empty() {
        return both(PartKind::Files);
    }
    both(of_nameless(mapping, before, known))
}

fn both(kind: PartKind) -> Purpose {
    Purpose {
        anonymous: Some(kind),
        file: Some(kind),
    }
}

fn of_kernel_name(path: &str) -> Purpose {
    if path.starts_with("[vvar") || path.starts_with("[vsyscall") {
        // Mapped by page number: present, but never counted as resident.
        return Purpose {
            anonymous: None,
            file: None,
        };
    }
    both(match path {
        "[stack]" => PartKind::Stacks,
        "[heap]" => PartKind::Brk,
        _ if path.starts_with("[anon_shmem") => PartKind::Shared,
        _ if path.starts_with("[anon") => PartKind::Anonymous,
        _ => PartKind::Kernel,
    })
}

fn is_shared_memory(path: &str) -> bool {
    path.starts_with("/dev/shm/")
        || path.starts_with("/dev/zero")
        || path.starts_with("/memfd:")
        || path.starts_with("/SYSV")
}

/// A private anonymous mapping without a name.
fn of_nameless(mapping: &Mapping, before: Option<&Mapping>, known: &Known<'_>) -> PartKind {
    if known.modules.hold(mapping) {
        return PartKind::Data;
    }
    let holds_stack_pointer = known
        .stack_pointers
        .iter()
        .any(|pointer| (mapping.start..mapping.end).contains(pointer));
    let behind_guard = before.is_some_and(|previous| {
        previous.end == mapping.start
            && previous.is_inaccessible()
            && previous.path.is_empty()
            && previous.bytes() <= GUARD_BYTES_MAX
    });
    if holds_stack_pointer || (behind_guard && mapping.readable && mapping.writable) {
        PartKind::Stacks
    } else {
        PartKind::Anonymous
    }
}

#[cfg(test)]
mod tests {
    use bedplate_malloc::inspect::{Memory, ReadFailed};

    use super::*;
    use crate::process::maps::parse_maps;

    const MAPS: &str = "\
1000-2000 r--p 0 fe:00 1 /bin/prog
2000-3000 r-xp 0 fe:00 1 /bin/prog
3000-4000 rw-p 0 fe:00 1 /bin/prog
4000-6000 rw-p 0 00:00 0 
8000-9000 rw-p 0 00:00 0 [heap]
10000-11000 ---p 0 00:00 0 
11000-20000 rw-p 0 00:00 0 
30000-40000 rw-p 0 00:00 0 
50000-51000 r--p 0 fe:00 2 /usr/lib/locale/archive
52000-53000 rw-s 0 00:01 3 /dev/zero (deleted)
54000-55000 rw-s 0 fe:00 3 /var/data.db
56000-57000 rw-p 0 00:01 9 /memfd:bedplate-malloc (deleted)
58000-59000 r--p 0 00:00 0 [vvar]
5a000-5b000 r-xp 0 00:00 0 [vdso]
60000-90000 rw-p 0 00:00 0 
";

    /// Headers cannot be read here, so the data ends where the mapping does.
    fn purposes(stack_pointers: &[u64]) -> Vec<Purpose> {
        let mappings = parse_maps(MAPS);
        let modules = Modules::find(&Unreadable, &mappings, 4096);
        let known = Known {
            stack_pointers,
            modules: &modules,
        };
        classify(&modules.cut(mappings), &known)
    }

    struct Unreadable;

    impl Memory for Unreadable {
        fn read(&self, address: u64, _into: &mut [u8]) -> Result<(), ReadFailed> {
            Err(ReadFailed { address })
        }
    }

    fn anonymous(stack_pointers: &[u64]) -> Vec<Option<PartKind>> {
        purposes(stack_pointers)
            .iter()
            .map(|each| each.anonymous)
            .collect()
    }

    #[test]
    fn each_mapping_gets_its_part() {
        use PartKind as K;
        let expected = [
            K::Data,
            K::Data,
            K::Data,
            K::Data,
            K::Brk,
            K::Anonymous,
            K::Stacks,
            K::Anonymous,
            K::Files,
            K::Shared,
            K::Files,
            K::MallocMetadata,
        ];
        let found = anonymous(&[]);
        for (index, kind) in expected.into_iter().enumerate() {
            assert_eq!(found[index], Some(kind), "mapping {index}");
        }
        assert_eq!(found[12], None);
        assert_eq!(found[13], Some(K::Kernel));
        assert_eq!(found[14], Some(K::Anonymous));
    }

    #[test]
    fn file_pages_of_a_module_are_code() {
        let purposes = purposes(&[]);
        assert_eq!(purposes[0].file, Some(PartKind::Code));
        assert_eq!(purposes[8].file, Some(PartKind::Files));
    }

    #[test]
    fn a_mapping_that_holds_a_stack_pointer_is_a_stack() {
        assert_eq!(anonymous(&[0x6_1000])[14], Some(PartKind::Stacks));
    }
}

//! Where the zero-initialised data of programs and libraries lies.
//!
//! # Role
//! Reads the program headers of every module where they are mapped, and tells the anonymous memory
//! that belongs to the module from memory that the kernel merely placed behind it (and merged into
//! one mapping with it).
//!
//! # Not here
//! What else a mapping may be for (`classify.rs`).
//!
//! # Invariants
//! I1. The headers are read from the process's memory, never from a file: a file may have been
//!     replaced or deleted since, or lie in another mount namespace.
//! I2. A module whose headers cannot be read is named in `unread`, and the whole nameless mapping
//!     behind its writable data counts as its data.

use alloc::collections::BTreeSet;
use core::ops::Range;

use bedplate_malloc::inspect::Memory;
use object::Endianness;
use object::elf::{FileHeader64, PF_X, PT_LOAD, ProgramHeader64};
use object::read::elf::{FileHeader as _, ProgramHeader as _};

use crate::process::Mapping;

/// Bytes of a file header.
const HEADER_BYTES: usize = 64;
/// Program headers end below this offset in every module that is read.
const HEADERS_END_MAX: u64 = 64 * 1024;

/// The modules of a process.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Modules {
    /// Anonymous memory of modules, sorted by address.
    spans: Vec<Range<u64>>,
    /// Files of the modules whose headers could not be read.
    pub unread: Vec<String>,
}

impl Modules {
    /// The modules among `mappings` (sorted by address) of a process with `memory` and OS pages of
    /// `page_bytes`.
    #[must_use]
    pub fn find(memory: &impl Memory, mappings: &[Mapping], page_bytes: u64) -> Self {
        let mut modules = Self::default();
        for path in module_paths(mappings) {
            let of_module = || mappings.iter().filter(|mapping| mapping.path == path);
            // A module may be loaded more than once, each time from its first byte.
            let mut is_read = false;
            for first in of_module().filter(|mapping| mapping.offset == 0 && mapping.readable) {
                if let Some(spans) = spans_of(memory, first, mappings, page_bytes) {
                    is_read = true;
                    modules.spans.extend(spans);
                }
            }
            if !is_read {
                modules.unread.push(path.to_owned());
                modules.spans.extend(guessed_spans(mappings, path));
            }
        }
        modules.spans.sort_by_key(|span| span.start);
        modules
    }

    /// The same mappings, those without a name cut where a module's data ends.
    #[must_use]
    pub fn cut(&self, mappings: Vec<Mapping>) -> Vec<Mapping> {
        let mut pieces = Vec::with_capacity(mappings.len());
        for mut mapping in mappings {
            let inner = |span: &&Range<u64>| mapping.start < span.end && span.end < mapping.end;
            let ends: Vec<u64> = self
                .spans
                .iter()
                .filter(inner)
                .map(|span| span.end)
                .collect();
            if mapping.path.is_empty() {
                for end in ends {
                    pieces.push(Mapping {
                        end,
                        ..mapping.clone()
                    });
                    mapping.start = end;
                }
            }
            pieces.push(mapping);
        }
        pieces
    }

    /// Whether a mapping without a name, cut by [`Modules::cut`], is data of a module.
    #[must_use]
    pub fn hold(&self, mapping: &Mapping) -> bool {
        self.spans.iter().any(|span| span.contains(&mapping.start))
    }
}

/// A file of which some part may be executed is a program or library.
pub(super) fn module_paths(mappings: &[Mapping]) -> BTreeSet<&str> {
    mappings
        .iter()
        .filter(|mapping| mapping.executable && mapping.path.starts_with('/'))
        .map(|mapping| mapping.path.as_str())
        .collect()
}

/// Without headers: what lies directly behind the module's private writable data.
fn guessed_spans<'maps>(
    mappings: &'maps [Mapping],
    path: &'maps str,
) -> impl Iterator<Item = Range<u64>> + 'maps {
    mappings
        .array_windows()
        .filter(move |[data, next]| {
            data.path == path
                && data.writable
                && !data.shared
                && next.path.is_empty()
                && next.start == data.end
        })
        .map(|[_data, next]| next.start..next.end)
}

/// The anonymous memory of the module whose file's first byte is mapped at `first`; `None` if the
/// headers there cannot be read, or the module is not loaded as they say.
fn spans_of(
    memory: &impl Memory,
    first: &Mapping,
    mappings: &[Mapping],
    page_bytes: u64,
) -> Option<Vec<Range<u64>>> {
    let floor = |address: u64| address / page_bytes * page_bytes;
    let endian = Endianness::default();
    let loads: Vec<ProgramHeader64<Endianness>> = headers(memory, first)?
        .into_iter()
        .filter(|header| header.p_type(endian) == PT_LOAD)
        .collect();
    let at_first = loads
        .iter()
        .find(|load| floor(load.p_offset(endian)) == 0)?;
    let bias = first.start.wrapping_sub(floor(at_first.p_vaddr(endian)));
    // A file may also be mapped whole, to be read: then its code does not lie where it is run.
    let code = loads
        .iter()
        .find(|load| load.p_flags(endian).0 & PF_X.0 != 0)?;
    let code_at = bias.wrapping_add(code.p_vaddr(endian));
    mappings.iter().find(|mapping| {
        mapping.path == first.path
            && mapping.executable
            && (mapping.start..mapping.end).contains(&code_at)
    })?;
    let span = |load: &ProgramHeader64<Endianness>| {
        let start = bias.wrapping_add(load.p_vaddr(endian));
        let of_file = start.checked_add(load.p_filesz(endian))?;
        let end = start.checked_add(load.p_memsz(endian))?;
        Some(
            of_file.checked_next_multiple_of(page_bytes)?
                ..end.checked_next_multiple_of(page_bytes)?,
        )
    };
    let spans: Option<Vec<Range<u64>>> = loads.iter().map(span).collect();
    Some(
        spans?
            .into_iter()
            .filter(|span| span.start < span.end)
            .collect(),
    )
}

fn headers(memory: &impl Memory, first: &Mapping) -> Option<Vec<ProgramHeader64<Endianness>>> {
    let mut bytes = vec![0_u8; HEADER_BYTES];
    memory.read(first.start, &mut bytes).ok()?;
    let header = FileHeader64::<Endianness>::parse(bytes.as_slice()).ok()?;
    let endian = header.endian().ok()?;
    let length =
        u64::from(header.e_phnum(endian)) * size_of::<ProgramHeader64<Endianness>>() as u64;
    let end = header.e_phoff(endian).checked_add(length)?;
    if end > first.bytes().min(HEADERS_END_MAX) {
        return None;
    }
    let mut bytes = vec![0_u8; usize::try_from(end).ok()?];
    memory.read(first.start, &mut bytes).ok()?;
    let data = bytes.as_slice();
    let header = FileHeader64::<Endianness>::parse(data).ok()?;
    Some(header.program_headers(endian, data).ok()?.to_vec())
}

#[cfg(test)]
mod tests {
    use bedplate_malloc::inspect::ReadFailed;

    use super::*;
    use crate::process::Process;
    use crate::process::maps::parse_maps;

    /// A process whose memory holds one header, at every address that is read.
    struct Headers(Vec<u8>);

    impl Memory for Headers {
        fn read(&self, address: u64, into: &mut [u8]) -> Result<(), ReadFailed> {
            let from = self.0.get(..into.len()).ok_or(ReadFailed { address })?;
            into.copy_from_slice(from);
            Ok(())
        }
    }

    /// Headers of a module with a page of constants, one of code, and data of which `file_bytes`
    /// of `memory_bytes` come from the file.
    fn headers_of(file_bytes: u64, memory_bytes: u64) -> Headers {
        let mut bytes = b"\x7fELF\x02\x01\x01".to_vec();
        bytes.resize(HEADER_BYTES, 0);
        bytes[32] = 64; // e_phoff
        bytes[54] = 56; // e_phentsize
        bytes[56] = 3; // e_phnum
        for (flags, place, file, memory) in [
            (4_u32, 0_u64, 0x1000_u64, 0x1000_u64),
            (5, 0x1000, 0x1000, 0x1000),
            (6, 0x2000, file_bytes, memory_bytes),
        ] {
            bytes.extend(1_u32.to_le_bytes());
            bytes.extend(flags.to_le_bytes());
            for field in [place, place, place, file, memory, 0x1000] {
                bytes.extend(field.to_le_bytes());
            }
        }
        Headers(bytes)
    }

    const MAPS: &str = "\
11000-12000 r--p 0 fe:00 1 /lib/a.so
12000-13000 r-xp 1000 fe:00 1 /lib/a.so
13000-14000 rw-p 2000 fe:00 1 /lib/a.so
14000-90000 rw-p 0 00:00 0 
";

    fn data_bytes(memory: &impl Memory, text: &str) -> (u64, Modules) {
        let mappings = parse_maps(text);
        let modules = Modules::find(memory, &mappings, 0x1000);
        let pieces = modules.cut(mappings);
        let data = pieces
            .iter()
            .filter(|piece| piece.path.is_empty() && modules.hold(piece))
            .map(Mapping::bytes)
            .sum();
        (data, modules)
    }

    #[test]
    fn what_lies_behind_the_end_that_the_headers_say_is_not_data() {
        let (bytes, modules) = data_bytes(&headers_of(0x800, 0x2801), MAPS);
        assert_eq!(bytes, 0x2000);
        assert!(modules.unread.is_empty());
        // No zero-initialised data at all: then everything behind is the program's own.
        assert_eq!(data_bytes(&headers_of(0x800, 0x900), MAPS).0, 0);
        // Data cut in two by its protection stays data.
        let cut = MAPS.replace(
            "14000-90000 rw-p",
            "14000-15000 r--p 0 00:00 0 \n15000-90000 rw-p",
        );
        assert_eq!(data_bytes(&headers_of(0x800, 0x2801), &cut).0, 0x2000);
    }

    #[test]
    fn headers_that_cannot_be_read_are_told_and_the_whole_mapping_counts() {
        let mut damaged = headers_of(0x800, 0x2801);
        damaged.0[0] = 0;
        let mut endless = headers_of(0x800, 0x2801);
        endless.0[57] = 0xFF;
        let overflow = headers_of(0x800, u64::MAX);
        for memory in [damaged, endless, overflow, Headers(Vec::new())] {
            let (bytes, modules) = data_bytes(&memory, MAPS);
            assert_eq!(bytes, 0x7c000);
            assert_eq!(modules.unread, ["/lib/a.so"]);
        }
    }

    #[test]
    fn a_file_that_is_also_mapped_whole_to_be_read_has_no_data_there() {
        let also =
            format!("{MAPS}a0000-a3000 r--p 0 fe:00 1 /lib/a.so\na3000-a9000 rw-p 0 00:00 0 \n");
        let (bytes, modules) = data_bytes(&headers_of(0x800, 0x2801), &also);
        assert_eq!(bytes, 0x2000);
        assert!(modules.unread.is_empty());
    }

    #[test]
    fn the_modules_of_this_process_are_all_read() {
        let process = Process::open(std::process::id()).unwrap();
        let mappings = process.maps().unwrap();
        let modules = Modules::find(&process, &mappings, process.page_bytes());
        assert!(modules.unread.is_empty(), "{:?}", modules.unread);
        assert!(!modules.spans.is_empty());
        assert!(modules.spans.is_sorted_by_key(|span| span.start));
    }
}

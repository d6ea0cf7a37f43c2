//! What an ELF file says about its allocator.
//!
//! # Role
//! Reads machine, loader, needed libraries and dynamic symbols of a program.
//!
//! # Not here
//! What follows from that for a run (`program.rs`).

use std::fs::File;
use std::io::{Read as _, Seek as _};
use std::path::Path;

use object::elf;
use object::read::elf::{Dyn as _, FileHeader, ProgramHeader as _, SectionHeader as _, Sym as _};
use object::{Endianness, FileKind, ReadCache};

use crate::error::RunError;

/// Libraries that are allocators, by the start of their names.
const ALLOCATOR_LIBRARIES: &[&str] = &[
    "libjemalloc",
    "libtcmalloc",
    "libmimalloc",
    "libsnmalloc",
    "librpmalloc",
    "libtbbmalloc",
    "libhoard",
    "libscudo",
];

/// Interface functions by which a program asks a particular allocator.
const ALLOCATOR_CALLS: &[&str] = &[
    "mallctl",
    "mallctlbymib",
    "malloc_stats_print",
    "je_mallctl",
    "je_malloc_stats_print",
    "mi_stats_print",
    "mi_heap_new",
    "MallocExtension_GetStats",
    "mallocx",
    "je_mallocx",
];

/// What was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ElfFacts {
    /// For this machine.
    pub(crate) is_native: bool,
    /// The loader it asks for; none if statically linked.
    pub(crate) loader: Option<String>,
    /// Allocator libraries among those it needs.
    pub(crate) linked_allocators: Vec<String>,
    /// Allocator-specific functions it imports.
    pub(crate) allocator_calls: Vec<String>,
    /// It defines `malloc` itself.
    pub(crate) defines_malloc: bool,
    /// It has Go's build information.
    pub(crate) is_go: bool,
}

/// Reads the ELF file at `path`.
pub(crate) fn read_elf(path: &Path) -> Result<ElfFacts, RunError> {
    let refuse = |why: String| RunError::NotExecutable {
        path: path.to_owned(),
        why,
    };
    let mut magic = [0_u8; 4];
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
            return Ok(unreadable());
        }
        Err(error) => return Err(refuse(format!("it cannot be read: {error}"))),
    };
    let length = file
        .read(&mut magic)
        .map_err(|error| refuse(format!("it cannot be read: {error}")))?;
    if magic[..length] != elf::ELFMAG {
        return Err(refuse(
            "it is neither an ELF program nor a script that names its interpreter with #!"
                .to_owned(),
        ));
    }
    // Only the headers and the dynamic symbols are read, not hundreds of megabytes of debug data.
    file.rewind()
        .map_err(|error| refuse(format!("it cannot be read: {error}")))?;
    let data = ReadCache::new(file);
    let damaged = |error: object::Error| refuse(format!("its ELF headers are damaged: {error}"));
    match FileKind::parse(&data).map_err(damaged)? {
        FileKind::Elf32 => facts::<elf::FileHeader32<Endianness>>(&data).map_err(damaged),
        _ => facts::<elf::FileHeader64<Endianness>>(&data).map_err(damaged),
    }
}

/// A program that may be executed but not read (as `sudo` on some systems): taken for an ordinary
/// one; whether the allocator took effect then shows in the process.
fn unreadable() -> ElfFacts {
    ElfFacts {
        is_native: true,
        loader: Some(String::new()),
        ..ElfFacts::default()
    }
}

fn facts<Elf: FileHeader<Endian = Endianness>>(data: &ReadCache<File>) -> object::Result<ElfFacts> {
    let header = Elf::parse(data)?;
    let endian = header.endian()?;
    let mut facts = ElfFacts {
        is_native: header.e_machine(endian) == native_machine() && header.is_class_64(),
        ..ElfFacts::default()
    };
    for segment in header.program_headers(endian, data)? {
        if segment.p_type(endian) == elf::PT_INTERP {
            let name = segment.interpreter(endian, data)?;
            facts.loader = name.map(|name| String::from_utf8_lossy(name).into_owned());
        }
    }
    // A program without section headers still runs; only its symbols then stay unknown.
    let sections = header.sections(endian, data)?;
    for section in sections.iter() {
        facts.is_go |= sections.section_name(endian, section)? == b".go.buildinfo";
        if let Some((entries, link)) = section.dynamic(endian, data)? {
            let strings = sections.strings(endian, data, link)?;
            for entry in entries
                .iter()
                .filter(|entry| entry.tag(endian) == elf::DT_NEEDED)
            {
                let name = String::from_utf8_lossy(entry.string(endian, strings)?).into_owned();
                if ALLOCATOR_LIBRARIES
                    .iter()
                    .any(|library| name.starts_with(library))
                {
                    facts.linked_allocators.push(name);
                }
            }
        }
    }
    let symbols = sections.symbols(endian, data, elf::SHT_DYNSYM)?;
    for symbol in symbols.iter() {
        let name = symbols.symbol_name(endian, symbol)?;
        if symbol.is_undefined(endian) {
            if let Some(call) = ALLOCATOR_CALLS.iter().find(|call| call.as_bytes() == name) {
                facts.allocator_calls.push((*call).to_owned());
            }
        } else if name == b"malloc" && symbol.st_value(endian).into() != 0 {
            facts.defines_malloc = true;
        }
    }
    Ok(facts)
}

/// The ELF machine number that this program itself was built for.
pub(crate) const fn native_machine() -> elf::Machine {
    if cfg!(target_arch = "aarch64") {
        elf::EM_AARCH64
    } else {
        elf::EM_X86_64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_test_program_is_native_and_dynamic() {
        let facts = read_elf(&std::env::current_exe().unwrap()).unwrap();
        assert!(facts.is_native && facts.loader.is_some() && !facts.is_go);
    }

    #[test]
    fn truncated_and_foreign_files_are_refused_not_guessed() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        for bytes in [
            &b""[..],
            b"hello",
            b"\x7fELF",
            b"\x7fELF\x02\x01\x01\x00junk",
        ] {
            std::fs::write(&path, bytes).unwrap();
            assert_eq!(read_elf(&path).unwrap_err().exit_code(), 126, "{bytes:?}");
        }
    }
    #[test]
    fn headers_that_lie_are_an_error_or_facts_but_never_a_panic() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("file");
        let whole = std::fs::read("/bin/sh").unwrap();
        for cut in [
            20,
            52,
            64,
            100,
            500,
            1000,
            5000,
            whole.len() / 2,
            whole.len() - 100,
        ] {
            std::fs::write(&path, &whole[..cut]).unwrap();
            let _facts_or_error = read_elf(&path);
        }
        // Every byte of the headers in turn becomes absurd.
        for at in 4..200 {
            let mut bytes = whole.clone();
            bytes[at] = 0xFF;
            std::fs::write(&path, &bytes).unwrap();
            let _facts_or_error = read_elf(&path);
        }
    }
}

//! Whether a file can be preloaded as an allocator.
//!
//! # Role
//! The loader only warns about what it cannot preload, and a library without `malloc` changes
//! nothing: a comparison with either would compare the system's allocator under a wrong name.
//!
//! # Not here
//! Finding the libraries (`arms.rs`).

use std::fs::File;
use std::path::Path;

use object::elf;
use object::read::elf::{Dyn as _, FileHeader, SectionHeader as _, Sym as _};
use object::{Endianness, ReadCache};

use crate::run::elf::native_machine;

/// What a library must define to stand in for the system's allocator.
const DEFINED: [&str; 2] = ["malloc", "free"];

/// Checks that the file at `path` is a library for this machine that defines an allocator.
///
/// # Errors
/// Why it is none, as the end of a sentence.
pub(super) fn check_allocator(path: &Path) -> Result<(), String> {
    let file = File::open(path).map_err(|error| format!("it cannot be opened: {error}"))?;
    if !file.metadata().is_ok_and(|metadata| metadata.is_file()) {
        return Err("it is not a regular file".to_owned());
    }
    let data = ReadCache::new(file);
    let header = elf::FileHeader64::<Endianness>::parse(&data)
        .map_err(|_other| "it is no 64-bit ELF file".to_owned())?;
    read(header, &data).map_err(|error| format!("its ELF headers are damaged: {error}"))?
}

/// The outer result is whether the file could be read, the inner one what was read.
fn read(
    header: &elf::FileHeader64<Endianness>,
    data: &ReadCache<File>,
) -> object::Result<Result<(), String>> {
    let endian = header.endian()?;
    if header.e_machine(endian) != native_machine() {
        return Ok(Err("it is for another processor".to_owned()));
    }
    let sections = header.sections(endian, data)?;
    let mut is_program = header.e_type(endian) != elf::ET_DYN;
    for section in sections.iter() {
        for entry in section
            .dynamic(endian, data)?
            .into_iter()
            .flat_map(|(all, _)| all)
        {
            let is_flags = entry.tag(endian) == elf::DT_FLAGS_1;
            is_program |= is_flags && entry.val(endian) & elf::DF_1_PIE.0 != 0;
        }
    }
    if is_program {
        return Ok(Err("it is not a shared library".to_owned()));
    }
    let symbols = sections.symbols(endian, data, elf::SHT_DYNSYM)?;
    let mut missing = DEFINED.to_vec();
    for symbol in symbols.iter().filter(|symbol| !symbol.is_undefined(endian)) {
        let name = symbols.symbol_name(endian, symbol)?;
        missing.retain(|wanted| wanted.as_bytes() != name);
    }
    Ok(match missing.first() {
        None => Ok(()),
        Some(function) => Err(format!("it defines no {function}")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_libraries_with_an_allocator_are_taken() {
        let libc = super::super::find_arms("glibc").unwrap();
        let libc = libc[0].library.clone().unwrap();
        assert_eq!(check_allocator(&libc), Ok(()));
        let refused = |path: &Path| check_allocator(path).unwrap_err();
        assert!(refused(Path::new("/etc/passwd")).contains("no 64-bit ELF"));
        assert!(refused(Path::new("/dev/null")).contains("regular"));
        assert!(refused(&libc.with_file_name("libm.so.6")).contains("defines no malloc"));
        let program = std::env::current_exe().unwrap();
        assert!(refused(&program).contains("not a shared library"));
    }
}

//! From addresses to functions and lines.
//!
//! # Role
//! Reads symbol tables and debugging information of the files that a process had mapped, and
//! demangles Rust and C++ names.
//!
//! # Not here
//! The process itself: files are read by the paths that its mappings named. A file that is gone, or
//! without symbols, gives the module's name and an offset.

use alloc::collections::BTreeMap;
use std::fs::File;
use std::path::Path;

use addr2line::{Loader, demangle_auto};
use object::read::ReadCache;
use object::{Object as _, ObjectSegment as _};

use crate::process::Mapping;

/// A function at a place in its source.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frame {
    /// Demangled name.
    pub function: String,
    /// Source file.
    pub file: Option<String>,
    /// Line in it, 0 where it is not known.
    pub line: u32,
}

/// Names addresses of one process.
pub(super) struct Symbols<'maps> {
    code: &'maps [Mapping],
    modules: BTreeMap<&'maps str, Option<Module>>,
}

/// A file with code.
struct Module {
    loader: Loader,
    /// File offset, bytes and address of each segment.
    segments: Vec<(u64, u64, u64)>,
}

impl Module {
    fn load(path: &str) -> Option<Self> {
        let file = ReadCache::new(File::open(path).ok()?);
        let object = object::File::parse(&file).ok()?;
        let segments = object
            .segments()
            .map(|segment| {
                let (offset, bytes) = segment.file_range();
                (offset, bytes, segment.address())
            })
            .collect();
        Some(Self {
            loader: Loader::new(path).ok()?,
            segments,
        })
    }

    /// The address that the file gives to a place in it.
    fn address(&self, offset: u64) -> Option<u64> {
        let within =
            |(start, bytes, _): &&(u64, u64, u64)| (*start..start + bytes).contains(&offset);
        let (start, _, address) = self.segments.iter().find(within)?;
        Some(offset - start + address)
    }

    /// Functions at an address: those inlined there first.
    fn frames(&self, address: u64) -> Vec<Frame> {
        let mut frames = Vec::new();
        if let Ok(mut found) = self.loader.find_frames(address) {
            while let Ok(Some(frame)) = found.next() {
                let Some(function) = frame.function.as_ref().and_then(|f| f.demangle().ok()) else {
                    continue;
                };
                let location = frame.location.as_ref();
                frames.push(Frame {
                    function: function.into_owned(),
                    file: location.and_then(|l| l.file).map(str::to_owned),
                    line: location.and_then(|l| l.line).unwrap_or(0),
                });
            }
        }
        if frames.is_empty()
            && let Some(symbol) = self.loader.find_symbol(address)
        {
            frames.push(Frame {
                function: demangle_auto(symbol.into(), None).into_owned(),
                file: None,
                line: 0,
            });
        }
        frames
    }
}

impl<'maps> Symbols<'maps> {
    pub(super) fn new(code: &'maps [Mapping]) -> Self {
        Self {
            code,
            modules: BTreeMap::new(),
        }
    }

    /// The mapping that an address lies in.
    pub(super) fn mapping(&self, address: u64) -> Option<usize> {
        let after = self.code.partition_point(|m| m.start <= address);
        let index = after.checked_sub(1)?;
        self.code
            .get(index)
            .filter(|m| address < m.end)
            .map(|_| index)
    }

    /// The functions that a return address leads back to, innermost first; never none.
    pub(super) fn frames(&mut self, return_address: u64) -> Vec<Frame> {
        // The call stands before the address it returns to.
        let address = return_address.saturating_sub(1);
        let Some(mapping) = self.mapping(address).and_then(|i| self.code.get(i)) else {
            return vec![unnamed("[unknown]", return_address)];
        };
        let path = mapping.path.as_str();
        let module = self
            .modules
            .entry(path)
            .or_insert_with(|| Module::load(path));
        let offset = address - mapping.start + mapping.offset;
        let frames = module.as_ref().and_then(|module| {
            let frames = module.frames(module.address(offset)?);
            (!frames.is_empty()).then_some(frames)
        });
        frames.unwrap_or_else(|| {
            let name = Path::new(path).file_name().unwrap_or_default();
            vec![unnamed(&name.to_string_lossy(), offset + 1)]
        })
    }
}

fn unnamed(module: &str, offset: u64) -> Frame {
    Frame {
        function: format!("{module}+{offset:#x}"),
        file: None,
        line: 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::Process;

    #[inline(never)]
    fn here() -> u64 {
        let function: fn() -> u64 = here;
        let address = format!("{function:p}");
        u64::from_str_radix(address.trim_start_matches("0x"), 16).unwrap() + 4
    }

    #[test]
    fn a_function_of_this_program_has_its_name_and_line() {
        let process = Process::open(std::process::id()).unwrap();
        let mut code = process.maps().unwrap();
        code.retain(|mapping| mapping.executable && mapping.path.starts_with('/'));
        let mut symbols = Symbols::new(&code);
        let frames = symbols.frames(here());
        assert!(
            frames[0].function.ends_with("symbols::tests::here"),
            "{frames:?}"
        );
        assert!(frames[0].file.as_ref().unwrap().ends_with("symbols.rs"));
        assert!(frames[0].line > 0);
        assert_eq!(symbols.frames(16)[0].function, "[unknown]+0x10");
    }
}

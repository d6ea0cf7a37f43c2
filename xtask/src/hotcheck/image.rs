//! A built library as the check sees it.
//!
//! # Role
//! Reads an ELF file for x86-64 into functions by address with all their names, linker slots, and
//! the memory that belongs to telemetry.
//!
//! # Not here
//! Decoding of instructions (`code.rs`) and what is allowed (`rules.rs`).
//!
//! # Invariants
//! - I1: functions are sorted by address and have distinct addresses; all aliases share one entry,
//!   because the compiler folds equal functions and a look-up by name would then read nothing.

use core::fmt;
use object::elf;
use object::read::elf::ElfFile64;
use object::{Object, ObjectSection, ObjectSymbol, RelocationFlags, RelocationTarget, SymbolKind};
use std::collections::{BTreeMap, BTreeSet};

/// The section that holds all telemetry memory.
const TELEMETRY_SECTION: &str = ".bdptelemetry";

/// One function: the bytes between a symbol and its end, under all the names it has.
#[derive(Debug)]
pub(crate) struct Function {
    /// Address of its first instruction.
    pub(crate) address: u64,
    /// Address after its last instruction.
    pub(crate) end: u64,
    /// Demangled names, sorted.
    pub(crate) names: Vec<String>,
}

impl Function {
    /// Whether the address is inside.
    pub(crate) const fn holds(&self, address: u64) -> bool {
        self.address <= address && address < self.end
    }

    /// The name to print: a Rust path says most; of C names the shortest is the best known.
    pub(crate) fn name(&self) -> &str {
        let paths = self.names.iter().filter(|name| name.contains("::"));
        let shortest = || self.names.iter().min_by_key(|name| name.len());
        let best = paths.max_by_key(|name| name.len()).or_else(shortest);
        best.map_or("(unnamed)", String::as_str)
    }
}

/// What the dynamic linker writes into a slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Slot {
    /// An address inside the library.
    Inside(u64),
    /// A symbol of another library.
    Import(String),
    /// Something that is no address, as the offset of a thread-local variable.
    Other,
}

/// A range of addresses with a name.
#[derive(Debug)]
pub(crate) struct NamedRange {
    /// First address.
    pub(crate) start: u64,
    /// Address after the last.
    pub(crate) end: u64,
    /// Section or symbol.
    pub(crate) name: String,
}

/// Bytes of a section that is loaded.
#[derive(Debug)]
struct Span {
    address: u64,
    bytes: Vec<u8>,
    is_code: bool,
}

/// A library read into memory.
#[derive(Debug)]
pub(crate) struct Image {
    functions: Vec<Function>,
    exports: BTreeMap<String, u64>,
    slots: BTreeMap<u64, Slot>,
    telemetry: Vec<NamedRange>,
    spans: Vec<Span>,
    is_stripped: bool,
}

/// Why a file is no library that the check can read.
#[derive(Debug)]
pub(crate) enum ImageError {
    /// The file is not a 64-bit ELF file.
    Parse(object::Error),
    /// The file is for another machine.
    Machine,
}

impl fmt::Display for ImageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Parse(error) => write!(f, "not a 64-bit ELF library: {error}"),
            Self::Machine => f.write_str("not for x86-64: the check decodes x86-64 only"),
        }
    }
}

impl Image {
    /// Reads a library.
    ///
    /// # Errors
    /// - [`ImageError::Parse`]: not an ELF file, or a damaged one.
    /// - [`ImageError::Machine`]: not for x86-64.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, ImageError> {
        let file: ElfFile64<'_> = ElfFile64::parse(bytes).map_err(ImageError::Parse)?;
        if file.architecture() != object::Architecture::X86_64 {
            return Err(ImageError::Machine);
        }
        let spans = read_spans(&file);
        let functions = read_functions(&file, &spans);
        Ok(Self {
            exports: read_exports(&file),
            slots: read_slots(&file),
            telemetry: read_telemetry(&file),
            is_stripped: file
                .symbols()
                .all(|symbol| symbol.kind() != SymbolKind::Text),
            functions,
            spans,
        })
    }

    /// Whether the full symbol table is missing; exports alone would hide every inner function.
    pub(crate) const fn is_stripped(&self) -> bool {
        self.is_stripped
    }

    /// The address of an exported function.
    pub(crate) fn export(&self, name: &str) -> Option<u64> {
        self.exports.get(name).copied()
    }

    /// The function that holds an address.
    pub(crate) fn function_at(&self, address: u64) -> Option<&Function> {
        let after = self
            .functions
            .partition_point(|function| function.address <= address);
        let index = after.checked_sub(1)?;
        self.functions
            .get(index)
            .filter(|function| function.holds(address))
    }

    /// What the dynamic linker writes to an address.
    pub(crate) fn slot(&self, address: u64) -> Option<&Slot> {
        self.slots.get(&address)
    }

    /// All slots.
    pub(crate) fn slots(&self) -> impl Iterator<Item = (u64, &Slot)> {
        self.slots.iter().map(|(address, slot)| (*address, slot))
    }

    /// The telemetry memory that an address lies in.
    pub(crate) fn telemetry_at(&self, address: u64) -> Option<&NamedRange> {
        self.telemetry
            .iter()
            .find(|range| range.start <= address && address < range.end)
    }

    /// The loaded bytes from an address to the end of its section.
    pub(crate) fn bytes_from(&self, address: u64) -> Option<&[u8]> {
        let span = self.span_at(address)?;
        let offset = usize::try_from(address - span.address).ok()?;
        span.bytes.get(offset..)
    }

    /// Whether an address is in an executable section.
    pub(crate) fn is_code(&self, address: u64) -> bool {
        self.span_at(address).is_some_and(|span| span.is_code)
    }

    fn span_at(&self, address: u64) -> Option<&Span> {
        self.spans.iter().find(|span| {
            span.address <= address && address - span.address < span.bytes.len() as u64
        })
    }
}

fn read_spans(file: &ElfFile64<'_>) -> Vec<Span> {
    file.sections()
        .filter(|section| section.address() != 0)
        .filter_map(|section| {
            let object::SectionFlags::Elf { sh_flags, .. } = section.flags() else {
                return None;
            };
            let bytes = section.data().ok()?.to_vec();
            let is_code = sh_flags.contains(elf::SHF_EXECINSTR);
            Some(Span {
                address: section.address(),
                bytes,
                is_code,
            })
        })
        .collect()
}

fn read_functions(file: &ElfFile64<'_>, spans: &[Span]) -> Vec<Function> {
    let mut found: BTreeMap<u64, (u64, BTreeSet<String>)> = BTreeMap::new();
    for symbol in file.symbols().chain(file.dynamic_symbols()) {
        if symbol.kind() != SymbolKind::Text || symbol.is_undefined() {
            continue;
        }
        let Ok(name) = symbol.name() else { continue };
        let entry = found.entry(symbol.address()).or_default();
        entry.0 = entry.0.max(symbol.size());
        entry.1.insert(demangled(name));
    }
    let starts: Vec<u64> = found.keys().copied().collect();
    found
        .into_iter()
        .enumerate()
        .map(|(index, (address, (size, names)))| {
            // Hand-written assembly has no size: such a function ends where the next begins.
            let end = if size > 0 {
                address + size
            } else {
                let next = starts.get(index + 1).copied().unwrap_or(u64::MAX);
                next.min(end_of_span(spans, address))
            };
            Function {
                address,
                end,
                names: names.into_iter().collect(),
            }
        })
        .collect()
}

fn end_of_span(spans: &[Span], address: u64) -> u64 {
    spans
        .iter()
        .map(|span| (span.address, span.address + span.bytes.len() as u64))
        .find(|(start, end)| (*start..*end).contains(&address))
        .map_or(address, |(_, end)| end)
}

/// Exported names, without their symbol version.
fn read_exports(file: &ElfFile64<'_>) -> BTreeMap<String, u64> {
    file.dynamic_symbols()
        .filter(|symbol| symbol.is_global() && !symbol.is_undefined())
        .filter_map(|symbol| Some((symbol.name().ok()?.to_owned(), symbol.address())))
        .collect()
}

fn read_slots(file: &ElfFile64<'_>) -> BTreeMap<u64, Slot> {
    let mut slots = BTreeMap::new();
    let Some(relocations) = file.dynamic_relocations() else {
        return slots;
    };
    for (address, relocation) in relocations {
        let RelocationFlags::Elf { r_type } = relocation.flags() else {
            continue;
        };
        let slot = match r_type {
            elf::R_X86_64_RELATIVE | elf::R_X86_64_IRELATIVE => {
                Slot::Inside(relocation.addend().cast_unsigned())
            }
            elf::R_X86_64_GLOB_DAT | elf::R_X86_64_JUMP_SLOT | elf::R_X86_64_64 => {
                symbol_slot(file, relocation.target(), relocation.addend())
            }
            _ => Slot::Other,
        };
        slots.insert(address, slot);
    }
    slots
}

fn symbol_slot(file: &ElfFile64<'_>, target: RelocationTarget, addend: i64) -> Slot {
    let RelocationTarget::Symbol(index) = target else {
        return Slot::Other;
    };
    let Some(table) = file.dynamic_symbol_table() else {
        return Slot::Other;
    };
    let Ok(symbol) = object::ObjectSymbolTable::symbol_by_index(&table, index) else {
        return Slot::Other;
    };
    if symbol.is_undefined() {
        symbol
            .name()
            .map_or(Slot::Other, |name| Slot::Import(name.to_owned()))
    } else {
        // An export may be taken over by another library at run time; the check judges the
        // library's own definition.
        Slot::Inside(symbol.address().wrapping_add_signed(addend))
    }
}

fn read_telemetry(file: &ElfFile64<'_>) -> Vec<NamedRange> {
    let sections = file.sections().filter_map(|section| {
        let name = section.name().ok()?;
        (name == TELEMETRY_SECTION && section.size() > 0).then(|| NamedRange {
            start: section.address(),
            end: section.address() + section.size(),
            name: name.to_owned(),
        })
    });
    let symbols = file.symbols().filter_map(|symbol| {
        let name = demangled(symbol.name().ok()?);
        let is_telemetry = name.contains("bedplate_telemetry") && name.contains("TELEMETRY");
        (symbol.kind() == SymbolKind::Data && is_telemetry).then(|| NamedRange {
            start: symbol.address(),
            end: symbol.address() + symbol.size().max(1),
            name,
        })
    });
    // Symbols first: they name the variable, the section only says that it is telemetry.
    let mut ranges: Vec<NamedRange> = symbols.collect();
    ranges.extend(sections);
    ranges
}

/// A Rust name without its hash; any other name as it is.
fn demangled(name: &str) -> String {
    let name = name.split('@').next().unwrap_or(name);
    format!("{:#}", rustc_demangle::demangle(name))
}

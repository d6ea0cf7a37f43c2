//! What is allowed where.
//!
//! # Role
//! The entries a library must have, and the findings that fail the check.

use super::code::Taboo;
use super::image::{Function, Image, Slot};
use super::walk::{Part, Visit, Walk};
use core::fmt;
use serde::Serialize;

/// Where the hit paths begin. All must be exported.
pub(crate) const ENTRIES: &[&str] = &[
    "malloc",
    "free",
    "calloc",
    "realloc",
    "reallocarray",
    "memalign",
    "aligned_alloc",
    "posix_memalign",
    "malloc_usable_size",
    "free_sized",
    "free_aligned_sized",
    // C++ new and new[]: plain, nothrow, aligned, aligned nothrow.
    "_Znwm",
    "_Znam",
    "_ZnwmRKSt9nothrow_t",
    "_ZnamRKSt9nothrow_t",
    "_ZnwmSt11align_val_t",
    "_ZnamSt11align_val_t",
    "_ZnwmSt11align_val_tRKSt9nothrow_t",
    "_ZnamSt11align_val_tRKSt9nothrow_t",
    // C++ delete and delete[]: plain, nothrow, sized, aligned, aligned nothrow, sized aligned.
    "_ZdlPv",
    "_ZdaPv",
    "_ZdlPvRKSt9nothrow_t",
    "_ZdaPvRKSt9nothrow_t",
    "_ZdlPvm",
    "_ZdaPvm",
    "_ZdlPvSt11align_val_t",
    "_ZdaPvSt11align_val_t",
    "_ZdlPvSt11align_val_tRKSt9nothrow_t",
    "_ZdaPvSt11align_val_tRKSt9nothrow_t",
    "_ZdlPvmSt11align_val_t",
    "_ZdaPvmSt11align_val_t",
];

/// Exported too, but free to lock and to ask the system: nobody calls them in a loop. What they
/// reach must keep clear of telemetry all the same.
pub(crate) const COLD_ENTRIES: &[&str] = &[
    "valloc",
    "pvalloc",
    "malloc_trim",
    "mallinfo2",
    "mallopt",
    "malloc_info",
];

/// Functions of the C library that a hit path may call: they copy and fill, or say where the thread's
/// `errno` is, and do nothing else.
const IMPORTS_ON_HIT_PATH: &[&str] = &["memcpy", "memmove", "memset", "__errno_location"];

/// Parts of Rust's libraries that a hit path must not reach: panics and their messages, and std.
const FORBIDDEN_ON_HIT_PATH: &[&str] = &[
    "core::panicking",
    "core::option::",
    "core::result::",
    "core::slice::index::",
    "core::str::",
    "core::fmt::",
    "core::cell::panic",
    "std::",
    "alloc::",
    "__rust",
    "rust_begin_unwind",
];

/// The reason of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    /// The library has no full symbol table.
    Stripped,
    /// A required symbol is not exported.
    MissingSymbol,
    /// No instruction was read from an entry.
    NothingRead,
    /// Every way from an entry to its return is cold.
    NoHitPath,
    /// A call or jump whose target is not known.
    Unfollowed,
    /// A `lock` prefix on the hit path.
    Locked,
    /// `xchg` with memory on the hit path.
    Exchange,
    /// `mfence` on the hit path.
    Fence,
    /// A system call on the hit path.
    SystemCall,
    /// The hit path reaches a panic or the standard library.
    Panic,
    /// The hit path calls another library.
    Import,
    /// Telemetry memory is named.
    Telemetry,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Stripped => "stripped",
            Self::MissingSymbol => "missing-symbol",
            Self::NothingRead => "nothing-read",
            Self::NoHitPath => "no-hit-path",
            Self::Unfollowed => "unfollowed",
            Self::Locked => "locked",
            Self::Exchange => "exchange",
            Self::Fence => "fence",
            Self::SystemCall => "system-call",
            Self::Panic => "panic",
            Self::Import => "import",
            Self::Telemetry => "telemetry",
        })
    }
}

/// One reason why the check fails.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Finding {
    /// What is wrong.
    pub(crate) kind: Kind,
    /// Where the function belongs; none for the library as a whole.
    pub(crate) part: Option<Part>,
    /// The function.
    pub(crate) function: Option<String>,
    /// The instruction.
    pub(crate) address: Option<u64>,
    /// What it names.
    pub(crate) what: String,
    /// How the function is reached, entry first.
    pub(crate) path: Vec<String>,
}

/// Findings on the library as a whole: its symbols.
pub(crate) fn of_symbols(image: &Image) -> Vec<Finding> {
    let whole = |kind, what: String| Finding {
        kind,
        part: None,
        function: None,
        address: None,
        what,
        path: Vec::new(),
    };
    let mut findings = Vec::new();
    if image.is_stripped() {
        let what = "no symbol table: inner functions cannot be told apart; check the library \
                    before it is stripped";
        findings.push(whole(Kind::Stripped, what.to_owned()));
    }
    for name in ENTRIES.iter().chain(COLD_ENTRIES) {
        if image.export(name).is_none() {
            findings.push(whole(
                Kind::MissingSymbol,
                format!("`{name}` is not exported"),
            ));
        }
    }
    for (address, slot) in image.slots() {
        let Slot::Inside(target) = slot else { continue };
        if let Some(range) = image.telemetry_at(*target) {
            let what = format!("data at {address:#x} points to `{}`", range.name);
            findings.push(whole(Kind::Telemetry, what));
        }
    }
    findings
}

/// The finding on an entry that cannot return without entering a cold function: then the hit path
/// was declared away.
pub(crate) fn of_straight(entry: &str, count: Option<u32>) -> Option<Finding> {
    count.is_none().then(|| Finding {
        kind: Kind::NoHitPath,
        part: Some(Part::Hit),
        function: Some(entry.to_owned()),
        address: None,
        what: format!("every way through `{entry}` enters a cold function"),
        path: Vec::new(),
    })
}

/// Findings on everything that the entries reach.
pub(crate) fn of_walk(image: &Image, walk: &Walk) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (address, visit) in &walk.visits {
        let judge = Judge {
            image,
            walk,
            address: *address,
            visit,
        };
        judge.telemetry(&mut findings);
        if visit.part == Part::Hit {
            judge.hit_path(&mut findings);
        }
        if visit.steps.is_empty() {
            let what = "not one instruction was read".to_owned();
            findings.push(judge.finding(Kind::NothingRead, *address, what));
        }
    }
    for unfollowed in &walk.unfollowed {
        let Some(visit) = walk.visits.get(&unfollowed.function) else {
            continue;
        };
        let judge = Judge {
            image,
            walk,
            address: unfollowed.function,
            visit,
        };
        let what = format!(
            "{}; declare the function in xtask/hotcheck-indirect.txt once its targets are read",
            unfollowed.why
        );
        findings.push(judge.finding(Kind::Unfollowed, unfollowed.address, what));
    }
    findings.sort_by_key(|finding| (finding.kind, finding.address));
    findings
}

struct Judge<'a> {
    image: &'a Image,
    walk: &'a Walk,
    address: u64,
    visit: &'a Visit,
}

impl Judge<'_> {
    fn finding(&self, kind: Kind, address: u64, what: String) -> Finding {
        Finding {
            kind,
            part: Some(self.visit.part),
            function: Some(self.name(self.address)),
            address: Some(address),
            what,
            path: self.path(),
        }
    }

    fn name(&self, address: u64) -> String {
        let function = self.image.function_at(address);
        function.map_or_else(
            || format!("{address:#x}"),
            |function| function.name().to_owned(),
        )
    }

    fn path(&self) -> Vec<String> {
        let mut path = vec![self.name(self.address)];
        let mut from = self.visit.from;
        while let Some(address) = from {
            path.push(self.name(address));
            from = self.walk.visits.get(&address).and_then(|visit| visit.from);
        }
        path.reverse();
        path
    }

    fn telemetry(&self, findings: &mut Vec<Finding>) {
        for step in &self.visit.steps {
            let Some(named) = step.names else { continue };
            let through_slot = match self.image.slot(named) {
                Some(Slot::Inside(address)) => self.image.telemetry_at(*address),
                _ => None,
            };
            if let Some(range) = self.image.telemetry_at(named).or(through_slot) {
                let what = format!("names telemetry memory `{}`", range.name);
                findings.push(self.finding(Kind::Telemetry, step.address, what));
            }
        }
    }

    fn hit_path(&self, findings: &mut Vec<Finding>) {
        for step in &self.visit.steps {
            let (kind, what) = match step.taboo {
                None => continue,
                Some(Taboo::Lock) => (Kind::Locked, "an instruction with a lock prefix"),
                Some(Taboo::Exchange) => (Kind::Exchange, "xchg with memory, which locks"),
                Some(Taboo::Fence) => (Kind::Fence, "mfence"),
                Some(Taboo::SystemCall) => (Kind::SystemCall, "a system call"),
            };
            findings.push(self.finding(kind, step.address, what.to_owned()));
        }
        for (at, name) in &self.visit.imports {
            if !IMPORTS_ON_HIT_PATH.contains(&name.as_str()) {
                let what = format!("calls `{name}` of another library");
                findings.push(self.finding(Kind::Import, *at, what));
            }
        }
        for (at, to) in &self.visit.calls {
            let Some(function) = self.image.function_at(*to) else {
                continue;
            };
            if is_forbidden_on_hit_path(function) {
                let what = format!("calls `{}`", function.name());
                findings.push(self.finding(Kind::Panic, *at, what));
            }
        }
    }
}

/// Whether the function is a part of Rust's libraries that no hit path may call.
pub(crate) fn is_forbidden_on_hit_path(function: &Function) -> bool {
    function.names.iter().any(|name| {
        let name = name.trim_start_matches('<');
        FORBIDDEN_ON_HIT_PATH
            .iter()
            .any(|start| name.starts_with(start))
    })
}

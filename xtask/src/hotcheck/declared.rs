//! What people have declared about the code.
//!
//! # Role
//! The lists beside the sources: functions that are cold although their names do not say so, and
//! functions whose indirect calls have been read by a person.
//!
//! # Invariants
//! - I1: a function with several names is cold only when all its names are: folding with a cold
//!   twin must not take a function off the hit path.

use super::image::Function;

const COLD: &str = include_str!("../../hotcheck-cold.txt");
const INDIRECT: &str = include_str!("../../hotcheck-indirect.txt");

/// Patterns of function names: a whole name, or the beginning of one before a final `*`.
#[derive(Debug)]
struct Patterns(Vec<String>);

impl Patterns {
    /// One pattern a line, then ` -- ` and the reason; `#` begins a comment line.
    fn parse(text: &str) -> Self {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let patterns = lines.filter(|line| !line.starts_with('#')).map(|line| {
            line.split_once(" -- ")
                .map_or(line, |(pattern, _)| pattern.trim())
        });
        Self(patterns.map(str::to_owned).collect())
    }

    fn matches(&self, name: &str) -> bool {
        self.0.iter().any(|pattern| {
            pattern
                .strip_suffix('*')
                .map_or(name == pattern, |start| name.starts_with(start))
        })
    }
}

/// The declared lists.
#[derive(Debug)]
pub(crate) struct Declared {
    cold: Patterns,
    indirect: Patterns,
}

impl Declared {
    /// The lists of this repository.
    pub(crate) fn of_repository() -> Self {
        Self {
            cold: Patterns::parse(COLD),
            indirect: Patterns::parse(INDIRECT),
        }
    }

    /// Whether the function is a declared cold one.
    pub(crate) fn is_cold(&self, function: &Function) -> bool {
        function
            .names
            .iter()
            .all(|name| is_named_cold(name) || self.cold.matches(name))
    }

    /// Whether a person has read where the function's indirect calls go. Rust's own libraries call
    /// through vtables, which stand in data: what they lead to counts as reached.
    pub(crate) fn may_call_indirectly(&self, function: &Function) -> bool {
        function
            .names
            .iter()
            .any(|name| self.indirect.matches(name) || is_of_rust(name))
    }
}

/// Whether a name belongs to Rust's own libraries or to what they are made of.
pub(crate) fn is_of_rust(name: &str) -> bool {
    const ROOTS: &[&str] = &[
        "core::",
        "std::",
        "alloc::",
        "__rustc::",
        "compiler_builtins::",
        "rustc_demangle::",
        "gimli::",
        "addr2line::",
        "miniz_oxide::",
        "object::",
        "memchr::",
        "hashbrown::",
    ];
    !name.contains("bedplate") && ROOTS.iter().any(|root| name.contains(root))
}

/// Whether a part of the path says cold: `cold_x`, `x_slow`. Names inside `<...>` are types, which
/// say nothing about the function.
fn is_named_cold(name: &str) -> bool {
    let mut depth = 0_u32;
    let mut outside = String::with_capacity(name.len());
    for letter in name.chars() {
        match letter {
            '<' => depth += 1,
            '>' => depth = depth.saturating_sub(1),
            _ if depth == 0 => outside.push(letter),
            _ => {}
        }
    }
    outside
        .split("::")
        .any(|part| part.starts_with("cold_") || part.contains("_cold_") || part.ends_with("_slow"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn function(names: &[&str]) -> Function {
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        Function {
            address: 0,
            end: 1,
            names,
        }
    }

    #[test]
    fn slow_halves_are_cold_by_name() {
        assert!(is_named_cold("bedplate_malloc::heap::Heap::malloc_slow"));
        assert!(is_named_cold(
            "<bedplate_malloc::heap::Heap>::free_slow::<bedplate_x::Off>"
        ));
        assert!(is_named_cold("bedplate_malloc::cold_grow::{{closure}}"));
        assert!(!is_named_cold(
            "bedplate_malloc::heap::malloc::<crate::visit_slow>"
        ));
        assert!(!is_named_cold("malloc"));
    }

    #[test]
    fn a_fold_with_a_cold_twin_stays_hot() {
        let declared = Declared {
            cold: Patterns::parse(""),
            indirect: Patterns::parse(""),
        };
        assert!(!declared.is_cold(&function(&["free", "x::free_slow"])));
        assert!(declared.is_cold(&function(&["x::grow_slow", "x::free_slow"])));
    }

    #[test]
    fn our_own_impls_of_rusts_traits_are_ours() {
        assert!(is_of_rust("<&mut [u8] as core::fmt::Debug>::fmt"));
        assert!(!is_of_rust(
            "<bedplate_os::rawio::Line<_> as core::fmt::Write>::write_str"
        ));
        assert!(!is_of_rust("malloc"));
    }

    #[test]
    fn a_star_stands_for_the_rest_of_a_name() {
        let patterns = Patterns::parse("# talk\ncore::* -- knows no telemetry\nmain -- one\n");
        assert!(patterns.matches("core::fmt::write"));
        assert!(patterns.matches("main"));
        assert!(!patterns.matches("mainly"));
    }
}

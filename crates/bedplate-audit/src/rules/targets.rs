//! What is written to.
//!
//! # Role
//! Tells what is written as a text, for somebody to read or to be a part of another text, from what may go to a file or a peer.

use crate::facts::{Program, Site};
use crate::syntax::Kind;

/// What stands under references, casts, indexes and additions.
fn root(program: &Program, site: Site) -> Site {
    let mut at = site;
    while matches!(
        program.kind(at),
        Kind::Ref | Kind::Deref | Kind::Cast | Kind::Other | Kind::Index | Kind::Binary(_)
    ) && let Some(inner) = program.child(at, 0)
    {
        at = inner;
    }
    at
}

/// Whether what is written there is for somebody to read: the streams of the process, or what
/// `Debug` and `Display` are given.
fn is_shown_at(program: &Program, target: Site) -> bool {
    let Some(id) = program.function_of(target) else {
        return false;
    };
    let function = program.function(id);
    let of = function.of_trait.as_deref();
    if of.is_some_and(|of| matches!(of, "Debug" | "Display")) {
        return true;
    }
    let root = root(program, target);
    let mut places = program.below(target);
    if let Kind::Name(name) = program.kind(root) {
        if let Some((_, parameter)) = program.parameter(id, name) {
            return parameter.ty.contains("Formatter");
        }
        if let Some(value) = program.binding(root, name) {
            places.extend(program.below(value));
        }
    }
    places.iter().any(|site| match program.kind(*site) {
        Kind::Call { name, .. } => matches!(name.as_str(), "stderr" | "stdout"),
        _ => false,
    })
}

/// Types that something is written to for its text alone, or that callers choose.
const TEXTS: [&str; 8] = [
    "String",
    "str",
    "Formatter",
    "Stdout",
    "Stderr",
    "StdoutLock",
    "StderrLock",
    "Write",
];

/// Whether what is written there is no more than a text: it is shown, or goes into a text of Rust, or into what the callers give
/// for any text (`impl Write`).
pub(super) fn is_for_texts(program: &Program, target: Site) -> bool {
    if is_shown_at(program, target) {
        return true;
    }
    let root = root(program, target);
    let words = program.type_words(root, 0);
    let is_generic = |word: &String| word.len() <= 2 && word.starts_with(char::is_uppercase);
    if words.iter().any(|word| TEXTS.contains(&word.as_str())) {
        return true;
    }
    let given = match program.kind(root) {
        Kind::Name(name) => program
            .function_of(root)
            .is_some_and(|id| program.parameter(id, name).is_some()),
        _ => false,
    };
    given && words.iter().any(is_generic)
}

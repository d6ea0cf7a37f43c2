//! Who reads what is printed.
//!
//! # Role
//! Tells the streams that are there for somebody to read (standard output and error) from those that
//! may be a file the program reads again, or a peer.

use crate::facts::{Program, Site};
use crate::syntax::Kind;

/// Calls that are followed to find what stream a caller hands over.
const CALLS_MAX: u32 = 6;

/// `out << value << ...` of C++.
pub(super) struct Chain {
    /// What stands leftmost.
    pub(super) root: Site,
    /// Nothing takes the value of the whole: it is there for what it does.
    pub(super) is_dropped: bool,
}

/// The chain of shifts that the binary expression at `site` is part of.
pub(super) fn chain(program: &Program, site: Site) -> Option<Chain> {
    let is_shift = |at: Site| {
        matches!(program.kind(at), Kind::Binary(by) if by == "<<" || by == ">>")
            && !program.unit(at.unit).is_rust
    };
    if !is_shift(site) {
        return None;
    }
    let mut root = site;
    while is_shift(root) {
        root = program.child(root, 0)?;
    }
    let mut top = site;
    while let Some(parent) = program.parent(top) {
        let goes_up = is_shift(parent) && program.place(top) == 0;
        if !goes_up && !matches!(program.kind(parent), Kind::Other) {
            break;
        }
        top = parent;
    }
    let parent = program.parent(top).map(|parent| program.kind(parent));
    Some(Chain {
        root,
        is_dropped: matches!(parent, Some(Kind::Statement | Kind::Block { .. })),
    })
}

/// Whether a piece of code names a stream that the process has for somebody to read.
pub(super) fn is_standard(program: &Program, site: Site) -> bool {
    let Kind::Name(name) = program.kind(site) else {
        return false;
    };
    let is_own = program.binding(site, name).is_some() || program.local_type(site, name).is_some();
    let is_known = matches!(
        name.as_str(),
        "stdout" | "stderr" | "cout" | "cerr" | "clog" | "wcout" | "wcerr" | "wclog"
    );
    is_known && !is_own
}

/// The place of the stream among the arguments of a function of C that prints to one.
fn stream_place(name: &str, arguments: usize) -> Option<usize> {
    match name {
        "fprintf" | "vfprintf" | "fwprintf" | "vfwprintf" => Some(0),
        "fputs" | "fputc" | "putc" | "fputws" | "fputwc" => arguments.checked_sub(1),
        "dprintf" | "vdprintf" => Some(0),
        _ => None,
    }
}

/// Whether a call of C prints to what may be a file or a peer.
pub(super) fn prints_elsewhere(program: &Program, call: Site, name: &str) -> bool {
    let arguments = program.node(call).children.len();
    if program.unit(call.unit).is_rust || !matches!(program.kind(call), Kind::Call { .. }) {
        return false;
    }
    let stream = stream_place(name, arguments).and_then(|place| program.child(call, place));
    stream.is_some_and(|stream| !is_for_readers(program, stream, 0))
}

/// Whether a stream is there for somebody to read: standard output and error, or what a caller from
/// outside of the tree gives to be written to.
fn is_for_readers(program: &Program, stream: Site, depth: u32) -> bool {
    let inner = |place| {
        program
            .child(stream, place)
            .is_some_and(|inner| is_for_readers(program, inner, depth))
    };
    match program.kind(stream) {
        Kind::Name(_) if is_standard(program, stream) => true,
        Kind::Name(name) => of_name(program, stream, name, depth),
        // Descriptors of `dprintf`.
        Kind::Literal(text) => matches!(text.as_str(), "1" | "2"),
        Kind::Cast | Kind::Other => inner(0),
        Kind::If => inner(1) && inner(2),
        _ => false,
    }
}

fn of_name(program: &Program, stream: Site, name: &str, depth: u32) -> bool {
    let Some(function) = program.function_of(stream) else {
        return false;
    };
    if let Some((place, _)) = program.parameter(function, name) {
        if depth >= CALLS_MAX {
            return false;
        }
        let is_method = |call: Site| matches!(program.kind(call), Kind::Method { .. });
        return program.callers(function).into_iter().all(|call| {
            let argument = program.child(call, place + usize::from(is_method(call)));
            argument.is_some_and(|it| is_for_readers(program, it, depth + 1))
        });
    }
    let values = program.values_of(function, name);
    !values.is_empty()
        && depth < CALLS_MAX
        && values
            .iter()
            .all(|value| is_for_readers(program, *value, depth + 1))
}

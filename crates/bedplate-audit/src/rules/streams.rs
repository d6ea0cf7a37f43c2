//! Who reads what is printed.
//!
//! # Role
//! Tells the streams that are there for somebody to read (standard output and error) from those that
//! may be a file the program reads again, or a peer; and standard output, by which a program hands out its results,
//! from what is only for people.

use super::finding::Found;
use crate::facts::{FunctionId, Program, Site};
use crate::syntax::Kind;

/// Calls that are followed to find what stream a caller hands over.
const CALLS_MAX: u32 = 6;

/// Calls that are followed to find what a function of the tree prints to.
const BODIES_MAX: u32 = 3;

/// Who reads a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reader {
    /// A person: standard error, or a text that is made for one.
    Person,
    /// Whoever the program works for, also another program: standard output.
    Anybody,
}

impl Reader {
    /// What is found where something is written for such a reader.
    pub(super) fn found(self, by: String) -> Found {
        match self {
            Self::Person => Found::Shown(by),
            Self::Anybody => Found::Printed(by),
        }
    }
}

/// What is shown, told apart by whether it goes to the standard output of a program. A library hands its results out by
/// what its functions answer.
pub(super) fn told_apart(program: &Program, site: Site, found: Found) -> Found {
    match found {
        Found::Shown(by) if prints_out(program, site, 0) && is_program(program) => {
            Found::Printed(by)
        }
        Found::Printed(by) if !is_program(program) => Found::Shown(by),
        found => found,
    }
}

/// Whether the tree holds a `main` of its own, other than that of a script that builds it.
fn is_program(program: &Program) -> bool {
    let mains = ["main", "wmain", "WinMain"].into_iter();
    let mut mains = mains.flat_map(|name| program.functions_named(name));
    mains.any(|id| {
        let function = program.function(*id);
        let path = &program.unit(id.unit).path;
        let is_script = path == "build.rs" || path.ends_with("/build.rs");
        function.owner.is_none() && !function.is_macro && program.body(*id).is_some() && !is_script
    })
}

/// Whether a call, a macro or a shift prints to standard output, also in a function of the tree.
fn prints_out(program: &Program, site: Site, depth: u32) -> bool {
    let name = match program.kind(site) {
        Kind::Call { name, .. } | Kind::Method { name } | Kind::Macro { name } => name,
        Kind::Binary(_) => {
            let chain = chain(program, site);
            return chain.is_some_and(|chain| is_named(program, chain.root, &OUTPUT));
        }
        _ => return false,
    };
    let functions = program.callees(site, name);
    let mut bodies = functions
        .iter()
        .filter_map(|id| program.body(*id))
        .peekable();
    if bodies.peek().is_some() {
        let inner = |body| program.below(body);
        return depth < BODIES_MAX
            && bodies
                .flat_map(inner)
                .any(|inner| prints_out(program, inner, depth + 1));
    }
    let is_macro = matches!(program.kind(site), Kind::Macro { .. });
    if program.unit(site.unit).is_rust {
        return is_macro && matches!(name.as_str(), "print" | "println");
    }
    if let Some(place) = stream_place(name, program.node(site).children.len()) {
        let stream = program.child(site, place);
        return stream.is_some_and(|stream| is_output(program, stream, 0));
    }
    matches!(
        name.as_str(),
        "printf"
            | "vprintf"
            | "wprintf"
            | "vwprintf"
            | "puts"
            | "putchar"
            | "putwchar"
            | "print"
            | "println"
    )
}

/// Whether a stream of C may be standard output, as far as the tree gives it.
fn is_output(program: &Program, stream: Site, depth: u32) -> bool {
    let inner = |place| {
        program
            .child(stream, place)
            .is_some_and(|inner| is_output(program, inner, depth))
    };
    match program.kind(stream) {
        Kind::Name(_) if is_named(program, stream, &OUTPUT) => true,
        Kind::Name(name) => {
            let function = program.function_of(stream);
            depth < CALLS_MAX
                && function.is_some_and(|function| {
                    let values = match given_by_callers(program, function, name) {
                        Some(given) => given.into_iter().flatten().collect(),
                        None => program.values_of(function, name),
                    };
                    values.iter().any(|it| is_output(program, *it, depth + 1))
                })
        }
        Kind::Literal(text) => text == "1",
        Kind::Cast | Kind::Other => inner(0),
        Kind::If => inner(1) || inner(2),
        _ => false,
    }
}

/// What callers in the tree give for a parameter; nothing where the name is none.
fn given_by_callers(
    program: &Program,
    function: FunctionId,
    name: &str,
) -> Option<Vec<Option<Site>>> {
    let (place, _) = program.parameter(function, name)?;
    let given = |call: Site| {
        let is_method = matches!(program.kind(call), Kind::Method { .. });
        program.child(call, place + usize::from(is_method))
    };
    Some(program.callers(function).into_iter().map(given).collect())
}

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

/// What C and C++ call standard output.
const OUTPUT: [&str; 3] = ["stdout", "cout", "wcout"];

/// What they call the streams that people read.
const ERRORS: [&str; 5] = ["stderr", "cerr", "clog", "wcerr", "wclog"];

/// Whether a piece of code names a stream that the process has for somebody to read.
pub(super) fn is_standard(program: &Program, site: Site) -> bool {
    is_named(program, site, &OUTPUT) || is_named(program, site, &ERRORS)
}

/// Whether a piece of code is one of these names, and none of a variable.
fn is_named(program: &Program, site: Site, names: &[&str]) -> bool {
    let Kind::Name(name) = program.kind(site) else {
        return false;
    };
    let is_own = program.binding(site, name).is_some() || program.local_type(site, name).is_some();
    names.contains(&name.as_str()) && !is_own
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
    if let Some(given) = given_by_callers(program, function, name) {
        return depth < CALLS_MAX
            && given
                .iter()
                .all(|it| it.is_some_and(|it| is_for_readers(program, it, depth + 1)));
    }
    let values = program.values_of(function, name);
    !values.is_empty()
        && depth < CALLS_MAX
        && values
            .iter()
            .all(|value| is_for_readers(program, *value, depth + 1))
}

//! What the tree was compiled to, for a terminal.

use alloc::collections::BTreeSet;
use core::fmt::Write as _;

use super::text::{excerpt, wrapped};
use crate::built::{Built, BuiltLocation, BuiltOperation};

/// What was compiled, and how much of it is of the source.
pub(super) fn head(out: &mut String, built: &Built) {
    let more = if built.is_complete {
        ""
    } else {
        "; not all of it could be compiled"
    };
    let _infallible = writeln!(
        out,
        "\nCompiled: {} ({} atomic instructions){more}.",
        counted(built.modules.len(), "module"),
        built.instructions
    );
    let packages: usize = built.packages.values().sum();
    let parts = [
        (built.joined, "operations of the source"),
        (built.unseen.len(), "lines that the source does not show"),
        (packages, "of packages it depends on"),
        (built.standard, "of the standard library"),
        (built.elsewhere, "of other files"),
    ];
    for (count, what) in parts {
        let _infallible = writeln!(out, "{count:>10} {what}");
    }
    let left_out: usize = built.locations.iter().map(|l| l.not_built.len()).sum();
    let _infallible = writeln!(
        out,
        "{left_out:>10} operations of the source were not compiled (below)"
    );
}

fn counted(count: usize, what: &str) -> String {
    let s = if count == 1 { "" } else { "s" };
    format!("{count} {what}{s}")
}

/// A location in one line.
pub(super) fn about(built: &Built, place: usize) -> Option<String> {
    let location = built.locations.get(place)?;
    let mut said = if location.operations.is_empty() {
        "compiled: nothing of it".to_owned()
    } else {
        compiled(location)
    };
    if let Some(class) = location.class_by_source {
        let _infallible = write!(said, "; by the source alone it was {class}");
    }
    Some(said)
}

fn compiled(location: &BuiltLocation) -> String {
    let operations = &location.operations;
    let count: usize = operations.iter().map(|one| one.instructions).sum();
    let bits: BTreeSet<String> = all(operations, |one| &one.bits, u32::to_string);
    let values: BTreeSet<String> = all(operations, |one| &one.value, Clone::clone);
    let has_values = operations.iter().any(|one| one.kind != "store");
    let value = match (has_values, values.is_empty()) {
        (false, _) => String::new(),
        (true, true) => ", values unused".to_owned(),
        (true, false) => format!(", values: {}", join(values)),
    };
    let missing = location.not_built.len();
    let missing = if missing == 0 {
        String::new()
    } else {
        format!("; {} not compiled", counted(missing, "operation"))
    };
    format!(
        "compiled: {} of {} bits{value}{missing}",
        counted(count, "instruction"),
        join(bits)
    )
}

fn all<T>(
    operations: &[BuiltOperation],
    set: impl Fn(&BuiltOperation) -> &BTreeSet<T>,
    show: impl Fn(&T) -> String,
) -> BTreeSet<String> {
    operations.iter().flat_map(set).map(show).collect()
}

fn join(words: BTreeSet<String>) -> String {
    words.into_iter().collect::<Vec<_>>().join(", ")
}

/// What was not compiled, and what the source does not show.
pub(super) fn sections(out: &mut String, built: &Built) {
    let left_out = built
        .locations
        .iter()
        .filter(|location| !location.not_built.is_empty());
    let mut is_first = true;
    for location in left_out {
        if core::mem::take(&mut is_first) {
            out.push_str("\nNot compiled here: the answer above counts them all the same.\n");
        }
        let _infallible = writeln!(out, "\n{}", location.name);
        for one in &location.not_built {
            let at = format!("{}:{} {}: {}", one.at.file, one.at.line, one.kind, one.why);
            wrapped(out, "     ", &at);
        }
    }
    if !built.unseen.is_empty() {
        out.push_str(
            "\nCompiled, and not seen in the source: made by macros, or not understood.\n",
        );
    }
    for one in &built.unseen {
        let value = match (one.kind, one.value.is_empty()) {
            ("store", _) => String::new(),
            (_, true) => ", value unused".to_owned(),
            _ => format!(", value: {}", join(one.value.clone())),
        };
        let said = format!(
            "{} {} of {} bits in `{}`{value}",
            one.order, one.kind, one.bits, one.function
        );
        out.push('\n');
        wrapped(out, "   - ", &said);
        excerpt(out, &one.at);
    }
}

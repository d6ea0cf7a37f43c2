//! An audit with the compiled code beside it.

use std::path::Path;

use bedplate_audit::{Audit, Compilation, TreeError, audit, audit_compiled, read_tree};

use crate::compile::{Outcome, compile};
use crate::talk::{CountBar, complain, say};

/// Failures that are told whole; more of them are counted.
const FAILURES_MAX: usize = 3;

/// Reads and compiles the tree; whether all of it could be compiled.
pub(super) fn audit_ir(path: &Path, features: Option<&str>) -> Result<(Audit, bool), TreeError> {
    let root = if path.is_dir() {
        path
    } else {
        path.parent().unwrap_or(path)
    };
    let sources = read_tree(root, path)?;
    let bar = CountBar::new("compiled");
    let outcome = compile(root, &sources, features, &bar);
    bar.finish();
    if let Some(times) = outcome.told_times() {
        say(&format!("bedplate: {times}\n"));
    }
    let Outcome {
        modules,
        failures,
        remarks,
        ..
    } = outcome;
    for remark in &remarks {
        say(&format!("bedplate: {remark}\n"));
    }
    for failure in failures.iter().take(FAILURES_MAX) {
        complain(failure);
    }
    let more = failures.len().saturating_sub(FAILURES_MAX);
    if more > 0 {
        complain(&format!("{more} more could not be compiled"));
    }
    let is_complete = failures.is_empty();
    if !is_complete {
        complain(&if modules.is_empty() {
            "what follows is the answer by the source alone"
        } else {
            "what follows is the answer by the source, corrected by what was compiled"
        });
    }
    if modules.is_empty() {
        return Ok((audit(&sources), is_complete));
    }
    let compilation = Compilation::new(modules, is_complete);
    Ok((audit_compiled(&sources, &compilation), is_complete))
}

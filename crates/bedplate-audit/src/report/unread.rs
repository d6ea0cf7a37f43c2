//! What was not read, and what was left out, for a terminal.

use super::text::wrapped;
use crate::audit::Audit;

/// Places that are named; the others are counted.
const NAMED_MAX: usize = 20;

/// Of what was left out, so many are named.
const LEFT_OUT_MAX: usize = 6;

/// Names what was left out, if there is something.
pub(super) fn left_out(out: &mut String, audit: &Audit) {
    let all = &audit.left_out;
    if all.is_empty() {
        return;
    }
    let named: Vec<&str> = all.iter().take(LEFT_OUT_MAX).map(String::as_str).collect();
    let more = match all.len().saturating_sub(LEFT_OUT_MAX) {
        0 => String::new(),
        more => format!(" and {more} more (`left_out` in the JSON)"),
    };
    out.push('\n');
    wrapped(
        out,
        "",
        &format!(
            "Left out as tests, benches, examples or code of others: {}{more}.",
            named.join(", ")
        ),
    );
}

/// Names what was not read, if there is something.
pub(super) fn section(out: &mut String, audit: &Audit) {
    if audit.not_read.is_empty() {
        return;
    }
    out.push_str("\nNot read: what is only used there is not known here.\n");
    for one in audit.not_read.iter().take(NAMED_MAX) {
        let at = one.line.map_or_else(String::new, |line| format!(":{line}"));
        wrapped(out, "   ! ", &format!("{}{at}: {}", one.file, one.why));
    }
    let more = audit.not_read.len().saturating_sub(NAMED_MAX);
    if more > 0 {
        wrapped(out, "   ! ", &format!("and {more} more"));
    }
}

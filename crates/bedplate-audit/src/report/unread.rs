//! What was not read, for a terminal.

use super::text::wrapped;
use crate::audit::Audit;

/// Places that are named; the others are counted.
const NAMED_MAX: usize = 20;

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

//! Why one location is what it is, with the way of each value.

use core::fmt::Write as _;

use super::text::{excerpt, painted, wrapped};
use crate::audit::Location;

/// Lines of a way that are shown; of longer ones the middle is left out.
const LINES_MAX: usize = 24;

/// A location with all of its evidence, and the lines that each value came through; with colours where `colour`.
#[must_use]
pub fn why(location: &Location, colour: bool) -> String {
    let mut out = String::new();
    let class = painted(location.class, colour);
    let _infallible = writeln!(out, "{class} {}", location.name);
    excerpt(&mut out, &location.declared);
    if location.evidence.is_empty() {
        wrapped(&mut out, "   - ", "no operation on it was found");
    }
    for evidence in &location.evidence {
        wrapped(&mut out, "   - ", &evidence.note);
        let way = &evidence.through;
        let left_out = way.len().saturating_sub(LINES_MAX);
        let (head, rest) = way.split_at(way.len().min(LINES_MAX / 2));
        let tail = rest.get(left_out..).unwrap_or(rest);
        if !way.is_empty() {
            out.push_str("     read at, and followed through:\n");
        }
        head.iter().for_each(|line| excerpt(&mut out, line));
        if left_out > 0 {
            let _infallible = writeln!(out, "     ({left_out} lines are left out here)");
        }
        tail.iter().for_each(|line| excerpt(&mut out, line));
        if !way.is_empty() {
            out.push_str("     to:\n");
        }
        excerpt(&mut out, &evidence.at);
    }
    out
}

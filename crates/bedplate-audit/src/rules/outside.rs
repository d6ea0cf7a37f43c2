//! Records that are laid out for others.
//!
//! # Role
//! Memory that is shared with a kernel, a device or another process has a layout (`#[repr(C)]`): who reads it there is
//! not in the tree.

use crate::facts::{LocationId, Program};

/// Lines above a type that are searched for its attributes.
const LINES_MAX: usize = 24;

/// Whether a location stands in a record of Rust with a layout that others know.
pub(super) fn is_laid_out(program: &Program, id: LocationId) -> bool {
    let location = program.location(id);
    let unit = program.unit(location.unit);
    if location.owner.is_empty() || !unit.is_rust {
        return false;
    }
    let owner = head(&location.owner);
    let line = usize::try_from(location.line).unwrap_or(usize::MAX);
    let upwards = || unit.lines.iter().take(line).rev();
    let declares = |text: &String| {
        let mut words = words(text);
        words.any(|word| matches!(word, "struct" | "union" | "enum")) && words.any(|it| it == owner)
    };
    let Some(declared) = upwards().position(declares) else {
        return false;
    };
    let is_above = |text: &&String| {
        let text = text.trim_start();
        text.starts_with('#') || text.starts_with("//") || text.ends_with(")]")
    };
    let is_layout = |text: &String| {
        text.split_once("repr(").is_some_and(|(_, inside)| {
            words(inside.split(')').next().unwrap_or(inside)).any(|word| word == "C")
        })
    };
    let mut lines = upwards().skip(declared);
    lines.next().is_some_and(is_layout) || lines.take(LINES_MAX).take_while(is_above).any(is_layout)
}

fn head(owner: &str) -> &str {
    owner.split("::").next().unwrap_or(owner)
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric() && c != '_')
        .filter(|word| !word.is_empty())
}

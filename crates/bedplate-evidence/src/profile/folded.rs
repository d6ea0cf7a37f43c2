//! Folded stacks and the flame graph.
//!
//! # Role
//! A line for each stack, `outermost;...;innermost BYTES`, which flame graph tools read, and such a
//! graph itself. Bytes are those live at the peak; where the peak was not looked at, those
//! allocated.

use alloc::collections::BTreeMap;
use core::fmt::Write as _;
use std::io;

use inferno::flamegraph::{self, Options};

use super::stacks::Profile;

/// What the figures of folded stacks are.
#[must_use]
pub fn figures(profile: &Profile) -> &'static str {
    if has_peak(profile) {
        "bytes live at the peak"
    } else {
        "bytes allocated"
    }
}

fn has_peak(profile: &Profile) -> bool {
    profile.stacks.iter().any(|stack| stack.blocks.peak > 0.0)
}

/// The folded stacks.
#[must_use]
pub fn folded(profile: &Profile) -> String {
    let has_peak = has_peak(profile);
    let mut lines: BTreeMap<String, f64> = BTreeMap::new();
    for stack in &profile.stacks {
        let blocks = if has_peak {
            stack.blocks.peak
        } else {
            stack.blocks.allocated
        };
        if blocks > 0.0 {
            let frames = profile.frames(stack).rev();
            // A semicolon in a name (Rust arrays) would end it.
            let names: Vec<String> = frames.map(|f| f.function.replace(';', ":")).collect();
            *lines.entry(names.join(";")).or_default() += stack.bytes(blocks);
        }
    }
    lines
        .iter()
        .fold(String::new(), |mut text, (stack, bytes)| {
            // Writing to a string does not fail.
            let _written = writeln!(text, "{stack} {bytes:.0}");
            text
        })
}

/// The flame graph of a profile, as SVG.
///
/// # Errors
/// There is nothing to draw.
pub fn flame_graph(profile: &Profile, title: &str) -> io::Result<Vec<u8>> {
    let folded = folded(profile);
    let mut options = Options::default();
    title.clone_into(&mut options.title);
    options.subtitle = Some(figures(profile).to_owned());
    "bytes".clone_into(&mut options.count_name);
    options.colors = flamegraph::color::Palette::Basic(flamegraph::color::BasicPalette::Mem);
    options.deterministic = true;
    let mut svg = Vec::new();
    flamegraph::from_lines(&mut options, folded.lines(), &mut svg).map_err(io::Error::other)?;
    Ok(svg)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::pprof::tests::example;

    #[test]
    fn stacks_are_folded_outermost_first() {
        assert_eq!(folded(&example(40.0)), "main;ask 2560\n");
        assert_eq!(figures(&example(0.0)), "bytes allocated");
        assert_eq!(folded(&example(0.0)), "main;ask 6400\n");
    }

    #[test]
    fn a_flame_graph_names_its_functions() {
        let svg = flame_graph(&example(40.0), "a test").unwrap();
        let svg = String::from_utf8(svg).unwrap();
        assert!(svg.contains("<svg") && svg.contains("ask") && svg.contains("a test"));
        assert!(flame_graph(&Profile::default(), "nothing").is_err());
    }
}

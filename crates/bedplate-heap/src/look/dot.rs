//! A graph for `dot`.

use crate::{Heap, Value, header};
use alloc::collections::VecDeque;
use core::fmt::{self, Write};
use std::collections::HashSet;

impl Heap {
    /// Writes what values lead to as a graph that `dot -Tsvg` draws, at most so many objects. Without
    /// values: what is held from outside the heap leads to.
    ///
    /// # Errors
    /// - Those of the writer.
    pub fn write_dot(
        &self,
        to: &mut impl Write,
        from: &[Value],
        objects_max: usize,
    ) -> fmt::Result {
        let starts: Vec<u32> = if from.is_empty() {
            self.held_outside()
        } else {
            let places = from.iter().map(|value| value.link());
            places.filter(|place| *place != 0).collect()
        };
        let shown = self.reached(&starts, objects_max);
        writeln!(to, "digraph heap {{")?;
        writeln!(to, "  node [shape=box, fontname=\"monospace\"];")?;
        let mut left_out = 0_usize;
        for &at in &shown {
            let count = header::count(self.words.load(at));
            let label = escaped(&self.described(at));
            let style = if starts.contains(&at) {
                ", style=bold"
            } else {
                ""
            };
            writeln!(to, "  o{at} [label=\"{label}\\ncount {count}\"{style}];")?;
            for (name, child) in self.named_edges(at) {
                if shown.contains(&child) {
                    let name = escaped(&name);
                    writeln!(to, "  o{at} -> o{child} [label=\"{name}\"];")?;
                } else {
                    left_out += 1;
                }
            }
        }
        if left_out > 0 {
            writeln!(
                to,
                "  more [label=\"{left_out} references to what is not shown\", shape=plaintext];"
            )?;
        }
        writeln!(to, "}}")
    }

    /// The first so many objects that these lead to.
    fn reached(&self, starts: &[u32], objects_max: usize) -> Vec<u32> {
        let mut found = Vec::new();
        let mut seen: HashSet<u32> = starts.iter().copied().collect();
        let mut open: VecDeque<u32> = starts.iter().copied().collect();
        while let Some(at) = open.pop_front() {
            if found.len() == objects_max {
                break;
            }
            found.push(at);
            self.each_edge(at, |child| {
                if seen.insert(child) {
                    open.push_back(child);
                }
            });
        }
        found
    }
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

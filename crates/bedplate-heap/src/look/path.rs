//! Why an object is still there.

use crate::header::{self, Kind};
use crate::{Heap, Ref};
use alloc::collections::VecDeque;
use core::fmt;
use std::collections::HashMap;

/// An object on a path, and how the one before refers to it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Step {
    /// The object.
    pub object: Ref,
    /// What it is.
    pub kind: Kind,
    /// What it is in words.
    pub what: String,
    /// The reference that leads here, as `.name` or `[3]`; empty at the start, which is held by a root,
    /// a finalizer or the host.
    pub by: String,
}

/// A shortest way from what is held outside to an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetainingPath {
    /// From the one that is held outside to the object.
    pub steps: Vec<Step>,
}

impl fmt::Display for RetainingPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (depth, step) in self.steps.iter().enumerate() {
            let by = if depth == 0 {
                "held outside:"
            } else {
                &step.by
            };
            let indent = 2 * depth;
            writeln!(f, "{:indent$}{by} {} {:?}", "", step.what, step.object)?;
        }
        Ok(())
    }
}

impl Heap {
    /// Why an object is still there: the shortest way to it from an object that a root, a finalizer or
    /// the host holds. `None` where it is freed, or where only a cycle keeps it: the next collection
    /// frees it.
    ///
    /// # Cost
    /// Two walks over all references; memory for each object.
    #[must_use]
    pub fn retaining_path(&self, object: Ref) -> Option<RetainingPath> {
        let target = object.index();
        let mut open: VecDeque<u32> = self.held_outside().into();
        let mut before: HashMap<u32, u32> = open.iter().map(|at| (*at, 0)).collect();
        while let Some(at) = open.pop_front() {
            if at == target {
                return Some(self.path_back(at, &before));
            }
            self.each_edge(at, |child| {
                before.entry(child).or_insert_with(|| {
                    open.push_back(child);
                    at
                });
            });
        }
        None
    }

    fn path_back(&self, target: u32, before: &HashMap<u32, u32>) -> RetainingPath {
        let mut places = vec![target];
        let mut at = target;
        while let Some(&previous) = before.get(&at)
            && previous != 0
        {
            places.push(previous);
            at = previous;
        }
        places.reverse();
        let steps = places.iter().enumerate().filter_map(|(depth, &at)| {
            let previous = depth.checked_sub(1).map(|depth| places[depth]);
            Some(Step {
                object: Ref::at(at)?,
                kind: header::kind(self.words.load(at)),
                what: self.described(at),
                by: previous.map_or_else(String::new, |previous| self.name_of_edge(previous, at)),
            })
        });
        RetainingPath {
            steps: steps.collect(),
        }
    }

    fn name_of_edge(&self, from: u32, to: u32) -> String {
        let edges = self.named_edges(from);
        let edge = edges.into_iter().find(|(_, child)| *child == to);
        edge.map_or_else(|| "link".to_owned(), |(name, _)| name)
    }
}

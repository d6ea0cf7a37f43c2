//! A module: its operations, functions and statics.

use alloc::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::lines::{Frame, Lines, Origin};
use super::operation::{self, Instruction};
use super::text::{self, field, leading_number, number, operands, reference};
use super::uses::{Users, What};

/// An atomic operation as it was compiled.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Compiled {
    /// The instruction.
    pub instruction: Instruction,
    /// The lines it comes from, innermost first.
    pub frames: Vec<Frame>,
    /// What is done with its value, with the lines that do it; nothing where it is unused.
    pub uses: Vec<(What, Vec<Frame>)>,
}

/// A static of the tree.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Static {
    /// Its name in the code.
    pub symbol: String,
    /// The file it is declared in, below the root.
    pub file: String,
    /// The line.
    pub line: u32,
    /// Nothing outside of the module can name it.
    pub is_internal: bool,
    /// How often the module names it, its definition left out.
    pub mentions: usize,
}

/// What one module of the compiler's code holds.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Module {
    /// What was compiled, in words.
    pub name: String,
    /// The atomic operations.
    pub operations: Vec<Compiled>,
    /// Functions of the tree whose code is there, also inlined: file and first line.
    pub functions: BTreeSet<(String, u32)>,
    /// Statics of the tree.
    pub statics: Vec<Static>,
    /// Statics that only the module could name and that the compiler dropped, since nothing reads
    /// them: file and line.
    pub dropped: BTreeSet<(String, u32)>,
}

/// Instructions that a function must hold to be looked into.
const ATOMIC: [&str; 4] = ["atomicrmw ", "cmpxchg ", "load atomic ", "store atomic "];

impl Module {
    /// Reads the text of a module; paths below `root` are the tree's.
    #[must_use]
    pub fn read(name: &str, text: &str, root: &Path) -> Self {
        let parts = Parts::of(text);
        let lines = Lines {
            entries: parts.entries,
            root,
        };
        let mut module = Self {
            name: name.to_owned(),
            functions: functions(&lines),
            statics: statics(&lines, &parts.globals, text),
            ..Self::default()
        };
        module.dropped = dropped(&lines, &module.statics);
        for body in &parts.bodies {
            module.read_function(body, &lines);
        }
        module
    }

    fn read_function(&mut self, body: &[&str], lines: &Lines<'_>) {
        let has_atomics = body
            .iter()
            .any(|line| ATOMIC.iter().any(|opcode| line.contains(opcode)));
        if !has_atomics {
            return;
        }
        let instructions = text::instructions(body);
        let users = Users::of(&instructions);
        for found in &instructions {
            let Some(instruction) = operation::read(found) else {
                continue;
            };
            let uses = found.result().map(|value| users.uses(value));
            let uses = uses.unwrap_or_default().into_iter().map(|one| {
                let frames = one.debug.map(|debug| lines.frames(debug));
                (one.what, frames.unwrap_or_default())
            });
            self.operations.push(Compiled {
                instruction,
                frames: found
                    .debug()
                    .map_or_else(Vec::new, |debug| lines.frames(debug)),
                uses: uses.collect(),
            });
        }
    }
}

/// The text, taken apart.
#[derive(Default)]
struct Parts<'t> {
    /// The lines of each function.
    bodies: Vec<Vec<&'t str>>,
    /// Debug information by number.
    entries: BTreeMap<u32, &'t str>,
    /// Definitions of globals.
    globals: Vec<&'t str>,
}

impl<'t> Parts<'t> {
    fn of(text: &'t str) -> Self {
        let mut parts = Self::default();
        let mut body: Option<Vec<&str>> = None;
        for line in text.lines() {
            match &mut body {
                Some(_) if line.starts_with('}') => parts.bodies.extend(body.take()),
                Some(body) => body.push(line),
                None if line.starts_with("define ") => body = Some(Vec::new()),
                None if line.starts_with('@') => parts.globals.push(line),
                None => parts.entries.extend(entry(line)),
            }
        }
        parts
    }
}

fn entry(line: &str) -> Option<(u32, &str)> {
    let numbered = line.strip_prefix('!')?;
    let at = leading_number(numbered)?;
    Some((at, numbered.split_once(" = ")?.1))
}

fn functions(lines: &Lines<'_>) -> BTreeSet<(String, u32)> {
    let defined = lines
        .entries
        .iter()
        .filter(|(_, text)| text.contains("!DISubprogram(") && text.starts_with("distinct"));
    let places = defined.filter_map(|(at, text)| {
        let Origin::Tree(file) = lines.origin(&lines.file_of(*at)?) else {
            return None;
        };
        Some((file, number(text, "line")?))
    });
    places.collect()
}

fn statics(lines: &Lines<'_>, globals: &[&str], text: &str) -> Vec<Static> {
    let mut found: Vec<Static> = globals
        .iter()
        .filter_map(|line| declared(lines, line))
        .collect();
    if found.is_empty() {
        return found;
    }
    let mut mentions: BTreeMap<&str, usize> = BTreeMap::new();
    for line in text.lines().filter(|line| line.contains('@')) {
        for name in operands(line, '@') {
            *mentions.entry(name).or_default() += 1;
        }
    }
    for one in &mut found {
        let all = mentions.get(one.symbol.as_str()).copied();
        one.mentions = all.unwrap_or_default().saturating_sub(1);
    }
    found
}

/// Statics that debug information knows and the code does not hold.
fn dropped(lines: &Lines<'_>, statics: &[Static]) -> BTreeSet<(String, u32)> {
    let local = lines.entries.values().filter(|text| {
        text.contains("!DIGlobalVariable(") && field(text, "isLocal") == Some("true")
    });
    let mut found: BTreeSet<(String, u32)> = local
        .filter_map(|variable| place_of(lines, variable))
        .collect();
    for one in statics {
        found.remove(&(one.file.clone(), one.line));
    }
    found
}

/// Where the tree declares a variable.
fn place_of(lines: &Lines<'_>, variable: &str) -> Option<(String, u32)> {
    let file = lines.file_of(reference(variable, "file")?)?;
    match lines.origin(&file) {
        Origin::Tree(file) => Some((file, number(variable, "line")?)),
        _ => None,
    }
}

/// A global with debug information that the tree declares.
fn declared(lines: &Lines<'_>, line: &str) -> Option<Static> {
    let (symbol, definition) = line.split_once(" = ")?;
    let debug = definition.rsplit_once("!dbg !")?.1;
    let expression = lines.entries.get(&leading_number(debug)?)?;
    let variable = match reference(expression, "var") {
        Some(variable) => lines.entries.get(&variable)?,
        None => expression,
    };
    let (file, line) = place_of(lines, variable)?;
    Some(Static {
        symbol: symbol.to_owned(),
        file,
        line,
        is_internal: definition.starts_with("internal ") || definition.starts_with("private "),
        mentions: 0,
    })
}

//! What callers are told.
//!
//! # Role
//! A figure that leaves is read; which way the program went by it is what callers go by. `has_room() -> bool`,
//! `check() -> Result<(), Full>` and an `int` that is 0 or -1 hand out no figure.

use super::flow::{Tracer, Way};
use crate::facts::{FunctionId, Program};
use crate::syntax::Kind;

/// Records in records that are looked into for figures.
const DEPTH_MAX: u32 = 3;

/// Types of figures and of texts.
const FIGURES: [&str; 27] = [
    "u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64", "i128", "isize", "f32",
    "f64", "Duration", "Instant", "String", "str", "Value", "double", "float", "long", "unsigned",
    "string", "size_t", "char", "ssize_t",
];

impl Way {
    /// What is left of the value where it only chose.
    pub(super) fn told(&self) -> Self {
        Self {
            is_truth: true,
            is_any: self.is_any && self.is_truth,
            ..self.clone()
        }
    }
}

impl Tracer<'_> {
    /// Whether a function tells callers no figure, so that which way it went is all that they learn.
    pub(super) fn tells_truth(&self, id: FunctionId) -> bool {
        let function = self.program.function(id);
        let is_rust = self.program.unit(id.unit).is_rust;
        let own = function.owner.as_deref().unwrap_or("");
        let returns = answer_of(function.returns.trim());
        let returns = returns.replace("Self", own);
        if is_rust {
            return !holds_figure(self.program, &returns, 0);
        }
        match returns.trim() {
            "bool" | "_Bool" => true,
            "int" => self.returns_constants(id),
            _ => false,
        }
    }

    /// Whether all that a function of C returns is constants and comparisons.
    fn returns_constants(&self, id: FunctionId) -> bool {
        let Some(body) = self.program.body(id) else {
            return false;
        };
        let nodes = self.program.below(body);
        let mut returns = nodes
            .iter()
            .filter(|site| **site != body && matches!(self.program.kind(**site), Kind::Return));
        returns.all(|site| {
            self.program
                .below(*site)
                .iter()
                .skip(1)
                .all(|inner| match self.program.kind(*inner) {
                    Kind::Literal(_) | Kind::Unary(_) | Kind::Other | Kind::Cast => true,
                    Kind::Name(name) => !name.chars().any(char::is_lowercase),
                    _ => false,
                })
                || self.program.child(*site, 0).is_some_and(|value| {
                    matches!(self.program.kind(value), Kind::Binary(operator)
                        if matches!(operator.as_str(), "==" | "!=" | "<" | ">" | "<=" | ">="))
                })
        })
    }
}

/// The type of what is answered where nothing failed.
fn answer_of(returns: &str) -> &str {
    let Some(inner) = returns.split_once("Result<").map(|(_, inner)| inner) else {
        return returns;
    };
    let mut depth = 0_u32;
    for (place, letter) in inner.char_indices() {
        match letter {
            '<' | '(' | '[' => depth += 1,
            '>' | ')' | ']' if depth > 0 => depth -= 1,
            ',' | '>' if depth == 0 => return &inner[..place],
            _ => {}
        }
    }
    inner
}

/// Whether a type is a figure, or a record of the tree with one; a generic may be one.
fn holds_figure(program: &Program, ty: &str, depth: u32) -> bool {
    let words = program.words(ty);
    words.iter().any(|word| {
        FIGURES.contains(&word.as_str())
            || word.len() <= 2 && word.starts_with(char::is_uppercase)
            || word == "impl"
            || depth < DEPTH_MAX
                && program
                    .field_types(word)
                    .iter()
                    .any(|ty| holds_figure(program, ty, depth + 1))
    })
}

//! What is made into texts.
//!
//! # Role
//! `format!("{key}")` and `x.to_string()` ask the `Display` of a type, `{key:x}` its `LowerHex`: where values of it
//! stand that a text is made of.
//!
//! # Invariants
//! I1. A value of a type that is not known may be of any.

use alloc::collections::BTreeSet;

use super::program::{FunctionId, Program, Site};
use crate::syntax::Kind;

/// Functions that hand a formatter on, one to the next.
const CALLS_MAX: u32 = 3;

/// Macros whose text may go anywhere, and those that put it out as what the program has to say.
const MACROS: [&str; 6] = [
    "format",
    "format_args",
    "write",
    "writeln",
    "print",
    "println",
];

/// Traits by which texts are made, and how braces ask for them.
const TEXTS: [(&str, &str); 9] = [
    ("Display", ""),
    ("Debug", "?"),
    ("LowerHex", "x"),
    ("UpperHex", "X"),
    ("Octal", "o"),
    ("Binary", "b"),
    ("Pointer", "p"),
    ("LowerExp", "e"),
    ("UpperExp", "E"),
];

/// How braces ask for the texts of a trait, if it makes any.
pub(crate) fn text_of_trait(name: &str) -> Option<&'static str> {
    let mut known = TEXTS.iter();
    known.find_map(|(of, text)| (*of == name).then_some(*text))
}

/// What stands in the braces of a text: what is named there, and which text of it is asked for.
fn braces(text: &str) -> Vec<(&str, &'static str)> {
    let whole = text.split("{{");
    let inner = whole.flat_map(|part| part.split('{').skip(1));
    let inner = inner.map(|part| part.split('}').next().unwrap_or(part));
    inner
        .map(|inside| {
            let (name, how) = inside.split_once(':').unwrap_or((inside, ""));
            let how = how.trim_end();
            let mut known = TEXTS.iter().skip(1);
            let asked = known.find(|(_, text)| how.ends_with(text));
            (name.trim(), asked.map_or("", |(_, text)| *text))
        })
        .collect()
}

impl Program {
    /// The types for whose texts a function writes: it is their `Display`, or such a one hands its formatter to it.
    /// With each, how braces ask for that text.
    pub(crate) fn writes_texts_of(&self, id: FunctionId) -> BTreeSet<(String, &'static str)> {
        let mut found = BTreeSet::new();
        self.find_texts_of(id, 0, &mut found);
        found
    }

    fn find_texts_of(
        &self,
        id: FunctionId,
        depth: u32,
        found: &mut BTreeSet<(String, &'static str)>,
    ) {
        let function = self.function(id);
        if let (Some(of), Some(owner)) = (&function.of_trait, &function.owner)
            && let Some(text) = text_of_trait(of)
        {
            found.insert((owner.clone(), text));
            return;
        }
        let mut parameters = function.parameters.iter();
        if depth < CALLS_MAX && parameters.any(|it| it.ty.contains("Formatter")) {
            for call in self.callers(id) {
                if let Some(outer) = self.function_of(call).filter(|outer| *outer != id) {
                    self.find_texts_of(outer, depth + 1, found);
                }
            }
        }
    }

    /// The places where a text is made of what may be a value of a type: receivers of `to_string`, arguments of
    /// macros, and texts of macros that name a local in their braces.
    pub(crate) fn texts_made_of(&self, ty: &str, made: &str) -> Vec<Site> {
        let mut found = Vec::new();
        for call in self.calls_named("to_string") {
            let receiver = self.child(*call, 0).filter(|_| made.is_empty());
            let is_method = matches!(self.kind(*call), Kind::Method { .. });
            found.extend(receiver.filter(|it| is_method && self.may_be(*it, ty)));
        }
        let macros = MACROS.iter().flat_map(|name| self.calls_named(name));
        for call in macros.filter(|call| self.unit(call.unit).is_rust) {
            self.texts_in_macro(*call, ty, made, &mut found);
        }
        found
    }

    fn texts_in_macro(&self, call: Site, ty: &str, made: &str, found: &mut Vec<Site>) {
        let children: Vec<Site> = self.children(call).collect();
        let text = children.iter().find_map(|site| match self.kind(*site) {
            Kind::Literal(text) if text.trim_end_matches('#').ends_with('"') => {
                Some((*site, text.clone()))
            }
            _ => None,
        });
        let Some((at, text)) = text else { return };
        let braces = braces(&text);
        let mut named = braces.iter().filter(|(_, asked)| *asked == made).peekable();
        if named.peek().is_none() {
            return;
        }
        let arguments = children.iter().skip_while(|site| **site != at).skip(1);
        for argument in arguments {
            let value = match self.kind(*argument) {
                // `format!("{name}", name = value)`
                Kind::Assign { .. } => self.child(*argument, 1).unwrap_or(*argument),
                _ => *argument,
            };
            if self.may_be(value, ty) {
                found.push(*argument);
            }
        }
        if named.any(|(name, _)| self.may_name(at, name, ty)) {
            found.push(at);
        }
    }

    /// Whether a name in the braces of a text may be that of a value of a type.
    fn may_name(&self, text: Site, name: &str, ty: &str) -> bool {
        let is_name = name.starts_with(|c: char| c.is_lowercase() || c == '_');
        is_name && self.words_may_be(&self.name_type(text, name, 0), ty)
    }

    fn may_be(&self, site: Site, ty: &str) -> bool {
        if matches!(self.kind(site), Kind::Literal(_) | Kind::Macro { .. }) {
            return false;
        }
        self.words_may_be(&self.type_words(site, 0), ty)
    }

    fn words_may_be(&self, words: &BTreeSet<String>, ty: &str) -> bool {
        let is_any = |word: &String| {
            word == ty
                || word.len() <= 2 && word.starts_with(char::is_uppercase)
                || matches!(word.as_str(), "Display" | "Debug" | "ToString")
        };
        words.is_empty() || words.iter().any(is_any)
    }
}

//! What is overwritten.
//!
//! # Role
//! `self.lock = None` closes the file that was there. Nothing of it is written as a call.
//!
//! # Invariants
//! I1. Types of the standard library that only hold figures and texts, and types of the tree that hold no more, do nothing
//!     where they are dropped; of types from elsewhere that is not known.

use crate::facts::{Program, Site};

/// Types in types that are looked into.
const DEPTH_MAX: u32 = 3;

/// Types that do nothing but go, where they are dropped: all of what they hold is among their words.
const HOLDERS: [&str; 24] = [
    "Option",
    "Vec",
    "VecDeque",
    "HashMap",
    "BTreeMap",
    "HashSet",
    "BTreeSet",
    "Cow",
    "Path",
    "PathBuf",
    "Instant",
    "Duration",
    "SystemTime",
    "PhantomData",
    "Cell",
    "RefCell",
    "Ordering",
    "String",
    "Wrapping",
    "Box",
    "Result",
    "dyn",
    "mut",
    "static",
];

/// Whether a type of the tree says what is done where it is dropped.
fn has_drop(program: &Program, ty: &str) -> bool {
    program.functions_named("drop").iter().any(|id| {
        let function = program.function(*id);
        function.of_trait.as_deref() == Some("Drop") && function.owner.as_deref() == Some(ty)
    })
}

/// Whether what stands in a field, and is dropped when another value is put there, may do something then.
pub(super) fn holds_more_than_figures(program: &Program, target: Site) -> bool {
    let words = program.type_words(target, 0);
    if !program.unit(target.unit).is_rust {
        return words
            .iter()
            .any(|word| matches!(word.as_str(), "unique_ptr" | "shared_ptr"));
    }
    words.iter().any(|word| acts(program, word, 0))
}

fn acts(program: &Program, word: &str, depth: u32) -> bool {
    let is_plain = HOLDERS.contains(&word)
        || !word.starts_with(char::is_uppercase)
        || word.len() <= 2
        || word.starts_with("NonZero")
        || word.contains("Atomic");
    if is_plain {
        return false;
    }
    if !program.is_type(word) {
        return true;
    }
    has_drop(program, word)
        || depth < DEPTH_MAX
            && program.field_types(word).iter().any(|ty| {
                let inner = program.words(ty);
                inner
                    .iter()
                    .any(|inner| inner != word && acts(program, inner, depth + 1))
            })
}

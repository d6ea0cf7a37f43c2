//! Source text as one small language.
//!
//! # Role
//! Lowers Rust, C and C++ to the few shapes that the rules ask about, so that each rule is written
//! once. Macro bodies are parsed again as code.
//!
//! # Not here
//! Meaning: names stay names here; what they stand for is worked out in `facts/`.
//!
//! # Rooms
//! | file | what it holds |
//! |---|---|
//! | `shape.rs` | the shapes and what a file declares |
//! | `build.rs` | building a unit, shared by the languages |
//! | `unread.rs` | what of a file is not read, and how deep it may be nested |
//! | `rust.rs` | Rust |
//! | `rust_items.rs` | what Rust files declare |
//! | `rust_macros.rs` | macro bodies of Rust |
//! | `rust_texts.rs` | texts that attributes of Rust declare |
//! | `rust_code.rs` | statements and expressions of Rust |
//! | `tokens.rs` | text of Rust as tokens |
//! | `macros.rs` | macros by example, and what they become |
//! | `c.rs` | C and C++ |
//! | `c_items.rs` | what C and C++ files declare |
//! | `mask.rs` | C text made readable to a parser that does not preprocess |

mod build;
mod c;
mod c_items;
mod macros;
mod mask;
mod rust;
mod rust_code;
mod rust_items;
mod rust_macros;
mod rust_texts;
mod shape;
mod tokens;
mod unread;

pub(crate) use build::named;
pub(crate) use macros::Macros;
pub(crate) use rust::parse_rust;
pub(crate) use shape::{
    Associated, Field, Function, Kind, Node, NodeId, Parameter, Static, Taken, Unit,
};

/// The languages that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Language {
    Rust,
    C,
    Cpp,
}

/// Lowers one file of a tree with these macros.
pub(crate) fn lower(language: Language, path: &str, text: &str, macros: &Macros) -> Unit {
    match language {
        Language::Rust => rust::lower(path, text, macros),
        Language::C | Language::Cpp => c::lower(language, path, text, macros),
    }
}

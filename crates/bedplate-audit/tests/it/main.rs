//! The audit from outside.
//!
//! # Rooms
//! | file | what it holds |
//! |---|---|
//! | `printed.rs` | standard output, and texts made otherwise than by `Display` |
//! | `rust.rs` | rules and traps in Rust |
//! | `c.rs` | rules and traps in C and C++ |
//! | `collected.rs` | figures that are put into lists and maps, and counters by two names |
//! | `compiled.rs` | the compiled code beside the source |
//! | `documents.rs` | text and documents |
//! | `idioms.rs` | habits of counting, and what looks like them |
//! | `macros.rs` | locations that macros by example declare |
//! | `members.rs` | members of C++ without `this`, and plain statics of C |
//! | `parts.rs` | figures in lists and records |
//! | `shared.rs` | figures that callers read, and counters by several names |
//! | `traits.rs` | values that go through traits, and atomics behind them |
//! | `unread.rs` | what cannot be read, and what is nested too deep |
//! | `updates.rs` | loops that only try an update again |
//! | `visible.rs` | functions that a call cannot mean, and figures that are given to libraries |
//! | `wrapped.rs` | figures in `Some` and `Ok` |
//! | `written.rs` | methods of one name, and fields that patterns take out |
//! | `labels.rs` | the half of the labels that rules are made with |

mod c;
mod collected;
mod compiled;
mod documents;
mod idioms;
mod labels;
mod macros;
mod members;
mod parts;
mod printed;
mod rust;
mod shared;
mod traits;
mod unread;
mod updates;
mod visible;
mod wrapped;
mod written;

use bedplate_audit::{Audit, Class, Source, audit};

/// Audits one file.
fn audited(path: &str, text: &str) -> Audit {
    audit(&[Source::new(path, text)])
}

/// The class of the location of a name.
fn class_of(audit: &Audit, name: &str) -> Class {
    let found = audit
        .locations
        .iter()
        .find(|location| location.name == name || location.name.ends_with(&format!(".{name}")));
    let found = found.unwrap_or_else(|| panic!("{name} was not found in {audit:#?}"));
    found.class
}

/// Asserts the class of a location in one file.
fn assert_class(path: &str, text: &str, name: &str, class: Class) {
    let found = audited(path, text);
    assert_eq!(class_of(&found, name), class, "{found:#?}");
}

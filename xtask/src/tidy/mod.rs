//! Rules of the tree that no lint knows.
//!
//! # Role
//! Reads every text file of the repository once and checks what would otherwise rot: manifests,
//! layers, the tables of rooms, the list of unsafe modules, C symbols, names, notices.
//!
//! # Not here
//! Anything that clippy, rustfmt or rustdoc can say.
//!
//! # Rooms
//! | file | what it holds |
//! |---|---|
//! | `tree.rs` | the files, and a complaint about one |
//! | `manifests.rs` | every package inherits versions, lints and dependencies |
//! | `layers.rs` | a crate depends on lower layers only |
//! | `rooms.rs` | tables of rooms equal the files; names and depth of files |
//! | `unsafety.rs` | UNSAFE.md lists exactly the modules that opted in |
//! | `places.rs` | platform switches, C symbols and forbidden words |
//! | `links.rs` | links between documents |
//! | `notices.rs` | notices of the linked crates |

mod layers;
mod links;
mod manifests;
mod notices;
mod places;
mod rooms;
mod tree;
mod unsafety;

use crate::failure::{Failure, Verdict};
use std::fs;
use std::path::{Path, PathBuf};
use tree::Tree;

/// A check of the tree.
type Check = fn(&Tree) -> Vec<tree::Complaint>;

/// Arguments of the check.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Leaves out the notices, whose check needs the sources of all linked crates.
    #[arg(long)]
    without_notices: bool,
}

/// Runs all checks.
///
/// # Errors
/// - [`Failure`]: the tree could not be read, or cargo could not tell what is linked.
pub(crate) fn run(options: &Options) -> Result<Verdict, Failure> {
    let root = root();
    let tree = Tree::read(&root)?;
    let checks: [(&str, Check); 6] = [
        ("manifests", manifests::check),
        ("layers", layers::check),
        ("rooms", rooms::check),
        ("unsafe", unsafety::check),
        ("places", places::check),
        ("links", links::check),
    ];
    let mut complaints = 0;
    for (name, check) in checks {
        for complaint in check(&tree) {
            complaints += 1;
            println!("{name}: {complaint}");
        }
    }
    if !options.without_notices {
        for complaint in notices::check(&root, &tree)? {
            complaints += 1;
            println!("notices: {complaint}");
        }
    }
    println!("tidy: {} files, {complaints} complaints", tree.len());
    Ok(Verdict::from_clean(complaints == 0))
}

/// Writes docs/NOTICES.md and the notices of the libraries.
///
/// # Errors
/// - [`Failure`]: cargo could not tell what is linked, or a file could not be written.
pub(crate) fn write_notices() -> Result<Verdict, Failure> {
    let root = root();
    for (name, text) in notices::generate(&root)? {
        let path = root.join(name);
        fs::write(&path, text).map_err(|error| Failure::file(&path, error))?;
        println!("wrote {name}");
    }
    Ok(Verdict::Clean)
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

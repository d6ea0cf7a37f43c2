//! `bedplate licences`.
//!
//! # Role
//! Prints our licences and the notices of all linked crates, which are inside the program.
//!
//! # Not here
//! Making the notices (`cargo xtask notices`; `cargo xtask tidy` holds them against what is linked).
//! The preload libraries' own notices are inside those.

use crate::exit::Exit;
use crate::talk::print;

// The package is built inside its workspace, `cargo install --path` included, as the preload
// libraries are.
const OWN: [(&str, &str); 2] = [
    ("MIT", include_str!("../../../LICENSE-MIT")),
    ("Apache-2.0", include_str!("../../../LICENSE-APACHE")),
];
const LINKED: &str = include_str!("../../../docs/NOTICES.md");

/// Runs the command.
pub(crate) fn licences() -> Exit {
    let mut text = format!(
        "# bedplate {}\n\nCopyright the bedplate contributors, MIT OR Apache-2.0, as you choose.\n",
        env!("CARGO_PKG_VERSION")
    );
    for (name, licence) in OWN {
        text.push_str(&format!(
            "\n## {name}\n\n```text\n{}\n```\n",
            licence.trim_matches('\n')
        ));
    }
    text.push('\n');
    text.push_str(LINKED);
    if print(&text) {
        Exit::Done
    } else {
        Exit::Failed
    }
}

//! What `{bin}` and `{lib}` in a command stand for.
//!
//! # Role
//! A command is given once for both sides; one word of it names what is built: `{bin}`,
//! `{bin:NAME}` or `{lib}`, alone or within a word.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::Path;

use super::project::senseless;
use crate::error::RunError;

/// What of a package is built and compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Artefact {
    /// A program: the only one, or that of this name.
    Program(Option<String>),
    /// The shared library.
    Library,
}

/// A command that names what is built.
#[derive(Clone, Debug)]
pub struct Template {
    /// The words as given.
    pub words: Vec<OsString>,
    /// What they name.
    pub artefact: Artefact,
    name: String,
}

impl Template {
    /// Of the words after `--`; without any, the program that is built, without arguments.
    ///
    /// # Errors
    /// No word, or more than one kind of it, names what is built.
    pub fn of(words: &[OsString]) -> Result<Self, RunError> {
        let words = match words {
            [] => vec!["{bin}".into()],
            words => words.to_vec(),
        };
        let mut found: Vec<(String, Artefact)> =
            words.iter().filter_map(|word| named(word)).collect();
        found.dedup();
        match found.as_slice() {
            [(name, artefact)] => Ok(Self {
                artefact: artefact.clone(),
                name: name.clone(),
                words,
            }),
            [] => Err(senseless(
                "the command must name what is built: {bin} (or {bin:NAME}) stands for the program, \
                 {lib} for the shared library, as in: -- {bin} --input data, or: -- env \
                 LD_PRELOAD={lib} program"
                    .to_owned(),
            )),
            _ => Err(senseless(
                "the command names more than one thing that is built: one is compared at a time"
                    .to_owned(),
            )),
        }
    }

    /// The command with what was built.
    #[must_use]
    pub fn with(&self, path: &Path) -> Vec<OsString> {
        let put = |word: &OsString| replaced(word, &self.name, path.as_os_str());
        self.words.iter().map(put).collect()
    }
}

/// The name and its meaning, of the first in a word.
fn named(word: &OsStr) -> Option<(String, Artefact)> {
    let text = word.to_string_lossy();
    if text.contains("{lib}") {
        return Some(("{lib}".to_owned(), Artefact::Library));
    }
    if text.contains("{bin}") {
        return Some(("{bin}".to_owned(), Artefact::Program(None)));
    }
    let (_before, rest) = text.split_once("{bin:")?;
    let (name, _after) = rest.split_once('}')?;
    let artefact = Artefact::Program(Some(name.to_owned()));
    Some((format!("{{bin:{name}}}"), artefact))
}

fn replaced(word: &OsStr, name: &str, path: &OsStr) -> OsString {
    let (mut rest, mut done) = (word.as_bytes(), Vec::new());
    while let Some(at) = rest
        .windows(name.len())
        .position(|window| window == name.as_bytes())
    {
        done.extend(&rest[..at]);
        done.extend(path.as_bytes());
        rest = &rest[at + name.len()..];
    }
    done.extend(rest);
    OsString::from_vec(done)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(words: &[&str]) -> Result<Template, RunError> {
        let words: Vec<OsString> = words.iter().map(OsString::from).collect();
        Template::of(&words)
    }

    #[test]
    fn a_command_names_what_is_built() {
        assert_eq!(template(&[]).unwrap().with(Path::new("/p")), ["/p"]);
        let library = template(&["env", "LD_PRELOAD={lib}", "true"]).unwrap();
        assert_eq!(library.artefact, Artefact::Library);
        let words = library.with(Path::new("/l.so"));
        assert_eq!(words, ["env", "LD_PRELOAD=/l.so", "true"]);
        let named = template(&["{bin:x}", "1"]).unwrap();
        assert_eq!(named.artefact, Artefact::Program(Some("x".to_owned())));
        assert_eq!(named.with(Path::new("/x")), ["/x", "1"]);
    }

    #[test]
    fn nothing_or_several_things_are_refused() {
        assert!(template(&["true"]).is_err());
        assert!(template(&["{bin}", "{lib}"]).is_err());
    }
}

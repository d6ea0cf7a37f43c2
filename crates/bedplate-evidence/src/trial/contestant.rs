//! A side of a comparison: its command, program and hashes.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use object::{Object as _, ObjectSection as _};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::error::RunError;
use crate::process::calls;
use crate::run::program::{SHELL, inspect_program};

/// A command that is compared.
#[derive(Clone, Debug)]
pub struct Contestant {
    /// Program and arguments as given.
    pub words: Vec<OsString>,
    /// The file found for the program.
    pub path: PathBuf,
    /// A script without a first line that names its interpreter.
    needs_shell: bool,
    /// It may do otherwise elsewhere: it is a script, which may look where it lies, or loads libraries
    /// that lie beside it.
    depends_on_place: bool,
    /// What is in the file; of a side that was built here, in what was built.
    pub facts: FileFacts,
    /// Of a side that was built here, what was.
    built: Option<BuiltHere>,
}

/// What was built, as opposed to the copy of it that runs.
#[derive(Clone, Debug)]
struct BuiltHere {
    /// The command as given, without the copy's path.
    words: Vec<OsString>,
    /// Where it was built.
    path: PathBuf,
}

/// What is in a program's file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FileFacts {
    /// SHA-256 of the file.
    pub sha256: String,
    /// Its size.
    pub bytes: u64,
    /// Size of its code, where it is an object file.
    pub text_bytes: Option<u64>,
}

impl Contestant {
    /// Finds the program and reads its file.
    ///
    /// # Errors
    /// The program is not there, cannot be executed, or its file cannot be read.
    pub fn find(words: &[OsString], search_path: Option<&OsStr>) -> Result<Self, RunError> {
        let program = words.first().map_or(OsStr::new(""), OsString::as_os_str);
        let found = inspect_program(program, search_path).map_err(|error| match error {
            RunError::NotFound { program } if words.len() == 1 && program.contains(' ') => {
                RunError::Senseless {
                    message: format!(
                        "{program}: program not found: give program and arguments as words of their \
                         own, or use sh -c '{program}'"
                    ),
                }
            }
            error => error,
        })?;
        let (facts, depends_on_place) =
            read_facts(&found.path).map_err(|source| RunError::System {
                what: "read the program's file",
                source,
            })?;
        Ok(Self {
            words: words.to_vec(),
            path: found.path,
            needs_shell: found.needs_shell,
            depends_on_place,
            facts,
            built: None,
        })
    }

    /// The command `words`, given as `template`, that runs a copy of what was built at `path`.
    ///
    /// # Errors
    /// Those of [`Self::find`], and that what was built cannot be read.
    pub fn of_built(
        words: &[OsString],
        template: &[OsString],
        path: &Path,
        search_path: Option<&OsStr>,
    ) -> Result<Self, RunError> {
        let (facts, _place) = read_facts(path).map_err(|source| RunError::System {
            what: "read what was built",
            source,
        })?;
        Ok(Self {
            facts,
            built: Some(BuiltHere {
                words: template.to_vec(),
                path: path.to_owned(),
            }),
            ..Self::find(words, search_path)?
        })
    }

    /// The file whose facts are kept: the program, or what was built.
    #[must_use]
    pub fn file(&self) -> &Path {
        self.built.as_ref().map_or(&self.path, |it| &it.path)
    }

    /// The words as given.
    fn given_words(&self) -> &[OsString] {
        self.built.as_ref().map_or(&self.words, |it| &it.words)
    }

    /// A command that runs it, by fork, so that peak memory is its own.
    pub(crate) fn command(&self) -> Command {
        let mut command = if self.needs_shell {
            let mut command = Command::new(SHELL);
            command.arg(&self.path);
            command
        } else {
            let mut command = Command::new(&self.path);
            if let Some(name) = self.words.first() {
                command.arg0(name);
            }
            command
        };
        command.args(self.arguments());
        calls::start_by_fork(&mut command);
        command
    }

    /// The words after the program.
    pub(crate) fn arguments(&self) -> &[OsString] {
        self.words.get(1..).unwrap_or_default()
    }

    /// Whether both are the same program with the same arguments.
    ///
    /// One file may be several programs by the name it is called by, so names of one and the same
    /// file must be equal too. A copy of what finds things by its own place is another program.
    #[must_use]
    pub fn is_same_as(&self, other: &Self) -> bool {
        let file = |side: &Self| fs::canonicalize(&side.path).ok();
        let is_one_file = file(self) == file(other);
        let has_other_name = is_one_file && self.path.file_name() != other.path.file_name();
        self.facts.sha256 == other.facts.sha256
            && self.arguments() == other.arguments()
            && (is_one_file || !self.depends_on_place)
            && !has_other_name
    }

    /// SHA-256 over the file and all words, each with its length before it.
    #[must_use]
    pub fn identity(&self) -> String {
        let mut hash = Sha256::new();
        hash.update(&self.facts.sha256);
        for word in self.given_words() {
            hash.update((word.len() as u64).to_le_bytes());
            hash.update(word.as_bytes());
        }
        hexadecimal(&hash.finalize())
    }

    /// The words as text.
    #[must_use]
    pub fn shown_words(&self) -> Vec<String> {
        self.given_words()
            .iter()
            .map(|word| word.to_string_lossy().into_owned())
            .collect()
    }
}

/// What the loader takes for the directory that the program lies in.
const OWN_PLACE: &[u8] = b"$ORIGIN";

/// The facts, and whether what it does depends on where it lies.
fn read_facts(path: &Path) -> io::Result<(FileFacts, bool)> {
    let content = fs::read(path)?;
    let file = object::File::parse(&*content).ok();
    let text_bytes = file
        .as_ref()
        .and_then(|file| Some(file.section_by_name(".text")?.size()));
    let names = file.and_then(|file| file.section_by_name(".dynstr")?.data().ok());
    let has_own_place = |names: &[u8]| names.windows(OWN_PLACE.len()).any(|it| it == OWN_PLACE);
    let depends_on_place = text_bytes.is_none() || names.is_some_and(has_own_place);
    let facts = FileFacts {
        sha256: hexadecimal(&Sha256::digest(&content)),
        bytes: content.len() as u64,
        text_bytes,
    };
    Ok((facts, depends_on_place))
}

/// Bytes as hexadecimal digits.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contestant(words: &[&str]) -> Contestant {
        let words: Vec<OsString> = words.iter().map(OsString::from).collect();
        Contestant::find(&words, Some(OsStr::new("/usr/bin:/bin"))).unwrap()
    }

    #[test]
    fn the_same_program_and_arguments_are_the_same() {
        let sleep = contestant(&["sleep", "1"]);
        assert!(sleep.is_same_as(&contestant(&["sleep", "1"])));
        assert!(!sleep.is_same_as(&contestant(&["sleep", "2"])));
        assert!(!sleep.is_same_as(&contestant(&["true", "1"])));
        assert_eq!(sleep.identity(), contestant(&["sleep", "1"]).identity());
        assert_eq!(sleep.facts.sha256.len(), 64);
        assert!(sleep.facts.text_bytes.is_some_and(|bytes| bytes > 0));
    }

    #[test]
    fn a_copy_is_the_same_and_another_name_of_one_file_is_not() {
        let place = tempfile::tempdir().unwrap();
        let copy = place.path().join("copied");
        fs::copy("/bin/true", &copy).unwrap();
        let link = place.path().join("linked");
        std::os::unix::fs::symlink(&copy, &link).unwrap();
        let of = |path: &Path| contestant(&[path.to_str().unwrap()]);
        assert!(of(&copy).is_same_as(&contestant(&["/bin/true"])));
        assert!(!of(&copy).is_same_as(&of(&link)));
    }

    #[test]
    fn a_copied_script_is_another_program() {
        use std::os::unix::fs::PermissionsExt as _;
        let place = tempfile::tempdir().unwrap();
        let script = |name: &str| {
            let directory = place.path().join(name);
            fs::create_dir(&directory).unwrap();
            let path = directory.join("run");
            fs::write(&path, "#!/bin/sh\nexec ${0%/*}/program\n").unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
            contestant(&[path.to_str().unwrap()])
        };
        let (old, new) = (script("old"), script("new"));
        assert_eq!(old.facts, new.facts);
        assert!(!old.is_same_as(&new));
        assert!(old.is_same_as(&old.clone()));
    }

    #[test]
    fn a_quoted_command_is_explained() {
        let found = Contestant::find(&["sleep 1".into()], None);
        let message = found.unwrap_err().to_string();
        assert!(message.contains("sh -c 'sleep 1'"), "{message}");
    }
}

//! Starting a program on an allocator.
//!
//! # Role
//! Builds the command with its environment: the library to preload before any that was preloaded
//! already, and nothing else changed.
//!
//! # Not here
//! Watching it (`conduct.rs`) and comparing (`crate::versus`).

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};

use super::session::RUN_SETTING;
use crate::error::RunError;
use crate::process::calls;

/// The loader's variable.
const PRELOAD: &str = "LD_PRELOAD";

/// A program to start.
#[derive(Clone, Debug)]
pub struct Target {
    /// Program and arguments, as the user gave them.
    pub command: Vec<OsString>,
    /// The file found for the program.
    pub path: PathBuf,
    /// What was to be preloaded already.
    pub preload: Option<OsString>,
}

impl Target {
    /// A command that starts the target with `library` preloaded.
    ///
    /// # Errors
    /// `File`: the loader cannot take the library's path, which holds a space or colon.
    pub(crate) fn command(&self, library: Option<&Path>) -> Result<Command, RunError> {
        let mut command = Command::new(&self.path);
        if let Some((name, arguments)) = self.command.split_first() {
            command.arg0(name).args(arguments);
        }
        command.env_remove(RUN_SETTING);
        if let Some(library) = library {
            command.env(PRELOAD, self.preload_list(library)?);
        }
        calls::start_by_fork(&mut command);
        Ok(command)
    }

    fn preload_list(&self, library: &Path) -> Result<OsString, RunError> {
        let bytes = library.as_os_str().as_bytes();
        if bytes.iter().any(|byte| matches!(byte, b' ' | b':')) {
            return Err(RunError::File {
                what: "to LD_PRELOAD the library",
                path: library.to_owned(),
                source: io::ErrorKind::InvalidInput.into(),
                advice: "the loader splits the list at spaces and colons: use a path without them \
                         (XDG_CACHE_HOME chooses the directory)",
            });
        }
        let mut list = library.as_os_str().to_owned();
        if let Some(existing) = self
            .preload
            .as_deref()
            .filter(|existing| !existing.is_empty())
        {
            list.push(":");
            list.push(existing);
        }
        Ok(list)
    }

    /// The program's name for reports.
    #[must_use]
    pub fn name(&self) -> String {
        let program = self
            .command
            .first()
            .map_or(OsStr::new(""), OsString::as_os_str);
        let name = Path::new(program).file_name().unwrap_or(program);
        name.to_string_lossy().into_owned()
    }
}

/// Starts `command`.
pub(crate) fn start(command: &mut Command, path: &Path) -> Result<Child, RunError> {
    command.spawn().map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => RunError::NotFound {
            program: path.display().to_string(),
        },
        io::ErrorKind::PermissionDenied => RunError::NotExecutable {
            path: path.to_owned(),
            why: "the system refused to execute it".to_owned(),
        },
        _ if error.raw_os_error() == Some(libc::ENOEXEC) => RunError::NotExecutable {
            path: path.to_owned(),
            why: "the system does not know its format".to_owned(),
        },
        _ => RunError::System {
            what: "start the program",
            source: error,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(preload: Option<&str>) -> Target {
        Target {
            command: vec!["true".into()],
            path: "/bin/true".into(),
            preload: preload.map(OsString::from),
        }
    }

    #[test]
    fn ours_comes_before_what_was_preloaded_already() {
        let list = target(Some("/a.so:/b.so"))
            .preload_list(Path::new("/ours.so"))
            .unwrap();
        assert_eq!(list, "/ours.so:/a.so:/b.so");
        let alone = target(Some(""))
            .preload_list(Path::new("/ours.so"))
            .unwrap();
        assert_eq!(alone, "/ours.so");
    }

    #[test]
    fn a_path_the_loader_would_split_is_refused() {
        assert!(
            target(None)
                .preload_list(Path::new("/a dir/ours.so"))
                .is_err()
        );
        assert!(
            target(None)
                .preload_list(Path::new("/a:dir/ours.so"))
                .is_err()
        );
    }
}

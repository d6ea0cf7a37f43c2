//! The standard input of a program that is run many times.
//!
//! # Role
//! Gives the first, shown run the real input, and the later ones the same bytes again.
//!
//! # Not here
//! Running (`rounds.rs`).

use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::FileTypeExt as _;
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Stdio};

use crate::error::RunError;

/// Our own standard input.
const OWN_INPUT: &str = "/proc/self/fd/0";

/// Where later runs get their input from.
#[derive(Debug)]
pub enum Input {
    /// A terminal or device: the first run has it, later ones have none.
    None,
    /// A file, read again from where it stood.
    File {
        /// Where it stood.
        offset: u64,
    },
    /// A pipe: what the first run was given is kept in a file.
    Kept {
        /// That file.
        path: PathBuf,
    },
}

impl Input {
    /// Finds out what our standard input is; bytes to be kept go to a file in `directory`.
    #[must_use]
    pub fn of_this_process(directory: &Path) -> Self {
        let Ok(metadata) = fs::metadata(OWN_INPUT) else {
            return Self::None;
        };
        let kind = metadata.file_type();
        if kind.is_file() {
            let offset = fs::read_to_string("/proc/self/fdinfo/0")
                .ok()
                .and_then(|text| {
                    let line = text.lines().find_map(|line| line.strip_prefix("pos:"))?;
                    line.trim().parse().ok()
                });
            Self::File {
                offset: offset.unwrap_or(0),
            }
        } else if kind.is_fifo() || kind.is_socket() {
            Self::Kept {
                path: directory.join("input"),
            }
        } else {
            Self::None
        }
    }

    /// The first run's input: ours, or a pipe that [`Self::keep`] feeds.
    #[must_use]
    pub fn first(&self) -> Stdio {
        match self {
            Self::Kept { .. } => Stdio::piped(),
            _ => Stdio::inherit(),
        }
    }

    /// Feeds the first run from our standard input and keeps what it was given.
    ///
    /// The feeding thread is not waited for: a pipe that nobody closes would keep it for ever.
    ///
    /// # Errors
    /// The file could not be made.
    pub fn keep(&self, mut pipe: ChildStdin) -> io::Result<()> {
        let Self::Kept { path } = self else {
            return Ok(());
        };
        let mut kept = File::create_new(path)?;
        std::thread::spawn(move || {
            let mut buffer = vec![0_u8; 64 * 1024];
            let mut input = io::stdin().lock();
            while let Ok(got @ 1..) = input.read(&mut buffer) {
                let bytes = &buffer[..got];
                if kept.write_all(bytes).is_err() || pipe.write_all(bytes).is_err() {
                    break;
                }
            }
        });
        Ok(())
    }

    /// A later run's input.
    ///
    /// # Errors
    /// `File`: it could not be opened again.
    pub fn again(&self) -> Result<Stdio, RunError> {
        let open = |path: &Path, offset: u64| {
            let mut file = File::open(path)?;
            file.seek(SeekFrom::Start(offset))?;
            Ok(Stdio::from(file))
        };
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |source: io::Error| RunError::File {
                what: "to read again the input",
                path,
                source,
                advice: "give the program's input as a file or a pipe",
            }
        };
        match self {
            Self::None => Ok(Stdio::null()),
            Self::File { offset } => {
                let path = Path::new(OWN_INPUT);
                open(path, *offset).map_err(failed(path))
            }
            Self::Kept { path } => open(path, 0).map_err(failed(path)),
        }
    }
}

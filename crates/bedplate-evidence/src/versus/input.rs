//! The standard input of a program that is run many times.
//!
//! # Role
//! Gives the first, shown run the real input, and the later ones the same bytes again.
//!
//! # Not here
//! Running (`rounds.rs`).
//!
//! # Invariants
//! I1. At most `KEPT_BYTES_MAX` bytes are kept, so that endless input fills no disk; the first run
//!     is fed on all the same.

use alloc::sync::Arc;
use std::fs::{self, File};
use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::FileTypeExt as _;
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Stdio};
use std::sync::OnceLock;

use crate::error::RunError;
use crate::report::units::whole_bytes;

/// Our own standard input.
const OWN_INPUT: &str = "/proc/self/fd/0";

/// Most input that is kept for the later runs.
const KEPT_BYTES_MAX: u64 = 1 << 30;

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
        /// Why it does not hold all, if so.
        lost: Arc<OnceLock<String>>,
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
                lost: Arc::default(),
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

    /// Feeds the first run from our standard input and keeps what it was given; `on_lost` is told
    /// why, if not all can be kept.
    ///
    /// The feeding thread is not waited for: a pipe that nobody closes would keep it for ever.
    ///
    /// # Errors
    /// The file could not be made.
    pub fn keep(
        &self,
        pipe: ChildStdin,
        on_lost: impl FnOnce(&str) + Send + 'static,
    ) -> io::Result<()> {
        let Self::Kept { path, lost } = self else {
            return Ok(());
        };
        let kept = File::create_new(path)?;
        let lost = Arc::clone(lost);
        std::thread::spawn(move || {
            feed(io::stdin().lock(), pipe, kept, KEPT_BYTES_MAX, |why| {
                on_lost(lost.get_or_init(|| why));
            });
        });
        Ok(())
    }

    /// Whether later runs can get the input.
    ///
    /// # Errors
    /// `Senseless`: not all of it was kept.
    pub fn check(&self) -> Result<(), RunError> {
        match self {
            Self::Kept { lost, .. } => match lost.get() {
                Some(why) => Err(RunError::Senseless {
                    message: why.clone(),
                }),
                None => Ok(()),
            },
            _ => Ok(()),
        }
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
            Self::Kept { path, .. } => open(path, 0).map_err(failed(path)),
        }
    }
}

/// Copies `input` to the program, and to `kept` as long as that takes it.
fn feed(
    mut input: impl io::Read,
    mut program: impl io::Write,
    mut kept: File,
    kept_bytes_max: u64,
    on_lost: impl FnOnce(String),
) {
    let mut on_lost = Some(on_lost);
    let mut left = kept_bytes_max;
    let mut buffer = vec![0_u8; 64 * 1024];
    while let Ok(got @ 1..) = input.read(&mut buffer) {
        let bytes = &buffer[..got];
        if on_lost.is_some() {
            let why = match left.checked_sub(got as u64) {
                None => Some(format!("it is larger than {}", whole_bytes(kept_bytes_max))),
                Some(rest) => {
                    left = rest;
                    let error = kept.write_all(bytes).err();
                    error.map(|error| format!("its copy could not be written: {error}"))
                }
            };
            if let Some((why, on_lost)) = why.and_then(|why| Some((why, on_lost.take()?))) {
                // Room is given back; where that fails, the file goes with its directory.
                drop(kept.set_len(0));
                on_lost(format!(
                    "the program's input cannot be given to further runs, so they are not made: \
                     {why}; give it as a file (bedplate run ... < FILE)"
                ));
            }
        }
        if program.write_all(bytes).is_err() {
            break;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endless_input_is_fed_on_but_not_kept() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("input");
        for (limit, is_kept) in [(1 << 20, true), (100_000, false)] {
            let mut program = Vec::new();
            let mut lost = None;
            feed(
                io::Read::take(io::repeat(b'y'), 300_000),
                &mut program,
                File::create(&path).unwrap(),
                limit,
                |why| lost = Some(why),
            );
            assert_eq!(program.len(), 300_000);
            let kept = fs::metadata(&path).unwrap().len();
            if is_kept {
                assert_eq!((kept, lost), (300_000, None));
            } else {
                assert_eq!(kept, 0);
                assert!(lost.unwrap().contains("larger than 97.7 KiB"));
            }
        }
    }
}

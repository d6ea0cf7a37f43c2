//! Linking a side again in another order.
//!
//! # Role
//! The order of functions alone makes a program some percent faster or slower. So each run of a side
//! that was built here gets an order of its own, drawn from the same distribution for A and B.
//!
//! # Invariants
//! I1. Only the order of the sections of code changes: same objects, same linker, same words.
//! I2. Both sides have paths of equal length, the same in all runs.
//!
//! # Sources
//! 24 links of one source with shuffled sections had medians of CPU time that spanned 10 %.

use core::cell::RefCell;
use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use object::{Object as _, ObjectSection as _};

use super::build::{Built, make_directory};
use crate::ab::Side;
use crate::ab::dice::Dice;
use crate::error::RunError;

/// A linker that keeps what it was given.
const KEEPER: &str = include_str!("keep-link.sh");

/// A stream of the seed that the engine does not use.
const STREAM: u64 = 77;

/// Puts the keeping linker into `directory`; its path, and where it keeps.
pub(super) fn keeper(directory: &Path, linker: &str) -> Result<(PathBuf, PathBuf), RunError> {
    make_directory(directory)?;
    let script = directory.join("keep-link.sh");
    write(&directory.join("linker"), linker)?;
    write(&script, KEEPER)?;
    let mode = fs::Permissions::from_mode(0o755);
    fs::set_permissions(&script, mode).map_err(|source| file_error(&script, source))?;
    Ok((script, directory.join("kept")))
}

fn write(path: &Path, content: &str) -> Result<(), RunError> {
    // Unchanged files keep their times: cargo looks at nothing of it, but people do.
    if fs::read_to_string(path).is_ok_and(|there| there == content) {
        return Ok(());
    }
    fs::write(path, content).map_err(|source| file_error(path, source))
}

fn file_error(path: &Path, source: std::io::Error) -> RunError {
    RunError::File {
        what: "a file of a side",
        path: path.to_owned(),
        source,
        advice: "make room, or name another target directory (CARGO_TARGET_DIR)",
    }
}

/// A link that can be repeated.
#[derive(Debug)]
struct Link {
    linker: String,
    directory: PathBuf,
    words: Vec<OsString>,
    /// Which word names the output.
    output: usize,
}

impl Link {
    /// The link that made what was built.
    fn of(built: &Built) -> Result<Self, String> {
        let entries = fs::read_dir(&built.kept)
            .map_err(|_absent| "its link was not seen (is `build.target` set?)".to_owned())?;
        for entry in entries.flatten() {
            let place = entry.path();
            let line = |name: &str| fs::read_to_string(place.join(name)).unwrap_or_default();
            let directory = PathBuf::from(line("directory").trim_end());
            let output = directory.join(line("output").trim_end());
            if is_same_file(&output, &built.path) {
                return Self::read(&place, directory, &built.linker);
            }
        }
        Err("its link was not seen".to_owned())
    }

    fn read(place: &Path, directory: PathBuf, linker: &str) -> Result<Self, String> {
        let content = fs::read(place.join("words")).map_err(|error| error.to_string())?;
        let mut words: Vec<OsString> = content
            .split(|&byte| byte == 0)
            .map(|word| OsString::from_vec(word.to_vec()))
            .collect();
        // After the last word's end there is nothing.
        words.pop();
        for (number, word) in words.iter_mut().enumerate() {
            let kept = place.join(number.to_string());
            let text = word.to_string_lossy().into_owned();
            if text.starts_with('@') {
                return Err("its link had too many words for a command".to_owned());
            }
            if kept.is_file() {
                let before = match text.split_once('=') {
                    Some((name, _path)) if text.starts_with("-Wl,") => format!("{name}="),
                    _ => String::new(),
                };
                *word = format!("{before}{}", kept.display()).into();
            }
        }
        let output = words
            .iter()
            .position(|word| word == "-o")
            .map(|at| at + 1)
            .filter(|&at| at < words.len())
            .ok_or("its link names no output")?;
        Ok(Self {
            linker: linker.to_owned(),
            directory,
            words,
            output,
        })
    }

    /// Links into `path`, in the order that `seed` gives.
    fn repeat(&self, path: &Path, seed: u64) -> Result<(), String> {
        let next = path.with_extension("next");
        let mut words = self.words.clone();
        words[self.output] = next.clone().into();
        let output = Command::new(&self.linker)
            .args(words)
            .arg(format!("-Wl,--shuffle-sections=.text*={seed}"))
            .current_dir(&self.directory)
            .stdin(Stdio::null())
            .output()
            .map_err(|error| format!("{} could not be started: {error}", self.linker))?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            let last = said.lines().last().unwrap_or_default().to_owned();
            return Err(format!(
                "linking in another order failed (it takes lld or mold): {last}"
            ));
        }
        // In one step: the file that ran last may still be mapped.
        fs::rename(&next, path).map_err(|error| error.to_string())
    }
}

fn is_same_file(one: &Path, other: &Path) -> bool {
    match (fs::metadata(one), fs::metadata(other)) {
        (Ok(first), Ok(second)) => {
            (first.dev(), first.ino()) == (second.dev(), second.ino())
                || (first.len() == second.len()
                    && fs::read(one)
                        .ok()
                        .is_some_and(|it| Some(it) == fs::read(other).ok()))
        }
        _ => false,
    }
}

/// What is executed, by its bytes.
pub(super) fn code_of(path: &Path) -> Option<Vec<u8>> {
    let content = fs::read(path).ok()?;
    let file = object::File::parse(&*content).ok()?;
    let mut code = Vec::new();
    for name in [".text", ".rodata", ".data", ".tdata", ".data.rel.ro"] {
        if let Some(section) = file.section_by_name(name) {
            code.extend(section.size().to_le_bytes());
            code.extend(section.data().ok()?);
        }
    }
    Some(code)
}

/// Both sides, to be laid out anew.
#[derive(Debug)]
pub struct Layouts {
    paths: [PathBuf; 2],
    /// None where only one layout exists.
    links: Result<[Link; 2], String>,
    state: RefCell<(Dice, [u64; 2])>,
}

impl Layouts {
    /// Copies both sides into `place`, and sees whether they can be linked anew.
    ///
    /// # Errors
    /// A file cannot be copied.
    pub fn prepare(sides: [&Built; 2], place: &Path, seed: u64) -> Result<Self, RunError> {
        let copy = |side: &str, built: &Built| {
            let directory = place.join(side);
            make_directory(&directory)?;
            let path = directory.join(built.path.file_name().unwrap_or_default());
            fs::copy(&built.path, &path).map_err(|source| file_error(&path, source))?;
            Ok::<PathBuf, RunError>(path)
        };
        let paths = [copy("a", sides[0])?, copy("b", sides[1])?];
        let links = match (Link::of(sides[0]), Link::of(sides[1])) {
            (Ok(a), Ok(b)) => Ok([a, b]),
            (Err(because), _) | (_, Err(because)) => Err(because),
        };
        let links = links.and_then(|links| is_moved_by(links, sides, &paths, seed));
        Ok(Self {
            paths,
            links,
            state: RefCell::new((Dice::new(seed, STREAM), [0; 2])),
        })
    }

    /// Where the sides are.
    #[must_use]
    pub const fn paths(&self) -> &[PathBuf; 2] {
        &self.paths
    }

    /// Whether both sides execute the same bytes.
    #[must_use]
    pub fn are_same(&self) -> bool {
        let [a, b] = &self.paths;
        code_of(a).is_some_and(|a| Some(a) == code_of(b))
    }

    /// Layouts that each side has had; one where it cannot be linked anew.
    #[must_use]
    pub fn count(&self) -> u64 {
        let (_dice, counts) = &*self.state.borrow();
        counts[0].min(counts[1]).max(1)
    }

    /// Why there is only one layout.
    #[must_use]
    pub fn absent(&self) -> Option<&str> {
        self.links.as_ref().err().map(String::as_str)
    }

    /// Gives a side a new layout.
    pub(crate) fn renew(&self, side: Side) -> Result<(), RunError> {
        let Ok(links) = &self.links else {
            return Ok(());
        };
        let (dice, counts) = &mut *self.state.borrow_mut();
        let index = side as usize;
        links[index]
            .repeat(&self.paths[index], new_order(dice))
            .map_err(|because| RunError::Senseless {
                message: format!("side {side:?} could not be linked anew: {because}"),
            })?;
        counts[index] += 1;
        Ok(())
    }
}

/// A number that orders sections; 0 is the usual order.
fn new_order(dice: &mut Dice) -> u64 {
    dice.below(u64::from(u32::MAX) - 1) + 1
}

/// Whether another order moves code at all; the sides' copies are as built afterwards.
fn is_moved_by(
    links: [Link; 2],
    sides: [&Built; 2],
    paths: &[PathBuf; 2],
    seed: u64,
) -> Result<[Link; 2], String> {
    let mut dice = Dice::new(seed, STREAM + 1);
    for ((link, built), path) in links.iter().zip(sides).zip(paths) {
        link.repeat(path, new_order(&mut dice))?;
        if code_of(path) == code_of(&built.path) {
            return Err("the linker does not order code anew".to_owned());
        }
        fs::copy(&built.path, path).map_err(|error| error.to_string())?;
    }
    Ok(links)
}

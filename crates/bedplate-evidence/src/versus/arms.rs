//! The allocators a run can be compared with.
//!
//! # Role
//! Finds the library of each named allocator on this machine.
//!
//! # Not here
//! Running under them (`rounds.rs`).

use std::path::{Path, PathBuf};

use crate::error::RunError;

/// One side of the comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arm {
    /// As it was asked for.
    pub name: String,
    /// What is preloaded for it; nothing for the program as it comes.
    pub library: Option<PathBuf>,
}

/// A known allocator: name, file of its library, Debian package.
struct Known {
    name: &'static str,
    files: &'static [&'static str],
    package: &'static str,
}

const KNOWN: &[Known] = &[
    Known {
        name: "glibc",
        files: &["libc.so.6"],
        package: "libc6",
    },
    Known {
        name: "mimalloc",
        files: &["libmimalloc.so.3", "libmimalloc.so.2", "libmimalloc.so"],
        package: "libmimalloc2.0",
    },
    Known {
        name: "jemalloc",
        files: &["libjemalloc.so.2", "libjemalloc.so"],
        package: "libjemalloc2",
    },
    Known {
        name: "tcmalloc",
        files: &[
            "libtcmalloc_minimal.so.4",
            "libtcmalloc.so.4",
            "libtcmalloc_minimal.so",
        ],
        package: "libtcmalloc-minimal4",
    },
];

/// Where libraries lie.
const DIRECTORIES: &[&str] = &[
    "/usr/local/lib",
    "/usr/lib/x86_64-linux-gnu",
    "/lib/x86_64-linux-gnu",
    "/usr/lib/aarch64-linux-gnu",
    "/lib/aarch64-linux-gnu",
    "/usr/lib64",
    "/lib64",
    "/usr/lib",
    "/lib",
];

/// The arms for a comma-separated list of names and library paths.
///
/// # Errors
/// `AllocatorAbsent`: a name is not known, or its library is not on this machine.
pub fn find_arms(list: &str) -> Result<Vec<Arm>, RunError> {
    let mut arms: Vec<Arm> = Vec::new();
    for name in list
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty())
    {
        if arms.iter().all(|arm| arm.name != name) {
            arms.push(find_arm(name)?);
        }
    }
    if arms.is_empty() {
        return Err(RunError::AllocatorAbsent {
            name: list.to_owned(),
            advice: format!("name at least one of {}", names()),
        });
    }
    Ok(arms)
}

fn names() -> String {
    let known: Vec<&str> = KNOWN.iter().map(|known| known.name).collect();
    format!("system, {}, or the path of a library", known.join(", "))
}

fn find_arm(name: &str) -> Result<Arm, RunError> {
    let absent = |advice: String| RunError::AllocatorAbsent {
        name: name.to_owned(),
        advice,
    };
    if name == "system" {
        return Ok(Arm {
            name: name.to_owned(),
            library: None,
        });
    }
    if name.contains('/') {
        let path = Path::new(name)
            .canonicalize()
            .map_err(|error| absent(format!("the library cannot be opened: {error}")))?;
        return Ok(Arm {
            name: name.to_owned(),
            library: Some(path),
        });
    }
    let known = KNOWN
        .iter()
        .find(|known| known.name == name)
        .ok_or_else(|| absent(format!("no allocator has this name; there are {}", names())))?;
    let found = known
        .files
        .iter()
        .flat_map(|file| {
            DIRECTORIES
                .iter()
                .map(move |directory| Path::new(directory).join(file))
        })
        .find(|path| path.is_file());
    match found {
        Some(path) => Ok(Arm {
            name: name.to_owned(),
            library: Some(path),
        }),
        None => Err(absent(format!(
            "install Debian's package {} (apt-get install {}), or give the path of its library",
            known.package, known.package
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn system_preloads_nothing_and_names_are_taken_once() {
        let arms = find_arms("system, glibc,system").unwrap();
        assert_eq!(arms.len(), 2);
        assert_eq!(arms[0].library, None);
        assert!(arms[1].library.as_ref().unwrap().ends_with("libc.so.6"));
    }

    #[test]
    fn an_absent_allocator_says_what_to_do() {
        let error = find_arms("hoard").unwrap_err().to_string();
        assert!(error.contains("mimalloc"), "{error}");
        let error = find_arms("/no/such/library.so").unwrap_err().to_string();
        assert!(error.contains("cannot be opened"), "{error}");
        assert!(find_arms(",").is_err());
    }
}

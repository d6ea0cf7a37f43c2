//! The allocators a run can be compared with.
//!
//! # Role
//! Finds the library of each named allocator on this machine.
//!
//! # Not here
//! Running under them (`rounds.rs`).

use std::path::{Path, PathBuf};

use super::library::check_allocator;
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
/// - `AllocatorAbsent`: a name is not known, or its library is not on this machine.
/// - `Senseless`: nothing is named, something twice, or a file is no allocator's library.
pub fn find_arms(list: &str) -> Result<Vec<Arm>, RunError> {
    let mut arms: Vec<Arm> = Vec::new();
    for name in list
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty())
    {
        let arm = find_arm(name)?;
        if let Some(same) = arms.iter().find(|known| known.library == arm.library) {
            return Err(RunError::Senseless {
                message: if same.name == arm.name {
                    format!("{name} is named twice to compare with: name it once")
                } else {
                    format!(
                        "{} and {name} are the same library: name one of them",
                        same.name
                    )
                },
            });
        }
        arms.push(arm);
    }
    if arms.is_empty() {
        return Err(RunError::Senseless {
            message: format!(
                "no allocator is named to compare with: name at least one of {}",
                names()
            ),
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
        check_allocator(&path).map_err(|why| RunError::Senseless {
            message: format!(
                "{name} is no allocator to compare with: {why}; name a shared library that \
                 defines malloc and free, or one of {}",
                names()
            ),
        })?;
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
        .filter(|path| check_allocator(path).is_ok())
        .find_map(|path| path.canonicalize().ok());
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
    fn system_preloads_nothing_and_nothing_is_named_twice() {
        let arms = find_arms("system, glibc,").unwrap();
        assert_eq!(arms.len(), 2);
        assert_eq!(arms[0].library, None);
        assert!(arms[1].library.as_ref().unwrap().starts_with("/"));
        let twice = find_arms("system,glibc,system").unwrap_err().to_string();
        assert!(twice.contains("system is named twice"), "{twice}");
        let path = arms[1].library.as_ref().unwrap().display();
        let same = find_arms(&format!("glibc,{path}")).unwrap_err().to_string();
        assert!(same.contains("the same library"), "{same}");
    }

    #[test]
    fn an_absent_allocator_says_what_to_do() {
        let error = find_arms("hoard").unwrap_err().to_string();
        assert!(error.contains("mimalloc"), "{error}");
        let error = find_arms("/no/such/library.so").unwrap_err().to_string();
        assert!(error.contains("cannot be opened"), "{error}");
        let none = find_arms(",").unwrap_err().to_string();
        assert!(none.contains("name at least one"), "{none}");
    }
}

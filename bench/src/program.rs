//! Builds and runs of the small C programs.
//!
//! # Role
//! The programs that stand for an unmodified user: compiled from `bench/programs/`, run with a
//! library preloaded, and asked who really served malloc.

use crate::contender::Contender;
use crate::failure::Failure;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Where everything built here goes.
///
/// # Errors
/// - [`Failure::File`]: it could not be made.
pub(crate) fn output_directory() -> Result<PathBuf, Failure> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    let directory = target.join("bench");
    fs::create_dir_all(&directory).map_err(|error| Failure::file(&directory, &error))?;
    // Absolute: the dynamic linker resolves what it preloads from the program's directory.
    directory
        .canonicalize()
        .map_err(|error| Failure::file(&directory, &error))
}

/// Compiles `bench/programs/SOURCE.c`; the outcome is named `name`.
///
/// # Errors
/// - [`Failure::Missing`]: no C compiler.
/// - [`Failure::Ended`]: it does not compile.
pub(crate) fn compile(source: &str, name: &str, flags: &[&str]) -> Result<PathBuf, Failure> {
    let program = output_directory()?.join(name);
    let source = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("programs")
        .join(source);
    let output = Command::new("cc")
        // Calls of malloc and free go through the linkage table, as in any program.
        .args([
            "-O2",
            "-g",
            "-fno-builtin",
            "-fPIE",
            "-pie",
            "-fplt",
            "-pthread",
            "-Wl,-z,now",
        ])
        .args(flags)
        .arg("-o")
        .arg(&program)
        .arg(&source)
        .output()
        .map_err(|error| Failure::start("cc", "gcc libc6-dev", &error))?;
    if output.status.success() {
        return Ok(program);
    }
    let how = String::from_utf8_lossy(&output.stderr).into_owned();
    Err(Failure::Ended {
        program: format!("cc {}", source.display()),
        how,
    })
}

/// Preloads the contender's library in a command.
///
/// # Errors
/// - Whatever kept the library from being built.
pub(crate) fn preload(command: &mut Command, contender: &Contender) -> Result<(), Failure> {
    match &contender.library {
        Ok(Some(library)) => command.env("LD_PRELOAD", library),
        Ok(None) => command.env_remove("LD_PRELOAD"),
        Err(failure) => return Err(failure.clone()),
    };
    command.envs(contender.setting);
    Ok(())
}

/// The output of a program that ended well and whose malloc was the contender's.
///
/// # Errors
/// - [`Failure::Ended`]: it did not end well.
/// - [`Failure::NotActive`]: another library served malloc.
pub(crate) fn checked_output(
    program: &str,
    contender: &Contender,
    output: &Output,
) -> Result<String, Failure> {
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if !output.status.success() {
        let said = last_words(&text, &String::from_utf8_lossy(&output.stderr));
        let how = format!("{}; last words: {said}", output.status);
        return Err(Failure::Ended {
            program: program.to_owned(),
            how,
        });
    }
    let served_by = text.lines().next().unwrap_or_default();
    match &contender.library {
        Ok(Some(library)) if library.as_path() != Path::new(served_by) => Err(Failure::NotActive {
            expected: library.clone(),
            served_by: served_by.to_owned(),
        }),
        _ => Ok(text),
    }
}

/// What a program that failed said last: the end of its output and of its errors, without the talk of
/// a tool that it ran under.
fn last_words(stdout: &str, stderr: &str) -> String {
    let own = stderr
        .lines()
        .filter(|line| !line.starts_with("==") && !line.trim().is_empty());
    let own: Vec<&str> = own.collect();
    let errors = own.get(own.len().saturating_sub(3)..).unwrap_or_default();
    let words: Vec<&str> = stdout
        .lines()
        .last()
        .into_iter()
        .chain(errors.iter().copied())
        .collect();
    words.join(" / ").chars().take(400).collect()
}

#[cfg(test)]
mod tests {
    use super::last_words;

    #[test]
    fn last_words_are_the_programs_own() {
        let stderr = "==1== Tool\n\nout of slots\n==1==    at 0x1: abort\n";
        assert_eq!(
            last_words("lib.so\nhalf done\n", stderr),
            "half done / out of slots"
        );
        assert_eq!(last_words("", "a\nb\nc\nd\n"), "b / c / d");
        assert_eq!(last_words("", &"long ".repeat(500)).len(), 400);
    }
}

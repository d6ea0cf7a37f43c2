//! One run of a program: what it said, how long it took.

use crate::failure::Failure;
use core::time::Duration;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

/// A run.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) status: String,
    pub(super) output: String,
    pub(super) errors: String,
}

/// Runs `program`, in the folder of the file that it is given where there is one.
pub(super) fn run(
    program: &Path,
    words: &[&str],
    file: Option<&Path>,
) -> Result<(Said, Duration), Failure> {
    let mut command = Command::new(program);
    command.args(words);
    if let Some(file) = file {
        let folder = file.parent().unwrap_or(file);
        command
            .current_dir(folder)
            .arg(file.file_name().unwrap_or_default());
    }
    let began = Instant::now();
    let output = command.output().map_err(|error| Failure::Start {
        program: program.display().to_string(),
        error,
    })?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let said = Said {
        status: output.status.to_string(),
        output: text(&output.stdout),
        errors: without_thread(&text(&output.stderr)),
    };
    Ok((said, began.elapsed()))
}

/// The number of a thread that ran out of stack is another each time.
fn without_thread(text: &str) -> String {
    let Some((before, rest)) = text.split_once("thread 'main' (") else {
        return text.to_owned();
    };
    let after = rest.trim_start_matches(|c: char| c.is_ascii_digit());
    format!("{before}thread 'main' ({after}")
}

#[cfg(test)]
mod tests {
    use super::without_thread;

    #[test]
    fn numbers_of_threads_do_not_count() {
        let [one, two] = ["17", "4711"].map(|n| format!("\nthread 'main' ({n}) has overflowed\n"));
        assert_eq!(without_thread(&one), without_thread(&two));
        assert_eq!(without_thread("else"), "else");
    }
}

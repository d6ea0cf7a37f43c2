//! Processes that may hang.
//!
//! # Role
//! Waits for a process for a time and no longer: a contender that hangs is a fact for the report, and not the
//! end of a run.

use crate::failure::Failure;
use core::time::Duration;
use std::process::{Child, Output};
use std::time::Instant;

/// What a process said that ended within the limit; it says less than a pipe holds. Looked at so often.
///
/// # Errors
/// - [`Failure::Ended`]: it hangs and was killed, or cannot be waited for.
pub(super) fn ended(
    mut child: Child,
    shown: &str,
    limit: Duration,
    look: Duration,
) -> Result<Output, Failure> {
    let ended = |how: String| Failure::Ended {
        program: shown.to_owned(),
        how,
    };
    let began = Instant::now();
    let running = |child: &mut Child| child.try_wait().map_err(|error| ended(error.to_string()));
    while running(&mut child)?.is_none() {
        if began.elapsed() > limit {
            // What cannot be killed has ended.
            drop(child.kill());
            drop(child.wait());
            return Err(ended(format!("it hangs: killed after {limit:?}")));
        }
        std::thread::sleep(look);
    }
    child
        .wait_with_output()
        .map_err(|error| ended(error.to_string()))
}

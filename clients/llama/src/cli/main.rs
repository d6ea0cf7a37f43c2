//! The program `llama`.
//!
//! # Role
//! Arguments, terminal and exit codes: text goes to standard output, everything else to standard error.
//!
//! # Rooms
//! | file | what it holds |
//! |---|---|
//! | `arguments.rs` | the arguments |
//! | `generate.rs` | `llama generate` |
//! | `rows.rs` | formats of rows, as both programs are told them |
//! | `crowd.rs` | `llama crowd` |
//! | `describe.rs` | `llama describe` |
//! | `talk.rs` | text as it comes, and the line of progress |

#![forbid(unsafe_code)]

mod arguments;
mod crowd;
mod describe;
mod generate;
mod rows;
mod talk;

use arguments::{Arguments, Command};
use clap::Parser as _;
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: bedplate_malloc::Malloc = bedplate_malloc::Malloc::new();

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let ended = match &arguments.command {
        Command::Generate(arguments) => generate::generate(arguments),
        Command::Crowd(arguments) => crowd::crowd(arguments),
        Command::Describe(arguments) => describe::describe(arguments),
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            talk::say(&format!("llama: {error}"));
            ExitCode::FAILURE
        }
    }
}

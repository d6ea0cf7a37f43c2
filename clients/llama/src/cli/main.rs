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
//! | `counts.rs` | how many of something, as both programs are told it |
//! | `numbers.rs` | numbers that tokens are chosen with |
//! | `rows.rs` | formats of rows, as both programs are told them |
//! | `crowd.rs` | `llama crowd` |
//! | `describe.rs` | `llama describe` |
//! | `talk.rs` | text as it comes, and the line of progress |

#![forbid(unsafe_code)]

mod arguments;
mod counts;
mod crowd;
mod describe;
mod generate;
mod numbers;
mod rows;
mod talk;

use arguments::{Arguments, Command};
use clap::Parser as _;
use core::error::Error;
use llama::LlamaError;
use std::process::ExitCode;
use talk::Usage;

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
            let named = name_of(&arguments.command, &*error);
            talk::say(&format!("llama: {named}{error}"));
            code_of(&*error)
        }
    }
}

/// The model, where the sentence is about what is in it and does not say which it is.
fn name_of(command: &Command, error: &(dyn Error + 'static)) -> String {
    let source = match command {
        Command::Generate(arguments) => &arguments.source,
        Command::Crowd(arguments) => &arguments.source,
        Command::Describe(arguments) => &arguments.source,
    };
    match error.downcast_ref() {
        Some(LlamaError::Logit { .. }) => format!("{}: ", source.model.display()),
        _ => String::new(),
    }
}

/// 2 where the arguments make no sense, or not for this model.
fn code_of(error: &(dyn Error + 'static)) -> ExitCode {
    let is_usage = error
        .downcast_ref()
        .is_some_and(|error: &LlamaError| error.is_usage());
    if is_usage || error.is::<Usage>() {
        ExitCode::from(2)
    } else {
        ExitCode::FAILURE
    }
}

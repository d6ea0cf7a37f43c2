//! The `bedplate` program.
//!
//! # Role
//! Arguments, terminal and exit codes; the work is done by `bedplate-evidence`.
//!
//! # Rooms
//! | file | what it holds |
//! |---|---|
//! | `args.rs` | the arguments |
//! | `exit.rs` | the exit codes |
//! | `run.rs` | `bedplate run` |
//! | `library.rs` | the preload library as a file |
//! | `settings.rs` | the settings in the environment |
//! | `output.rs` | files the user asked for |
//! | `talk.rs` | colour, live line, standard streams |
//! | `profile.rs` | `bedplate profile` |
//! | `ab/` | `bedplate ab` |
//! | `audit/` | `bedplate audit` |
//! | `compile/` | a tree as the compiler's intermediate code |
//! | `probe/` | `bedplate probe` |
//! | `top/` | `bedplate top` |
//! | `licences.rs` | `bedplate licences` |

#![forbid(unsafe_code)]
extern crate alloc;

mod ab;
mod args;
mod audit;
mod compile;
mod exit;
mod library;
mod licences;
mod output;
mod probe;
mod profile;
mod run;
mod settings;
mod talk;
mod top;

use std::process::ExitCode;

use clap::Parser as _;
use clap::error::ErrorKind;

use args::{Arguments, Command};
use exit::Exit;

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return usage(&error).into(),
    };
    match arguments.command {
        Command::Run(arguments) => run::run(&arguments),
        Command::Probe(arguments) => probe::probe(&arguments),
        Command::Top(arguments) => top::top(&arguments),
        Command::Profile(arguments) => profile::profile(&arguments),
        Command::Ab(arguments) => ab::ab(&arguments),
        Command::Audit(arguments) => audit::audit(&arguments),
        Command::Pair(arguments) => audit::pair(&arguments),
        Command::Licences => licences::licences(),
    }
    .into()
}

/// Prints help or what is wrong. A wrong `run` is our own failure (125), since 2 may be the code of
/// the program it would have run.
fn usage(error: &clap::Error) -> Exit {
    // Nothing is left to say if even this cannot be printed.
    drop(error.print());
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Exit::Done,
        _ if std::env::args_os().nth(1).is_some_and(|name| name == "run") => Exit::NotActive,
        _ => Exit::Usage,
    }
}

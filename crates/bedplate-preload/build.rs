//! Links the library so that it stays loaded, and alone.
//!
//! A program may open it as a plugin and close it again; destructors of threads that used it, fork
//! handlers and the purge thread would then run in memory that is gone.
//!
//! The standard library refers to the C compiler's unwinder. As a shared library that costs every
//! program a tenth of a millisecond at its start, so it is linked in where the compiler has it.

use std::path::PathBuf;
use std::process::Command;

pub(crate) fn main() {
    println!("cargo::rustc-cdylib-link-arg=-Wl,-z,nodelete");
    println!("cargo::rerun-if-changed=build.rs");
    if let Some(unwinder) = unwinder() {
        println!("cargo::rustc-link-search=native={}", unwinder.display());
        // Whole: the references come from libraries that the linker reads later.
        println!("cargo::rustc-link-lib=static:+whole-archive=gcc_eh");
    }
}

/// The folder of the C compiler's static unwinder.
#[expect(
    clippy::disallowed_methods,
    reason = "a build script hears of the C compiler by its environment"
)]
fn unwinder() -> Option<PathBuf> {
    let compiler = std::env::var("CC").unwrap_or_else(|_| "cc".to_owned());
    let printed = Command::new(compiler)
        .arg("-print-file-name=libgcc_eh.a")
        .output()
        .ok()?;
    let path = PathBuf::from(String::from_utf8(printed.stdout).ok()?.trim());
    // A compiler that has none prints the bare name.
    path.is_absolute()
        .then(|| path.parent().map(PathBuf::from))?
}

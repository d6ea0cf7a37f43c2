//! Links the library so that it stays loaded.
//!
//! A program may open it as a plugin and close it again; destructors of threads that used it, fork
//! handlers and the purge thread would then run in memory that is gone.

fn main() {
    println!("cargo::rustc-cdylib-link-arg=-Wl,-z,nodelete");
    println!("cargo::rerun-if-changed=build.rs");
}

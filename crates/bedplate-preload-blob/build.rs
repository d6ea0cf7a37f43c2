//! Builds the preload libraries with the profile `preload` in a target folder of its own.
//!
//! A nested cargo: a dependency on a cdylib package would leave no library behind
//! `cargo install --path`, and in the outer build features and profiles would not be ours. The
//! hardened one is the production library with a feature, so it is a build of its own.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The packages that the libraries are made of, by folder.
const SOURCES: [&str; 5] = [
    "bedplate-os",
    "bedplate-telemetry",
    "bedplate-malloc",
    "bedplate-preload",
    "bedplate-preload-observed",
];

/// What the plain build leaves, and the names it is kept by.
const PLAIN: [(&str, &str); 2] = [
    ("libbedplate_preload.so", "libbedplate_preload.so"),
    (
        "libbedplate_preload_observed.so",
        "libbedplate_preload_observed.so",
    ),
];
/// The same of the build with the feature.
const HARDENED: [(&str, &str); 1] = [("libbedplate_preload.so", "libbedplate_preload_hardened.so")];

fn main() -> Result<(), Box<dyn core::error::Error>> {
    let variable = |name: &str| env::var_os(name).ok_or_else(|| format!("cargo sets {name}"));
    let crates = PathBuf::from(variable("CARGO_MANIFEST_DIR")?).join("..");
    let out = PathBuf::from(variable("OUT_DIR")?);
    let target = variable("TARGET")?.to_string_lossy().into_owned();
    for source in SOURCES {
        println!(
            "cargo::rerun-if-changed={}",
            crates.join(source).join("src").display()
        );
        println!(
            "cargo::rerun-if-changed={}",
            crates.join(source).join("Cargo.toml").display()
        );
        if source.starts_with("bedplate-preload") {
            println!(
                "cargo::rerun-if-changed={}",
                crates.join(source).join("build.rs").display()
            );
        }
    }
    println!(
        "cargo::rerun-if-changed={}",
        crates.join("../Cargo.toml").display()
    );
    println!(
        "cargo::rerun-if-changed={}",
        crates.join("../Cargo.lock").display()
    );
    println!("cargo::rerun-if-changed=build.rs");

    let plain = ["-p", "bedplate-preload", "-p", "bedplate-preload-observed"];
    let hardened = ["-p", "bedplate-preload", "--features", "hardened"];
    for (folder, packages, libraries) in [("t", plain, &PLAIN[..]), ("h", hardened, &HARDENED[..])]
    {
        build(&crates, &out.join(folder), &target, packages)?;
        let built = out.join(folder).join(&target).join("preload");
        for (name, kept) in libraries {
            std::fs::copy(built.join(name), out.join(kept)).map_err(|e| {
                format!(
                    "the nested build left no {}: {e}",
                    built.join(name).display()
                )
            })?;
        }
    }
    Ok(())
}

fn build(
    crates: &Path,
    target_dir: &Path,
    target: &str,
    packages: [&str; 4],
) -> Result<(), String> {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo
        .args([
            "build",
            "--quiet",
            "--profile",
            "preload",
            "--locked",
            "--target",
            target,
        ])
        .args(packages)
        .arg("--target-dir")
        .arg(target_dir)
        .current_dir(crates.join(".."));
    // What the outer build was told is not meant for this one.
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        let outer = [
            "RUSTC_WORKSPACE_WRAPPER",
            "RUSTC_WRAPPER",
            "RUSTFLAGS",
            "CARGO_ENCODED_RUSTFLAGS",
        ];
        if outer.contains(&text.as_ref())
            || text.starts_with("CARGO_TARGET_DIR")
            || text.starts_with("CARGO_BUILD_")
            || text.starts_with("CARGO_PROFILE_")
            || text.starts_with("CARGO_CFG_")
            || text.starts_with("CARGO_FEATURE_")
            || text == "BEDPLATE_GATES"
            || text == "__CARGO_TEST_CHANNEL_OVERRIDE_DO_NOT_USE_THIS"
            || text.starts_with("LLVM_PROFILE_FILE")
        {
            cargo.env_remove(&name);
        }
    }
    let status = cargo
        .status()
        .map_err(|e| format!("failed to start cargo for the preload libraries: {e}"))?;
    if status.success() {
        Ok(())
    } else {
        Err(format!(
            "the preload libraries did not build ({status}); the lines above say why"
        ))
    }
}

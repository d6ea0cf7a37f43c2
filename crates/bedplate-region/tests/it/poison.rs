//! What debug builds, valgrind and the address sanitizer say of memory that was given back.
//!
//! A child process does what is forbidden, by raw pointers, and the tool is asked whether it saw it.

use bedplate_region::Arena;
use core::alloc::Layout;
use core::ptr::NonNull;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Names the child's deed.
const DEED: &str = "BEDPLATE_REGION_DEED";

#[test]
#[cfg(debug_assertions)]
fn debug_builds_overwrite_all_that_is_given_back() {
    let read = |at: NonNull<u8>, offset: usize| {
        // SAFETY: the offset is inside the arena, which is mapped.
        let at = unsafe { at.add(offset) };
        // SAFETY: mapped memory that nobody writes.
        unsafe { at.read() }
    };
    let mut arena = Arena::new(1 << 20).expect("an arena");
    let front = NonNull::from(arena.alloc_filled(300_000, 1_u8).expect("fits")).cast();
    let kept = arena.used_bytes();
    arena.alloc_filled(100, 2_u8).expect("fits");
    arena.reset();
    // Not only the first 64 KiB, and the padding too.
    assert!((0..kept + 128).all(|offset| read(front, offset) == 0xDE));
    assert_eq!(read(front, kept + 128), 0);
    let mut point = arena.savepoint();
    point.alloc_filled(10, 3_u8).expect("fits");
    point.rewind();
    assert_eq!(read(front, 0), 0xDE);
}

/// Not a test by itself: what the others start.
#[test]
fn child() {
    let Some(deed) = env::var_os(DEED) else {
        return;
    };
    let mut arena = Arena::new(1 << 16).expect("an arena");
    let at = arena
        .alloc_layout(Layout::new::<[u8; 100]>())
        .expect("fits");
    // SAFETY: the block holds 100 bytes.
    unsafe { at.write_bytes(1, 100) };
    // SAFETY: one byte behind them, in the block's padding.
    let behind = unsafe { at.add(100) };
    let zeroed = arena.alloc_zeroed::<u8>(1000).expect("fits");
    assert_eq!(zeroed.iter().map(|byte| u32::from(*byte)).sum::<u32>(), 0);
    match deed.to_str() {
        Some("behave") => {
            arena.reset();
            let again = arena.alloc_filled(200, 4_u8).expect("fits");
            assert_eq!(again[199], 4);
            assert!(
                arena
                    .alloc_zeroed::<u8>(3000)
                    .is_ok_and(|b| b.iter().all(|b| *b == 0))
            );
        }
        Some("read after reset") => {
            arena.reset();
            look(at);
        }
        Some("read after another's allocation") => {
            arena.reset();
            arena.alloc_filled(10, 4_u8).expect("fits");
            // SAFETY: the block held as many bytes.
            look(unsafe { at.add(50) });
        }
        Some("write after reset") => {
            arena.reset();
            // SAFETY: none: this is the deed.
            unsafe { at.write_volatile(5) };
        }
        Some("read behind") => look(behind),
        other => panic!("no deed {other:?}"),
    }
}

fn look(at: NonNull<u8>) {
    // SAFETY: none: this is the deed. The memory is mapped, so that it ends nobody but under a tool.
    let byte = unsafe { at.read_volatile() };
    assert!(byte < 0xFF);
}

#[cfg(target_arch = "x86_64")]
const DEEDS: [&str; 4] = [
    "read after reset",
    "read after another's allocation",
    "write after reset",
    "read behind",
];

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
#[cfg(target_arch = "x86_64")]
fn valgrind_reports_raw_accesses_after_a_reset() {
    if Command::new("valgrind").arg("--version").output().is_err() {
        println!("valgrind is not installed: nothing to ask");
        return;
    }
    let run = |deed: &str| {
        let program = env::current_exe().expect("a test has a program");
        Command::new("valgrind")
            .args(["--error-exitcode=99", "--leak-check=no", "-q"])
            .arg(program)
            .args([
                "--exact",
                "poison::child",
                "--nocapture",
                "--test-threads=1",
            ])
            .env(DEED, deed)
            .output()
            .expect("valgrind starts")
    };
    let fine = run("behave");
    assert!(fine.status.success(), "{}", said(&fine));
    for deed in DEEDS {
        let found = run(deed);
        assert_eq!(found.status.code(), Some(99), "{deed}: {}", said(&found));
        let wanted = if deed.starts_with("write") {
            "Invalid write"
        } else {
            "Invalid read"
        };
        assert!(said(&found).contains(wanted), "{deed}: {}", said(&found));
    }
}

/// The nightly compiler with its sanitizer, if it is installed. Asking for it by name could install it.
fn has_nightly() -> bool {
    // The program below is built for this processor.
    if !cfg!(target_arch = "x86_64") {
        return false;
    }
    let Ok(listed) = Command::new("rustup").args(["toolchain", "list"]).output() else {
        return false;
    };
    String::from_utf8_lossy(&listed.stdout)
        .lines()
        .any(|line| line.starts_with("nightly-x86_64"))
}

#[test]
fn the_address_sanitizer_reports_raw_accesses_after_a_reset() {
    if !has_nightly() {
        println!("no nightly compiler: nothing to ask");
        return;
    }
    let program = sanitized();
    let run = |deed: &str| {
        Command::new(&program)
            .env(DEED, deed)
            .env("ASAN_OPTIONS", "detect_leaks=0")
            .output()
            .expect("the program starts")
    };
    let fine = run("behave");
    assert!(fine.status.success(), "{}", said(&fine));
    for deed in ["read after reset", "write after reset", "read behind"] {
        let found = run(deed);
        assert!(!found.status.success(), "{deed}");
        assert!(
            said(&found).contains("use-after-poison"),
            "{deed}: {}",
            said(&found)
        );
    }
}

/// Builds a package of one file on the crate with its feature `asan`.
fn sanitized() -> PathBuf {
    let crate_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("sanitized");
    fs::create_dir_all(folder.join("src")).expect("a folder");
    let manifest = format!(
        "[package]\nname = \"sanitized\"\nversion = \"0.0.0\"\nedition = \"2024\"\n[workspace]\n\
         [dependencies]\nbedplate-region = {{ path = \"{}\", features = [\"asan\"] }}\n",
        crate_folder.display()
    );
    fs::write(folder.join("Cargo.toml"), manifest).expect("written");
    fs::write(folder.join("src/main.rs"), include_str!("sanitized.rs.txt")).expect("written");
    // The versions of the workspace, which are on this machine.
    fs::copy(
        crate_folder.join("../../Cargo.lock"),
        folder.join("Cargo.lock"),
    )
    .expect("copied");
    let target = "x86_64-unknown-linux-gnu";
    let output = Command::new("rustup")
        .args([
            "run",
            "nightly",
            "cargo",
            "build",
            "--quiet",
            "--offline",
            "--target",
            target,
        ])
        .current_dir(&folder)
        .env("CARGO_TARGET_DIR", folder.join("target"))
        .env("RUSTFLAGS", "-Zsanitizer=address")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .env_remove("RUSTC")
        .env_remove("RUSTC_WRAPPER")
        .env_remove("RUSTUP_TOOLCHAIN")
        .output()
        .expect("cargo starts");
    assert!(output.status.success(), "{}", said(&output));
    folder.join("target").join(target).join("debug/sanitized")
}

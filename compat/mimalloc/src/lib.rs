//! bedplate-malloc under the names of the `mimalloc` package.
//!
//! # Role
//! Stand in for that package in a program that is not to be changed, by a patch in its manifest or on cargo's
//! command line:
//!
//! ```sh
//! cargo build --release --config 'patch.crates-io.mimalloc.path="PATH/TO/bedplate/compat/mimalloc"'
//! ```
//!
//! # Not here
//! - functions of mimalloc itself: the feature `extended`, and the package `libmimalloc-sys`.
//! - `malloc` for C code of the same program: the feature `override`. No C symbol is defined here.
//!
//! # Rooms
//! | file | what it holds |
//! |---|---|
//! | `allocator.rs` | `MiMalloc` |

#![no_std]

#[cfg(feature = "extended")]
compile_error!(
    "the feature `extended` of `mimalloc` offers mimalloc's own functions, which bedplate does not have: \
     build without the feature, or without the patch of `mimalloc`"
);
#[cfg(feature = "override")]
compile_error!(
    "the feature `override` of `mimalloc` also takes over malloc in C code, which a linked bedplate does not: \
     build without the feature and run the program by `bedplate run`, or build without the patch of `mimalloc`"
);

#[expect(unsafe_code, reason = "an allocator is an unsafe trait")]
mod allocator;

pub use allocator::MiMalloc;

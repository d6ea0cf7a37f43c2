//! Types as sets of words.
//!
//! # Role
//! No type is worked out in full; `Arc<Inner<T>>` is its words, and a field of `Inner` fits it.

use alloc::collections::BTreeSet;

/// The words of a type.
pub(crate) fn words(ty: &str) -> impl Iterator<Item = &str> {
    ty.split(|c: char| !c.is_alphanumeric() && c != '_')
        .filter(|word| !word.is_empty())
}

/// Atomic types of the languages and of well-known libraries.
fn is_atomic_word(word: &str) -> bool {
    let rust = word.contains("Atomic") && !matches!(word, "AtomicWaker" | "AtomicTake");
    let c = word.starts_with("_Atomic")
        || word == "atomic"
        || word.starts_with("atomic_") && !word.starts_with("atomic_ref")
        || word.contains("atomic") && word.ends_with("_t") && !word.contains("atomic_ref");
    rust || c
}

/// Whether a type is atomic, itself or by a name in `names`; or holds atomics at fixed places, as an
/// array or a box does.
pub(crate) fn is_atomic(ty: &str, names: &BTreeSet<String>) -> bool {
    words(ty).any(|word| is_atomic_word(word) || names.contains(word))
        && !ty.contains("fn(")
        && !ty.contains("Fn(")
        && !ty.contains("Fn (")
}

/// Whether the atomic holds a pointer.
pub(crate) fn is_pointer(ty: &str) -> bool {
    words(ty).any(|word| {
        matches!(
            word,
            "AtomicPtr" | "atomic_p_t" | "AtomicCell" | "atomic_uintptr_t"
        ) || word.starts_with("_Atomic") && word.ends_with('P')
    }) || ty.contains("Atomic<") && !ty.contains("Atomic<f") && !ty.contains("Atomic<u")
        || ty.contains("atomic<") && ty.contains('*')
}

/// Whether the atomic holds a flag.
pub(crate) fn is_flag(ty: &str) -> bool {
    words(ty).any(|word| {
        word.ends_with("AtomicBool")
            || matches!(
                word,
                "atomic_b_t" | "atomic_bool" | "atomic_flag" | "_Atomic_bool"
            )
    }) || ty.contains("atomic<bool>")
}

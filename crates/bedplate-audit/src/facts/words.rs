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

/// Types that are plain figures.
const FIGURES: [&str; 16] = [
    "u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64", "i128", "isize", "f32",
    "f64", "bool", "char",
];

/// Whether a word is a type of numbers.
pub(crate) fn is_figure(ty: &str) -> bool {
    let is_sized = ["int", "uint", "size"]
        .iter()
        .any(|head| ty.starts_with(head));
    FIGURES.contains(&ty)
        || is_sized && ty.ends_with("_t")
        || matches!(ty, "int" | "long" | "unsigned" | "float" | "double")
}

/// What a generic atomic of Rust holds (`AtomicCell<u64>`), where the type is one.
fn held(ty: &str) -> Option<&str> {
    let (_, inner) = ["AtomicCell<", "Atomic<"]
        .iter()
        .find_map(|head| ty.split_once(head))?;
    let end = inner.find(['>', ',']).unwrap_or(inner.len());
    Some(inner[..end].trim())
}

/// Whether the atomic holds a pointer, or may.
pub(crate) fn is_pointer(ty: &str) -> bool {
    words(ty).any(|word| {
        matches!(word, "AtomicPtr" | "atomic_p_t" | "atomic_uintptr_t")
            || word.starts_with("_Atomic") && word.ends_with('P')
    }) || held(ty).is_some_and(|held| !is_figure(held))
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
        || held(ty) == Some("bool")
}

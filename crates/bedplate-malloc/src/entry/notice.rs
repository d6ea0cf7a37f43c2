//! The licences of a library, inside it.

/// Puts `src/notice.txt` of the package that calls it into the section `.bedplate.notice` of its
/// library, from which `readelf -p .bedplate.notice` prints it.
///
/// The section is not loaded: no linker drops it as unused, stripping of symbols and debug
/// information leaves it, and it takes no memory of the programs that the library is in. A Rust
/// static cannot have such a section, so assembly names it.
#[macro_export]
macro_rules! embed_notice {
    () => {
        core::arch::global_asm!(
            ".pushsection .bedplate.notice,\"\",%progbits",
            concat!(
                ".incbin \"",
                env!("CARGO_MANIFEST_DIR"),
                "/src/notice.txt\""
            ),
            ".popsection",
            options(raw),
        );
        /// Makes the compiler note the file, which it does not see inside assembly.
        const _: &[u8] = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/notice.txt"));
    };
}

//! The end of memory.

use crate::compiled::Compiled;

/// Blocks with mappings of their own first: what small blocks took of the address space stays theirs.
const SIZES: [&str; 7] = [
    "5000000", "1048576", "40000", "3000", "24000", "300000", "2000",
];

fn filling(sizes: &[&str]) -> Compiled {
    sizes
        .iter()
        .fold(Compiled::c("out_of_memory"), |program, size| {
            program.argument(size)
        })
}

#[test]
fn the_kernels_limit_gives_enomem_and_recovers() {
    filling(&SIZES).address_space(600_000).proves();
}

#[test]
fn the_cap_gives_enomem_and_recovers() {
    filling(&SIZES)
        .environment("BEDPLATE_MALLOC_CAP", "400M")
        .proves_preloaded();
}

#[test]
fn the_cap_knows_no_order_of_sizes() {
    let small_first = ["2000", "300000", "5000000", "24000", "1048576"];
    filling(&small_first)
        .environment("BEDPLATE_MALLOC_CAP", "400M")
        .proves_preloaded();
}

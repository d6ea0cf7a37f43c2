//! Links the library as the production library is linked.

#[path = "../bedplate-preload/build.rs"]
mod production;

fn main() {
    production::main();
    println!("cargo::rerun-if-changed=../bedplate-preload/build.rs");
}

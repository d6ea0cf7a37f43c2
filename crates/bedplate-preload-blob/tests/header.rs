//! The header declares exactly what the library defines.

extern crate alloc;

use alloc::collections::BTreeSet;
use bedplate_preload_blob::{Which, install};
use object::{Object as _, ObjectSymbol as _};

use std::path::{Path, PathBuf};
use std::process::Command;

fn header() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../bedplate-preload/include/bedplate_malloc.h")
}

fn defined(which: Which) -> BTreeSet<String> {
    let file = object::File::parse(which.bytes()).expect("the library is an ELF file");
    let names = file
        .dynamic_symbols()
        .filter(object::ObjectSymbol::is_definition);
    names
        .filter_map(|s| s.name().ok().map(str::to_owned))
        .collect()
}

fn declared() -> BTreeSet<String> {
    let text = std::fs::read_to_string(header()).expect("the header is there");
    let declarations = text.lines().filter(|l| l.ends_with("BEDPLATE_NOTHROW;"));
    declarations
        .filter_map(|l| {
            l.split('(')
                .next()?
                .rsplit([' ', '*'])
                .next()
                .map(str::to_owned)
        })
        .collect()
}

#[test]
fn c_functions_of_header_and_library_are_the_same() {
    for which in [Which::Production, Which::Observed, Which::Hardened] {
        let c: BTreeSet<String> = defined(which)
            .into_iter()
            .filter(|n| !n.starts_with("_Z"))
            .collect();
        assert_eq!(c, declared());
    }
}

#[test]
fn new_and_delete_are_defined_in_every_form() {
    let names = defined(Which::Production);
    let cxx: Vec<_> = names.iter().filter(|n| n.starts_with("_Z")).collect();
    assert_eq!(cxx.len(), 8 + 12, "{cxx:?}");
}

#[test]
fn programs_in_c_and_cxx_build_with_the_header_and_the_library() {
    let folder = std::env::temp_dir().join(format!("bedplate-header-{}", std::process::id()));
    let library = install(&folder, Which::Production).expect("the folder can be written");
    let source = "#include \"bedplate_malloc.h\"\n\
                  int main(void) { void *p = malloc(100); int ok = malloc_usable_size(p) >= 100; free_sized(p, 100); return !ok; }\n";
    for (compiler, name) in [("cc", "use.c"), ("c++", "use.cc")] {
        let (file, program) = (folder.join(name), folder.join(format!("{name}.bin")));
        std::fs::write(&file, source).expect("the folder can be written");
        let built = Command::new(compiler)
            .arg("-I")
            .arg(header().parent().expect("a folder"))
            .args([&file, &library])
            .arg(format!("-Wl,-rpath,{}", folder.display()))
            .arg("-o")
            .arg(&program)
            .output()
            .expect("a compiler is there");
        assert!(
            built.status.success(),
            "{}",
            String::from_utf8_lossy(&built.stderr)
        );
        let ran = Command::new(&program).status().expect("the program starts");
        assert!(ran.success(), "{name}: {ran}");
    }
    std::fs::remove_dir_all(&folder).expect("the folder is ours");
}

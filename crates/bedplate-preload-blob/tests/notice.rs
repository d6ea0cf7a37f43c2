//! Each library carries its licence and the notices of what is linked into it.

use bedplate_preload_blob::Which;
use object::elf::SHF_ALLOC;
use object::{Object as _, ObjectSection as _, SectionFlags};

use std::path::Path;

#[test]
fn each_library_holds_its_notice_unloaded() {
    for (which, package) in [
        (Which::Production, "bedplate-preload"),
        (Which::Observed, "bedplate-preload-observed"),
        (Which::Hardened, "bedplate-preload"),
    ] {
        let file = object::File::parse(which.bytes()).expect("the library is an ELF file");
        let section = file
            .section_by_name(".bedplate.notice")
            .expect("the section is there");
        let embedded = section.data().expect("the section has contents");
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("..")
            .join(package)
            .join("src/notice.txt");
        let made = std::fs::read(path).expect("the notice is in the tree");
        assert!(embedded == made, "{package}: another notice is embedded");
        let text = String::from_utf8(made).expect("text");
        for part in [package, "Permission is hereby granted", "libc 0.2"] {
            assert!(text.contains(part), "{package}: {part}");
        }
        let SectionFlags::Elf { sh_flags, .. } = section.flags() else {
            panic!("not an ELF section");
        };
        let is_loaded = sh_flags.0 & SHF_ALLOC.0 != 0;
        assert!(!is_loaded, "the notice takes memory of every program");
    }
}

//! What each library asks for and what it shows.

use bedplate_preload_blob::Which;
use object::Object as _;

#[test]
fn no_library_shows_or_asks_for_an_unwinder() {
    for which in [Which::Production, Which::Observed, Which::Hardened] {
        let file = object::File::parse(which.bytes()).expect("the library is an ELF file");
        let names = |found: object::NameOrOrdinal<&[u8]>| match found {
            object::NameOrOrdinal::Name(name) => String::from_utf8_lossy(name).into_owned(),
            object::NameOrOrdinal::Ordinal(number) => number.to_string(),
        };
        let shown: Vec<_> = file
            .exports()
            .expect("the library has symbols")
            .map(|export| export.expect("the table is whole"))
            .map(|export| names(export.name()))
            .collect();
        assert!(shown.iter().any(|name| name == "malloc"), "{shown:?}");
        // A program's own unwinder must stay the one it finds.
        let foreign: Vec<_> = shown.iter().filter(|n| n.contains("Unwind")).collect();
        assert!(foreign.is_empty(), "{foreign:?}");
        let asked: Vec<_> = file
            .imports()
            .expect("the library has symbols")
            .map(|import| import.expect("the table is whole"))
            .map(|import| names(import.name()))
            .filter(|name| name.contains("Unwind"))
            .collect();
        assert!(asked.is_empty(), "{asked:?}: is libgcc_eh.a missing?");
    }
}

//! The licences inside the program.

use std::fs;
use std::path::Path;

use crate::machine::Place;

#[test]
fn the_program_prints_its_licences_and_the_notices() {
    let output = Place::new().bedplate().arg("licences").output();
    let output = output.expect("bedplate starts");
    assert!(output.status.success());
    let printed = String::from_utf8(output.stdout).expect("text");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    for name in ["LICENSE-MIT", "LICENSE-APACHE", "docs/NOTICES.md"] {
        let text = fs::read_to_string(root.join(name)).expect("the file is in the tree");
        assert!(printed.contains(text.trim_matches('\n')), "{name}");
    }
}

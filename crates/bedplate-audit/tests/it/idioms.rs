//! Habits of counting, and what looks like them: `fixtures/idioms` holds invented little trees, whose first lines say
//! what each location is. `kept` is one that must not be called removable, whatever else.

use std::fs;
use std::path::Path;

use bedplate_audit::{Class, Source, audit};

/// What the first lines of a tree say of its locations.
fn expected(text: &str) -> Vec<(&str, &str)> {
    let heads = text.lines().map_while(|line| line.strip_prefix("// "));
    heads.filter_map(|head| head.split_once(": ")).collect()
}

fn is_as_expected(found: Class, wanted: &str) -> bool {
    if wanted == "kept" {
        return !found.is_removable();
    }
    wanted.split('|').any(|name| name == found.name())
}

#[test]
fn habits_of_counting_are_known_and_what_looks_like_them_is_kept() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/idioms");
    let mut wrong = Vec::new();
    let (mut counted, mut kept) = (0, 0);
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let text = fs::read_to_string(&path).unwrap();
        let found = audit(&[Source::new(&name, &text)]);
        assert!(!expected(&text).is_empty(), "{name} says nothing");
        for (location, wanted) in expected(&text) {
            *(if wanted == "kept" {
                &mut kept
            } else {
                &mut counted
            }) += 1;
            let class = found.locations.iter().find(|it| it.name == location);
            let class = class.map(|it| it.class);
            if !class.is_some_and(|class| is_as_expected(class, wanted)) {
                wrong.push(format!("{name}: {location} is {wanted}, not {class:?}"));
            }
        }
    }
    assert!(counted >= 75 && kept >= 75, "{counted} {kept}");
    assert!(wrong.is_empty(), "{wrong:#?}");
}

//! Old libraries do not pile up.

use core::time::Duration;
use std::fs::{self, File};
use std::time::SystemTime;

use bedplate_preload_blob::{Which, install};

#[test]
fn libraries_of_other_builds_go_after_a_week_without_use() {
    let folder = std::env::temp_dir().join(format!("bedplate-prune-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let make = |name: &str, days: u64| {
        let file = File::create(folder.join(name)).unwrap();
        let age = Duration::from_secs(days * 24 * 3600);
        file.set_modified(SystemTime::now() - age).unwrap();
    };
    make("libbedplate_preload-0123456789abcdef.so", 8);
    make("libbedplate_preload-0123456789abcde0.so", 6);
    make("libbedplate_preload_observed-0123456789abcdef.so", 8);
    make("libbedplate_preload-mine.so", 8);
    let library = install(&folder, Which::Production).unwrap();
    let there = |name: &str| folder.join(name).exists();
    assert!(library.is_file());
    assert!(!there("libbedplate_preload-0123456789abcdef.so"));
    assert!(there("libbedplate_preload-0123456789abcde0.so"));
    assert!(there("libbedplate_preload_observed-0123456789abcdef.so"));
    assert!(there("libbedplate_preload-mine.so"));
    fs::remove_dir_all(&folder).unwrap();
}

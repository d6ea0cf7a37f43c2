//! Described machines for the other files.

use bedplate_os::source::Machine;
use std::fs;
use std::path::{Path, PathBuf};

/// Where the described machines lie.
pub(crate) fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures")
        .join(name)
}

/// A described machine.
pub(crate) fn fixture(name: &str) -> Machine {
    let folder = folder(name);
    assert!(folder.is_dir(), "no such fixture: {name}");
    Machine::described_by(folder)
}

/// The files of a folder, as paths under it.
pub(crate) fn files(root: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![root.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).expect("the folder is there") {
            let path = entry.expect("the entry is readable").path();
            if path.is_dir() {
                open.push(path);
            } else {
                found.push(path.strip_prefix(root).expect("under the root").to_owned());
            }
        }
    }
    found.sort();
    found
}

/// A copy of a described machine that a test may change; gone when dropped.
pub(crate) struct Copy {
    pub(crate) root: PathBuf,
}

impl Copy {
    pub(crate) fn of(name: &str, purpose: &str) -> Self {
        let root =
            std::env::temp_dir().join(format!("bedplate-os-{}-{purpose}", std::process::id()));
        let from = folder(name);
        for file in files(&from) {
            let to = root.join(&file);
            fs::create_dir_all(to.parent().expect("has a parent")).expect("makes folders");
            fs::copy(from.join(&file), to).expect("copies");
        }
        Self { root }
    }

    pub(crate) fn machine(&self) -> Machine {
        Machine::described_by(&self.root)
    }

    pub(crate) fn write(&self, file: &str, text: &str) {
        fs::write(self.root.join(file), text).expect("writes");
    }

    pub(crate) fn remove(&self, file: &str) {
        fs::remove_file(self.root.join(file)).expect("removes");
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        let _gone = fs::remove_dir_all(&self.root);
    }
}

//! Files of a test's own.

use std::fs::File;
use std::path::{Path, PathBuf};

/// A folder that is gone when the test is over.
pub(crate) struct Folder(PathBuf);

impl Folder {
    /// A folder for a test.
    pub(crate) fn new(test: &str) -> Self {
        let name = format!("bedplate-region-{test}-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).expect("is made");
        Self(path)
    }

    /// A path in it.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// A file in it with these bytes, open for reading.
    pub(crate) fn file(&self, name: &str, bytes: &[u8]) -> File {
        let path = self.path(name);
        std::fs::write(&path, bytes).expect("is written");
        File::open(path).expect("opens")
    }
}

/// A FIFO at a path.
pub(crate) fn fifo(path: &Path) {
    let name = alloc::ffi::CString::new(path.as_os_str().as_encoded_bytes()).expect("a name");
    // SAFETY: the name is a terminated string.
    assert_eq!(unsafe { libc::mkfifo(name.as_ptr(), 0o600) }, 0);
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What cannot be removed lies among the system's temporary files.
        let _removed = std::fs::remove_dir_all(&self.0);
    }
}

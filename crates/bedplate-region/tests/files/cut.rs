//! What happens when a file is cut under a mapping: in processes of their own.

use super::again;
use super::folder::Folder;
use super::mapped::map;
use bedplate_region::mapped::{HugeCopy, SealedCopy};
use std::fs::File;
use std::os::unix::process::ExitStatusExt;

const BYTES: usize = 64 << 10;

/// Cuts a file to a byte and touches its end, in what the case says.
fn cut_and_touch(case: &str) {
    let folder = Folder::new(&format!("cut-{case}"));
    let file = folder.file("model", &vec![5; BYTES]);
    let cut = || {
        let writer = File::options()
            .write(true)
            .open(folder.path("model"))
            .expect("opens");
        writer.set_len(1).expect("is cut");
    };
    let touched = match case {
        "huge" => {
            let copy = HugeCopy::read(&file, None).expect("is copied");
            cut();
            copy[BYTES - 1]
        }
        "sealed" => {
            let copy = SealedCopy::read(&file, None).expect("is copied");
            cut();
            copy[BYTES - 1]
        }
        _ => {
            let mapped = map(file).expect("is mapped");
            // Neither having touched it nor having locked it helps.
            let first = mapped[BYTES - 1];
            let locked = mapped.lock();
            cut();
            // What can be asked is told in time.
            assert!(mapped.check_again().is_err());
            drop(folder);
            println!("touching");
            // Read from memory, and not from what was read before.
            let again = core::hint::black_box(&mapped)[BYTES - 1];
            drop(locked);
            first.max(again)
        }
    };
    assert_eq!(touched, 5);
}

#[test]
fn a_cut_file_ends_the_process_that_touches_it_by_one_signal() {
    if let Some(case) = again::case() {
        return cut_and_touch(&case);
    }
    let name = "cut::a_cut_file_ends_the_process_that_touches_it_by_one_signal";
    let output = again::run(name, "mapped");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("touching"), "{said}");
    assert_eq!(output.status.signal(), Some(libc::SIGBUS), "{said}");
}

#[test]
fn copies_survive_a_cut() {
    if let Some(case) = again::case() {
        return cut_and_touch(&case);
    }
    for case in ["huge", "sealed"] {
        let output = again::run("cut::copies_survive_a_cut", case);
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(
            output.status.success() && said.contains("1 passed"),
            "{case}: {said}"
        );
    }
}

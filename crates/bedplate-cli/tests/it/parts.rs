//! Which part memory is counted to.

use serde_json::Value;

use crate::machine::Place;

fn bytes_of(report: &Value, kind: &str) -> u64 {
    let parts = report["processes"][0]["at_end"]["parts"]
        .as_array()
        .expect("the parts are a list");
    let part = parts.iter().find(|part| part["kind"] == kind);
    part.map_or(0, |part| part["bytes"].as_u64().expect("a part has bytes"))
}

#[test]
fn memory_mapped_right_behind_a_program_is_not_its_data() {
    let place = Place::new();
    let source = r"
        #define _GNU_SOURCE
        #include <stdint.h>
        #include <string.h>
        #include <sys/mman.h>
        extern char _end;
        static char zeroed[2 << 20];
        int main(void) {
            memset(zeroed, 1, sizeof zeroed);
            uintptr_t behind = ((uintptr_t)&_end + 4095) & ~(uintptr_t)4095;
            char *own = mmap((void *)behind, 8 << 20, PROT_READ | PROT_WRITE,
                             MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
            if (own != (char *)behind) return 3;
            memset(own, 1, 8 << 20);
            return 0;
        }
    ";
    let program = place.compile("behind", source, &[]);
    let ran = place.run(&[], &[&program]);
    assert_eq!(ran.code(), Some(0), "{}", ran.stderr());
    let data = bytes_of(&ran.report, "data");
    assert!(((2 << 20)..(3 << 20)).contains(&data), "{data}");
    let own = bytes_of(&ran.report, "anonymous");
    assert!(((8 << 20)..(9 << 20)).contains(&own), "{own}");
}

#[test]
fn a_program_whose_file_was_replaced_while_it_ran_is_measured_as_it_was_loaded() {
    let place = Place::new();
    let source = r"
        #include <stdio.h>
        #include <string.h>
        #include <unistd.h>
        static char zeroed[2 << 20];
        int main(int count, char **words) {
            (void)count;
            memset(zeroed, 1, sizeof zeroed);
            return unlink(words[0]) != 0;
        }
    ";
    let program = place.compile("unlinks", source, &[]);
    let ran = place.run(&[], &[&program]);
    assert_eq!(ran.code(), Some(0), "{}", ran.stderr());
    let data = bytes_of(&ran.report, "data");
    assert!(((2 << 20)..(3 << 20)).contains(&data), "{data}");
}

#[test]
fn a_module_whose_headers_cannot_be_read_is_told_everywhere() {
    let place = Place::new();
    let source = r"
        #include <stdint.h>
        #include <sys/mman.h>
        extern char __ehdr_start;
        int main(void) {
            char *first = &__ehdr_start;
            uintptr_t page = (uintptr_t)first & ~(uintptr_t)4095;
            if (mprotect((void *)page, 4096, PROT_READ | PROT_WRITE)) return 3;
            first[0] = 0;
            return 0;
        }
    ";
    let program = place.compile("headless", source, &[]);
    let html = place.path("report.html");
    let options = ["--html", html.to_str().expect("a path in UTF-8")];
    let ran = place.run(&options, &[&program]);
    assert_eq!(ran.code(), Some(0), "{}", ran.stderr());
    let unread = &ran.report["processes"][0]["at_end"]["unread_modules"];
    assert_eq!(unread[0], program.to_str().expect("a path in UTF-8"));
    let note = "cannot be read in headless";
    assert!(ran.report["notes"].to_string().contains(note));
    let page = std::fs::read_to_string(html).expect("the page is written");
    for text in [page, ran.stderr()] {
        let words: Vec<&str> = text.split_whitespace().collect();
        assert!(words.join(" ").contains(note), "{text}");
    }
}

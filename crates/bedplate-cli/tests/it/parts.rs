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

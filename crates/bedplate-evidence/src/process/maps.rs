//! The kernel's list of a process's mappings.
//!
//! # Role
//! Parses `/proc/PID/maps`.
//!
//! # Not here
//! What a mapping is for (`parts/classify.rs`) and what of it is resident (`residency.rs`).

/// One mapping.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping {
    /// First address.
    pub start: u64,
    /// One past the last address.
    pub end: u64,
    /// Pages may be read.
    pub readable: bool,
    /// Pages may be written.
    pub writable: bool,
    /// Pages may be executed.
    pub executable: bool,
    /// Writes are seen by others (`MAP_SHARED`).
    pub shared: bool,
    /// Place of its first byte in the file.
    pub offset: u64,
    /// File, or the kernel's name in brackets, or empty.
    pub path: String,
}

impl Mapping {
    /// Size in bytes.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.end - self.start
    }

    /// No access at all: a reservation or a guard.
    #[must_use]
    pub fn is_inaccessible(&self) -> bool {
        !self.readable && !self.writable && !self.executable
    }
}

/// Parses a whole `/proc/PID/maps`; lines that are not mappings are left out.
#[must_use]
pub fn parse_maps(text: &str) -> Vec<Mapping> {
    text.lines().filter_map(parse_line).collect()
}

fn parse_line(line: &str) -> Option<Mapping> {
    let (range, rest) = line.split_once(' ')?;
    let (start, end) = range.split_once('-')?;
    let start = u64::from_str_radix(start, 16).ok()?;
    let end = u64::from_str_radix(end, 16).ok()?;
    if end < start {
        return None;
    }
    let (permissions, rest) = rest.split_once(' ')?;
    let mut flags = permissions.bytes();
    let (read, write, execute, share) =
        (flags.next()?, flags.next()?, flags.next()?, flags.next()?);
    let (offset, rest) = rest.split_once(' ')?;
    let offset = u64::from_str_radix(offset, 16).ok()?;
    // Device and inode come first; the path is what follows, spaces and all.
    let mut rest = rest;
    for _field in 0..2 {
        rest = rest.trim_start();
        rest = rest.find(' ').map_or("", |space| &rest[space..]);
    }
    Some(Mapping {
        start,
        end,
        readable: read == b'r',
        writable: write == b'w',
        executable: execute == b'x',
        shared: share == b's',
        offset,
        path: rest.trim_start().to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
55d0c0000000-55d0c0021000 r--p 00000000 fe:00 1234                       /usr/bin/a program
55d0c2000000-55d0c2400000 rw-p 00000000 00:00 0                          [heap]
7f0000000000-7f0000400000 rw-p 00000000 00:00 0 
7f0000400000-7f0000401000 ---p 00000000 00:00 0 
7f0000500000-7f0000501000 rw-s 00000000 00:01 77                         /memfd:bedplate-malloc (deleted)
garbage
9-8 rw-p 00000000 00:00 0
";

    #[test]
    fn every_well_formed_line_is_a_mapping_and_the_rest_is_left_out() {
        let maps = parse_maps(TEXT);
        assert_eq!(maps.len(), 5);
        assert_eq!(maps[0].path, "/usr/bin/a program");
        assert_eq!(maps[1].path, "[heap]");
        assert_eq!(maps[2].path, "");
        assert!(maps[2].writable && !maps[2].shared);
        assert!(maps[3].is_inaccessible());
        assert!(maps[4].shared);
        assert_eq!(maps[4].path, "/memfd:bedplate-malloc (deleted)");
        assert_eq!(maps[4].bytes(), 4096);
    }
    #[test]
    fn text_cut_off_anywhere_gives_whole_mappings_only() {
        for end in 0..TEXT.len() {
            let Some(cut) = TEXT.get(..end) else { continue };
            assert!(
                parse_maps(cut)
                    .iter()
                    .all(|mapping| mapping.start <= mapping.end)
            );
        }
    }
}

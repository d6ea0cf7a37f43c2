//! The descendants of a run, from the records they leave.
//!
//! # Role
//! Turns start, fork and exit records into groups by name.
//!
//! # Not here
//! Looking at living descendants (`sampler.rs`).

use alloc::collections::BTreeMap;

use bedplate_malloc::inspect::{Record, RecordKind};

use crate::report::model::ChildGroup;

/// Processes without an exit record that are kept before it is asked which of them still live.
const SWEPT_FROM: usize = 2048;

/// One process as its records tell it.
#[derive(Clone, Debug, Default)]
struct Child {
    name: String,
    executed: bool,
    left_normally: bool,
    peak_rss_bytes: u64,
}

/// All processes seen but the program's own.
#[derive(Debug, Default)]
pub(super) struct Children {
    running: BTreeMap<u32, Child>,
    groups: BTreeMap<String, ChildGroup>,
}

impl Children {
    /// Takes a record of a descendant in.
    pub(super) fn record(&mut self, record: &Record) {
        match record.kind {
            RecordKind::Start => {
                // A second start of one process is another program executed in it; after an exit
                // or a death without one it is a new process with an old number.
                let child = self.running.entry(record.pid).or_default();
                if child.executed {
                    let old = core::mem::take(child);
                    self.count(&old);
                }
                let child = self.running.entry(record.pid).or_default();
                child.executed = true;
                child.name.clone_from(&record.name);
            }
            RecordKind::Fork => {
                if let Some(old) = self.running.remove(&record.pid) {
                    self.count(&old);
                }
                let child = Child {
                    name: record.name.clone(),
                    ..Child::default()
                };
                self.running.insert(record.pid, child);
            }
            RecordKind::Exit => {
                let mut child = self.running.remove(&record.pid).unwrap_or_default();
                child.name.clone_from(&record.name);
                child.left_normally = true;
                child.peak_rss_bytes = child.peak_rss_bytes.max(record.peak_rss_bytes);
                self.count(&child);
            }
        }
    }

    /// Counts those that ended without a record, once so many are open that it matters: a long
    /// run may start millions that leave by `_exit`.
    pub(super) fn sweep(&mut self, is_alive: impl Fn(u32) -> bool) {
        if self.running.len() < SWEPT_FROM {
            return;
        }
        let (alive, gone) = core::mem::take(&mut self.running)
            .into_iter()
            .partition(|(pid, _child)| is_alive(*pid));
        self.running = alive;
        for child in BTreeMap::into_values(gone) {
            self.count(&child);
        }
    }

    /// Takes a sampled high-water mark in.
    pub(super) fn seen_peak(&mut self, pid: u32, peak_rss_bytes: u64) {
        if let Some(child) = self.running.get_mut(&pid) {
            child.peak_rss_bytes = child.peak_rss_bytes.max(peak_rss_bytes);
        }
    }

    /// The groups, largest first.
    pub(super) fn into_groups(mut self) -> Vec<ChildGroup> {
        for (_pid, child) in core::mem::take(&mut self.running) {
            self.count(&child);
        }
        let mut groups: Vec<ChildGroup> = self.groups.into_values().collect();
        groups.sort_by(|a, b| {
            b.peak_rss_bytes
                .cmp(&a.peak_rss_bytes)
                .then(a.name.cmp(&b.name))
        });
        groups
    }

    fn count(&mut self, child: &Child) {
        let group = self
            .groups
            .entry(child.name.clone())
            .or_insert_with(|| ChildGroup {
                name: child.name.clone(),
                count: 0,
                forked_only: 0,
                left_normally: 0,
                peak_rss_bytes: 0,
            });
        group.count += 1;
        group.forked_only += u64::from(!child.executed);
        group.left_normally += u64::from(child.left_normally);
        group.peak_rss_bytes = group.peak_rss_bytes.max(child.peak_rss_bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(kind: RecordKind, pid: u32, name: &str, peak_rss_bytes: u64) -> Record {
        Record {
            kind,
            pid,
            parent: 1,
            time_ns: 0,
            live_bytes: 0,
            reserved_bytes: 0,
            peak_rss_bytes,
            name: name.to_owned(),
        }
    }

    #[test]
    fn processes_that_leave_without_a_record_do_not_pile_up() {
        let mut children = Children::default();
        for pid in 1..=10_000 {
            children.record(&record(RecordKind::Fork, pid, "storm", 0));
            children.sweep(|pid| pid % 1000 == 0);
            assert!(children.running.len() <= SWEPT_FROM);
        }
        assert_eq!(children.into_groups()[0].count, 10_000);
    }

    #[test]
    fn forks_execs_exits_and_reused_numbers_are_counted_apart() {
        let mut children = Children::default();
        for event in [
            record(RecordKind::Fork, 10, "sh", 0),
            record(RecordKind::Start, 10, "ls", 0),
            record(RecordKind::Exit, 10, "ls", 500),
            record(RecordKind::Fork, 11, "sh", 0),
            record(RecordKind::Start, 12, "ls", 0),
            record(RecordKind::Start, 12, "cat", 0),
        ] {
            children.record(&event);
        }
        children.seen_peak(12, 900);
        let groups = children.into_groups();
        let find = |name: &str| groups.iter().find(|group| group.name == name).unwrap();
        assert_eq!(groups[0].name, "cat");
        assert_eq!((find("ls").count, find("ls").left_normally), (2, 1));
        assert_eq!(find("ls").peak_rss_bytes, 500);
        assert_eq!((find("sh").count, find("sh").forked_only), (1, 1));
        assert_eq!(find("cat").peak_rss_bytes, 900);
    }
}

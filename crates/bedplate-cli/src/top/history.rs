//! What the live view has seen so far.

use alloc::collections::VecDeque;

use bedplate_evidence::report::Snapshot;

/// Values kept: more than a wide terminal has columns.
const KEPT: usize = 400;

/// Live and resident bytes of the last looks, and the last look itself.
#[derive(Debug)]
pub(crate) struct History {
    pub(crate) last: Snapshot,
    /// The look before it.
    pub(crate) before: Option<Snapshot>,
    pub(crate) live: VecDeque<u64>,
    pub(crate) resident: VecDeque<u64>,
    /// Why the last look failed, if it did.
    pub(crate) trouble: Option<String>,
}

impl History {
    pub(crate) fn new(first: Snapshot) -> Self {
        let mut history = Self {
            live: VecDeque::new(),
            resident: VecDeque::new(),
            trouble: None,
            before: None,
            last: first.clone(),
        };
        history.add(first);
        history.before = None;
        history
    }

    /// Adds a look; the oldest values are forgotten.
    pub(crate) fn add(&mut self, snapshot: Snapshot) {
        for (series, value) in [
            (&mut self.live, snapshot.live_bytes()),
            (&mut self.resident, snapshot.measurement.rss_bytes),
        ] {
            if series.len() == KEPT {
                series.pop_front();
            }
            series.push_back(value);
        }
        self.before = Some(core::mem::replace(&mut self.last, snapshot));
        self.trouble = None;
    }

    /// The last `columns` values of a series.
    pub(crate) fn newest(series: &VecDeque<u64>, columns: usize) -> Vec<u64> {
        series
            .iter()
            .skip(series.len().saturating_sub(columns))
            .copied()
            .collect()
    }
}

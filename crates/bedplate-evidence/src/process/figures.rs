//! The kernel's figures about one process: resident set, threads, faults, switches.
//!
//! # Role
//! Parses `/proc/PID/{smaps_rollup,statm,status,stat}`.
//!
//! # Not here
//! Reading the files (`handle.rs`).

/// What a walk over all page tables found (`smaps_rollup`): exact, unlike `statm`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rollup {
    /// Resident bytes.
    pub rss_bytes: u64,
    /// Resident bytes, those shared with n processes counted as 1/n.
    pub pss_bytes: u64,
    /// Anonymous resident bytes.
    pub anonymous_bytes: u64,
    /// Of the anonymous ones, those in huge pages.
    pub anonymous_huge_bytes: u64,
    /// Swapped out.
    pub swap_bytes: u64,
}

/// Parses `smaps_rollup`; `None` if it holds no `Rss` line.
#[must_use]
pub fn parse_rollup(text: &str) -> Option<Rollup> {
    Some(Rollup {
        rss_bytes: kib_field(text, "Rss:")?,
        pss_bytes: kib_field(text, "Pss:").unwrap_or(0),
        anonymous_bytes: kib_field(text, "Anonymous:").unwrap_or(0),
        anonymous_huge_bytes: kib_field(text, "AnonHugePages:").unwrap_or(0),
        swap_bytes: kib_field(text, "Swap:").unwrap_or(0),
    })
}

/// What `status` and `stat` say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// The kernel's name of the process (at most 15 bytes).
    pub name: String,
    /// State letter: R, S, D, T, Z.
    pub state: String,
    /// Parent process.
    pub parent: u32,
    /// Threads.
    pub threads: u64,
    /// Resident bytes now.
    pub rss_bytes: u64,
    /// Largest resident bytes so far.
    pub peak_rss_bytes: u64,
    /// Swapped-out bytes.
    pub swap_bytes: u64,
    /// Times it gave up the CPU by itself.
    pub voluntary_switches: u64,
    /// Times the kernel took the CPU away.
    pub involuntary_switches: u64,
    /// Page faults served without I/O.
    pub minor_faults: u64,
    /// Page faults that read from a device.
    pub major_faults: u64,
    /// Clock ticks in user mode.
    pub user_ticks: u64,
    /// Clock ticks in the kernel.
    pub system_ticks: u64,
}

/// Parses `status` and `stat` together.
#[must_use]
pub fn parse_figures(status: &str, stat: &str) -> Figures {
    let word = |key: &str| {
        line_after(status, key).and_then(|rest| rest.split_whitespace().next().map(str::to_owned))
    };
    let number = |key: &str| word(key).and_then(|text| text.parse().ok()).unwrap_or(0);
    // The name in `stat` stands in parentheses and may hold spaces and parentheses itself.
    let after_name: Vec<u64> = stat.rfind(')').map_or_else(Vec::new, |close| {
        stat[close + 1..]
            .split_whitespace()
            .map(|field| field.parse().unwrap_or(0))
            .collect()
    });
    let field = |number: usize| after_name.get(number - 3).copied().unwrap_or(0);
    Figures {
        name: line_after(status, "Name:").unwrap_or("").trim().to_owned(),
        state: word("State:").unwrap_or_default(),
        parent: word("PPid:")
            .and_then(|text| text.parse().ok())
            .unwrap_or(0),
        threads: number("Threads:"),
        rss_bytes: kib_field(status, "VmRSS:").unwrap_or(0),
        peak_rss_bytes: kib_field(status, "VmHWM:").unwrap_or(0),
        swap_bytes: kib_field(status, "VmSwap:").unwrap_or(0),
        voluntary_switches: number("voluntary_ctxt_switches:"),
        involuntary_switches: number("nonvoluntary_ctxt_switches:"),
        minor_faults: field(10),
        major_faults: field(12),
        user_ticks: field(14),
        system_ticks: field(15),
    }
}

/// Resident bytes from `statm`, whose second field counts pages.
#[must_use]
pub fn parse_statm_rss(statm: &str, page_bytes: u64) -> Option<u64> {
    statm
        .split_whitespace()
        .nth(1)?
        .parse::<u64>()
        .ok()?
        .checked_mul(page_bytes)
}

fn line_after<'text>(text: &'text str, key: &str) -> Option<&'text str> {
    text.lines().find_map(|line| line.strip_prefix(key))
}

fn kib_field(text: &str, key: &str) -> Option<u64> {
    let mut words = line_after(text, key)?.split_whitespace();
    let number: u64 = words.next()?.parse().ok()?;
    // Without its unit the number itself may be cut off.
    if words.next() != Some("kB") {
        return None;
    }
    number.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rollup_is_read_in_bytes_and_needs_its_rss_line() {
        let text = "5-6 ---p 0 00:00 0 [rollup]\nRss:  1200 kB\nPss: 800 kB\nAnonymous: 700 kB\nAnonHugePages: 0 kB\nSwap: 4 kB\n";
        let rollup = parse_rollup(text).unwrap();
        assert_eq!(rollup.rss_bytes, 1200 * 1024);
        assert_eq!(rollup.swap_bytes, 4096);
        assert_eq!(parse_rollup(""), None);
    }

    #[test]
    fn a_name_with_parentheses_does_not_shift_the_fields_of_stat() {
        let stat = "77 (a (b) c) S 1 77 77 0 -1 4194304 500 0 3 0 12 34 0 0";
        let status = "Name:\ta (b) c\nState:\tS (sleeping)\nPPid:\t9\nVmHWM:\t 2000 kB\nVmRSS:\t 1000 kB\nThreads:\t4\nvoluntary_ctxt_switches:\t5\nnonvoluntary_ctxt_switches:\t6\n";
        let figures = parse_figures(status, stat);
        assert_eq!(figures.name, "a (b) c");
        assert_eq!((figures.minor_faults, figures.major_faults), (500, 3));
        assert_eq!((figures.user_ticks, figures.system_ticks), (12, 34));
        assert_eq!((figures.threads, figures.parent), (4, 9));
        assert_eq!(figures.peak_rss_bytes, 2000 * 1024);
        assert_eq!(
            (figures.voluntary_switches, figures.involuntary_switches),
            (5, 6)
        );
    }

    #[test]
    fn garbage_gives_zeros_not_a_panic() {
        assert_eq!(parse_figures("\u{0}\u{0}", ")))"), Figures::default());
        assert_eq!(parse_statm_rss("1", 4096), None);
        assert_eq!(parse_statm_rss("10 5 3", 4096), Some(20480));
    }
    #[test]
    fn text_cut_off_anywhere_never_panics() {
        let stat = "77 (a (b) c) S 1 77 77 0 -1 4194304 500 0 3 0 12 34 0 0";
        let status =
            "Name:\tx\nVmHWM:\t 99999999999999999999 kB\nVmRSS:\t 18446744073709551615 kB\n";
        for end in 0..=stat.len() {
            assert_eq!(parse_figures(status, &stat[..end]).name, "x");
        }
        for end in 0..=status.len() {
            let figures = parse_figures(&status[..end], stat);
            // More than 64 bits hold is not a figure.
            assert_eq!(figures.rss_bytes, 0);
        }
    }
}

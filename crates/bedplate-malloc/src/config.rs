//! Settings of the allocator.
//!
//! # Role
//! One table of settings with names, units, defaults and bounds, read once from the environment.
//!
//! # Invariants
//! - I1: a wrong or unknown `BEDPLATE_MALLOC_*` setting ends the process before its `main`, with
//!   a line that says what is wrong: a cap with a typo must not be no cap.
//! - I2: settings are written once, before the first heap exists, and only read afterwards.

use bedplate_os::rawio::Line;
use core::fmt::Write as _;
use core::sync::atomic::{AtomicU8, AtomicU64, AtomicUsize, Ordering};

/// A row of the table of settings.
#[derive(Clone, Copy, Debug)]
pub struct OptionRow {
    /// Name in a configuration.
    pub name: &'static str,
    /// Name in the environment.
    pub env: &'static str,
    /// Unit or the words allowed.
    pub unit: &'static str,
    /// Default.
    pub default: &'static str,
    /// Least value.
    pub min: &'static str,
    /// Largest value.
    pub max: &'static str,
    /// What it does.
    pub text: &'static str,
}

/// Every setting there is.
pub const OPTIONS: &[OptionRow] = &[
    OptionRow {
        name: "malloc.cap",
        env: "BEDPLATE_MALLOC_CAP",
        unit: "bytes (K, M, G suffixes)",
        default: "0 (no cap)",
        min: "1M",
        max: "2^63 - 1",
        text: "requests that would take blocks beyond it get NULL and ENOMEM",
    },
    OptionRow {
        name: "malloc.huge_pages",
        env: "BEDPLATE_MALLOC_HUGE_PAGES",
        unit: "system | always | never",
        default: "system",
        min: "",
        max: "",
        text: "advice on transparent huge pages, for our mappings only",
    },
    OptionRow {
        name: "malloc.profile",
        env: "BEDPLATE_MALLOC_PROFILE",
        unit: "off | on (2M) | bytes (K, M, G suffixes)",
        default: "off",
        min: "1",
        max: "1G",
        text: "a heap profile in memory: one allocation noted with its stack for each so many bytes",
    },
    OptionRow {
        name: "malloc.purge_thread",
        env: "BEDPLATE_MALLOC_PURGE_THREAD",
        unit: "on | off",
        default: "on",
        min: "",
        max: "",
        text: "a helper thread that gives freed memory back when the program is quiet",
    },
    OptionRow {
        name: "malloc.run",
        env: "BEDPLATE_MALLOC_RUN",
        unit: "directory",
        default: "none",
        min: "",
        max: "",
        text: "where processes report to; set by `bedplate run` for its children",
    },
    OptionRow {
        name: "stats",
        env: "BEDPLATE_STATS",
        unit: "exit, or a path with a slash in it",
        default: "none",
        min: "",
        max: "",
        text: "statistics when a process exits: to standard error, or appended to the file, as JSON if it ends in .json",
    },
];

/// Bytes for each sample of the heap profile where it is just `on`: half the cost of 512 KiB, for
/// processes that are sampled all their life.
pub const PROFILE_BYTES: u64 = 2 << 20;
/// Most bytes for each sample.
const PROFILE_BYTES_MAX: u64 = 1 << 30;

/// Advice on transparent huge pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Huge {
    /// As the system is set.
    System = 0,
    /// Wanted for all our mappings.
    Always = 1,
    /// Refused for all our mappings.
    Never = 2,
}

/// The settings in force.
#[derive(Debug)]
pub struct Config {
    cap_bytes: AtomicUsize,
    huge_pages: AtomicU8,
    purge_thread: AtomicU8,
    profile_bytes: AtomicU64,
}

static CURRENT: Config = Config {
    cap_bytes: AtomicUsize::new(0),
    huge_pages: AtomicU8::new(0),
    purge_thread: AtomicU8::new(1),
    profile_bytes: AtomicU64::new(0),
};

/// The settings in force.
#[must_use]
pub fn current() -> &'static Config {
    &CURRENT
}

impl Config {
    /// The cap in bytes, 0 for none.
    #[must_use]
    pub fn cap_bytes(&self) -> usize {
        self.cap_bytes.load(Ordering::Relaxed)
    }

    /// Sets the cap; for tests and for programs that link the allocator.
    pub fn set_cap_bytes(&self, bytes: usize) {
        self.cap_bytes.store(bytes, Ordering::Relaxed);
        if core::ptr::eq(self, &raw const CURRENT) {
            crate::budget::limit(bytes);
        }
    }

    /// The advice on huge pages.
    #[must_use]
    pub fn huge_pages(&self) -> Huge {
        match self.huge_pages.load(Ordering::Relaxed) {
            1 => Huge::Always,
            2 => Huge::Never,
            _ => Huge::System,
        }
    }

    /// Bytes for each sample of the heap profile on the average, 0 while off.
    #[must_use]
    pub fn profile_bytes(&self) -> u64 {
        self.profile_bytes.load(Ordering::Relaxed)
    }

    /// True if the purge thread may run.
    #[must_use]
    pub fn purge_thread(&self) -> bool {
        self.purge_thread.load(Ordering::Relaxed) != 0
    }

    /// Switches the purge thread on or off.
    pub fn set_purge_thread(&self, on: bool) {
        self.purge_thread.store(u8::from(on), Ordering::Relaxed);
    }
}

/// What is wrong with a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConfigError {
    /// No setting has this name.
    Unknown,
    /// The value is not of the setting's form or bounds.
    Value {
        /// What the setting takes.
        takes: &'static str,
    },
}

/// Bytes from digits and a suffix K, M or G.
#[must_use]
pub fn parse_bytes(value: &[u8]) -> Option<usize> {
    let (digits, shift) = match value.split_last()? {
        (b'k' | b'K', rest) => (rest, 10),
        (b'm' | b'M', rest) => (rest, 20),
        (b'g' | b'G', rest) => (rest, 30),
        _ => (value, 0),
    };
    if digits.is_empty() {
        return None;
    }
    let number = digits.iter().try_fold(0_usize, |sum, d| {
        let d = d.is_ascii_digit().then(|| usize::from(d - b'0'))?;
        sum.checked_mul(10)?.checked_add(d)
    })?;
    number
        .checked_mul(1 << shift)
        .filter(|n| *n <= isize::MAX.cast_unsigned())
}

/// Sets one setting by its name in the environment.
///
/// # Errors
/// - [`ConfigError::Unknown`] and [`ConfigError::Value`]; nothing is changed.
pub fn set(config: &Config, name: &[u8], value: &[u8]) -> Result<(), ConfigError> {
    match name {
        b"BEDPLATE_MALLOC_CAP" => {
            let takes = "0, or bytes from 1M on, such as 512M or 2G";
            let bytes = parse_bytes(value).ok_or(ConfigError::Value { takes })?;
            if bytes != 0 && bytes < 1 << 20 {
                return Err(ConfigError::Value { takes });
            }
            config.set_cap_bytes(bytes);
        }
        b"BEDPLATE_MALLOC_HUGE_PAGES" => {
            let huge = match value {
                b"system" => Huge::System,
                b"always" => Huge::Always,
                b"never" => Huge::Never,
                _ => {
                    return Err(ConfigError::Value {
                        takes: "system, always or never",
                    });
                }
            };
            config.huge_pages.store(huge as u8, Ordering::Relaxed);
        }
        b"BEDPLATE_MALLOC_PROFILE" => {
            let rate = match value {
                b"off" => 0,
                b"on" => PROFILE_BYTES,
                bytes => parse_bytes(bytes)
                    .map(|rate| rate as u64)
                    .filter(|rate| (1..=PROFILE_BYTES_MAX).contains(rate))
                    .ok_or(ConfigError::Value {
                        takes: "off, on, or bytes from 1 to 1G, such as 64K",
                    })?,
            };
            config.profile_bytes.store(rate, Ordering::Relaxed);
        }
        b"BEDPLATE_MALLOC_PURGE_THREAD" => match value {
            b"on" => config.set_purge_thread(true),
            b"off" => config.set_purge_thread(false),
            _ => return Err(ConfigError::Value { takes: "on or off" }),
        },
        b"BEDPLATE_MALLOC_RUN" => {
            if !crate::announce::set_directory(value) {
                return Err(ConfigError::Value {
                    takes: "an absolute path of at most 200 bytes",
                });
            }
        }
        b"BEDPLATE_STATS" => {
            if !crate::stats::set_goal(value) {
                return Err(ConfigError::Value {
                    takes: "exit, or a path of at most 255 bytes with a slash in it, such as ./stats.json",
                });
            }
        }
        _ => return Err(ConfigError::Unknown),
    }
    Ok(())
}

/// Reads the environment of the process, once (I1, I2).
pub fn read_environment() {
    crate::process::each_environment_entry(|entry| {
        if !entry.starts_with(b"BEDPLATE_MALLOC_") && !entry.starts_with(b"BEDPLATE_STATS=") {
            return;
        }
        let cut = entry.iter().position(|b| *b == b'=').unwrap_or(entry.len());
        let (name, value) = (
            entry.get(..cut).unwrap_or(b""),
            entry.get(cut + 1..).unwrap_or(b""),
        );
        if let Err(error) = set(&CURRENT, name, value) {
            refuse(name, value, error);
        }
    });
}

#[cold]
fn refuse(name: &[u8], value: &[u8], error: ConfigError) {
    let mut line = Line::<512>::new();
    let text = |bytes| core::str::from_utf8(bytes).unwrap_or("(not UTF-8)");
    let _whole = match error {
        ConfigError::Unknown => {
            let names = "BEDPLATE_MALLOC_CAP, _HUGE_PAGES, _PROFILE, _PURGE_THREAD, _RUN and BEDPLATE_STATS";
            writeln!(
                line,
                "bedplate: no setting is named {}; there are {names}. Unset it.",
                text(name)
            )
        }
        ConfigError::Value { takes } => {
            writeln!(
                line,
                "bedplate: {} takes {takes}, not \"{}\". Correct or unset it.",
                text(name),
                text(value)
            )
        }
    };
    line.to_stderr();
    crate::process::end_at_start();
}

#[cfg(test)]
mod tests {
    use super::{Config, ConfigError, OPTIONS, parse_bytes, set};
    use core::sync::atomic::{AtomicU8, AtomicU64, AtomicUsize};

    fn fresh() -> Config {
        Config {
            cap_bytes: AtomicUsize::new(0),
            huge_pages: AtomicU8::new(0),
            purge_thread: AtomicU8::new(1),
            profile_bytes: AtomicU64::new(0),
        }
    }

    #[test]
    fn bytes_have_suffixes_and_bounds() {
        assert_eq!(parse_bytes(b"64M"), Some(64 << 20));
        assert_eq!(parse_bytes(b"10"), Some(10));
        assert_eq!(parse_bytes(b"M"), None);
        assert_eq!(parse_bytes(b""), None);
        assert_eq!(parse_bytes(b"1O0M"), None);
        assert_eq!(parse_bytes(b"99999999999999999999"), None);
        assert_eq!(parse_bytes(b"9999999999G"), None);
    }

    #[test]
    fn every_row_is_a_setting_and_nothing_else_is() {
        let config = fresh();
        for row in OPTIONS {
            let refused = set(&config, row.env.as_bytes(), b"?");
            assert!(
                matches!(refused, Err(ConfigError::Value { .. })),
                "{}",
                row.env
            );
        }
        assert_eq!(
            set(&config, b"BEDPLATE_MALLOC_CAPS", b"1G"),
            Err(ConfigError::Unknown)
        );
    }

    #[test]
    fn values_are_taken() {
        let config = fresh();
        assert_eq!(set(&config, b"BEDPLATE_MALLOC_CAP", b"2M"), Ok(()));
        assert_eq!(config.cap_bytes(), 2 << 20);
        assert!(set(&config, b"BEDPLATE_MALLOC_CAP", b"5").is_err());
        assert_eq!(config.cap_bytes(), 2 << 20);
        assert_eq!(
            set(&config, b"BEDPLATE_MALLOC_PURGE_THREAD", b"off"),
            Ok(())
        );
        assert!(!config.purge_thread());
    }
}

//! Pressure stall information: how much time was lost waiting for a resource.
//!
//! # Role
//! Reads `/proc/pressure/{cpu,memory,io}` and a version 2 group's `*.pressure`.
//!
//! # Not here
//! What level that is: `pressure/`.
//!
//! # Sources
//! Documentation/accounting/psi.rst.

use crate::cgroup::Group;
use crate::fact::{Because, Fact, Reason};
use crate::source::Machine;
use crate::text::{hundredths, lines, number};
use alloc::format;
use core::fmt;

/// A part of a whole, in hundredths of a percent: 0 to 10,000. As data it is a percentage.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Share(u16);

impl Share {
    /// All of it.
    pub const WHOLE: Self = Self(10_000);

    /// So many percent; more than 100 is 100.
    #[must_use]
    pub const fn percent(percent: u8) -> Self {
        if percent > 100 {
            Self::WHOLE
        } else {
            Self(percent as u16 * 100)
        }
    }

    /// `part` of `whole`, at most all of it; all of it where `whole` is zero.
    #[must_use]
    pub fn of(part: u64, whole: u64) -> Self {
        if part >= whole {
            return Self::WHOLE;
        }
        let share = u128::from(part) * 10_000 / u128::from(whole);
        u16::try_from(share).map_or(Self::WHOLE, Self)
    }

    /// The share in hundredths of a percent.
    #[must_use]
    pub const fn hundredths(self) -> u16 {
        self.0
    }

    fn parse(text: &str) -> Result<Self, Reason> {
        let value = u16::try_from(hundredths(text)?).map_err(|_| Reason::Garbage)?;
        if value > 10_000 {
            Err(Reason::Garbage)
        } else {
            Ok(Self(value))
        }
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Share {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(f64::from(self.0) / 100.0)
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:02} %", self.0 / 100, self.0 % 100)
    }
}

/// Time lost, averaged over three windows and in sum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Stall {
    /// Over the last 10 seconds.
    pub avg10: Share,
    /// Over the last minute.
    pub avg60: Share,
    /// Over the last five minutes.
    pub avg300: Share,
    /// Since the start, in microseconds.
    pub total_us: u64,
}

/// The pressure on one resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Pressure {
    /// Time in which at least one task waited.
    pub some: Stall,
    /// Time in which every task waited. Kernels before 5.13 do not write it for the CPU.
    pub full: Fact<Stall, Reason>,
}

/// The pressure on the three resources.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Pressures {
    /// On the CPUs.
    pub cpu: Fact<Pressure>,
    /// On memory.
    pub memory: Fact<Pressure>,
    /// On disks.
    pub io: Fact<Pressure>,
}

impl Pressures {
    /// The pressure on the whole machine.
    #[must_use]
    pub fn of_machine(machine: &Machine) -> Self {
        let read = |name: &str| {
            machine
                .parse(&format!("/proc/pressure/{name}"), Pressure::parse)
                .into()
        };
        Self {
            cpu: read("cpu"),
            memory: read("memory"),
            io: read("io"),
        }
    }

    /// The pressure inside a group.
    #[must_use]
    pub fn of_group(machine: &Machine, group: &Fact<Group>) -> Self {
        let read = |name: &str| -> Result<Pressure, Because> {
            let group = group.clone().ok()?;
            machine.parse(
                &format!("{}/{name}.pressure", group.folder),
                Pressure::parse,
            )
        };
        Self {
            cpu: read("cpu").into(),
            memory: read("memory").into(),
            io: read("io").into(),
        }
    }
}

impl Pressure {
    /// Reads the text of a pressure file. Does not allocate.
    ///
    /// # Errors
    /// - [`Reason::Truncated`], [`Reason::Garbage`] or [`Reason::Contradicts`].
    pub fn parse(text: &str) -> Result<Self, Reason> {
        let mut some = None;
        let mut full = None;
        for line in lines(text)? {
            let (kind, rest) = line.split_once(' ').ok_or(Reason::Garbage)?;
            let place = match kind {
                "some" => &mut some,
                "full" => &mut full,
                _ => return Err(Reason::Garbage),
            };
            if place.replace(Stall::parse(rest)?).is_some() {
                return Err(Reason::Contradicts {
                    what: "a line is there twice",
                });
            }
        }
        let some = some.ok_or(Reason::Truncated)?;
        if let Some(full) = full
            && full.total_us > some.total_us
        {
            return Err(Reason::Contradicts {
                what: "all tasks waited longer than some did",
            });
        }
        Ok(Self {
            some,
            full: full.ok_or(Reason::NotListed).into(),
        })
    }
}

impl Stall {
    fn parse(text: &str) -> Result<Self, Reason> {
        let mut words = text.split(' ');
        let mut value = |key: &str| {
            let word = words.next().ok_or(Reason::Truncated)?;
            word.strip_prefix(key)
                .and_then(|w| w.strip_prefix('='))
                .ok_or(Reason::Garbage)
        };
        let stall = Self {
            avg10: Share::parse(value("avg10")?)?,
            avg60: Share::parse(value("avg60")?)?,
            avg300: Share::parse(value("avg300")?)?,
            total_us: number(value("total")?)?,
        };
        if words.next().is_some() {
            Err(Reason::Garbage)
        } else {
            Ok(stall)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Pressure, Share};
    use crate::fact::{Fact, Reason};

    const GOOD: &str = "some avg10=1.25 avg60=0.00 avg300=100.00 total=42\n\
                        full avg10=0.00 avg60=0.00 avg300=0.00 total=7\n";

    #[test]
    fn a_pressure_file_is_read() {
        let p = Pressure::parse(GOOD).expect("good");
        assert_eq!(p.some.avg10.to_string(), "1.25 %");
        assert_eq!(p.some.avg300, Share::WHOLE);
        assert_eq!(p.some.total_us, 42);
        assert!(matches!(p.full, Fact::Known(full) if full.total_us == 7));
    }

    #[test]
    fn a_missing_full_line_is_absent_and_not_zero() {
        let some = GOOD
            .lines()
            .next()
            .map(|l| format!("{l}\n"))
            .unwrap_or_default();
        let p = Pressure::parse(&some).expect("good");
        assert_eq!(
            p.full,
            Fact::Absent {
                because: Reason::NotListed
            }
        );
    }

    #[test]
    fn every_cut_of_the_file_is_an_error_or_the_whole_first_line() {
        for end in 0..GOOD.len() {
            let read = Pressure::parse(&GOOD[..end]);
            let whole_line = GOOD[..end].ends_with('\n');
            assert_eq!(read.is_ok(), whole_line, "{end}");
        }
    }

    #[test]
    fn full_above_some_contradicts() {
        let text = GOOD.replace("total=7", "total=43");
        assert!(matches!(
            Pressure::parse(&text),
            Err(Reason::Contradicts { .. })
        ));
        let text = GOOD.replace("avg10=1.25", "avg10=100.01");
        assert_eq!(Pressure::parse(&text), Err(Reason::Garbage));
    }
}

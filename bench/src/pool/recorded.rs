//! Recorded costs of real loops.
//!
//! # Role
//! A trace is a text under `bench/traces/pool/`: a line `items nanoseconds` for each call of one
//! loop. The programs of `bench/peers/pools` made them (`bedplate-bench record pool`); recorded
//! again they differ in detail.

use super::predictors::Predictor;
use crate::failure::Failure;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// A loop that is recorded: its name, the size of what it works on, and how many calls.
#[derive(Clone, Copy, Debug)]
pub(super) struct Recorded {
    pub(super) name: &'static str,
    pub(super) program: &'static str,
    pub(super) size: u32,
    pub(super) calls: u32,
}

const fn recorded(name: &'static str, program: &'static str, size: u32, calls: u32) -> Recorded {
    Recorded {
        name,
        program,
        size,
        calls,
    }
}

/// The loops; what each does stands in `bench/peers/pools/src/foreseen.rs`.
pub(super) const LOOPS: [Recorded; 7] = [
    recorded("sums", "record:sums", 1 << 18, 600),
    recorded("sorts", "record:sorts", 4_000, 300),
    recorded("words", "record:words", 500, 400),
    recorded("phases", "record:phases", 0, 400),
    recorded("tails", "record:tails", 0, 400),
    recorded("drift", "record:drift", 0, 400),
    recorded("memory", "record:memory", 4_000_000, 300),
];

/// Calls of one loop: items and nanoseconds.
pub(super) type Trace = Vec<(u32, f64)>;

fn path(name: &str) -> PathBuf {
    let traces = Path::new(env!("CARGO_MANIFEST_DIR")).join("traces/pool");
    traces.join(format!("{name}.txt"))
}

/// Reads a trace.
///
/// # Errors
/// - [`Failure::File`]: it cannot be read.
/// - [`Failure::Output`]: a line is none of a trace's.
pub(super) fn read(name: &str) -> Result<Trace, Failure> {
    let path = path(name);
    let text = fs::read_to_string(&path).map_err(|error| Failure::file(&path, &error))?;
    parse(&text).ok_or_else(|| Failure::Output {
        program: path.display().to_string(),
        what: "a line without items and nanoseconds".to_owned(),
    })
}

/// Writes a trace, if it is one.
///
/// # Errors
/// - As [`read`].
pub(super) fn write(name: &str, text: &str) -> Result<(), Failure> {
    let path = path(name);
    fs::write(&path, text).map_err(|error| Failure::file(&path, &error))?;
    read(name).map(|_| ())
}

fn parse(text: &str) -> Option<Trace> {
    let call = |line: &str| {
        let (items, ns) = line.split_once(' ')?;
        Some((items.parse().ok()?, ns.parse().ok()?))
    };
    text.lines().map(call).collect()
}

/// The mean error of a predictor over a trace: of the logarithm of nanoseconds per item, in absolute
/// value. A predictor for each site, which is a power of two of items, as in the pool; each site's
/// first call is learned from only.
pub(super) fn mean_error<P: Predictor + Default>(trace: &Trace) -> f64 {
    let mut sites: BTreeMap<u32, P> = BTreeMap::new();
    let mut errors = Vec::new();
    for &(items, ns) in trace {
        let cost = ns / f64::from(items);
        let predictor = sites.entry(items.ilog2()).or_default();
        if let Some(expected) = predictor.expected() {
            errors.push((expected / cost).ln().abs());
        }
        predictor.learn(cost);
    }
    let count = u32::try_from(errors.len().max(1)).unwrap_or(u32::MAX);
    errors.iter().sum::<f64>() / f64::from(count)
}

#[cfg(test)]
mod tests {
    use super::{LOOPS, mean_error, parse, read};
    use crate::pool::predictors::Last;

    #[test]
    fn the_shipped_traces_can_be_read() {
        for recorded in LOOPS {
            let trace = read(recorded.name).expect("a trace");
            assert_eq!(trace.len(), recorded.calls as usize);
            assert!(trace.iter().all(|&(items, ns)| items > 0 && ns > 0.0));
        }
    }

    #[test]
    fn errors_are_of_logarithms_by_site() {
        let trace = parse("10 100\n10 200\n100 100\n10 100\n").expect("a trace");
        // Twice as much, half as much; the second site is seen once.
        let error = mean_error::<Last>(&trace);
        assert!((error - 2_f64.ln()).abs() < 1e-9);
        assert_eq!(parse("10\n"), None);
    }
}
